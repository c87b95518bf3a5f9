"""Writes a pattern for deployment: templates, CDK, Terraform, the AWS CLI.

Each snippet has exactly the meaning of the pattern: its numbers keep their spelling if the target
preserves it; otherwise the pattern is written as a string.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Sequence
from typing import Final

from filterpatterns.integrations.playground.json_layout import Json, hcl_string
from filterpatterns.language.inputs import PatternText

_LAMBDA: Final = {
    "sqs": ("SQS", "Queue", "!GetAtt Queue.Arn"),
    "kinesis": ("Kinesis", "Stream", "!GetAtt Stream.Arn"),
    "dynamodb": ("DynamoDB", "Stream", "!GetAtt Table.StreamArn"),
    "kafka": ("MSK", "Stream", "!Ref ClusterArn"),
    "mq": ("MQ", "Broker", "!GetAtt Broker.Arn"),
}
"""By source: the type of a SAM event, the property that names the source, and its value."""

_STREAMS: Final = ("kinesis", "dynamodb", "kafka")
"""Sources whose mappings need a starting position."""

_MORE: Final = {
    "sqs": (),
    **dict.fromkeys(_STREAMS, ("StartingPosition: LATEST",)),
    "kafka": ("StartingPosition: LATEST", "Topics:", "  - topic"),
    "mq": ("Queues:", "  - queue"),
}
"""What else the mappings of a source have to say."""


def snippets(
    texts: Sequence[PatternText], source: str, dialect: str | None
) -> list[dict[str, str]]:
    """Return the snippets for the patterns, each with `name` and `text`.

    Args:
        texts: valid patterns; several are those of one FilterCriteria.
        source: the event source; "auto" is treated as "sqs".
        dialect: "eventbridge" and "pipes" choose rules and pipes; None chooses by source.
    """
    patterns = [Json(text.text) for text in texts]
    if source == "subscriber":
        return [{"name": "FilterConfiguration", "text": _configuration(texts)}]
    if dialect == "eventbridge" or source == "event":
        if len(patterns) != 1:
            return [_criteria(patterns)]
        return [
            {"name": name, "text": write(patterns[0])}
            for name, write in _RULE.items()
            if patterns[0].is_plain or name in _SPELLED
        ]
    makers = _PIPE if dialect == "pipes" else _MAPPING
    where = source if source in _LAMBDA else "sqs"
    return [
        _criteria(patterns),
        *({"name": name, "text": write(patterns, where)} for name, write in makers.items()),
    ]


def plain(texts: Sequence[PatternText], source: str) -> str:
    """Return patterns in the form of the pattern editor: a pattern, a FilterCriteria, or the
    FilterConfiguration of a subscriber."""
    if source == "subscriber":
        return _configuration(texts)
    patterns = [Json(text.text) for text in texts]
    return patterns[0].laid_out(0) + "\n" if len(patterns) == 1 else _criteria(patterns)["text"]


def _configuration(texts: Sequence[PatternText]) -> str:
    filters = [
        {
            **({} if text.scope is None else {"Scope": text.scope}),
            "Pattern": Json(text.text).minified,
        }
        for text in texts
    ]
    return json.dumps({"FilterConfiguration": {"Filters": filters}}, indent=2) + "\n"


def _filters(patterns: Sequence[Json], indent: int | None = 2) -> str:
    return json.dumps({"Filters": [{"Pattern": one.minified} for one in patterns]}, indent=indent)


def _criteria(patterns: Sequence[Json]) -> dict[str, str]:
    return {"name": "FilterCriteria", "text": _filters(patterns) + "\n"}


def _command_line(patterns: Sequence[Json], around: str = "{}") -> str:
    return shlex.quote(around.replace("{}", _filters(patterns, indent=None)))


def _yaml_filters(patterns: Sequence[Json], indent: int) -> str:
    lines = ["FilterCriteria:", "  Filters:" if patterns else "  Filters: []"]
    lines += (f"    - Pattern: {_yaml(one.minified)}" for one in patterns)
    return "\n".join(" " * indent + line for line in lines)


def _yaml(text: str) -> str:
    """Return a text of printable characters as a single-quoted YAML scalar."""
    return "'" + text.replace("'", "''") + "'"


def _sam(patterns: Sequence[Json], source: str) -> str:
    kind, key, value = _LAMBDA[source]
    lines = [f"{kind}Event:", f"  Type: {kind}", "  Properties:", f"    {key}: {value}"]
    more = _MORE[source]
    if source == "mq":
        more += ("SourceAccessConfigurations:", "  - Type: BASIC_AUTH", "    URI: !Ref Secret")
    lines += (f"    {line}" for line in more)
    head = """\
Resources:
  Function:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.handler
      Runtime: python3.13
      CodeUri: src/
      Events:
"""
    body = "\n".join(" " * 8 + line for line in lines)
    return f"{head}{body}\n{_yaml_filters(patterns, 12)}\n"


def _cloudformation(patterns: Sequence[Json], source: str) -> str:
    lines = (f"EventSourceArn: {_LAMBDA[source][2]}", "FunctionName: !Ref Function", *_MORE[source])
    body = "\n".join(" " * 6 + line for line in lines)
    return f"""\
Resources:
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
{body}
{_yaml_filters(patterns, 6)}
"""


def _cdk_typescript(patterns: Sequence[Json], _source: str) -> str:
    filters = "".join(
        f"    lambda.FilterCriteria.filter({one.laid_out(2)}),\n"
        if one.is_plain
        else f"    {{ pattern: {json.dumps(one.minified)} }},\n"
        for one in patterns
    )
    return f"""\
import * as lambda from 'aws-cdk-lib/aws-lambda';

