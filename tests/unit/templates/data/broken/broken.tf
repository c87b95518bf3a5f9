resource "aws_lambda_event_source_mapping" "x" {
  filter_criteria {
    filter { pattern = }
  }
}
