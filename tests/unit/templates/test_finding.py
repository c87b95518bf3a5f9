"""Finding patterns in templates: what is found, its source, and the position of each character."""

from __future__ import annotations

import json
import pickle
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import assume, example, given
from hypothesis import strategies as st

from filterpatterns.errors import Diagnostic
from filterpatterns.language.inputs import PatternText
from filterpatterns.templates.codes import ENCRYPTED, UNRESOLVED
from filterpatterns.templates.documents import yaml_document
from filterpatterns.templates.errors import TemplateError
from filterpatterns.templates.finding import named, patterns_in
from filterpatterns.templates.mapping import Mapping

TEMPLATES = Path(__file__).parent / "data"
KINESIS = "arn:aws:kinesis:us-east-1:123456789012:stream/orders"


def template(name: str) -> str:
    return (TEMPLATES / name).read_bytes().decode()


def found(name: str) -> dict[str, Mapping]:
    mappings = patterns_in(template(name), name)
    by_id = {mapping.logical_id: mapping for mapping in mappings}
    assert len(by_id) == len(mappings)
    return by_id


def sources(name: str) -> dict[str, str | None]:
    return {mapping.logical_id: mapping.source for mapping in found(name).values()}


def patterns(mapping: Mapping) -> list[Any]:
    return [json.loads(text.text) for text in mapping.texts]


def diagnostics(text: str, name: str = "") -> list[Diagnostic]:
    return [one for mapping in patterns_in(text, name) for one in mapping.check()]


def pointed_at(text: str, diagnostic: Diagnostic) -> str:
    """What a diagnostic's lines and columns enclose in the template."""
    assert diagnostic.line is not None
    assert diagnostic.column is not None
    assert diagnostic.end_line is not None
    assert diagnostic.end_column is not None
    lines = text.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    first = starts[diagnostic.line - 1] + diagnostic.column - 1
    last = starts[diagnostic.end_line - 1] + diagnostic.end_column - 1
    return text[first:last]


def skipped(mapping: Mapping) -> list[tuple[int, int, int | None, str]]:
    return [(one.line, one.column, one.filter_index, one.reason) for one in mapping.skipped]


def holes(text: PatternText) -> list[str]:
    """What a pattern has parts for that are not known, each where its placeholder is."""
    for hole in text.holes:
        assert hole.source in text.text[hole.start : hole.end]
    return [hole.source for hole in text.holes]


def mapping_yaml(pattern: str, arn: str = KINESIS) -> str:
    """A template with one mapping; the pattern in YAML."""
    return (
        "Resources:\n  M:\n    Type: AWS::Lambda::EventSourceMapping\n    Properties:\n"
        f"      EventSourceArn: {arn}\n      FilterCriteria:\n        Filters:\n"
        f"        - Pattern: {pattern}\n"
    )


# --- SAM and CloudFormation ---


def test_sam_finds_every_event_and_its_source() -> None:
    assert sources("sam.yaml") == {
        "OrdersFromQueue": "sqs",
        "OrdersFromStream": "kinesis",
        "OrdersFromTable": "dynamodb",
        "OrdersFromTopic": "kafka",
        "OrdersFromCluster": "kafka",
        "OrdersFromBroker": "mq",
        "OrdersOnEvent": "event",
    }


def test_sam_patterns_are_those_sent_to_aws() -> None:
    mappings = found("sam.yaml")
    assert patterns(mappings["OrdersFromQueue"]) == [
        {"body": {"status": ["paid"], "total": [{"numeric": [">", 100]}]}},
        {"body": {"customer": [{"prefix": "vip-"}]}},
    ]
    assert patterns(mappings["OrdersFromStream"]) == [{"data": {"kind": ["created", "changed"]}}]
    assert patterns(mappings["OrdersFromTopic"]) == [{"value": {"owner": ["it's me"]}}]
    assert patterns(mappings["OrdersFromCluster"]) == [{"value": {"kind": ["plain"]}}]
    assert patterns(mappings["OrdersOnEvent"]) == [
        {"source": ["com.example.orders"], "detail": {"total": [{"numeric": [">", 0, "<=", 5]}]}}
    ]


def test_a_sub_with_a_variable_has_a_hole_and_the_filter_beside_it_has_none() -> None:
    mapping = found("sam.yaml")["OrdersFromBroker"]
    assert patterns(mapping) == [
        {"data": {"customer": ["${Customer}"]}},
        {"data": {"customer": ["known"]}},
    ]
    assert [holes(text) for text in mapping.texts] == [["${Customer}"], []]
    assert mapping.skipped == ()
    line = (
        template("sam.yaml")
        .split("\n")
        .index("""                - Pattern: !Sub '{"data": {"customer": ["${Customer}"]}}'""")
    )
    [unset] = mapping.unset
    column = template("sam.yaml").split("\n")[line].index("${") + 1
    assert (unset.line, unset.column, unset.names) == (line + 1, column, ("Customer",))
    assert (unset.code, unset.reason) == (UNRESOLVED, "${Customer} is known only at deployment")


