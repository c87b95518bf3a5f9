resource "aws_lambda_event_source_mapping" "a" {
  event_source_arn = "arn:aws:sqs:eu-west-1:123456789012:q"
  filter_criteria {
    filter {
      pattern = <<-_X
        {"body": {"a": "b"}}
      _X   
    }
    filter {
      pattern = <<JSON
{"body": {"cost": ["$${5}"], "a": ["b"], "c": 1}}
JSON
    }
  }
  function_name = aws_lambda_function
    .f
    .arn
}

locals {
  kinds = [for k in ["a", "b"] : upper(k)]
  text  = "%{if var.x}a%{else}b%{endif}"
}
