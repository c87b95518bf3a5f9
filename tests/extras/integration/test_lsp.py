"""`fp lsp` over standard input and output, as an editor uses it."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types

from filterpatterns.delivery.sources import SOURCES
from filterpatterns.integrations.lsp.documents import LARGEST
from filterpatterns.lint.linter import DIALECTS
from tests.extras.integration.lsp_editor import ROOT, Editor, editor, utf16_position

PATTERN = "file:///project/orders.pattern.json"
TEMPLATE = "file:///project/template.yaml"

SAM = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Resources:
  # 😀
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Queue:
          Type: SQS
          Properties:
            Queue: arn:aws:sqs:eu-west-1:123456789012:orders
            FilterCriteria:
              Filters:
                - Pattern: 'PATTERN'
"""


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, 120))


def marked(text: str) -> tuple[str, types.Position]:
    """A text without the bar in it, and where that was."""
    offset = text.index("|")
    return text[:offset] + text[offset + 1 :], utf16_position(text, offset)


def at(text: str, part: str) -> types.Range:
    """Where a part of a text is, in UTF-16."""
    start = text.index(part)
    return types.Range(utf16_position(text, start), utf16_position(text, start + len(part)))


def edits_of(action: types.CodeAction) -> list[types.TextEdit]:
    assert action.edit is not None
    assert action.edit.document_changes is not None
    (change,) = action.edit.document_changes
    assert isinstance(change, types.TextDocumentEdit)
    return [edit for edit in change.edits if isinstance(edit, types.TextEdit)]


def test_a_mistake_is_reported_while_typing_and_goes_away() -> None:
    async def test() -> None:
        async with editor() as one:
            text = '{"😀": {"a": "x"}}'
            one.open(PATTERN, text)
            (found,) = await one.diagnostics(PATTERN)
            assert found.code == "FP005"
            assert found.range == at(text, '"x"')
            assert found.range.start.character == 13  # the emoji counts two
            assert found.severity == types.DiagnosticSeverity.Error
            assert found.source == "filterpatterns"
            assert 'hint: write ["x"]' in str(found.message)
            assert found.code_description is not None
            assert found.code_description.href.startswith("https://docs.aws.amazon.com/")
            one.change(PATTERN, '{"😀": {"a": ["x"]}}')
            assert await one.diagnostics(PATTERN) == []

    run(test())


def test_only_the_last_of_many_quick_changes_counts() -> None:
    async def test() -> None:
        async with editor() as one:
            one.open(PATTERN, "{}")
            for length in range(50):
                one.change(PATTERN, '{"a": "' + "x" * length)
            one.change(PATTERN, '{"a": [1]}')
            assert await one.diagnostics(PATTERN) == []

    run(test())


def test_a_pattern_in_a_string_of_a_template() -> None:
    async def test() -> None:
        async with editor() as one:
            text = SAM.replace("PATTERN", '{"body": {"😀": ["a"], "status": "it\'\'s"}}')
            one.open(TEMPLATE, text, "yaml")
            (found,) = await one.diagnostics(TEMPLATE)
            assert found.code == "FP005"
            assert found.range == at(text, "\"it''s\"")
            (fix,) = await one.fixes(TEMPLATE, found.range)
            fixed = one.applied(TEMPLATE, edits_of(fix))
            assert '"status": ["it\'\'s"]' in fixed
            one.change(TEMPLATE, fixed)
            assert await one.diagnostics(TEMPLATE) == []

    run(test())