def test_the_kinds_have_their_dialects() -> None:
    sam = found("sam.yaml")
    assert (sam["OrdersFromQueue"].kind, sam["OrdersFromQueue"].dialect) == (
        "event source mapping",
        "lambda",
    )
    assert (sam["OrdersOnEvent"].kind, sam["OrdersOnEvent"].dialect) == ("rule", "eventbridge")
    pipe = found("pipes.yaml")["FromTable"]
    assert (pipe.kind, pipe.dialect) == ("pipe", "pipes")


def test_cloudformation_json() -> None:
    assert sources("cloudformation.json") == {
        "Mapping": "sqs",
        "AsObject": "kinesis",
        "Unknown": "sqs",  # the pattern has a body
        "Documents": "documentdb",
    }
    text = template("cloudformation.json")
    reported = [
        (one.code, one.filter_index, pointed_at(text, one) if one.line else None)
        for one in diagnostics(text)
    ]
    assert reported == [
        ("FP005", 0, r"\"paid\""),
        ("FP103", 0, None),
        ("FP010", 0, '"3"'),
        ("FP019", None, '{"pattern": "{}"}'),
        ("FP019", None, '"x"'),
        ("FP019", None, "null"),
        ("FP203", None, '{"Filters": [{"Pattern": "{\\"a\\": [1]}"}]}'),
    ]


def test_positions_after_escapes_count_characters_of_the_template() -> None:
    text = template("cloudformation.json")
    [diagnostic] = [one for one in diagnostics(text) if one.code == "FP005"]
    assert (diagnostic.line, diagnostic.column) == (12, 85)
    assert text.split("\n")[11][84:] == r'\"paid\"}}"}'


def test_cdk_synthesized() -> None:
    mappings = found("cdk.template.json")
    mapping = mappings["HandlerSqsEventSourceStackQueue1D0DAC44"]
    assert mapping.source == "sqs"
    assert patterns(mapping) == [
        {"body": {"id": [{"exists": True}]}},
        {"body": {"queue": ["Ref Queue4A7E3555"]}},
    ]
    assert [holes(text) for text in mapping.texts] == [[], ["Ref Queue4A7E3555"]]
    [rule] = mappings["Rule4C995B7F"].texts
    assert holes(rule) == ["Ref AWS::AccountId"]


def test_pipes() -> None:
    mappings = found("pipes.yaml")
    assert {name: one.source for name, one in mappings.items()} == {
        "FromTable": "dynamodb",
        "FromTopic": "kafka",
    }
    assert patterns(mappings["FromTopic"]) == [{"value": {"kind": [{"wildcard": "a*"}]}}]
    assert not mappings["FromTopic"].texts[0].is_object


def test_rules_as_objects_and_as_text() -> None:
    text = template("rules.yaml")
    mappings = found("rules.yaml")
    assert list(mappings) == ["AsYaml", "AsText", "Kept", "Open"]
    assert patterns(mappings["AsText"]) == [{"detail-type": [{"wildcard": "EC2 * Notification"}]}]
    [diagnostic] = diagnostics(text)
    assert (diagnostic.line, diagnostic.column, pointed_at(text, diagnostic)) == (11, 17, "16")
    [kept] = mappings["Kept"].texts
    assert holes(kept) == ["Ref AWS::AccountId"]


def test_anchors_merges_and_aliases() -> None:
    mappings = found("anchors.yaml")
    assert patterns(mappings["OnePaid"]) == [{"body": {"status": ["paid"]}}]
    assert [text.filter_index for text in mappings["TwoBoth"].texts] == [0, 1]
    text = template("anchors.yaml")
    [diagnostic] = diagnostics(text)
    assert (diagnostic.line, diagnostic.filter_index) == (30, 1)
    assert pointed_at(text, diagnostic) == '"open"'


@pytest.mark.parametrize(
    ("arn", "source"),
    [
        ("arn:aws-cn:sqs:cn-north-1:123456789012:q", "sqs"),
        ("!Sub arn:${AWS::Partition}:dynamodb:${AWS::Region}:x:table/t/stream/1", "dynamodb"),
        ("!Join [':', [arn, !Ref AWS::Partition, mq, r, a, b]]", "mq"),
        ("{'Fn::Join': ['', ['arn:', {Ref: 'AWS::Partition'}, ':kafka:r:a:c']]}", "kafka"),
        ("!Ref QueueArn", "sqs"),  # as its name says
        ("!ImportValue x", None),
        ("!GetAtt Nothing.Arn", None),
        ("[not, an, arn]", None),
        ("arn:aws:s3:::bucket", None),
    ],
)
def test_the_source_is_taken_from_the_arn(arn: str, source: str | None) -> None:
    [mapping] = patterns_in(mapping_yaml("""'{"a": [1]}'""", arn))
    assert mapping.source == source


