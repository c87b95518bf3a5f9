"""The contents of a pattern never become code: generated source has only known words."""

from __future__ import annotations

import ast
import json
import pickle
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

import filterpatterns
from filterpatterns import Filter, PatternError
from filterpatterns.engine.engine import Engine
from tests.support.paths import (
    THOROUGH,
    base64_of,
    case_lines,
    in_body,
    sqs_record,
    under,
    verdicts,
)

pytestmark = [pytest.mark.properties, pytest.mark.usefixtures("same_source_compiled_once")]

MARK = "ZqXj"
HOSTILE = {
    "double quote": f'{MARK}"',
    "quotes": f"'{MARK}\"\"\"'''",
    "formats": f"{{{MARK}}} {{0}} {{a!r:>{{b}}}} %s %({MARK})s %% ${MARK} ${{{MARK}}}",
    "newlines": f"\r\n\n    {MARK}\n\tpass\n",
    "line separators": f"{MARK}\u2028\u2029\x85\x0b\x0c\x1c{MARK}",
    "backslashes": f"\\{MARK}\\n\\x41\\N{{DIGIT ONE}}\\",
    "NUL": f"{MARK}\x00{MARK}",
    "code": f"__import__('os').abort()  # {MARK}",
    "statements": f") or {MARK} or (0\nraise SystemExit('{MARK}')\n@x\ndef matches(record): pass",
    "names of ours": f"k1_ v1_ record matches {MARK}",
    "dunder": f"__class__.__base__.__subclasses__()[{MARK}]",
    "half pair": f"{MARK}\ud800",
    "half pairs turned": f"\udfff\ud800{MARK}\udc80",
    "bidi": f"\u202e{MARK}\u2066\u202c",
    "right to left": f"שלום{MARK}مرحبا e\u0301\u200d\ufeff",
    "beyond": f"{MARK}\U0010ffff😀",
    "long": MARK + "x" * 60,
}


def _rules(text: str) -> Iterator[Any]:
    """Rules of every operator, with the text wherever one may stand."""
    wildcard = text.replace("\\", "\\\\").replace("*", "\\*")
    yield text
    for operator in ("exactly", "prefix", "suffix", "equals-ignore-case"):
        yield {operator: text}
    for operator in ("prefix", "suffix"):
        yield {operator: {"equals-ignore-case": text}}
    for shape in (wildcard, f"*{wildcard}*", f"{wildcard}*{wildcard}", f"*{wildcard}*{wildcard}*"):
        yield {"wildcard": shape}
    for excluded in (text, [text, "a"], [text, "a", "b", "c", "d"]):
        yield {"anything-but": excluded}
        for operator in ("prefix", "suffix", "equals-ignore-case"):
            yield {"anything-but": {operator: excluded}}
    yield {"anything-but": {"wildcard": [wildcard, f"*{wildcard}*"]}}


def _patterns(text: str) -> Iterator[dict[str, Any]]:
    """Patterns with the text in every place: rules, and names at each level and beside dots."""
    for rule in _rules(text):
        yield {"a": [rule]}
    yield {"a": [rule for rule in _rules(text) if rule]}
    name, optional = text, [{"exists": False}, "x"]
    yield {name: ["x"]}
    yield {name: optional, "a": ["x"]}
    yield {"a": {name: ["x"], "b": optional}}
    yield {"a": {"b": {"c": {name: ["x"]}}}}
    yield {name: {name: {name: [1, "x", None, {"numeric": [">", 1]}]}}}
    yield {f"a.{name}": ["x"], f"{name}.b": optional}
    yield {f"{name}.{name}.{name}": ["x"]}
    yield {name: {"b.c": ["x"]}, f"{name}.b.d": optional}
    yield {"$or": [{name: ["x"]}, {"a": {name: optional}}, {"b": [name]}]}


def _events(text: str) -> list[Any]:
    below = {text: {text: {text: "x"}}}
    nested = {"a": [{text: "x"}, {"b": {"c": {text: "x"}}}], "b": text, f"{text}.b": 1}
    return [{"a": text, text: "x"}, {"a": [f"a{text}b", text * 2]}, below, nested, {"c": 1}]


# ------------------------------------------------------------------------ what code may hold

