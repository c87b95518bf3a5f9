resource "aws_lambda_event_source_mapping" "m" {
  event_source_arn = "arn:aws:sqs:eu-west-1:123456789012:q"
  filter_criteria {
    filter {
      pattern = jsonencode(local.pattern)
    }
    filter {
      pattern = file("${path.module}/patterns/orders.json")
    }
    filter {
      pattern = templatefile("${path.module}/patterns/tenant.tftpl", { tenant = var.tenant, n = 5 })
    }
    filter {
      pattern = file("/etc/hostname")
    }
    filter {
      pattern = jsonencode({ body = { stage = [var.stage, "dev"] } })
    }
  }
}