@pytest.mark.parametrize(
    ("lines", "source"),
    [
        ("SelfManagedEventSource: {Endpoints: {KafkaBootstrapServers: [a]}}", "kafka"),
        ("Queues: [q]", "mq"),
        ("Topics: [t]", "kafka"),
    ],
)
def test_or_from_properties_that_only_one_source_has(lines: str, source: str) -> None:
    text = mapping_yaml("""'{"a": [1]}'""").replace(f"EventSourceArn: {KINESIS}", lines)
    assert [mapping.source for mapping in patterns_in(text)] == [source]


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("!Ref Pattern", "Ref Pattern is known only at deployment"),
        ("!GetAtt Macro.Pattern", "Fn::GetAtt Macro.Pattern is known only at deployment"),
        ("!Sub '${Pattern}'", "${Pattern} is known only at deployment"),
        ("""!Sub '{${Members}}'""", "${Members} is known only at deployment"),
        ("'{{resolve:ssm:/pattern}}'", "{{resolve:ssm:/pattern}} is known only at deployment"),
        ("!Whatever x", "Fn::Whatever is known only at deployment"),
    ],
)
def test_unknown_patterns_are_skipped(pattern: str, reason: str) -> None:
    [mapping] = patterns_in(mapping_yaml(pattern))
    assert mapping.texts == ()
    assert mapping.problems == ()
    assert [(one.line, one.filter_index, one.reason) for one in mapping.skipped] == [(8, 0, reason)]


@pytest.mark.parametrize(
    "pattern",
    [
        """!Sub '{"data": {"a": [1]}}'""",
        """{"Fn::Sub": '{"data": {"a": [1]}}'}""",
        """!Sub ['{"data": {"a": [1]}}', {}]""",
        "!ToJsonString {data: {a: [1]}}",
        """{"Fn::ToJsonString": {"data": {"a": [1]}}}""",
        """!!str '{"data": {"a": [1]}}'""",
    ],
)
def test_functions_with_one_possible_value_are_evaluated(pattern: str) -> None:
    [mapping] = patterns_in(mapping_yaml(pattern))
    assert patterns(mapping) == [{"data": {"a": [1]}}]
    assert not mapping.skipped
    assert not mapping.texts[0].is_object


def test_a_loop_over_resources_is_searched() -> None:
    text = json.dumps(
        {
            "Transform": "AWS::LanguageExtensions",
            "Resources": {
                "Fn::ForEach::Queues": [
                    "Name",
                    ["A", "B"],
                    {
                        "Mapping${Name}": {
                            "Type": "AWS::Lambda::EventSourceMapping",
                            "Properties": {
                                "FilterCriteria": {
                                    "Filters": [
                                        {"Pattern": '{"body": {"a": ["${Name}"]}}'},
                                        {"Pattern": '{"body": {"a": ["x"]}}'},
                                    ]
                                }
                            },
                        }
                    },
                ]
            },
        }
    )
    [mapping] = patterns_in(text)
    assert patterns(mapping) == [{"body": {"a": ["${Name}"]}}, {"body": {"a": ["x"]}}]
    assert [holes(one) for one in mapping.texts] == [["${Name}"], []]


@pytest.mark.parametrize(
    ("criteria", "reported"),
    [
        ("{Filters: {Pattern: x}}", ["Filters must be an array of filters"]),
        ("[{Pattern: x}]", ["FilterCriteria must be an object with Filters"]),
        ("{Filter: []}", ["FilterCriteria must be an object with Filters"]),
        ("{Filters: [{}]}", ['a filter must be an object with a "Pattern"']),
        ("{Filters: []}", []),
        ("{}", []),
        ("{Filters: null}", []),
        ("{Filters: [!Ref AWS::NoValue]}", []),
    ],
)
def test_unusual_filter_criteria(criteria: str, reported: list[str]) -> None:
    text = mapping_yaml("x").replace("\n        Filters:\n        - Pattern: x", f" {criteria}")
    [mapping] = patterns_in(text)
    assert mapping.texts == ()
    assert mapping.skipped == ()
    assert [one.message for one in mapping.problems] == reported
    assert all((one.code, one.line) == ("FP019", 6) for one in mapping.problems)


# --- where characters stand ---