_NAMES = re.compile(r"(?:k|v|c|function)[0-9]+_|v[0-9]+_d")
_FIELDS = re.compile(r"(?:f|n|text)[0-9]+")
_FIXED_NAMES = {
    *("record", "records", "keep", "drop", "slow", "matches", "matches_text", "text", "members"),
    *("body", "value", "error", "found", "str", "bytes", "int", "float", "list", "dict", "len"),
    *("Exception", "AttributeError", "TypeError", "KeyError", "number", "unsure"),
    *("texts", "must", "given", "raw", "best", "rank"),
    *("view", "offsets", "row", "rows"),
}
_FUNCTIONS = re.compile(
    r"matches|matches_text|(?:filter|partition|mask)_(?:dict|text|bytes)(?:_looking)?"
    r"|(?:lines|rows)(?:_dropping)?(?:_looking)?|function[0-9]+_"
    r"|(?:lines|rows)_with_reasons|(?:record|payload)_(?:views|rows)"
)
_ATTRIBUTES = {
    *(
        "get",
        "startswith",
        "endswith",
        "isascii",
        "lower",
        "encode",
        "__class__",
        "inside",
        "append",
    ),
}
_CONSTANTS = {"True", "False", "None", "'utf-8'", "':'", *map(str, range(9))}


def assert_names_only(source: str) -> None:
    """The source has no name, no attribute and no constant but those that are listed here."""
    for function in re.split(r"\n(?=def )", source):
        _assert_names_only(function)


@cache
def _assert_names_only(source: str) -> None:
    """Patterns that differ only in their texts have the same source, which is checked once."""
    assert source.isascii()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name):
            assert node.id in _FIXED_NAMES or _NAMES.fullmatch(node.id), node.id
        elif isinstance(node, ast.Attribute):
            assert node.attr in _ATTRIBUTES or _FIELDS.fullmatch(node.attr), node.attr
        elif isinstance(node, ast.Constant):
            assert repr(node.value) in _CONSTANTS, node.value
        elif isinstance(node, ast.FunctionDef):
            assert _FUNCTIONS.fullmatch(node.name), node.name
            assert not node.decorator_list
        else:
            assert not isinstance(
                node, (ast.Import, ast.ImportFrom, ast.JoinedStr, ast.Lambda, ast.ClassDef)
            )


def assert_closed(compiled: Filter) -> None:
    """The generated functions see a few types and exceptions, and nothing else that is built in."""
    generated = compiled._engine.generated()
    assert generated is not None
    seen = generated.single().__globals__["__builtins__"]
    assert set(seen) == {
        *("str", "bytes", "int", "float", "list", "dict", "len"),
        *("Exception", "AttributeError", "TypeError", "KeyError"),
    }


@pytest.mark.parametrize("name", HOSTILE)
def test_no_text_of_a_pattern_is_in_the_code_and_all_paths_agree(name: str) -> None:
    text = HOSTILE[name]
    for number, pattern in enumerate(_patterns(text)):
        written = json.dumps(pattern)
        compiled = filterpatterns.compile(written, source="event")
        body = filterpatterns.compile(in_body(written))
        for each in (compiled, body) if number % 8 == 0 else (body,):
            source = each.source_code
            assert MARK not in source
            if source:  # msgspec has no struct for some names: the evaluator takes these
                assert_names_only(source)
                assert_closed(each)
        for event in _events(text):
            expected = compiled._engine.evaluate(event)
            record = sqs_record(json.dumps(event))
            found = verdicts(body, record) if number % 4 == 0 else {"body": body.matches(record)}
            found["record"] = compiled.matches(event)
            assert set(found.values()) == {expected}, (pattern, event, found)


