"""JSON text -> values: one answer to "is it JSON?", the same as RFC 8259's."""

from __future__ import annotations

import gc
import json
import math
from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from filterpatterns.jsontext import layers
from filterpatterns.jsontext.decoding import (
    NOT_JSON,
    depth,
    is_too_deep,
    parse,
    parse_carefully,
    parse_without_recursion,
)

PARSERS = [parse, parse_carefully, parse_without_recursion]

_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([2**53 + 1, 2**63, -(2**63) - 1, 2**64, 10**23, 10**300]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.text(max_size=3).filter(lambda name: name.isprintable()), inner, max_size=4
        ),
    ),
    max_leaves=12,
)


def _refuse(name: str) -> Any:
    raise ValueError(name)


def _same(one: Any, other: Any) -> bool:
    """Equal, and of equal types: 1 is neither True nor 1.0, and 0.0 is not -0.0."""
    return repr(one) == repr(other)


def _loads(text: str, **options: Any) -> Any:
    """As json, but the integer -0 is a float: no int keeps its sign."""
    return json.loads(
        text, parse_int=lambda digits: -0.0 if digits == "-0" else int(digits), **options
    )


@pytest.mark.parametrize("parser", PARSERS)
@given(
    value=_VALUES,
    ensure_ascii=st.booleans(),
    indent=st.sampled_from([None, 0, 2, "\t"]),
    around=st.sampled_from(["", " ", "\n", "\r\n", "\t "]),
)
def test_json_is_parsed_like_json_loads(
    parser: Any, value: Any, ensure_ascii: bool, indent: Any, around: str
) -> None:
    text = around + json.dumps(value, ensure_ascii=ensure_ascii, indent=indent) + around
    found = parser(text)
    assert _same(found, _loads(text))
    assert _same(found, value)


def is_json(text: str) -> bool:
    """What RFC 8259 says, according to orjson; but for what it and msgspec limit."""
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


_SEEDS = [
    '{"a":[1,-2.5e3,true,false,null,{"b":{}}],"é😀":"x\\u00e9\\n\\"\\\\\\/"}',
    '[0,-0,10,1.5,1E5,2e-3,"",[],{},"\\ud83d\\ude00"]',
    ' "text" ',
    "-12.5e+7",
    "true",
]
_CHARS = st.sampled_from(
    [*'{}[]",:\\ \t\n\r\x00\x0b\x1f0123456789+-.eEtrufalsn/bx\x7f', "\u2028", "\ufeff", "é", "\xa0"]
)


def _changed(seed: str, changes: list[tuple[int, int, str]]) -> str:
    for place, kind, char in changes:
        place %= len(seed) + 1
        if kind == 0:
            seed = seed[:place] + char + seed[place + 1 :]
        elif kind == 1:
            seed = seed[:place] + char + seed[place:]
        elif kind == 2:
            seed = seed[:place] + seed[place + 1 :]
        else:
            seed = seed[:place]
    return seed


_CHANGES = st.lists(
    st.tuples(st.integers(0, 99), st.integers(0, 3), _CHARS), min_size=1, max_size=3
)


@given(st.builds(_changed, st.sampled_from(_SEEDS), _CHANGES))
def test_mutated_json_is_valid_according_to_rfc_8259(text: str) -> None:
    found, *others = (parser(text) for parser in PARSERS)
    assert all(_same(found, other) for other in others)
    if "\\ud" not in text.lower() and "e" not in text.lower().replace("true", "").replace(
        "false", ""
    ):
        assert (found is not NOT_JSON) == is_json(text)
    if found is not NOT_JSON:
        assert _same(found, _loads(text, parse_constant=_refuse))
    elif is_json(text):
        raise AssertionError("valid, and refused")