@pytest.mark.parametrize(
    "written",
    [
        '\'{"data": {"it": "x"}}\'',
        '"{\\"data\\": {\\"it\\": \\"x\\"}}"',
        '"{\\"data\\": \\\n            {\\"it\\":\n\n            \\"x\\"}}"',
        '|\n            {"data":\n              {"it": "x"}}',
        '|2-  # a comment\n              {"data": {"it": "x"}}',
        '>\n            {"data":\n            {"it":\n\n            "x"}}',
        '\'{"data":\n            {"it\'\'s": ["y"],\n\n            "it": [1], "it": "x"}}\'',
        '!Sub\n            \'{"data": {"it": "x"}}\'',
        '&anchor !Sub |-\n            {"data": {"it": "x"}}',
        '{"data": {"it": "x"}}',
        "{data: {it: 'x'}}",
        "\n            data:\n              it: x",
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_every_way_of_quoting_in_yaml(written: str, newline: str) -> None:
    text = mapping_yaml(written).replace("\n", newline)
    [diagnostic] = [one for one in diagnostics(text) if one.code == "FP005"]
    assert pointed_at(text, diagnostic).strip("\"\\'") == "x"
    assert diagnostic.excerpt is not None
    start, end = diagnostic.excerpt.start, diagnostic.excerpt.end
    assert diagnostic.excerpt.text[start:end].strip("\"\\'") == "x"


@given(
    value=st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1),
    style=st.sampled_from(["'", '"', "|", ">", None]),
    width=st.sampled_from([5, 20, 1000]),
    pure=st.booleans(),
)
@example(value='it\'s\n\n x \\ "y"', style=">", width=5, pure=False)
@example(value="\x85\u2028 a\u2029\t b", style='"', width=5, pure=True)
@example(value="a 'b' c", style="'", width=5, pure=True)
@example(value="😀 \x00 \x7f", style='"', width=5, pure=False)
def test_positions_in_any_yaml_text_are_those_of_its_characters(
    value: str, style: str, width: int, pure: bool
) -> None:
    # What CloudFormation resolves is known to nobody else; hypothesis reads our source for texts.
    assume("{{resolve:" not in value)
    value = f'{{"{value}"'
    text = yaml.dump(
        {"Resources": {"M": {"Type": "AWS::Events::Rule", "Properties": {"EventPattern": value}}}},
        default_style=None,
        width=width,
        allow_unicode=True,
        Dumper=_dumper(style, value),
    )
    with pytest.MonkeyPatch.context() as patch:
        if pure:
            patch.setattr(yaml_document, "_LOADER", yaml.SafeLoader)
        [mapping] = patterns_in(text)
    [pattern] = mapping.texts
    value = yaml.safe_load(text)["Resources"]["M"]["Properties"]["EventPattern"]
    assert pattern.text == value
    assert pattern.starts is not None
    assert len(pattern.starts) == len(value) + 1
    assert list(pattern.starts) == sorted(pattern.starts)
    exact = [
        text[start] == char or text[start] == "\\"
        for char, start in zip(value, pattern.starts, strict=False)
        if char not in " \t\r\n\x85\u2028\u2029\ufeff"
    ]
    assert all(exact)
    assert len(set(pattern.starts)) > 1


def _dumper(style: str | None, value: str) -> type[yaml.SafeDumper]:
    class Dumper(yaml.SafeDumper):
        def represent_str(self, data: str) -> yaml.ScalarNode:
            return self.represent_scalar(
                "tag:yaml.org,2002:str", data, style=style if data == value else None
            )

    Dumper.add_representer(str, Dumper.represent_str)
    return Dumper


@pytest.mark.parametrize("loader", ["SafeLoader", "CSafeLoader"])
@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.y*ml")), ids=lambda path: path.name)
def test_both_parsers_of_pyyaml_find_the_same(
    path: Path, loader: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not hasattr(yaml, loader):
        pytest.skip("PyYAML was built without libyaml")
    if path.name == "broken.yaml":
        return
    text = path.read_bytes().decode()
    expected = patterns_in(text)
    monkeypatch.setattr(yaml_document, "_LOADER", getattr(yaml, loader))
    assert patterns_in(text) == expected


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("yes", True),
        ("0x1F", 31),
        ("1_000", 1000),
        ("1.5e+3", 1500.0),
        ("1.5e3", "1.5e3"),  # YAML 1.1 requires the sign
        ("1.", 1.0),
        ("~", None),
        (".inf", ".inf"),
        ("2024-01-01", "2024-01-01"),
        ("'5'", "5"),
        ("!!str 5", "5"),
        ("null", None),
        ("=", "="),
    ],
)
def test_scalars_of_yaml_become_those_of_json(written: str, value: object) -> None:
    [mapping] = patterns_in(mapping_yaml(f"{{data: {{a: [{written}]}}}}"))
    assert patterns(mapping) == [{"data": {"a": [value]}}]


def test_a_repeated_name_gives_a_warning_at_its_place() -> None:
    text = mapping_yaml("{data: {a: [1], a: [2]}}")
    [repeated] = [one for one in diagnostics(text) if one.code == "FP101"]
    assert (repeated.line, repeated.column) == (8, 28)


# --- the Serverless Framework ---


def test_serverless() -> None:
    text = template("serverless.yml")
    mappings = patterns_in(text, "serverless.yml")
    assert [(one.logical_id, one.kind, one.source, len(one.texts)) for one in mappings] == [
        ("consume", "event source mapping", "sqs", 2),
        ("consume", "event source mapping", "dynamodb", 2),
        ("consume", "event source mapping", "kinesis", 0),
        ("consume", "event source mapping", "kafka", 1),
        ("consume", "event source mapping", "kafka", 1),
        ("consume", "event source mapping", "mq", 1),
        ("consume", "event source mapping", "mq", 1),
        ("consume", "rule", "event", 1),
        ("Extra", "rule", "event", 1),
    ]
    assert [one.reason for mapping in mappings for one in mapping.skipped] == [
        "${file(patterns.yml):kinesis} is known only to the Serverless Framework",
    ]
    assert patterns(mappings[0])[1] == {"body": {"kind": ["a"]}}  # of `custom`
    assert not any(pattern.is_object for mapping in mappings for pattern in mapping.texts)
    [diagnostic] = diagnostics(text)
    assert (diagnostic.line, pointed_at(text, diagnostic)) == (25, "REMOVE")


# --- Terraform ---


