# Every way in which Terraform's users write patterns
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

resource "aws_sqs_queue" "orders" {
  name = "orders"
}

resource "aws_lambda_event_source_mapping" "encoded" {
  event_source_arn = aws_sqs_queue.orders.arn
  function_name    = aws_lambda_function.orders.arn

  filter_criteria {
    filter {
      pattern = jsonencode({
        body = {
          status : ["paid", "sent"]
          "total" = [{ numeric = [">", -5, "<", 1.5e3] }]
          vip     = "yes"
        }
      })
    }
    filter {
      pattern = jsonencode({ body = { customer = [var.customer] } })
    }
  }
}

resource "aws_lambda_event_source_mapping" "heredoc" {
  event_source_arn  = "arn:aws:kinesis:eu-west-1:123456789012:stream/orders"
  starting_position = "LATEST"
  filter_criteria {
    filter {
      pattern = <<-EOT
        {
          "data": {
            "kind": ["created"],
            "size": 7
          }
        }
      EOT
    }
    filter {
      pattern = "{\"data\": {\"kind\": [\"a\", \"${local.kind}\"]}}"
    }
    filter {
      pattern = "{\"data\": {\"cost\": [\"$${5}\"], \"size\": 8}}"
    }
    filter {
      pattern = file("${path.module}/pattern.json")
    }
  }
}

resource "aws_lambda_event_source_mapping" "dynamic" {
  event_source_arn = data.aws_dynamodb_table.orders.stream_arn
  filter_criteria {
    dynamic "filter" {
      for_each = var.patterns
      content {
        pattern = filter.value
      }
    }
  }
}

resource "aws_lambda_event_source_mapping" "kafka" {
  topics = ["orders"]
  self_managed_event_source {
    endpoints = { KAFKA_BOOTSTRAP_SERVERS = "kafka.example.com:9092" }
  }
  filter_criteria {
    filter { pattern = "{\"value\": {\"a\": [null, true]}}" }
  }
}

resource "aws_pipes_pipe" "orders" {
  source = aws_sqs_queue.orders.arn
  source_parameters {
    sqs_queue_parameters { batch_size = 1 }
    filter_criteria {
      filter { pattern = jsonencode({ body = { a = [1] } }) }
    }
  }
}

resource "aws_cloudwatch_event_rule" "ec2" {
  event_pattern = jsonencode({
    source      = ["aws.ec2"]
    detail-type = ["EC2 Instance State-change Notification"]
  })
}

module "lambda" {
  source = "terraform-aws-modules/lambda/aws"
  event_source_mapping = {
    sqs = {
      event_source_arn = aws_sqs_queue.orders.arn
      filter_criteria = [
        { pattern = jsonencode({ body = { temperature = [{ numeric = [">", 0] }] } }) },
        { pattern = jsonencode({ body = { location = ["office"] } }) }
      ]
    }
  }
}