fn.addEventSourceMapping('Mapping', {{
  eventSourceArn,
  filters: [
{filters}  ],
}});
"""


def _cdk_python(patterns: Sequence[Json], _source: str) -> str:
    filters = "".join(
        f"        lambda_.FilterCriteria.filter({one.laid_out(2, python=True)}),\n"
        if one.is_plain
        else f'        {{"pattern": {json.dumps(one.minified)}}},\n'
        for one in patterns
    )
    return f"""\
from aws_cdk import aws_lambda as lambda_

fn.add_event_source_mapping(
    "Mapping",
    event_source_arn=event_source_arn,
    filters=[
{filters}    ],
)
"""


def _hcl(pattern: Json, indent: int) -> str:
    """Return a Terraform expression for the pattern's text."""
    if pattern.is_plain:
        return f"jsonencode({pattern.laid_out(indent, hcl=True)})"
    return hcl_string(pattern.minified)


def _terraform(patterns: Sequence[Json], source: str) -> str:
    filters = "".join(
        f"    filter {{\n      pattern = {_hcl(one, 3)}\n    }}\n" for one in patterns
    )
    what = {"sqs": "aws_sqs_queue.queue.arn", "kinesis": "aws_kinesis_stream.stream.arn"}
    what |= {"dynamodb": "aws_dynamodb_table.table.stream_arn", "mq": "aws_mq_broker.broker.arn"}
    rest = '  starting_position = "LATEST"\n' if source in _STREAMS else ""
    gap = " " if source in _STREAMS else ""
    rest += '  topics            = ["topic"]\n' if source == "kafka" else ""
    rest += '  queues           = ["queue"]\n' if source == "mq" else ""
    return f"""\
resource "aws_lambda_event_source_mapping" "mapping" {{
  event_source_arn{gap} = {what.get(source, "aws_msk_cluster.cluster.arn")}
  function_name{gap}    = aws_lambda_function.function.arn
{rest}
  filter_criteria {{
{filters}  }}
}}
"""


def _cli(patterns: Sequence[Json], _source: str) -> str:
    return (
        'aws lambda update-event-source-mapping --uuid "$UUID" \\\n'
        f"  --filter-criteria {_command_line(patterns)}\n"
    )


def _pipe_cloudformation(patterns: Sequence[Json], source: str) -> str:
    return f"""\
Resources:
  Pipe:
    Type: AWS::Pipes::Pipe
    Properties:
      RoleArn: !GetAtt Role.Arn
      Source: {_LAMBDA[source][2]}
      SourceParameters:
{_yaml_filters(patterns, 8)}
      Target: !GetAtt Function.Arn
"""


def _pipe_terraform(patterns: Sequence[Json], _source: str) -> str:
    filters = "".join(
        f"      filter {{\n        pattern = {_hcl(one, 4)}\n      }}\n" for one in patterns
    )
    return f"""\
resource "aws_pipes_pipe" "pipe" {{
  name     = "pipe"
  role_arn = aws_iam_role.role.arn
  source   = aws_sqs_queue.queue.arn
  target   = aws_lambda_function.function.arn

  source_parameters {{
    filter_criteria {{
{filters}    }}
  }}
}}
"""


def _pipe_cli(patterns: Sequence[Json], _source: str) -> str:
    around = '{"FilterCriteria": {}}'
    return (
        'aws pipes update-pipe --name "$PIPE" --role-arn "$ROLE" \\\n'
        f"  --source-parameters {_command_line(patterns, around)}\n"
    )


def _rule_cloudformation(pattern: Json) -> str:
    return f"""\
Resources:
  Rule:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: {pattern.laid_out(4)}
"""


def _rule_cdk_typescript(pattern: Json) -> str:
    return f"""\
import * as events from 'aws-cdk-lib/aws-events';

new events.CfnRule(this, 'Rule', {{
  eventPattern: {pattern.laid_out(1)},
}});
"""


def _rule_cdk_python(pattern: Json) -> str:
    return f"""\
from aws_cdk import aws_events as events

events.CfnRule(
    self,
    "Rule",
    event_pattern={pattern.laid_out(1, python=True)},
)
"""


def _rule_terraform(pattern: Json) -> str:
    return f"""\
resource "aws_cloudwatch_event_rule" "rule" {{
  name          = "rule"
  event_pattern = {_hcl(pattern, 1)}
}}
"""


def _rule_cli(pattern: Json) -> str:
    text = shlex.quote(pattern.minified)
    return f'aws events put-rule --name "$RULE" \\\n  --event-pattern {text}\n'


_SPELLED: Final = ("Event pattern", "Terraform", "AWS CLI")
"""Snippets of rules that preserve the pattern's spelling."""

_MAPPING: dict[str, Callable[[Sequence[Json], str], str]] = {
    "SAM": _sam,
    "CloudFormation": _cloudformation,
    "CDK (TypeScript)": _cdk_typescript,
    "CDK (Python)": _cdk_python,
    "Terraform": _terraform,
    "AWS CLI": _cli,
}
_PIPE: dict[str, Callable[[Sequence[Json], str], str]] = {
    "CloudFormation": _pipe_cloudformation,
    "Terraform": _pipe_terraform,
    "AWS CLI": _pipe_cli,
}
_RULE: dict[str, Callable[[Json], str]] = {
    "Event pattern": lambda pattern: pattern.laid_out(0) + "\n",
    "CloudFormation": _rule_cloudformation,
    "CDK (TypeScript)": _rule_cdk_typescript,
    "CDK (Python)": _rule_cdk_python,
    "Terraform": _rule_terraform,
    "AWS CLI": _rule_cli,
}