def test_terraform_configuration() -> None:
    mappings = found("main.tf")
    assert {name: (one.kind, one.source) for name, one in mappings.items()} == {
        "aws_lambda_event_source_mapping.encoded": ("event source mapping", "sqs"),
        "aws_lambda_event_source_mapping.heredoc": ("event source mapping", "kinesis"),
        "aws_lambda_event_source_mapping.dynamic": ("event source mapping", "dynamodb"),
        "aws_lambda_event_source_mapping.kafka": ("event source mapping", "kafka"),
        "aws_pipes_pipe.orders": ("pipe", "sqs"),
        "aws_cloudwatch_event_rule.ec2": ("rule", "event"),
        "module.lambda.sqs": ("event source mapping", "sqs"),
    }
    assert patterns(mappings["aws_lambda_event_source_mapping.encoded"]) == [
        {
            "body": {
                "status": ["paid", "sent"],
                "total": [{"numeric": [">", -5, "<", 1500.0]}],
                "vip": "yes",
            }
        },
        {"body": {"customer": ["var.customer"]}},
    ]
    assert patterns(mappings["aws_lambda_event_source_mapping.heredoc"]) == [
        {"data": {"kind": ["created"], "size": 7}},
        {"data": {"kind": ["a", "${local.kind}"]}},
        {"data": {"cost": ["${5}"], "size": 8}},
    ]
    assert patterns(mappings["aws_lambda_event_source_mapping.kafka"]) == [
        {"value": {"a": [None, True]}}
    ]
    assert [text.filter_index for text in mappings["module.lambda.sqs"].texts] == [0, 1]


def test_terraform_with_unknown_parts_is_checked_otherwise() -> None:
    mappings = found("main.tf")
    assert [
        (line, index, why) for one in mappings.values() for line, _, index, why in skipped(one)
    ] == [
        (53, 3, 'file("${path.module}/pattern.json") is known only to Terraform'),
        (64, 0, "filter.value is known only to Terraform"),
    ]
    assert [(one.line, one.names) for each in mappings.values() for one in each.unset] == [
        (27, ("var.customer", "customer")),
        (47, ("local.kind", "kind")),
    ]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_terraform_positions(newline: str) -> None:
    text = template("main.tf").replace("\n", newline)
    reported = [
        (one.line, one.column, pointed_at(text, one)) for one in diagnostics(text, "main.tf")
    ]
    assert reported == [(22, 21, '"yes"'), (41, 21, "7"), (50, 63, "8")]


def test_terraform_plan() -> None:
    text = template("plan.json")
    mappings = found("plan.json")
    assert {name: one.source for name, one in mappings.items()} == {
        "aws_lambda_event_source_mapping.orders[0]": "sqs",
        "aws_cloudwatch_event_rule.ec2": "event",
        "module.inner.aws_lambda_event_source_mapping.stream": "dynamodb",
    }
    assert skipped(mappings["aws_lambda_event_source_mapping.orders[0]"]) == [
        (6, 75, 1, "the pattern is known only to Terraform")
    ]
    [diagnostic] = diagnostics(text)
    assert (diagnostic.line, pointed_at(text, diagnostic)) == (6, r"\"x\"")


def test_terraform_state_and_configuration_in_json() -> None:
    values = {"filter_criteria": [{"filter": [{"pattern": '{"body": {"a": [1]}}'}]}]}
    resource = {"address": "aws_lambda_event_source_mapping.x", "values": values}
    resource["type"] = "aws_lambda_event_source_mapping"
    state = {"format_version": "1.0", "values": {"root_module": {"resources": [resource]}}}
    [mapping] = patterns_in(json.dumps(state))
    assert patterns(mapping) == [{"body": {"a": [1]}}]

    queue = "${aws_sqs_queue.orders.arn}"
    config = {
        "resource": {
            "aws_lambda_event_source_mapping": {
                "x": {
                    "event_source_arn": queue,
                    "filter_criteria": {
                        "filter": [
                            {"pattern": '{"body": {"a": [1]}}'},
                            {"pattern": '{"body": {"a": ["${var.x}"]}}'},
                        ]
                    },
                }
            }
        }
    }
    [mapping] = patterns_in(json.dumps(config), "cdk.tf.json")
    assert mapping.source == "sqs"
    assert patterns(mapping) == [{"body": {"a": [1]}}, {"body": {"a": ["${var.x}"]}}]
    assert [holes(one) for one in mapping.texts] == [[], ["${var.x}"]]


def test_terraform_without_filters_is_not_even_parsed_unless_it_was_named() -> None:
    text = 'resource "aws_sqs_queue" "x" { this is no HCL'
    assert patterns_in(text, "x.tf", searched=True) == []
    with pytest.raises(TemplateError, match="not HCL"):
        patterns_in(text, "x.tf")


# --- what AWS's command line prints ---


def test_listed_mappings() -> None:
    plain, encrypted = patterns_in(template("mappings.json"))
    assert plain.logical_id == "a1b2c3d4-5678-90ab-cdef-11111EXAMPLE"
    assert plain.names == ("consume", "orders")
    assert plain.source == "sqs"
    assert patterns(plain) == [{"body": {"status": ["paid"]}}]
    assert encrypted.source == "kinesis"
    assert encrypted.texts == ()
    [why] = encrypted.skipped
    assert (why.code, why.line) == (ENCRYPTED, 17)
    assert why.reason.startswith(
        "the filters are encrypted with the KMS key arn:aws:kms:us-west-2:123456789012:key/055efbb4"
    )


