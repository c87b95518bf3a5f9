resource "aws_sqs_queue" "orders" {
  name = "orders"
}

resource "aws_lambda_event_source_mapping" "blocks" {
  event_source_arn = aws_sqs_queue.orders.arn
  function_name    = aws_lambda_function.f.arn

  filter_criteria {
    filter {
      pattern = jsonencode({
        body = {
          tenant = [var.tenant]
          status = "paid"
        }
      })
    }
    filter {
      pattern = "{\"body\": {\"tenant\": [\"${var.tenant}\"], \"n\": []}}"
    }
    filter {
      pattern = <<-EOT
        {
          "body": {
            "bucket": ["${aws_s3_bucket.b.id}"],
            "size": [{"numeric": [">", ${var.size}]}],
            "kind": "x"
          }
        }
      EOT
    }
    filter {
      pattern = var.pattern
    }
  }
}

resource "aws_pipes_pipe" "orders" {
  source = aws_dynamodb_table.orders.stream_arn
  source_parameters {
    dynamodb_stream_parameters {
      starting_position = "LATEST"
    }
    filter_criteria {
      filter {
        pattern = jsonencode({ dynamodb = { NewImage = { Total = { N = [5] } } } })
      }
    }
  }
}

resource "aws_cloudwatch_event_rule" "ec2" {
  event_pattern = jsonencode({
    source      = ["aws.ec2"]
    account     = [data.aws_caller_identity.current.account_id]
    detail-type = "EC2"
  })
}

resource "aws_cloudwatch_event_rule" "schedule" {
  schedule_expression = "rate(1 hour)"
  event_pattern       = null
}

resource "aws_cloudwatch_event_rule" "either" {
  event_pattern = var.wide ? jsonencode({ source = ["aws.s3"] }) : jsonencode({ source = "aws.s3" })
}

resource "aws_cloudwatch_log_subscription_filter" "logs" {
  filter_pattern = "{ $.level = \"ERROR\" }"
}

resource "aws_sns_topic_subscription" "s" {
  topic_arn     = "arn:aws:sns:eu-west-1:123456789012:t"
  filter_policy = jsonencode({ pet = ["dog"] })
}
