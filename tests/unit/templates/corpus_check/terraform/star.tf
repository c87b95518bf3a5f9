resource "aws_cloudwatch_event_rule" "api" {
  event_pattern = jsonencode({
    source    = ["aws.apigateway"]
    resources = ["*"]
    detail = {
      path = ["/api/*"]
    }
  })
}
