variable "status" {
  type    = string
  default = "paid"
}
variable "names" {
  default = ["a", "a"]
}
variable "filters" {
  type    = list(any)
  default = []
}

locals {
  base = { status = ["open"] }
  kind = "k-${var.status}"
  patterns = [
    { body = { a = ["1"] } },
    { body = { a = "2" } },
  ]
}

resource "aws_lambda_event_source_mapping" "m" {
  event_source_arn = "arn:aws:sqs:eu-west-1:123456789012:q"
  filter_criteria {
    filter {
      pattern = jsonencode({ body = { status = [var.status, "paid"] } })
    }
    filter {
      pattern = jsonencode({ body = merge(local.base, { total = 5 }) })
    }
    filter {
      pattern = jsonencode({ body = { kind = concat([local.kind], ["k-paid"]) } })
    }
    filter {
      pattern = jsonencode({ body = { n = concat(var.filters, ["x"], data.x.y.z), m = [join("-", ["a", "b"]), "a-b"] } })
    }
    filter {
      pattern = format("{\"body\": {\"s\": [\"%s\"], \"t\": %d}}", var.status, 3)
    }
  }
}

resource "aws_lambda_event_source_mapping" "dynamic" {
  event_source_arn = "arn:aws:sqs:eu-west-1:123456789012:q"
  filter_criteria {
    dynamic "filter" {
      for_each = local.patterns
      content {
        pattern = jsonencode(filter.value)
      }
    }
    dynamic "filter" {
      for_each = var.unknown
      iterator = each_one
      content {
        pattern = jsonencode({ body = { id = [each_one.value.id], x = "y" } })
      }
    }
  }
}

resource "aws_cloudwatch_event_rule" "each" {
  for_each = {
    ec2 = { source = ["aws.ec2"], detail = { state = ["running"] } }
    s3  = { source = "aws.s3" }
  }
  event_pattern = jsonencode(each.value)
}