VALID: list[tuple[str, Any]] = [
    ("1e400", math.inf),
    ("-1e400", -math.inf),
    ("9" * 5000, math.inf),
    ("-" + "9" * 5000, -math.inf),
    ("9" * 5000 + ".5", math.inf),
    ("0." + "9" * 5000, 1.0),
    ("1e" + "9" * 5000, math.inf),
    ("1e-" + "9" * 5000, 0.0),
    ("-1e-400", -0.0),
    ("0e" + "9" * 5000, 0.0),
    ("1" + "0" * 308, 10**308),
    ("9007199254740993", 9007199254740993),
    ("18446744073709551617", 18446744073709551617),
    ("-0", -0.0),
    ("-0.0", -0.0),
    ('"\\ud800"', "\ud800"),
    ('"\\udc00\\ud800"', "\udc00\ud800"),
    ('"\\ud83d\\ude00"', "😀"),
    ('"\\uD83D\\uDE00"', "😀"),
    ('{"\\ud800": 1}', {"\ud800": 1}),
    ('"\\u0000"', "\x00"),
    ('"\x7f\u2028\ufeff"', "\x7f\u2028\ufeff"),
    (" \t\n\r1 \t\n\r", 1),
    ('{"a": 1, "b": 2, "a": 3}', {"a": 3, "b": 2}),
    ('{"a": [1], "a": {}}', {"a": {}}),
    ('{"a": 1, "\\u0061": 1e400}', {"a": math.inf}),
    ('{"": 1, "": 2}', {"": 2}),
]

INVALID = [
    *(
        "",
        " ",
        "\n",
        "\ufeff1",
        "\ufeff{}",
        "1\ufeff",
        "\x001",
        "1\x00",
        "\x0c1",
        "\xa01",
        "\u20281",
    ),
    *(
        "NaN",
        "Infinity",
        "-Infinity",
        "nan",
        "True",
        "None",
        "nul",
        "nulll",
        "truefalse",
        "undefined",
    ),
    *("01", "-01", "00", "1.", ".5", "+1", "-", "1e", "1e+", "1.e5", "0x1", "1_000", "--1", "١"),
    *(
        "'x'",
        '"',
        '"x',
        '"\\"',
        '"\t"',
        '"\n"',
        '"\x00"',
        '"\x1f"',
        '"\\x41"',
        '"\\u12"',
        '"\\u12G4"',
    ),
    *(
        '"\\U0041"',
        '"\\ "',
        '"a""b"',
        '"a" "b"',
        "1 2",
        "[1 2]",
        "[1,]",
        "[,1]",
        "[",
        "]",
        "[1",
        "[]]",
    ),
    *(
        "{",
        "}",
        '{"a"}',
        '{"a":}',
        '{"a":1,}',
        "{1:2}",
        "{a:1}",
        '{"a" 1}',
        '{"a":1 "b":2}',
        '{"a":1}}',
    ),
    *(
        "{}{}",
        "{}x",
        "[1]//x",
        "/**/1",
        "#",
        "{]",
        "[}",
        '[":]',
        '"\ud800"',
        "\ud800",
        '{"\udfff": 1}',
    ),
    *('["\\ud800", "\ud800"]', "1e400x", "[1e400", '{"a": 1e400,}', '"\\ud800', "9" * 5000 + "."),
]


@pytest.mark.parametrize("parser", PARSERS)
@pytest.mark.parametrize(("text", "value"), VALID, ids=range(len(VALID)))
def test_what_other_parsers_dispute_is_json(parser: Any, text: str, value: Any) -> None:
    assert _same(parser(text), value)
    assert _same(parser(f" [{text}, 0]"), [value, 0])


@pytest.mark.parametrize("parser", PARSERS)
@pytest.mark.parametrize("text", INVALID, ids=range(len(INVALID)))
def test_invalid_json_is_not_json(parser: Any, text: str) -> None:
    assert parser(text) is NOT_JSON
    if text:
        assert parser("[" + text + ", 1e400]") is NOT_JSON
        with pytest.raises((msgspec.DecodeError, UnicodeEncodeError)):
            msgspec.json.decode(text)


@given(st.text(max_size=20))
def test_any_text_can_be_parsed_or_rejected(text: str) -> None:
    found, *others = (parser(text) for parser in PARSERS)
    assert all(_same(found, other) for other in others)


_NESTED = [
    '[[],[[1,{"a":[0.5]}],[[[]]]],{"a":{"b":[{}]}},-0]',
    '{"a":[{"[":"]"},{"b":{"c":[[1e5],2.50,"\\""]}}],"":[[["\\ud800"]]]}',
]


