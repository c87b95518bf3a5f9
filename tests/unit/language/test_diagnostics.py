"""The errors and warnings of a pattern: what is wrong, where, and how to fix it."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest

import filterpatterns
from filterpatterns import Diagnostic, PatternError, RecordError
from tests.support.helpers import line_and_column, marked, refused, underlined, warned

ELEVEN = '{"$or": [' + ", ".join(['{"a": [1]}'] * 11) + "]}"

# code, the pattern with the place that is meant, path, a part of the hint
PLACED = [
    ("FP001", '{"a": ["x"],⟦}⟧', "", "trailing comma"),
    ("FP002", '⟦["x"]⟧', "", "name the field"),
    ("FP002", '⟦[{"prefix": "x"}]⟧', "", "$or"),
    ("FP002", " \n ⟦5⟧", "", "name the field"),
    ("FP002", '⟦"{}"⟧', "", "encoded twice"),
    ("FP002", "⟦null⟧", "", "name the field"),
    ("FP003", "⟦{}⟧", "", '{"Filters": []}'),
    ("FP003", '{"a": {"b": ⟦{ }⟧}}', "a.b", '[{"exists": true}]'),
    ("FP003", '{"$or": [{"a": [1]}, ⟦{}⟧]}', "$or[1]", '[{"exists": true}]'),
    ("FP004", '{"a": ⟦[]⟧}', "a", '[{"exists": true}]'),
    ("FP005", '{"a": {"b": ⟦"x"⟧}}', "a.b", 'write ["x"]'),
    ("FP005", '{"a": ⟦-1.5e3⟧}', "a", "write [-1.5e3]"),
    ("FP005", '{"a": ⟦null⟧}', "a", "write [null]"),
    ("FP006", '{"a": [1, ⟦["x"]⟧]}', "a[1]", "flat"),
    ("FP007", '{"a": [{⟦"prefx"⟧: "x"}]}', "a[0].prefx", 'did you mean "prefix"?'),
    ("FP007", '{"a": [{⟦"Prefix"⟧: "x"}]}', "a[0].Prefix", "lower case"),
    ("FP007", '{"a": [{⟦"contains"⟧: "x"}]}', "a[0].contains", '{"wildcard": "*text*"}'),
    ("FP007", '{"a": [{⟦"not"⟧: "x"}]}', "a[0].not", 'did you mean "anything-but"?'),
    ("FP007", '{"a": [{⟦"zzzz"⟧: ["x"]}]}', "a[0].zzzz", "one level down"),
    ("FP007", '{"a": [{"anything-but": {⟦"cidr"⟧: "x"}}]}', "a[0].anything-but", "prefix"),
    ("FP008", '{"a": [5, ⟦{"prefix": "a", "suffix": "b"}⟧]}', "a[1]", "any of them does"),
    ("FP008", '{"a": [⟦{}⟧]}', "a[0]", '{"exists": true}'),
    ("FP008", '{"a": [{"anything-but": ⟦{}⟧}]}', "a[0].anything-but", "prefix"),
    ("FP009", '{"a": [{"exists": ⟦1⟧}]}', "a[0].exists", '{"exists": true}'),
    ("FP009", '{"a": [{"prefix": ⟦5⟧}]}', "a[0].prefix", '{"prefix": "5"}'),
    ("FP009", '{"a": [{"suffix": ⟦["x"]⟧}]}', "a[0].suffix", "one rule for each"),
    ("FP009", '{"a": [{"prefix": ⟦{"suffix": "x"}⟧}]}', "a[0].prefix", "equals-ignore-case"),
    ("FP009", '{"a": [{"anything-but": ⟦[]⟧}]}', "a[0].anything-but", "list"),
    ("FP009", '{"a": [{"anything-but": ["x", ⟦null⟧]}]}', "a[0].anything-but", "list"),
    ("FP009", '{"a": [{"anything-but": ⟦["x", 5]⟧}]}', "a[0].anything-but", "only strings"),
    ("FP009", '{"a": [{"anything-but": {"prefix": ["x", ⟦""⟧]}}]}', "a[0].anything-but", "one or"),
    ("FP010", '{"a": [{"numeric": ⟦5⟧}]}', "a[0].numeric", '["=", 5]'),
    ("FP010", '{"a": [{"numeric": ["=", ⟦"5"⟧]}]}', "a[0].numeric", "without quotes"),
    ("FP010", '{"a": [{"numeric": [⟦"=="⟧, 5]}]}', "a[0].numeric", '["=", 5]'),
    ("FP010", '{"a": [{"numeric": ⟦[">"]⟧}]}', "a[0].numeric", '["=", 5]'),
    ("FP010", '{"a": [{"numeric": ⟦[">", 5, "<", 5]⟧}]}', "a[0].numeric", '["=", 5]'),
    ("FP010", '{"a": [{"numeric": ⟦["<", 5, ">", 1]⟧}]}', "a[0].numeric", "lower one first"),
    ("FP010", '{"a": [{"numeric": ["=", 5, ⟦"<"⟧, 6]}]}', "a[0].numeric", '["=", 5]'),
    ("FP011", '{"a": [{"numeric": ["=", ⟦9007199254740993⟧]}]}', "a[0].numeric", "15 digits"),
    ("FP011", '{"a": [{"anything-but": ⟦1e400⟧}]}', "a[0].anything-but", "15 digits"),
    ("FP012", '{"a": [{"wildcard": ⟦"a**b"⟧}]}', "a[0].wildcard", "single *"),
    ("FP012", '{"a": [{"wildcard": ⟦"a\\\\b"⟧}]}', "a[0].wildcard", r"\\*"),
    ("FP012", '{"a": [{"wildcard": ⟦"a\\\\"⟧}]}', "a[0].wildcard", r"\\*"),
    ("FP013", '{"a": [{"cidr": ⟦"10.0.0.0/32"⟧}]}', "a[0].cidr", '["10.0.0.0"]'),
    ("FP013", '{"a": [{"cidr": ⟦"10.0.0.0"⟧}]}', "a[0].cidr", "10.0.0.0/24"),
    ("FP013", '{"a": [{"cidr": ⟦"::/128"⟧}]}', "a[0].cidr", '["::"]'),
    ("FP014", '{"$or": ⟦{"a": [1]}⟧}', "$or", '"$or": [{'),
    ("FP014", '{"b": {"$or": ⟦[{"a": [1]}]⟧}}', "b.$or", "without $or"),
    ("FP014", '{"$or": [{"a": [1]}, ⟦5⟧]}', "$or[1]", '{"name": ["value"]}'),
    ("FP015", '{"$or": [{⟦"prefix"⟧: ["x"]}, {"b": [1]}]}', "$or[0].prefix", "array"),
    ("FP015", '{"$or": [{"c": {⟦"="⟧: ["x"]}}, {"b": [1]}]}', "$or[0].c.=", "array"),
    ("FP016", f'⟦{{"x": {ELEVEN}, "y": {ELEVEN}, "z": {ELEVEN}}}⟧', "", "merge"),
    ("FP101", '{⟦"a"⟧: [1], "b": [1], "a": [2]}', "a", "one array"),
    (
        "FP101",
        '{"b": {⟦"$or"⟧: [{"a": [1]}, {"c": [1]}], "$or": [{"d": [1]}, {"e": [1]}]}}',
        "b.$or",
        "one",
    ),
    ("FP102", '{"a": {"b": ⟦[1]⟧}, "a.b": [2]}', "a.b", "one array"),
    ("FP104", '{"eventSource": ⟦["aws:sqs"]⟧, "body": {"a": [1]}}', "eventSource", "remove it"),
    ("FP106", '{"a": [⟦1e400⟧]}', "a[0]", "1.8e308"),
    ("FP106", '{"a": [⟦-' + "9" * 350 + "⟧]}", "a[0]", "1.8e308"),
]

SUBSCRIBER = {"source": "subscriber"}


def _scoped(*patterns: str, scope: str = "DATA") -> dict[str, Any]:
    return {"Filters": [{"Scope": scope, "Pattern": one} for one in patterns or ('{"a": [1]}',)]}


# code, what is handed in, options, a part of the message, a part of the hint
WHOLE: list[tuple[str, Any, dict[str, Any], str, str]] = [
    ("FP002", {1, 2}, {}, "set", "str, bytes or dict"),
    ("FP017", '{"a": ["' + "x" * 4096 + '"]}', {}, "4,107", "white space"),
    ("FP018", '{"a":' * 201 + "[1]" + "}" * 201, {}, "200", "dots"),
    ("FP019", {"Filters": [{"pattern": "{}"}]}, {}, '"Pattern"', "Filters"),
    ("FP020", ['{"a": [1]}'] * 6, {}, "6 filters", "max_filters=10"),
    ("FP022", b'{"a": ["\xff"]}', {}, "byte 9", "UTF-8"),
    ("FP023", _scoped(), {}, "no Scope", "--source subscriber"),
    ("FP024", _scoped(scope="data"), SUBSCRIBER, '"data"', "SYSTEM_METADATA"),
    ("FP025", _scoped('{"a": [1]}', '{"b": [1]}'), SUBSCRIBER, "after filter 1", "one pattern"),
    ("FP026", _scoped('{"a": ["' + "é" * 2048 + '"]}'), SUBSCRIBER, "4,107 bytes", "white space"),
    ("FP030", {**_scoped(), "Language": "SQL"}, SUBSCRIBER, "SQL", "EVENT_BRIDGE_PATTERN"),
    ("FP031", {"Filters": []}, SUBSCRIBER, "no filters", "every event"),
]


# code, scope, the pattern with the place that is meant, a part of the hint
SCOPED = [
    ("FP027", "DATA", '{"a": ["x", ⟦{"wildcard": "x"}⟧]}', "prefix"),
    ("FP028", "METADATA", '{"a": [⟦{"prefix": "x"}⟧]}', "DATA"),
    ("FP028", "METADATA", '{"$or": ⟦[{"a": [1]}, {"b": [1]}]⟧}', "in its array"),
    ("FP029", "DATA", '⟦[{"a": [1]}]⟧', "an object"),
]


@pytest.mark.parametrize(("code", "scope", "text", "hint"), SCOPED)
def test_a_mistake_in_a_filter_of_a_subscriber(code: str, scope: str, text: str, hint: str) -> None:
    pattern, start, end = marked(text)
    (found,) = refused(_scoped(pattern, scope=scope), **SUBSCRIBER).errors
    assert (found.code, found.filter_index) == (code, 0)
    assert hint in (found.hint or "")
    assert underlined(str(found)) == [pattern[start:end]]


def _found(pattern: str) -> Diagnostic:
    """The one error or warning of a pattern."""
    try:
        (found,) = filterpatterns.compile(pattern).warnings
    except PatternError as error:
        (found,) = error.errors
    return found


@pytest.mark.parametrize(("code", "text", "path", "hint"), PLACED, ids=lambda text: str(text)[:60])
def test_a_mistake_has_a_position_and_a_message(code: str, text: str, path: str, hint: str) -> None:
    pattern, start, end = marked(text)
    found = _found(pattern)
    assert found.code == code
    assert found.severity == ("warning" if code.startswith("FP1") else "error")
    assert (found.line, found.column) == line_and_column(pattern, start)
    assert (found.end_line, found.end_column) == line_and_column(pattern, end)
    assert found.path == path
    assert found.filter_index is None
    assert hint in (found.hint or "")


@pytest.mark.parametrize(("code", "given", "options", "message", "hint"), WHOLE)
def test_a_mistake_of_the_whole_text_has_no_position(
    code: str, given: Any, options: dict[str, Any], message: str, hint: str
) -> None:
    error = refused(given, **options)
    assert error.code == code
    assert message in error.message
    assert hint in (error.hint or "")
    assert error.line is error.column is error.end_line is error.end_column is None


def test_a_warning_about_several_filters_names_each() -> None:
    filters = ['{"a": [{"anything-but": "x"}]}', '{"b": [1]}', {"c": [{"exists": False}]}]
    found = filterpatterns.check(filters, source="event")
    assert [(one.code, one.filter_index, one.line) for one in found] == [
        ("FP112", 0, 1),
        ("FP112", 2, None),
    ]


def test_a_filter_whose_pattern_is_an_object_gives_a_warning() -> None:
    criteria = {"Filters": [{"Pattern": '{"body": {"a": [1]}}'}, {"Pattern": {"body": {"a": [1]}}}]}
    for given in (criteria, json.dumps(criteria)):
        (found,) = filterpatterns.check(given)
        assert (found.code, found.severity, found.filter_index) == ("FP103", "warning", 1)
        assert filterpatterns.compile(given).matches({"body": '{"a": 1}'})


@pytest.mark.parametrize("text", [case[1] for case in PLACED if "\n" not in case[1]])
def test_the_carets_underline_the_mistake(text: str) -> None:
    pattern, start, end = marked(text)
    (displayed,) = underlined(str(_found(pattern)))
    assert pattern[start:end].startswith(displayed)
    assert displayed == pattern[start:end] or end - start > 50


@pytest.mark.parametrize(
    ("text", "displayed"),
    [
        ('{"日本語": {"語": ⟦"値"⟧}}', '"値"'),
        ('{"e\u0301": ⟦"x"⟧}', '"x"'),
        ('{"😀😀": ⟦"x"⟧}', '"x"'),
        ('\t{\t"a":\t⟦"x"⟧}', '"x"'),
        ('{"a": [1],\r\n\t"b": ⟦"x"⟧}\r\n', '"x"'),
        ('{"\ufeff\u200b\u202e": ⟦"x"⟧}', '"x"'),
        ('{"\ud800": ⟦"x"⟧}', '"x"'),
        ('{"a": [1], "b": ⟦"x\x7fy"⟧}', '"x\\x7fy"'),
        ('{"a": ["x"],\n\n  "b": [⟦["x"]⟧]\n}', '["x"]'),
        ('{"a": [⟦[\n"x"\n]⟧]\n}', "["),
        ('{"a": ["x" ⟦"y"⟧]}', '"y"'),
        ('{"a": [⟦“⟧x”]}', "“"),
        ('⟦\ufeff⟧{"a": ["x"]}', "\\ufeff"),
    ],
)
def test_the_carets_are_aligned_after_unusual_characters(text: str, displayed: str) -> None:
    pattern, start, _ = marked(text)
    error = refused(pattern)
    assert (error.line, error.column) == line_and_column(pattern, start)
    assert underlined(str(error)) == [displayed]


@pytest.mark.parametrize("before", [0, 1, 30, 95, 96, 97, 2000, 3950])
@pytest.mark.parametrize("char", ["x", "語", "\x7f"])
def test_a_long_line_is_truncated_around_the_caret(before: int, char: str) -> None:
    pattern = '{"' + char * before + '": 12345, "z": ["' + "y" * (3950 - before) + '"]}'
    error = refused(pattern)
    assert (error.line, error.column, error.end_column) == (1, before + 6, before + 11)
    drawing = str(error)
    assert underlined(drawing) == ["12345"]
    excerpt = next(line for line in drawing.split("\n") if " | " in line)
    assert len(excerpt) < 500, "a line is cut"


@pytest.mark.parametrize("length", [90, 97, 4000])
def test_a_long_mistake_is_underlined_as_far_as_it_is_shown(length: int) -> None:
    pattern = '{"a": "' + "x" * length + '"}'
    (displayed,) = underlined(str(refused(pattern)))
    assert displayed.startswith('"xxxxx')
    assert set(displayed) <= set('"x')


HOSTILE_NAMES = ["\x1b[31mred", "a\x00b", "\x07", "\r\nerror FP999: forged", "\u202eevil", "\x9b1m"]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
@pytest.mark.parametrize(
    "shape",
    [
        "{%s: 5}",
        '{%s: {"a": 5}}',
        '{"a": %s}',
        '{"a": [{%s: 1}]}',
        '{"a": [{"exists": %s}]}',
        '{"a": [{"wildcard": "**", %s: 1}]}',
        '{"a": [{"anything-but": {%s: "x"}}]}',
        '{"a": [{"cidr": %s}]}',
        '{"a": [{"numeric": [%s, 5]}]}',
        '{"a": [{"numeric": ["=", %s]}]}',
        '{"$or": [{"prefix": {%s: [1]}}, {"a": [1]}]}',
        "%s",
    ],
)
@pytest.mark.parametrize("escaped", [True, False])
def test_terminal_control_characters_are_escaped_in_messages(
    name: str, shape: str, escaped: bool
) -> None:
    token = json.dumps(name) if escaped else f'"{name}"'
    error = refused(shape % token)
    for line in str(error).split("\n"):
        assert line.isprintable(), line
    assert "error FP999" not in [line[:11] for line in str(error).split("\n")]


@pytest.mark.parametrize("char", ["\x1b", "\x00", "\x1f", "\x7f", "\x9b", "\u2028", "\ud800"])
def test_unusual_characters_between_tokens_are_shown_as_escapes(char: str) -> None:
    error = refused('{"a": ' + char + "[1]}")
    assert (error.code, error.column) == ("FP001", 7)
    assert char not in str(error)
    assert underlined(str(error)) == [char.encode("unicode_escape").decode()]


def test_three_mistakes_give_three_errors_in_the_order_of_the_text() -> None:
    pattern = '{\n  "a": "x",\n  "b": [{"prefx": "y"}],\n  "c": {"d": []}\n}'
    error = refused(pattern)
    assert [found.code for found in error.errors] == ["FP005", "FP007", "FP004"]
    assert [found.line for found in error.errors] == [2, 3, 4]
    assert (error.code, error.line, error.path) == ("FP005", 2, "a")
    assert error.message == error.errors[0].message
    assert underlined(str(error)) == ['"x"', '"prefx"', "[]"]


def test_the_text_of_an_error() -> None:
    error = refused('{"body": {\n  "code": "BBBB"}}')
    assert str(error) == (
        "error FP005: a field must be an array of rules or an object, "
        'found the string "BBBB"\n'
        "  at line 2, column 11, body.code\n"
        '  2 |   "code": "BBBB"}}\n'
        "    |           ^^^^^^\n"
        '  hint: write ["BBBB"]'
    )


SYNTAX = [
    ('{"a": ["x"],⟦}⟧', "trailing comma"),
    ('{"a": ["x",⟦]⟧}', "trailing comma"),
    ("{⟦'⟧a': ['x']}", "double quotes"),
    ('{"a": [1] ⟦/⟧/ one\n}', "no comments"),
    ('{"a": [1] ⟦/⟧* one */}', "no comments"),
    ('{"a": [1] ⟦#⟧ one\n}', "no comments"),
    ('{"a": [⟦+⟧1]}', "no plus sign"),
    ('{"a": [1⟦.⟧]}', "digits on both sides"),
    ('{"a": [⟦.⟧5]}', "digits on both sides"),
    ('{"a": [0⟦1⟧]}', "leading zeros"),
    ('{"a": [-0⟦12⟧]}', "leading zeros"),
    ('{"a": [⟦N⟧aN]}', "no NaN"),
    ('{"a": [⟦N⟧one]}', "null"),
    ('{"a": [⟦T⟧rue]}', "true is lower case"),
    ('{"a": [⟦F⟧alse]}', "false is lower case"),
    ('{"a": ["x" ⟦"y"⟧]}', "write ,"),
    ('{"a": [1] ⟦"b"⟧: [2]}', "write ,"),
    ('{"a": [{"exists": true} ⟦{⟧"exists": false}]}', "write ,"),
    ('{"a": [1 ⟦2⟧]}', "write ,"),
    ('{"a" ⟦[⟧"x"]}', ":"),
    ('{"a" ⟦{⟧"b": ["x"]}}', ":"),
    ('{"a" ⟦"b"⟧}', ":"),
    ('{"a": ⟦}⟧', "array of rules"),
    ('{"a": ["x"]⟦ ⟧', "missing at the end"),
    ('{"a": [⟦"⟧x]}', "close it"),
    ('{"a": [⟦"⟧x\ty"]}', "escapes"),
    ('{"a": [⟦"⟧x\ny"]}', "escapes"),
    ('{"a": [⟦"⟧x\\qy"]}', "four hex digits"),
    ('{"a": [⟦"⟧x\\u12y"]}', "four hex digits"),
    ('⟦\ufeff⟧{"a": ["x"]}', "byte order mark"),
    ('{"a": ["x"]} ⟦{⟧"b": ["y"]}', "nothing after it"),
    ('{"a": ["x"]}⟦}⟧', "nothing after it"),
    ('{"a": ["x"]}\n⟦x⟧', "nothing after it"),
    ("⟦ ⟧", 'a pattern is a JSON object: {"body"'),
    ("{⟦“⟧a”: [1]}", "straight double quotes"),
    ("{⟦”⟧a”: [1]}", "straight double quotes"),
    ("{⟦‘⟧a’: [1]}", "double quotes"),
]


@pytest.mark.parametrize(("text", "hint"), SYNTAX)
def test_text_that_is_not_json_gets_a_hint(text: str, hint: str) -> None:
    pattern, start, _ = marked(text)
    error = refused(pattern)
    assert error.code == "FP001"
    assert error.message.startswith("not JSON: ")
    assert (error.line, error.column) == line_and_column(pattern, start)
    assert hint in (error.hint or "")


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\t\r\n"])
def test_an_empty_text_says_so(text: str) -> None:
    error = refused(text)
    assert (error.code, error.line, error.column) == ("FP001", 1, 1)
    assert error.message == "not JSON: the pattern is empty"


def test_a_pattern_given_as_objects_has_a_path_but_no_position() -> None:
    error = refused({"body": {"a": [{"prefx": "x"}], "b": "y"}})
    assert [(found.code, found.path) for found in error.errors] == [
        ("FP007", "body.a[0].prefx"),
        ("FP005", "body.b"),
    ]
    for found in error.errors:
        assert found.line is found.column is found.end_line is found.end_column is None
    assert underlined(str(error)) == ['"prefx"', '"y"']
    assert "line" not in str(error)


def test_an_error_says_which_filter_it_is_in() -> None:
    good, bad = '{"a": [1]}', '{"a": 1}'
    criteria = {"Filters": [{"Pattern": good}, {"Pattern": bad}, {"Pattern": {"a": 2}}]}
    for given in (criteria, json.dumps(criteria), json.dumps(criteria).encode(), [good, bad, bad]):
        error = refused(given)
        assert [found.filter_index for found in error.errors] == [1, 2]
        assert error.filter_index == 1
        assert "filter 2" in str(error)
        assert "filter 3" in str(error)


def test_an_error_in_a_filter_has_its_position_in_the_whole_text() -> None:
    pattern = '{"é😀": ["x"], "b": "y"}'
    for ascii_only in (True, False):
        text = json.dumps({"Filters": [{"Pattern": pattern}]}, indent=1, ensure_ascii=ascii_only)
        error = refused(text)
        start = text.index('\\"y')
        assert (error.line, error.column) == line_and_column(text, start)
        assert (error.end_line, error.end_column) == line_and_column(text, start + 5)
        assert underlined(str(error)) == ['\\"y\\"']


ERRORS = [
    refused('{"a": "x", "b": [{"prefx": "\x7f語"}]}'),
    refused({"a": [float("nan")]}),
    refused(["{", '{"a": []}']),
    RecordError("not JSON"),
    RecordError("not JSON", 7),
]


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize(
    "clone",
    [
        copy.copy,
        copy.deepcopy,
        *(
            lambda e, p=p: pickle.loads(pickle.dumps(e, p))
            for p in range(pickle.HIGHEST_PROTOCOL + 1)
        ),
    ],
)
def test_errors_survive_copying_and_pickling(error: Exception, clone: Any) -> None:
    twin = clone(error)
    assert type(twin) is type(error)
    assert str(twin) == str(error)
    assert twin.args == error.args
    assert vars(twin) == vars(error)


def test_errors_are_value_errors() -> None:
    assert issubclass(PatternError, ValueError)
    assert issubclass(RecordError, ValueError)
    assert str(RecordError("not JSON", 7)) == "record 7: not JSON"


def test_a_pattern_without_problems_has_no_warnings() -> None:
    assert warned('{"body": {"a": [1, "x", null]}, "messageId": ["1"]}') == []


def test_warnings_come_in_the_order_of_the_text_with_their_codes() -> None:
    pattern = '{"awsRegion": ["eu"], "c": [1e400], "d": [1], "d": [2], "a": {"b": [1]}, "a.b": [2]}'
    found = warned(pattern)
    assert [warning.code for warning in found] == ["FP104", "FP106", "FP101", "FP102"]
    assert {warning.severity for warning in found} == {"warning"}
    assert [warning.path for warning in found] == ["awsRegion", "c[0]", "d", "a.b"]
    assert str(found[1]).startswith("warning FP106: a double cannot represent this number")


def test_warnings_say_which_filter_they_are_in() -> None:
    found = warned(['{"a": [1]}', '{"a": [1e999]}'])
    assert [(warning.code, warning.filter_index) for warning in found] == [("FP106", 1)]


@pytest.mark.parametrize("field", ["eventSource", "eventSourceARN", "awsRegion", "awsRegion.x"])
def test_a_field_that_aws_adds_gives_a_warning_for_sqs_only(field: str) -> None:
    pattern = json.dumps({field: ["x"], "body": {"$or": [{"a": [1]}, {"b": [1]}]}})
    assert [warning.code for warning in warned(pattern)] == ["FP104"]
    assert warned(pattern, source="event") == []


def test_a_path_that_is_reached_twice_gives_one_warning() -> None:
    pattern = (
        '{"a": {"b": [1]}, "$or": [{"c": [1]}, {"d": [2]}, {"e": [3]}], "f": {"$or": '
        '[{"g": [1]}, {"h": [1]}]}, "a.b": [2]}'
    )
    assert [warning.code for warning in warned(pattern)] == ["FP102"]


def test_a_refused_filter_gives_its_error_only() -> None:
    broken = '{"body": {"total": [{"numeric": [">", "100"]}]}}'
    found = filterpatterns.check([broken, '{"body": {"a": ["x"]}}'])
    assert [each.code for each in found] == ["FP010"]