@pytest.mark.parametrize(
    ("name", "language", "text", "part"),
    [
        (
            "criteria.json",
            "json",
            json.dumps({"Filters": [{"Pattern": '{"body": {"a": "x"}}'}]}),
            '\\"x\\"',
        ),
        (
            "main.tf",
            "terraform",
            (
                'resource "aws_lambda_event_source_mapping" "m" {\n'
                "  event_source_arn = aws_sqs_queue.q.arn\n  filter_criteria {\n    filter {\n"
                '      pattern = jsonencode({ body = { a = "x" } })\n    }\n  }\n}\n'
            ),
            '"x"',
        ),
        (
            "serverless.yml",
            "yaml",
            (
                "service: s\nprovider:\n  name: aws\nfunctions:\n  f:\n    handler: a.b\n"
                "    events:\n      - sqs:\n          arn: arn:aws:sqs:eu-west-1:1:q\n"
                "          filterPatterns:\n            - body:\n                a: x\n"
            ),
            "x\n",
        ),
        (
            "rule.yaml",
            "yaml",
            (
                "AWSTemplateFormatVersion: x\nResources:\n  R:\n    Type: AWS::Events::Rule\n"
                "    Properties:\n      EventPattern:\n        source: aws.s3\n"
            ),
            "aws.s3\n",
        ),
    ],
)
def test_each_kind_of_template(name: str, language: str, text: str, part: str) -> None:
    async def test() -> None:
        async with editor() as one:
            uri = f"file:///project/{name}"
            one.open(uri, text, language)
            found = [one for one in await one.diagnostics(uri) if one.code == "FP005"]
            assert [each.range for each in found] == [at(text, part.rstrip("\n"))]
            (fix,) = await one.fixes(uri, found[0].range)
            one.change(uri, one.applied(uri, edits_of(fix)))
            assert [one.code for one in await one.diagnostics(uri)] == []

    run(test())


def test_files_without_patterns_are_left_alone() -> None:
    async def test() -> None:
        async with editor() as one:
            for name, text in {
                "package.json": '{"name": "x", "version": "1.0.0", "files": []}',
                "tsconfig.json": '{"compilerOptions": {"lib": []}}',
                "notes.yaml": "a: b\nbroken: [",
            }.items():
                uri = f"file:///project/{name}"
                one.open(uri, text, name.rpartition(".")[2])
                assert await one.diagnostics(uri) == []

    run(test())


def test_a_hover_says_what_an_operator_and_a_field_mean() -> None:
    async def test() -> None:
        async with editor(options={"source": "sqs"}) as one:
            text = SAM.replace("PATTERN", '{"body": {"😀": [{"prefix": "x"}]}, "messageId": ["1"]}')
            one.open(TEMPLATE, text, "yaml")
            await one.diagnostics(TEMPLATE)
            operator = await one.hover(TEMPLATE, at(text, "prefix").start)
            assert operator is not None
            for words in ("begins with", "Lambda event source mappings", "https://docs.aws"):
                assert words in operator
            field = await one.hover(TEMPLATE, at(text, "body").start)
            assert field is not None
            assert "(sqs)" in field
            assert "with-sqs-filtering" in field
            assert await one.hover(TEMPLATE, types.Position(0, 3)) is None
            assert await one.hover(TEMPLATE, at(text, '"x"').start) is None

    run(test())


async def labels(one: Editor, text: str, *, uri: str = PATTERN) -> list[str]:
    text, position = marked(text)
    one.open(uri, text)
    found = [each.label for each in await one.completions(uri, position)]
    one.close(uri)
    return found