def test_a_mapping_whose_filters_could_not_be_decrypted() -> None:
    [mapping] = patterns_in(template("encrypted.json"))
    [why] = mapping.skipped
    assert why.code == ENCRYPTED
    assert "(KMSAccessDeniedException: not authorized to perform: kms:Decrypt)" in why.reason


def test_a_kms_key_next_to_visible_filters_is_ignored() -> None:
    mapping = json.loads(template("encrypted.json"))
    mapping["FilterCriteria"] = {"Filters": [{"Pattern": '{"body": {"a": [1]}}'}]}
    del mapping["FilterCriteriaError"]
    [found_mapping] = patterns_in(json.dumps(mapping))
    assert patterns(found_mapping) == [{"body": {"a": [1]}}]
    assert found_mapping.skipped == ()


def test_the_same_printed_as_yaml() -> None:
    text = yaml.safe_dump(json.loads(template("mappings.json")))
    assert [one.source for one in patterns_in(text)] == ["sqs", "kinesis"]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"Name": "r", "Arn": "a", "EventPattern": '{"source": ["x"]}'}, [("r", "rule", "event")]),
        ({"Rules": [{"Name": "r", "Arn": "a", "ScheduleExpression": "rate(1 hour)"}]}, []),
        ({"Name": "r", "Arn": "a", "ScheduleExpression": "rate(1 hour)"}, []),
        ({"EventSourceMappings": []}, []),
        ({"UUID": "u", "EventSourceArn": KINESIS}, []),
        (
            {
                "Name": "p",
                "Source": KINESIS,
                "SourceParameters": {"FilterCriteria": {"Filters": [{"Pattern": "{}"}]}},
            },
            [("p", "pipe", "kinesis")],
        ),
        (
            {
                "Name": "p",
                "SourceParameters": {
                    "RabbitMQBrokerParameters": {"QueueName": "q"},
                    "FilterCriteria": {"Filters": [{"Pattern": "{}"}]},
                },
            },
            [("p", "pipe", "mq")],
        ),
    ],
)
def test_rules_and_pipes(answer: object, expected: list[tuple[str, str, str]]) -> None:
    mappings = patterns_in(json.dumps(answer))
    assert [(one.logical_id, one.kind, one.source) for one in mappings] == expected


# --- patterns by themselves ---


def test_a_pattern_and_a_filter_criteria() -> None:
    [pattern] = patterns_in(template("pattern.json"))
    assert (pattern.kind, pattern.source, pattern.dialect) == ("pattern", None, None)
    assert patterns(pattern) == [{"body": {"a": [1]}}]
    text = template("criteria.json")
    [criteria] = patterns_in(text)
    assert len(criteria.texts) == 2
    [diagnostic] = diagnostics(text)
    assert (diagnostic.line, pointed_at(text, diagnostic)) == (3, r"\"x\"")


def test_a_broken_pattern_is_left_to_the_parser_of_patterns() -> None:
    text = '{"body": {"a": [1}}'
    [diagnostic] = diagnostics(text, "pattern.json")
    assert (diagnostic.code, diagnostic.line, diagnostic.column) == ("FP001", 1, 18)
    assert patterns_in(text, "pattern.json", searched=True) == []


@pytest.mark.parametrize(
    ("text", "is_pattern"),
    [
        ('{"body": {"a": [1, {"prefix": "x"}], "$or": [{"b": [1]}, {"c": [null]}]}}', True),
        ('{"name": "package", "files": ["a"]}', False),
        ('{"a": []}', False),
        ('{"a": {}}', False),
        ('{"a": [[1]]}', False),
        ('{"Records": [{"body": "x", "messageId": "y"}]}', False),
        ("[]", False),
        ("{}", False),
    ],
)
def test_a_search_only_treats_certain_patterns_as_patterns(text: str, is_pattern: bool) -> None:
    assert bool(patterns_in(text, "x.json", searched=True)) == is_pattern


def test_json_of_a_known_kind_is_not_a_pattern() -> None:
    assert patterns_in('{"version": "36.0.0", "artifacts": {}}', "manifest.json") == []
    assert patterns_in('{"$schema": "x", "a": 1}', "x.json") == []


def test_a_field_called_filters_is_a_field() -> None:
    [mapping] = patterns_in('{"Filters": ["a", "b"]}')
    assert patterns(mapping) == [{"Filters": ["a", "b"]}]


def test_a_pattern_in_yaml() -> None:
    [mapping] = patterns_in("source: [aws.ec2]\ndetail: {state: [running]}\n", "rule.yaml")
    assert patterns(mapping) == [{"source": ["aws.ec2"], "detail": {"state": ["running"]}}]


def test_several_documents_in_one_file() -> None:
    text = "---\na: 1\n---\n" + mapping_yaml("""'{"data": {"a": "x"}}'""") + "---\n"
    [diagnostic] = diagnostics(text, "x.yaml")
    assert (diagnostic.line, pointed_at(text, diagnostic)) == (11, '"x"')


# --- names ---