@pytest.mark.parametrize("name", HOSTILE)
def test_no_text_of_a_pattern_is_in_the_code_for_any_source(name: str) -> None:
    text = HOSTILE[name]
    wish = json.dumps({"a": [text, {"prefix": text}], "b": {text: [{"exists": False}]}})
    other = f'"m": [{json.dumps(text)}], {json.dumps(text)}: {{"x": [{json.dumps(text)}]}}'
    payload = json.dumps({"a": text})
    metadata = {"m": text, text: {"x": text}}
    records: dict[str, tuple[str, dict[str, Any]]] = {
        "sqs": ("body", {"body": payload, **metadata}),
        "kinesis": ("data", {"kinesis": {"data": base64_of(payload), **metadata}}),
        "dynamodb": ("dynamodb", {"dynamodb": {"a": text}, **metadata}),
        "kafka": ("key", {"key": base64_of(payload), **metadata}),
        "mq": ("data", {"data": base64_of(payload), **metadata}),
    }
    for source, (key, record) in records.items():
        pattern = f"{{{under(key, wish)[1:-1]}, {other}}}"
        for compiled in (
            filterpatterns.compile(pattern, source=source),
            filterpatterns.compile({"Filters": [{"Pattern": pattern}]}, source=source),
        ):
            assert MARK not in compiled.source_code
            assert_names_only(compiled.source_code)
            assert set(verdicts(compiled, record).values()) == {True}, source
            assert len(set(verdicts(compiled, {**record, "m": "other"}).values())) == 1


def test_numbers_and_addresses_are_not_in_the_code() -> None:
    for rule in (
        *("1234567", "12345.678e2", "9007199254740993", "-0.0", '"10.98.76.54"'),
        '{"numeric": [">=", 1234567, "<", 12345678.5]}',
        '{"numeric": ["=", 123456789000000000000000]}',
        '{"anything-but": [1234567, 12345678, 123456789, 1234567890]}',
        '{"cidr": "10.98.76.0/24"}',
        '"2001:db8::1234:5678"',
    ):
        compiled = filterpatterns.compile(f'{{"a": [{rule}]}}', source="event")
        assert_names_only(compiled.source_code)
        assert not re.search(r"1234|98|db8", compiled.source_code)


def test_every_case_becomes_names_only() -> None:
    for number, case in enumerate(case_lines("event_patterns.jsonl")):
        if number % (40 if THOROUGH else 120) == 0:
            compiled = filterpatterns.compile(case["pattern"], source="event")
            engine = compiled._engine
            assert isinstance(engine, Engine)
            engine.views("record")
            engine.column_rows("record")
            engine.lines_with_reasons(lambda _line, _verdict: None)
            assert_names_only(compiled.source_code)
    for case in case_lines("good_patterns.jsonl"):
        compiled = filterpatterns.compile(case["patterns"], source=case["source"])
        assert_names_only(compiled.source_code)
    for case in case_lines("payload_formats.jsonl"):
        compiled = filterpatterns.compile(case["pattern"], source=case["source"])
        assert_names_only(compiled.source_code)


@pytest.mark.parametrize("name", HOSTILE)
def test_errors_about_hostile_text_can_be_printed(name: str) -> None:
    """No escape sequence, no line of its own, no change of direction reaches the terminal."""
    text = HOSTILE[name]
    mistakes: list[Any] = [
        {text: "x"},
        {"a": text},
        {"a": [{text: 1}]},
        {"a": [{"prefix": text, "suffix": text}]},
        {"a": [{"numeric": [text, 1]}]},
        {"a": [{"numeric": [">", text]}]},
        {"a": [{"cidr": text}]},
        {"a": [{"wildcard": text + "**"}]},
        {"a": [{"anything-but": {text: 1}}]},
        {"a": {text: [[text]]}},
        {"$or": [text, {text: []}]},
        [text],
        {"Filters": [{"Pattern": f"{{{text}"}, {"Pattern": text}]},
    ]
    for mistake in mistakes:
        for given in (mistake, json.dumps(mistake), f"{text}{json.dumps(mistake)}"):
            with pytest.raises(PatternError) as caught:
                filterpatterns.compile(given)
            assert all(line.isprintable() for line in str(caught.value).split("\n")), given
            for error in caught.value.errors:
                assert error.message.isprintable()
                assert (error.hint or "").isprintable()
            assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_a_pickle_has_the_pattern_but_no_code() -> None:
    for text in HOSTILE.values():
        compiled = filterpatterns.compile(json.dumps({"body": {"a": [text]}}))
        record = sqs_record(json.dumps({"a": text}))
        assert compiled.matches(record)
        pickled = pickle.dumps(compiled)
        assert b"return True" not in pickled
        again = pickle.loads(pickled)
        assert again.matches(record)
        assert not again.matches(sqs_record("{}"))
