resource "awscc_lambda_event_source_mapping" "m" {
  event_source_arn = awscc_sqs_queue.orders.arn
  function_name    = "f"
  filter_criteria = {
    filters = [
      { pattern = jsonencode({ body = { a = ["b"] } }) },
      { pattern = jsonencode({ Body = { a = ["b"] } }) },
    ]
  }
}

resource "awscc_events_rule" "r" {
  event_pattern = jsonencode({
    source = ["aws.ec2"]
    detail = { state = [] }
  })
}

resource "awscc_pipes_pipe" "p" {
  source = "arn:aws:kinesis:eu-west-1:123456789012:stream/s"
  source_parameters = {
    filter_criteria = {
      filters = [{ pattern = "{\"data\": [\"x\"]}" }]
    }
  }
}