def test_mappings_are_found_by_any_of_their_names() -> None:
    mappings = patterns_in(template("sam.yaml"))
    for name in ("OrdersFromQueue", "FromQueue", "Orders.FromQueue"):
        assert [one.logical_id for one in named(mappings, name)] == ["OrdersFromQueue"]
    assert len(named(mappings, "Orders")) == 7
    assert named(mappings, "nothing") == []
    assert [one.line for one in named(mappings, "OnEvent")] == [77]


# --- texts that are nothing, broken, or hostile ---


@pytest.mark.parametrize(
    "text", ["", " \n", "---\n", "# a comment\n", "just words", "- a\n- b\n", "5"]
)
def test_texts_without_patterns(text: str) -> None:
    assert patterns_in(text) == []
    assert patterns_in(text, "x.yaml", searched=True) == []


@pytest.mark.parametrize(
    ("name", "place", "words"),
    [
        ("broken/broken.yaml", (4, 7), "not YAML: "),
        ("broken/broken.template", (2, 21), "not JSON: expected a value, found }}}"),
        ("broken/broken.tf", (3, 24), "not HCL: found '}'"),
    ],
)
def test_broken_templates(name: str, place: tuple[int, int], words: str) -> None:
    with pytest.raises(TemplateError) as caught:
        patterns_in(template(name), name)
    error = caught.value
    assert error.message.startswith(words)
    if not name.endswith(".yaml"):  # libyaml and PyYAML differ by a line
        assert (error.line, error.column) == place
    copy = pickle.loads(pickle.dumps(error))
    assert (copy.message, copy.line, copy.column) == (error.message, error.line, error.column)


@pytest.mark.parametrize(
    ("text", "words", "place"),
    [
        ('{"Resources": {"a": [1,]}}', "expected a value, found ]}}", (1, 24)),
        ('{"Resources": {"a": [1 2]}}', 'expected "," or "]", found 2]}}', (1, 24)),
        ('{"Resources": {\n"a" 1}}', 'expected ":", found 1}}', (2, 5)),
        ('{"Resources": {"a": 1,}}', "expected a name in double quotes, found }}", (1, 23)),
        ('{"Resources": ', "expected a value, found the end of the text", (1, 15)),
        ('{"Resources": "\x01"}', r'expected a value, found "\x01"}', (1, 15)),
    ],
)
def test_the_position_of_a_json_error(text: str, words: str, place: tuple[int, int]) -> None:
    with pytest.raises(TemplateError) as caught:
        patterns_in(text, "x.json")
    assert (caught.value.message, caught.value.line, caught.value.column) == (
        f"not JSON: {words}",
        *place,
    )


@pytest.mark.parametrize("opening", ["[", '{"a":', "- ", "{a: ", "? "])
def test_endless_nesting_is_refused(opening: str) -> None:
    text = '{"Resources": ' + opening * 5000 if opening[0] in "[{" else opening * 5000
    with pytest.raises(TemplateError):
        patterns_in(text + " # EventPattern", "x.yaml")


def test_deep_json_is_read_as_deep_as_payloads_may_be() -> None:
    deep = "[" * 1000 + "]" * 1000
    rule = {"Type": "AWS::Events::Rule", "Properties": {"EventPattern": {"a": [1]}}}
    text = f'{{"Metadata": {deep}, "Resources": {{"R": {json.dumps(rule)}}}}}'
    assert [one.logical_id for one in patterns_in(text)] == ["R"]
    with pytest.raises(TemplateError, match="nested deeper than 1,024 levels"):
        patterns_in(text.replace(deep, "[" * 1025 + "]" * 1025))


def test_deep_hcl_is_refused() -> None:
    text = 'resource "aws_x" "y" { event_pattern = ' + "[" * 2000 + "]" * 2000 + " }\n"
    with pytest.raises(TemplateError, match="nested deeper than 200 levels"):
        patterns_in(text, "x.tf")


@pytest.mark.parametrize("runs", [(16_001,), (9_000,) * 4], ids=["one run", "several"])
def test_hcl_with_long_runs_of_spaces_is_refused(runs: tuple[int, ...]) -> None:
    """The parser's time grows with the square of their length."""
    resource = 'resource "aws_lambda_event_source_mapping" "a" {\n'
    text = resource + "".join(f"  a{n} = {{{' ' * n}}}\n" for n in runs) + "}\n"
    with pytest.raises(TemplateError, match="too much white space in a row"):
        patterns_in(text, "x.tf")


def test_hcl_with_some_spaces_is_read() -> None:
    assert patterns_in("locals {\n  a = {" + " " * 2_000 + "}\n}\n" + "\n" * 2_000, "x.tf") == []


def test_aliases_of_aliases_are_bounded() -> None:
    lines = ["a0: &a0 {x: [1]}"]
    lines += [f"a{n}: &a{n} {{x: *a{n - 1}, y: *a{n - 1}}}" for n in range(1, 40)]
    with pytest.raises(TemplateError, match="aliases for more than 200,000 values"):
        patterns_in("\n".join(lines) + "\nEventPattern: *a39\n", "x.yaml")


