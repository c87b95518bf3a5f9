"""The settings of event source mappings, from every kind of template."""

from __future__ import annotations

import json
from typing import Any

import pytest

from filterpatterns.templates.finding import patterns_in
from filterpatterns.templates.mapping import Mapping

CLOUDFORMATION = """
Resources:
  Queue:
    Type: AWS::SQS::Queue
  Orders:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      EventSourceArn: !GetAtt Queue.Arn
      BatchSize: 100
      MaximumBatchingWindowInSeconds: !Ref Window
      FunctionResponseTypes:
        - ReportBatchItemFailures
      ScalingConfig:
        MaximumConcurrency: "50"
      Enabled: false
  Rule:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: {source: [a]}
"""
SAM = """
Resources:
  Function:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Orders:
          Type: SQS
          Properties:
            Queue: arn:aws:sqs:eu-west-1:1:q
            BatchSize: 5
            ScalingConfig: !Ref AWS::NoValue
            FilterCriteria: {Filters: [{Pattern: '{"body": ["a"]}'}]}
"""
SERVERLESS = """
service: shop
functions:
  orders:
    events:
      - sqs:
          arn: arn:aws:sqs:eu-west-1:1:q
          batchSize: 20
          maximumBatchingWindow: 5
          functionResponseType: ReportBatchItemFailures
          maximumConcurrency: 10
          filterPatterns: [{body: [a]}]
  everything:
    events:
      - sqs:
          arn: arn:aws:sqs:eu-west-1:1:q
          batchSize: ${self:custom.size}
"""
TERRAFORM = """
resource "aws_lambda_event_source_mapping" "orders" {
  event_source_arn                   = aws_sqs_queue.orders.arn
  batch_size                         = 100
  maximum_batching_window_in_seconds = var.window
  function_response_types            = ["ReportBatchItemFailures"]
  scaling_config {
    maximum_concurrency = 10
  }
  filter_criteria {
    filter {
      pattern = jsonencode({ body = ["a"] })
    }
  }
}
"""
API = json.dumps(
    {
        "EventSourceMappings": [
            {
                "UUID": "u1",
                "EventSourceArn": "arn:aws:sqs:eu-west-1:1:q",
                "BatchSize": 10,
                "MaximumBatchingWindowInSeconds": 0,
                "ScalingConfig": {"MaximumConcurrency": 7},
                "FunctionResponseTypes": [],
            }
        ]
    }
)
PLAN = json.dumps(
    {
        "planned_values": {
            "root_module": {
                "resources": [
                    {
                        "address": "aws_lambda_event_source_mapping.orders",
                        "type": "aws_lambda_event_source_mapping",
                        "values": {
                            "batch_size": 10,
                            "event_source_arn": "arn:aws:sqs:eu-west-1:1:q",
                            "filter_criteria": [],
                            "function_response_types": None,
                            "scaling_config": [{"maximum_concurrency": 3}],
                        },
                    }
                ]
            }
        }
    }
)


def found(text: str, name: str = "") -> list[Mapping]:
    return patterns_in(text, name, unfiltered=True)


def values(mapping: Mapping) -> dict[str, Any]:
    return {one.name: one.value for one in mapping.settings if one.unresolved is None}


def unresolved(mapping: Mapping) -> dict[str, str]:
    return {one.name: one.unresolved for one in mapping.settings if one.unresolved is not None}


def test_cloudformation_with_positions_and_unknown_values() -> None:
    orders, rule = found(CLOUDFORMATION)
    assert (orders.logical_id, orders.source, orders.is_filtered) == ("Orders", "sqs", False)
    assert values(orders) == {
        "BatchSize": 100,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "MaximumConcurrency": "50",
        "Enabled": False,
    }
    assert unresolved(orders) == {
        "MaximumBatchingWindowInSeconds": "Ref Window is known only at deployment"
    }
    places = {one.name: (one.line, one.column) for one in orders.settings}
    assert places["BatchSize"] == (9, 18)
    assert places["MaximumBatchingWindowInSeconds"][0] == 10
    assert places["MaximumConcurrency"] == (14, 29)
    assert (rule.kind, rule.settings, rule.is_filtered) == ("rule", (), True)


def test_sam() -> None:
    (orders,) = found(SAM)
    assert (orders.logical_id, values(orders)) == ("FunctionOrders", {"BatchSize": 5})


def test_serverless() -> None:
    orders, everything = found(SERVERLESS)
    assert values(orders) == {
        "BatchSize": 20,
        "MaximumBatchingWindowInSeconds": 5,
        "FunctionResponseTypes": "ReportBatchItemFailures",
        "MaximumConcurrency": 10,
    }
    assert (everything.logical_id, everything.is_filtered) == ("everything", False)
    assert "self:custom.size" in unresolved(everything)["BatchSize"]


def test_terraform() -> None:
    (orders,) = found(TERRAFORM, "main.tf")
    assert values(orders) == {
        "BatchSize": 100,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "MaximumConcurrency": 10,
    }
    assert list(unresolved(orders)) == ["MaximumBatchingWindowInSeconds"]


def test_a_plan_of_terraform() -> None:
    (orders,) = found(PLAN)
    assert (orders.source, orders.is_filtered) == ("sqs", False)
    assert values(orders) == {"BatchSize": 10, "MaximumConcurrency": 3}


def test_responses_of_aws() -> None:
    (orders,) = found(API)
    assert values(orders) == {
        "BatchSize": 10,
        "MaximumBatchingWindowInSeconds": 0,
        "FunctionResponseTypes": [],
        "MaximumConcurrency": 7,
    }


@pytest.mark.parametrize("text", [CLOUDFORMATION, SERVERLESS, PLAN, API])
def test_mappings_without_filters_are_found_only_on_request(text: str) -> None:
    assert all(one.is_filtered for one in patterns_in(text))
    assert not all(one.is_filtered for one in found(text))
