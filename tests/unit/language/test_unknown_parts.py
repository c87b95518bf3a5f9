"""Patterns with parts that are only known at deployment: everything else, and only that, is
checked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from filterpatterns.cli.program import main
from filterpatterns.engine.filter import check_texts
from filterpatterns.language.inputs import Hole, PatternText
from filterpatterns.templates.finding import patterns_in


def codes(text: str, source: str = "sqs") -> list[str]:
    """What is found in a pattern: `@{x}` is an unknown part of a string, `"@@"` a value."""
    holes = tuple(
        Hole(match.start(), match.end(), match[0], match[0].startswith("@"))
        for match in re.finditer(r'@\{\w+\}|"@@"', text)
    )
    return [one.code for one in check_texts((PatternText(text, None, holes=holes),), source, None)]


@pytest.mark.parametrize(
    "text",
    [
        '{"body": {"a": ["@{x}"]}}',
        '{"body": {"a": ["@{x}-@{y}", "b"]}}',
        '{"body": {"a": ["@{x}", "@{y}", "@@", "@@"]}}',
        '{"body": {"a": "@@"}}',
        '{"body": ["@@"]}',
        '{"body": "@@"}',
        '{"@{x}": {"a": ["b"]}}',
        '{"body": {"@{x}": {"@{y}": ["b"]}}}',
        '{"body": {"a": [{"numeric": [">", "@@"]}]}}',
        '{"body": {"a": [{"numeric": [">", 5, "<", "@@"]}]}}',
        '{"body": {"a": [{"numeric": ["@{x}", 5]}]}}',
        '{"body": {"a": [{"numeric": "@@"}]}}',
        '{"body": {"a": [{"exists": "@@"}]}}',
        '{"body": {"a": [{"prefix": "@@"}]}}',
        '{"body": {"a": [{"@{x}": "b"}]}}',
        '{"body": {"a": [{"anything-but": ["@@", "b"]}]}}',
        '{"body": {"a": [{"anything-but": ["@@", 5]}]}}',
        '{"body": {"a": [{"anything-but": "@@"}]}}',
        '{"body": {"$or": "@@"}}',
        '{"body": {"$or": ["@@"]}}',
        '{"body": {"$or": ["@@", {"a": [1]}]}}',
        '{"body": {"a": ["b", "@{x}", {"prefix": "@{y}"}]}}',
    ],
)
def test_possibly_valid_patterns_are_not_reported(text: str) -> None:
    assert codes(text) == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"body": {"a": "@{x}"}}', "FP005"),
        ('{"body": {"a": ["@{x}"], "b": 5}}', "FP005"),
        ('{"body": {"a": [["@{x}"]]}}', "FP006"),
        ('{"body": {"a": [{"prefixx": "@{x}"}]}}', "FP007"),
        ('{"body": {"a": [{"numeric": [">", "@{x}"]}]}}', "FP010"),
        ('{"body": {"a": [{"numeric": ["=>", "@@"]}]}}', "FP010"),
        ('{"body": {"a": [{"numeric": [">", "@@", "@@", 5, 6]}]}}', "FP010"),
        ('{"body": {"a": [{"exists": "@{x}"}]}}', "FP009"),
        ('{"body": {"a": [{"anything-but": ["@{x}", 5]}]}}', "FP009"),
        ('{"body": {"a": [{"wildcard": "@{x}**"}]}}', "FP012"),
        ('{"body": {"a": [{"cidr": "@{x}/999"}]}}', "FP013"),
        ('{"body": {"$or": "@{x}"}}', "FP014"),
        ('{"body": {"@{x}": []}}', "FP004"),
        ('{"body": {"a": ["@{x}"], "a": ["b"]}}', "FP101"),
        ('{"body": {"a": [{"wildcard": "@{x}/*"}]}}', "FP105"),
        ('{"body": {"a": [{"cidr": "@{x}/24"}]}}', "FP105"),
        ('{"Body": {"a": ["@{x}"]}}', "FP118"),
        ('{"Body": {"@{x}": ["b"]}}', "FP118"),
        ('{"body": {"a": [{"exists": true}, {"exists": false}], "b": ["@{x}"]}}', "FP114"),
    ],
)
def test_mistakes_independent_of_unknown_parts_are_reported(text: str, code: str) -> None:
    assert code in codes(text)


@pytest.mark.parametrize(
    ("text", "source", "found"),
    [
        ('{"dynamodb": {"NewImage": {"Id": "@@"}}}', "dynamodb", []),
        ('{"dynamodb": {"NewImage": {"@{x}": ["a"]}}}', "dynamodb", []),
        ('{"dynamodb": {"NewImage": {"Id": ["@@"]}}}', "dynamodb", ["FP110"]),
        ('{"dynamodb": {"NewImage": {"@{x}": {"N": [5]}}}}', "dynamodb", ["FP109"]),
        ('{"data": "@@"}', "kinesis", []),
        ('{"data": ["@@"]}', "kinesis", ["FP021"]),
        ('{"detail-type": ["a"], "detail": "@@"}', "event", []),
        ('{"detail-type": ["a"], "detail": ["@@"]}', "event", ["FP111"]),
        ('{"eventSource": ["@{x}"], "body": {"a": [1]}}', "sqs", ["FP104"]),
    ],
)
def test_rules_about_a_source(text: str, source: str, found: list[str]) -> None:
    assert [code for code in codes(text, source) if code != "FP107"] == found


def test_the_length_of_unknown_parts_does_not_count() -> None:
    holes = ", ".join(f'"@{{parameter{number}}}"' for number in range(400))
    assert codes(f'{{"body": {{"a": [{holes}]}}}}') == []
    assert codes(f'{{"body": {{"a": ["@{{x}}", "{"y" * 4100}"]}}}}') == ["FP017"]


def template(pattern: str) -> str:
    return (
        "Parameters:\n  Tenant: {Type: String}\n  Limit: {Type: Number}\nResources:\n  M:\n"
        "    Type: AWS::Lambda::EventSourceMapping\n    Properties:\n"
        "      EventSourceArn: arn:aws:sqs:eu-west-1:123456789012:q\n      FilterCriteria:\n"
        f"        Filters:\n          - Pattern: {pattern}\n"
    )


def test_a_template_with_its_values_is_tested(tmp_path: Path) -> None:
    path, events = tmp_path / "t.yaml", tmp_path / "events.jsonl"
    pattern = '{"body": {"tenant": ["${Tenant}"], "total": [{"numeric": [">", ${Limit}]}]}}'
    path.write_text(template(f"!Sub '{pattern}'"))
    events.write_text('{"body": "{\\"tenant\\": \\"acme\\", \\"total\\": 7}"}\n')
    run = CliRunner().invoke
    refused = run(main, ["test", f"{path}#M", str(events)])
    assert refused.exit_code == 2
    assert "error FP201: ${Tenant} is known only at deployment" in refused.stderr
    assert "hint: provide it: --set 'Limit=VALUE'" in refused.stderr
    given = ["--set", "Tenant=acme", "--set", "Limit=5"]
    assert "1 match" in run(main, ["test", *given, f"{path}#M", str(events)]).stdout
    assert "kept" in run(main, ["explain", *given, f"{path}#M", str(events)]).stdout
    assert run(main, ["stats", *given, f"{path}#M", str(events)]).exit_code == 0
    given[-1] = "Limit=50"
    assert "0 match" in run(main, ["test", *given, f"{path}#M", str(events)]).stdout
    given[-1] = "Limit=many"
    assert run(main, ["check", *given, str(path)]).exit_code == 1


def test_a_template_reads_only_files_around_it(tmp_path: Path) -> None:
    module = tmp_path / "module"
    module.mkdir()
    (tmp_path / "outside.json").write_text('{"body": {"a": "b"}}')
    (module / "inside.json").write_text('{"body": {"a": "b"}}')
    (module / "link.json").symlink_to(tmp_path / "outside.json")
    resource = 'resource "aws_cloudwatch_event_rule" "r" {\n  event_pattern = file("%s")\n}\n'
    for name, is_read in (
        ("inside.json", True),
        ("${path.module}/inside.json", True),
        ("../outside.json", False),
        ("link.json", False),
        (str(tmp_path / "outside.json"), False),
        ("missing.json", False),
    ):
        path = module / "main.tf"
        path.write_text(resource % name)
        [mapping] = patterns_in(path.read_text(), str(path))
        assert bool(mapping.texts) == is_read, name
        assert bool(mapping.skipped) != is_read


def test_both_branches_of_a_condition_are_checked_and_one_can_be_chosen(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(template("""!If [IsProd, '{"body": {"a": ["b"]}}', '{"body": {"a": "b"}}']"""))
    run = CliRunner().invoke
    assert run(main, ["check", str(path)]).exit_code == 1
    assert run(main, ["check", "--set", "IsProd=true", str(path)]).exit_code == 0
    assert run(main, ["check", "--set", "IsProd=false", str(path)]).exit_code == 1


def test_references_to_references_are_bounded() -> None:
    lines = ['locals {\n a0 = "x"']
    lines += [f' a{n} = "${{local.a{n - 1}}}${{local.a{n - 1}}}"' for n in range(1, 60)]
    rule = '}\nresource "aws_cloudwatch_event_rule" "r" {\n event_pattern = %s\n}\n'
    for pattern in ("local.a59", "jsonencode({source = [local.a59]})", "upper(local.a59)"):
        [mapping] = patterns_in("\n".join(lines) + rule % pattern, "x.tf")
        assert len(mapping.skipped) + len(mapping.texts) == 1