def test_aliases_are_bounded_for_a_file_not_for_each_document() -> None:
    lines = ["a0: &a0 {x: [1]}"]
    lines += [f"a{n}: &a{n} {{x: *a{n - 1}, y: *a{n - 1}}}" for n in range(1, 13)]
    document = "\n".join(["name: x", *lines])
    assert patterns_in(document + "\n# EventPattern", "x.yaml") == []
    with pytest.raises(TemplateError, match="aliases for more than 200,000 values"):
        patterns_in("\n---\n".join([document] * 9) + "\n# EventPattern", "x.yaml")


@pytest.mark.parametrize("written", ["1:10:10", "190:20:30.15", "-1:10", "+12:30:45"])
def test_numbers_in_base_60_are_texts(written: str) -> None:
    [mapping] = patterns_in(f"source: [{written}]\ndetail-type: [x]\n", "rule.yaml")
    assert patterns(mapping) == [{"source": [written], "detail-type": ["x"]}]
    long = "a: 1" + ":10" * 160_000 + " # EventPattern"  # no number is made of it
    assert patterns_in(long, "x.yaml") == []


def test_merges_of_merges_are_bounded() -> None:
    lines = ["a0: &a0 {x0: 1}"]
    lines += [f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}], x{n}: 1}}" for n in range(1, 40)]
    with pytest.raises(TemplateError, match="aliases for more than"):
        patterns_in("\n".join(lines) + "\nEventPattern: *a39\n", "x.yaml")


def test_an_object_too_large_to_write_out_is_too_long_for_aws() -> None:
    text = mapping_yaml("{data: {a: [" + "'" + "x" * 200_000 + "']}}")
    assert {one.code for one in diagnostics(text)} == {"FP103", "FP017"}


@given(
    text=st.text() | st.text(st.sampled_from(list("{}[]\"'\\:,&*!|>-# \n\t%<$=ab1~?@`"))),
    name=st.sampled_from(["", "x.yaml", "x.json", "x.tf", "x.template"]),
    mention=st.sampled_from(["", "# EventPattern\n", 'resource "a" "b" { event_pattern = ']),
    searched=st.booleans(),
)
@example(text="a: &a [*a]", name="", mention="# EventPattern\n", searched=False)
@example(text="\ud800", name="x.yaml", mention="# EventPattern\n", searched=False)
@example(text="<<: 5\n<<: [1]", name="x.yaml", mention="# EventPattern\n", searched=False)
@example(text="? [a]\n: b", name="x.yaml", mention="# EventPattern\n", searched=False)
@example(text='"\\ud800": 1', name="x.yaml", mention="", searched=False)
@example(text="<<E\nE\n}", name="x.tf", mention='resource "a" "b" { x = ', searched=False)
def test_no_text_crashes_the_search(text: str, name: str, mention: str, searched: bool) -> None:
    try:
        mappings = patterns_in(mention + text, name, searched=searched)
    except TemplateError:
        return
    for mapping in mappings:
        mapping.check()


@given(
    fixture=st.sampled_from(
        sorted(str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*") if path.is_file())
    ),
    cuts=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40), st.text(max_size=3)), max_size=4),
)
def test_no_damaged_template_crashes_the_search(
    fixture: str, cuts: list[tuple[float, int, str]]
) -> None:
    text = template(fixture)
    for place, length, instead in cuts:
        start = int(place * len(text))
        text = text[:start] + instead + text[start + length :]
    try:
        mappings = patterns_in(text, fixture)
    except TemplateError:
        return
    for mapping in mappings:
        for pattern in mapping.texts:
            if pattern.starts is not None:
                assert len(pattern.starts) == len(pattern.text) + 1
                assert all(0 <= start <= len(text) for start in pattern.starts)
        mapping.check()


def test_the_depth_of_the_callers_stack_does_not_matter() -> None:
    def deeper(levels: int) -> list[Mapping]:
        return deeper(levels - 1) if levels else patterns_in(template("cloudformation.json"))

    assert len(deeper(sys.getrecursionlimit() - 300)) == 4


def test_references_do_not_multiply_a_long_value_without_end() -> None:
    pattern = '{"body": {"a": ["%s"]}}' % ("x" * 50_000)
    filters = ", ".join(["{Pattern: !Ref P}"] * 200)
    text = f"""\
Parameters: {{P: {{Type: String, Default: '{pattern}'}}}}
Resources:
  M:
    Type: AWS::Lambda::EventSourceMapping
    Properties: {{FilterCriteria: {{Filters: [{filters}]}}}}
"""
    (mapping,) = patterns_in(text, "template.yaml")
    assert 40 <= len(mapping.texts) < 50
    assert len(mapping.texts) + len(mapping.skipped) == 200
    assert {one.reason for one in mapping.skipped} == {
        "the patterns of this file are too large together"
    }


def test_many_mistakes_on_one_line() -> None:
    text = f'{{"FilterCriteria": {{"Filters": [{"1, " * 10_000}1]}}}}'
    start = time.process_time()
    (mapping,) = patterns_in(text)
    problems = mapping.check()
    assert time.process_time() - start < 2, "with comparisons of each with all: 10 s"
    assert len(problems) > 10_000
    assert max(len(one.excerpt.text) for one in problems if one.excerpt is not None) < 2_000
    assert "..., 1, 1, 1" in str(problems[5_000])
