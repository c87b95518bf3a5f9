resource "aws_lambda_event_source_mapping" "uploads" {
  event_source_arn = "arn:aws:sqs:eu-west-1:123456789012:uploads"
  function_name    = "uploads"
  filter_criteria {
    filter {
      # fp: ignore[FP105]
      pattern = <<-EOT
        {"body": {
          "key": [{"wildcard": "in/*"}]
        }}
      EOT
    }
    filter {
      pattern = jsonencode({ body = { key = [{ wildcard = "out/*" }] } }) // fp: ignore[FP105]
    }
    filter {
      pattern = jsonencode({ body = { key = [{ wildcard = "new/*" }] } })
    }
  }
}