@given(
    st.one_of(
        _VALUES.map(json.dumps),
        st.builds(_changed, st.sampled_from([*_SEEDS, *_NESTED]), _CHANGES),
    ),
    st.integers(1, 3),
)
def test_a_text_is_read_alike_in_layers_of_any_height(text: str, height: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layers, "_LAYER", height)
        found = parse_carefully(text)
    assert _same(found, parse_without_recursion(text))


def test_numbers_in_a_deep_text_are_not_mistaken_for_placeholders() -> None:
    deep = "[" * 250 + "0.5" + "]" * 250
    text = f"[{deep}, 0.0, 0.1, 0.0E-1, {deep}]"
    assert _same(parse_carefully(text), parse_without_recursion(text))


def test_not_json_has_a_repr() -> None:
    assert repr(parse("x")) == "NOT_JSON"


@pytest.mark.parametrize("parser", PARSERS)
@pytest.mark.parametrize(
    ("opening", "closing"), [("[", "]"), ('{"a":', "}"), (' [ "]" , [] , ', "] "), ("[{},", "]")]
)
def test_a_text_of_1024_levels_is_json_and_one_of_more_is_not(
    parser: Any, opening: str, closing: str
) -> None:
    for levels, valid in ((1, True), (1023, True), (1024, True), (1025, False), (50_000, False)):
        text = opening * levels + "0" + closing * levels
        deepest = levels + (1 if "[]" in opening or "{}" in opening else 0)
        assert depth(text) == deepest
        assert (parser(text) is not NOT_JSON) == (deepest <= 1024)
        assert valid or deepest > 1024
        if levels < 2000:
            assert parser(text[:-1]) is NOT_JSON or text[-1] == " "
            assert parser(text + "]") is NOT_JSON
    assert parser("[" * 2000) is NOT_JSON


@pytest.mark.parametrize("parser", PARSERS)
def test_brackets_in_strings_are_not_levels(parser: Any) -> None:
    for inside in ("[" * 5000, '\\"' + "{" * 5000, "\\\\", '\\"[\\\\\\"[' * 600, "]" * 5000):
        text = f'{{"{inside}": ["{inside}"]}}'
        assert depth(text) == 2
        assert _same(parser(text), json.loads(text))
        assert not is_too_deep(text)


@pytest.mark.parametrize("parser", PARSERS)
def test_a_string_of_brackets_is_json(parser: Any) -> None:
    assert parser('"' + "[" * 200 + '\\ud83d"') == "[" * 200 + "\ud83d"


@pytest.mark.parametrize("parser", PARSERS)
@pytest.mark.parametrize("count", [999, 1000, 1001, 2500])
@pytest.mark.parametrize("end", ['"', "\\", '\\x"', '\n"', ""])
def test_a_string_may_have_any_number_of_escapes(parser: Any, count: int, end: str) -> None:
    text = '["' + '\\"' * count + end + ", 1]"
    value = parser(text)
    assert value == (['"' * count, 1] if end == '"' else NOT_JSON)


def test_many_adjacent_brackets_are_not_levels() -> None:
    text = json.dumps([[] for _ in range(5000)])
    assert depth(text) == 2
    assert parse(text) == [[] for _ in range(5000)]


@given(_VALUES, st.booleans())
def test_depth_counts_levels(value: Any, ensure_ascii: bool) -> None:
    def levels(inner: Any) -> int:
        if isinstance(inner, dict):
            inner = list(inner.values())
        if isinstance(inner, list):
            return 1 + max(map(levels, inner), default=0)
        return 0

    assert depth(json.dumps(value, ensure_ascii=ensure_ascii)) == levels(value)


@pytest.mark.parametrize(
    "text", ['"' + '\\"' * 200_000, '"\\' * 200_000, '"[' * 200_001, "\\" * 9, '"']
)
def test_the_depth_of_any_text_is_a_number(text: str) -> None:
    assert depth(text) <= text.count("[")


def test_what_is_decoded_in_layers_does_not_wait_for_the_garbage_collector() -> None:
    text = "[" * 500 + "1" + "]" * 500
    layers.decode(text)
    gc.collect()
    layers.decode(text)
    assert gc.collect() == 0
