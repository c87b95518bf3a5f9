module "lambda" {
  source = "terraform-aws-modules/lambda/aws"
  event_source_mapping = {
    sqs = {
      event_source_arn = aws_sqs_queue.orders.arn
      filter_criteria = [
        { pattern = jsonencode({ body = { temperature = [{ numeric = [">", 0] }] } }) },
        { pattern = jsonencode({ body = { location = "office" } }) }
      ]
    }
    dynamodb = {
      event_source_arn  = module.orders.dynamodb_stream_arn
      starting_position = "LATEST"
      filter_criteria = {
        pattern = jsonencode({ eventName = ["INSERT"], dynamodb = { NewImage = { id = ["x"] } } })
      }
    }
    kinesis = {
      event_source_arn = aws_kinesis_stream.s.arn
      filter_criteria  = var.on ? [{ pattern = jsonencode({ body = { a = ["b"] } }) }] : []
    }
  }
}

module "eventbridge" {
  source = "terraform-aws-modules/eventbridge/aws"
  rules = {
    orders = {
      description   = "Capture all order data"
      event_pattern = jsonencode({ "source" : ["myapp.orders"], "detail" : { "id" : 1 } })
    }
    crons = {
      schedule_expression = "rate(5 minutes)"
    }
  }
  pipes = {
    queue = {
      source = aws_sqs_queue.source.arn
      source_parameters = {
        filter_criteria = [
          { pattern = jsonencode({ body = { a = [{ exists = "yes" }] } }) }
        ]
        sqs_queue_parameters = { batch_size = 1 }
      }
    }
  }
}

module "own" {
  source          = "./modules/consumer"
  queue_arn       = aws_sqs_queue.orders.arn
  filter_patterns = [
    jsonencode({ body = { a = ["b"] } }),
    jsonencode({ body = { a = "b" } }),
    "{\"body\": {\"t\": [\"${var.tenant}\"], \"u\": {}}}",
  ]
}

module "logs" {
  source         = "./modules/logs"
  filter_pattern = "{ $.errorCode = \"*UnauthorizedOperation\" }"
}

locals {
  rules = {
    s3 = {
      event_pattern = jsonencode({ source = ["aws.s3"], detail = { bucket = { name = "x" } } })
    }
  }
}