def test_completion_of_fields_operators_and_values() -> None:
    async def test() -> None:
        async with editor(options={"source": "dynamodb"}) as one:
            assert {"dynamodb", "eventName", "userIdentity", "$or"} <= set(await labels(one, "{|}"))
            assert "NewImage" in await labels(one, '{"dynamodb": {"|')
            image = '{"dynamodb": {"NewImage": {"Id": {|}}}}'
            assert await labels(one, image) == [
                *("S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "M", "L", "$or")
            ]
            assert "prefix" in await labels(one, '{"eventName": [|')
            assert "numeric" in await labels(one, '{"eventName": [{"nu|"}]}')
            assert ">=" in await labels(one, '{"a": [{"numeric": ["|')
            assert await labels(one, '{"a": [{"exists": |}]}') == ["true", "false"]
            assert await labels(one, '{"a": [{"anything-but": {"|')
            assert await labels(one, '{"a": [1] |}') == []

    run(test())


def test_without_a_source_the_fields_of_all_are_completed() -> None:
    async def test() -> None:
        async with editor() as one:
            found = await labels(one, "{|}", uri="untitled:pattern.json")
            assert {"body", "dynamodb", "detail-type", "basicProperties"} <= set(found)
            text = '{"messageId": ["1"], |}'
            assert "messageAttributes" in await labels(one, text)

    run(test())


def test_completions_compile() -> None:
    async def test() -> None:
        async with editor(options={"source": "sqs"}) as one:
            text, position = marked(SAM.replace("PATTERN", '{"body": {"😀": [|]}}'))
            one.open(TEMPLATE, text, "yaml")
            items = await one.completions(TEMPLATE, position)
            assert len(items) >= 9
            for item in items:
                assert isinstance(item.text_edit, types.TextEdit)
                edit = types.TextEdit(item.text_edit.range, expanded(item.text_edit.new_text))
                one.change(TEMPLATE, one.applied(TEMPLATE, [edit]))
                found = await one.diagnostics(TEMPLATE)
                errors = [each for each in found if each.severity == 1]
                assert errors == [], item.label
                one.change(TEMPLATE, text)

    run(test())


def test_completion_in_the_blocks_of_yaml() -> None:
    rule = (
        "AWSTemplateFormatVersion: x\nResources:\n  # 😀\n  R:\n    Type: AWS::Events::Rule\n"
        "    Properties:\n      EventPattern:\n        detail-type:\n          - order\n        |\n"
    )

    async def test() -> None:
        async with editor() as one:
            text, position = marked(rule)
            one.open(TEMPLATE, text, "yaml")
            for before, label in (
                ("", "source"),
                ("source:\n          - pre", "prefix"),  # no YAML until it is a key
                ("source:\n          - prefix: aws.\n          ", "exists"),
            ):
                text, position = marked(rule.replace("|", f"{before}|"))
                one.change(TEMPLATE, text)
                items = {each.label: each for each in await one.completions(TEMPLATE, position)}
                edit = items[label].text_edit
                assert isinstance(edit, types.TextEdit)
                edit = types.TextEdit(edit.range, expanded(edit.new_text))
                one.change(TEMPLATE, one.applied(TEMPLATE, [edit]))
                errors = [each for each in await one.diagnostics(TEMPLATE) if each.severity == 1]
                assert [each.code for each in errors] == (["FP005"] if label == "source" else [])

    run(test())


def expanded(snippet: str) -> str:
    """A snippet after the user has accepted what it suggests."""
    found, index, is_blank = "", 0, False
    while index < len(snippet):
        if snippet[index] == "\\" and snippet[index + 1] in "\\$}":
            found += snippet[index + 1]
            index += 2
        elif snippet[index] == "$" and snippet[index + 1] == "{":
            index, is_blank = snippet.index(":", index) + 1, True
        elif snippet[index] == "$":
            index += 2
        elif snippet[index] == "}" and is_blank:
            index, is_blank = index + 1, False
        else:
            found += snippet[index]
            index += 1
    return found


def test_a_name_is_completed_in_a_string_with_its_escapes() -> None:
    async def test() -> None:
        async with editor(options={"source": "sqs"}) as one:
            uri = "file:///project/criteria.json"
            inner = '{"bo|": {"a": [1]}}'
            text = json.dumps({"Filters": [{"Pattern": inner}]})
            text, position = marked(text)
            one.open(uri, text)
            items = {each.label: each for each in await one.completions(uri, position)}
            edit = items["body"].text_edit
            assert isinstance(edit, types.TextEdit)
            edit = types.TextEdit(edit.range, expanded(edit.new_text))
            fixed = json.loads(one.applied(uri, [edit]))
            assert json.loads(fixed["Filters"][0]["Pattern"]) == {"body": {"a": [1]}}

    run(test())


FIXES = [
    '{"body": {"a": "x"}}',
    '{"body": {"a": 5}}',
    '{"body": {"a": []}}',
    '{"body": {"a": [{"numeric": [">", "5"]}]}}',
    '{"body": {"a": [{"startsWith": "x"}]}}',
    '{"body": {"a": [{"prefix": "x", "suffix": "y"}]}}',
    '{"body": {"a": [["x"]]}}',
    '{"body": {"a": ["x*"]}}',
    '{"Body": {"a": ["x"]}}',
    '{"body": {"a": [1],}}',
    '{"body": {"a": [1] "b": [2]}}',
    "{'body': {\"a\": [1]}}",
]


@pytest.mark.parametrize("text", FIXES)
def test_a_quick_fix_removes_its_diagnostic(text: str) -> None:
    async def test() -> None:
        async with editor(options={"source": "sqs"}) as one:
            one.open(PATTERN, text)
            found = await one.diagnostics(PATTERN)
            (fix,) = [fix for each in found for fix in await one.fixes(PATTERN, each.range)]
            assert fix.kind == types.CodeActionKind.QuickFix
            assert fix.diagnostics is not None
            one.change(PATTERN, one.applied(PATTERN, edits_of(fix)))
            after = await one.diagnostics(PATTERN)
            assert fix.diagnostics[0].code not in {each.code for each in after}

    run(test())


def test_a_fix_applies_to_its_version_of_the_document() -> None:
    async def test() -> None:
        async with editor() as one:
            one.open(PATTERN, '{"a": [1]}')
            one.change(PATTERN, '{"a": "x"}')
            (fix,) = await one.fixes(
                PATTERN, types.Range(types.Position(0, 6), types.Position(0, 6))
            )
            assert fix.edit is not None
            assert fix.edit.document_changes is not None
            (change,) = fix.edit.document_changes
            assert isinstance(change, types.TextDocumentEdit)
            assert change.text_document.version == 2

    run(test())


@pytest.mark.parametrize("encoding", list(types.PositionEncodingKind))
def test_positions_use_the_negotiated_encoding(encoding: types.PositionEncodingKind) -> None:
    async def test() -> None:
        async with editor(encodings=[encoding]) as one:
            assert one.encoding == encoding
            one.open(PATTERN, '{"é😀": "x"}')
            (found,) = await one.diagnostics(PATTERN)
            units = {"utf-8": 8, "utf-16": 5, "utf-32": 4}
            assert found.range.start.character == 2 + units[encoding.value] + 1

    run(test())


def test_settings_are_those_of_the_folder() -> None:
    async def test() -> None:
        configuration: dict[str, Any] = {
            "file:///a/": {"source": "dynamodb"},
            "file:///b/": {"source": "sqs"},
        }
        text = '{"body": {"a": [1]}}'
        async with editor(options={"source": "kinesis"}, configuration=configuration) as one:
            codes = {}
            for folder in "abc":
                uri = f"file:///{folder}/x.pattern.json"
                one.open(uri, text)
                codes[folder] = [each.code for each in await one.diagnostics(uri)]
            assert codes == {"a": ["FP108"], "b": [], "c": ["FP108"]}
            one.reconfigure({"file:///": {"source": "nonsense", "dialekt": "lambda"}})
            for _ in range(100):
                if len(one.messages) == 2:
                    break
                await asyncio.sleep(0.1)
            assert "filterpatterns.source is one of sqs, kinesis" in one.messages[0]
            assert "did you mean dialect?" in one.messages[1]

    run(test())


def test_configuration_files_and_comments_apply(tmp_path: Path) -> None:
    async def test() -> None:
        (tmp_path / "filterpatterns.toml").write_text('source = "sqs"\nignore = ["FP118"]\n')
        async with editor(tmp_path) as one:
            uri = (tmp_path / "x.pattern.json").as_uri()
            one.open(uri, '{"Body": {"a": ["x*"]}}')
            assert [each.code for each in await one.diagnostics(uri)] == ["FP141"]
            template = (tmp_path / "template.yaml").as_uri()
            text = SAM.replace("PATTERN", '{"body": {"a": ["x*"]}}')
            one.open(template, text, "yaml")
            assert [each.code for each in await one.diagnostics(template)] == ["FP141"]
            text = text.replace("- Pattern", "# fp: ignore[FP141]\n                - Pattern")
            one.change(template, text)
            assert await one.diagnostics(template) == []
            (tmp_path / "filterpatterns.toml").write_text("nonsense = 1\n")
            one.change(template, text + "\n")
            await one.diagnostics(template)
            assert "unknown setting 'nonsense'" in one.messages[0]

    run(test())


def test_a_closed_document_has_no_diagnostics() -> None:
    async def test() -> None:
        async with editor() as one:
            one.open(PATTERN, '{"a": "x"}')
            assert await one.diagnostics(PATTERN)
            one.close(PATTERN)
            await one.taken_back(PATTERN)

    run(test())


def test_hostile_documents_do_not_stop_the_server() -> None:
    deep = '{"a":' * 150_000
    long = SAM.replace("PATTERN", '{"a": ["' + "x" * LARGEST + '"]}')
    wide = SAM + "".join(f"  R{n}:\n    Type: AWS::SNS::Topic\n" for n in range(25_000))

    async def test() -> None:
        async with editor() as one:
            one.open("file:///p/deep.pattern.json", deep)
            one.open("file:///p/long.yaml", long, "yaml")
            one.open("file:///p/wide.yaml", wide, "yaml")
            one.open("file:///p/brackets.pattern.json", "[" * 500_000)
            one.open(PATTERN, '{"a": "x"}')
            # Answered while the others are still being checked.
            fixes = await asyncio.wait_for(
                one.fixes(PATTERN, types.Range(types.Position(0, 0), types.Position(0, 9))), 60
            )
            assert len(fixes) == 1
            (note,) = await one.diagnostics("file:///p/long.yaml")
            assert note.code == "FP205"
            (error,) = await one.diagnostics("file:///p/deep.pattern.json")
            assert error.code in ("FP017", "FP018")
            await one.diagnostics("file:///p/brackets.pattern.json")

    run(test())


def test_the_server_can_end_while_it_is_working() -> None:
    async def test() -> None:
        async with editor() as one:
            wide = SAM + "".join(f"  R{n}:\n    Type: AWS::SNS::Topic\n" for n in range(25_000))
            one.open("file:///p/wide.yaml", wide, "yaml")
            await asyncio.sleep(0.5)

    run(test())


def test_settings_sent_without_a_request() -> None:
    async def test() -> None:
        async with editor(options={"filterpatterns": {"source": "dynamodb"}}) as one:
            one.open(PATTERN, '{"body": {"a": [1]}}')
            assert [each.code for each in await one.diagnostics(PATTERN)] == ["FP108"]
            one.send_settings({"filterpatterns": {"source": "sqs"}})
            assert await one.diagnostics(PATTERN) == []

    run(test())


def test_a_port_of_this_machine() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    async def test() -> None:
        async with editor(port=port) as one:
            one.open(PATTERN, '{"a": "x"}')
            assert [each.code for each in await one.diagnostics(PATTERN)] == ["FP005"]

    run(test())


EXTENSION = ROOT / "examples" / "vscode"


def test_the_extension_for_vs_code_is_complete() -> None:
    manifest = json.loads((EXTENSION / "package.json").read_text())
    settings = manifest["contributes"]["configuration"]["properties"]
    for name, choices in (("source", [*SOURCES, "auto"]), ("dialect", list(DIALECTS))):
        assert settings[f"filterpatterns.{name}"]["enum"] == ["", *choices]
    assert set(settings) == {
        *(f"filterpatterns.{name}" for name in ("source", "dialect", "maxFilters", "command"))
    }
    node = ["node", "--check", str(EXTENSION / manifest["main"])]
    assert subprocess.run(node, check=False).returncode == 0


def test_the_editor_ends_it() -> None:
    messages = [
        {"id": 1, "method": "initialize", "params": {"capabilities": {}}},
        {"method": "initialized", "params": {}},
        {"id": 2, "method": "shutdown"},
        {"method": "exit"},
    ]
    texts = [json.dumps({"jsonrpc": "2.0", **message}) for message in messages]
    run = subprocess.run(
        [sys.executable, "-m", "filterpatterns", "lsp"],
        input="".join(f"Content-Length: {len(text)}\r\n\r\n{text}" for text in texts).encode(),
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert b'"id":2' in run.stdout.replace(b" ", b"")
    assert (run.returncode, run.stderr) == (0, b"")
