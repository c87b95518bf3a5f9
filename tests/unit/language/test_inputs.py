"""All the ways to pass patterns in, and their limits."""

from __future__ import annotations

import collections
import datetime
import decimal
import enum
import json
import tracemalloc
import types
import uuid
from collections.abc import Callable, Iterator, Mapping
from functools import reduce
from typing import Any

import pytest

import filterpatterns
from filterpatterns import PatternError
from tests.support.helpers import refused

ONE = {"body": {"a": [1]}}
TWO = {"body": {"b": [{"prefix": "é"}]}}
ONE_TEXT, TWO_TEXT = json.dumps(ONE), json.dumps(TWO, ensure_ascii=False)
RECORDS = [{"body": '{"a": 1}'}, {"body": '{"b": "éa"}'}, {"body": '{"c": 1}'}]
CRITERIA = {"Filters": [{"Pattern": ONE_TEXT}, {"Pattern": TWO_TEXT}]}

FIRST = [
    ONE_TEXT,
    ONE_TEXT.encode(),
    bytearray(ONE_TEXT.encode()),
    f"\n\t {ONE_TEXT}\r\n ",
    ONE,
    types.MappingProxyType(ONE),
    collections.OrderedDict(ONE),
    collections.UserDict(ONE),
    {"body": types.MappingProxyType({"a": (1,)})},
    [ONE_TEXT],
    (ONE_TEXT,),
    [ONE],
    {"Filters": [{"Pattern": ONE_TEXT}]},
    {"Filters": ({"Pattern": ONE},)},
    json.dumps({"Filters": [{"Pattern": ONE_TEXT}]}),
    json.dumps({"Filters": [{"Pattern": ONE}]}),
    json.dumps({"Filters": [{"Pattern": ONE_TEXT}]}).replace("Filters", "\\u0046ilters"),
]

BOTH = [
    [ONE_TEXT, TWO_TEXT],
    [ONE_TEXT.encode(), TWO_TEXT.encode()],
    [ONE, TWO],
    (ONE, TWO_TEXT),
    collections.UserList([ONE_TEXT, TWO]),
    CRITERIA,
    {"FilterCriteria": CRITERIA},
    types.MappingProxyType(CRITERIA),
    json.dumps(CRITERIA),
    json.dumps(CRITERIA, indent=4),
    json.dumps(CRITERIA, ensure_ascii=False).encode(),
    bytearray(json.dumps(CRITERIA).encode()),
    json.dumps({"FilterCriteria": CRITERIA}),
    json.dumps({"FilterCriteria": CRITERIA}).encode(),
    {"Filters": [{"Pattern": ONE}, {"Pattern": TWO}]},
    json.dumps({"Filters": [{"Pattern": ONE}, {"Pattern": TWO_TEXT}]}),
]


@pytest.mark.parametrize("given", FIRST, ids=range(len(FIRST)))
def test_one_pattern_in_every_shape(given: Any) -> None:
    assert filterpatterns.compile(given).mask(RECORDS) == [True, False, False]


@pytest.mark.parametrize("given", BOTH, ids=range(len(BOTH)))
def test_several_patterns_in_every_shape_are_alternatives(given: Any) -> None:
    assert filterpatterns.compile(given).mask(RECORDS) == [True, True, False]


@pytest.mark.parametrize(
    "given",
    [
        {"Filters": []},
        '{"Filters": []}',
        b' {"Filters": [ ]} ',
        {"FilterCriteria": {"Filters": []}},
        '{"FilterCriteria": {"Filters": []}}',
    ],
)
def test_no_filters_keep_every_record(given: Any) -> None:
    compiled = filterpatterns.compile(given)
    assert compiled.mask([*RECORDS, {}, "{}"]) == [True] * 5
    assert compiled.filter(RECORDS) == RECORDS


@pytest.mark.parametrize("given", ["{}", b"{}", {}, ["{}"], [{}], {"Filters": [{"Pattern": "{}"}]}])
def test_an_empty_pattern_is_refused_with_a_hint(given: Any) -> None:
    error = refused(given)
    assert error.code == "FP003"
    assert '{"Filters": []}' in (error.hint or "")


@pytest.mark.parametrize(
    ("pattern", "event"),
    [
        ({"Filters": ["x"]}, {"Filters": "x"}),
        ({"Filters": [{"prefix": "x"}]}, {"Filters": "xy"}),
        ({"Filters": {"Pattern": ["x"]}}, {"Filters": {"Pattern": "x"}}),
        ({"Filters": ["x"], "Pattern": ["y"]}, {"Filters": "x", "Pattern": "y"}),
        ({"FilterCriteria": {"Filters": ["x"]}}, {"FilterCriteria": {"Filters": "x"}}),
        ({"FilterCriteria": ["x"]}, {"FilterCriteria": "x"}),
        ({"a": {"Filters": [{"exists": True}]}}, {"a": {"Filters": 1}}),
        ({"Pattern": ["x"]}, {"Pattern": "x"}),
    ],
)
def test_a_field_may_be_named_filters(pattern: dict[str, Any], event: dict[str, Any]) -> None:
    for given in (pattern, json.dumps(pattern), [pattern]):
        compiled = filterpatterns.compile(given, source="event")
        assert compiled.mask([event, {"other": 1}, json.dumps(event)]) == [True, False, True]


@pytest.mark.parametrize(
    "bad",
    [
        {"pattern": ONE_TEXT},
        {"Pattern": None},
        {"Pattern": 5},
        {"Pattern": [ONE_TEXT]},
        {"Pattern": ["x"]},
        {"PATTERN": ONE_TEXT},
        ONE_TEXT,
        5,
        None,
        {},
        [],
    ],
)
def test_a_malformed_filter_is_reported_with_its_position(bad: Any) -> None:
    criteria = {"Filters": [{"Pattern": ONE_TEXT}, bad, {"Pattern": 7}]}
    for given in (criteria, json.dumps(criteria)):
        error = refused(given)
        assert [found.code for found in error.errors] == ["FP019", "FP019"]
        assert [found.filter_index for found in error.errors] == [1, 2]
        assert [found.path for found in error.errors] == ["Filters[1]", "Filters[2]"]


def test_the_last_of_a_repeated_name_in_a_filter_criteria_counts() -> None:
    inner = f'{{"Pattern": {json.dumps(TWO_TEXT)}, "Pattern": {json.dumps(ONE_TEXT)}}}'
    text = f'{{"Filters": [], "Filters": [{inner}]}}'
    assert filterpatterns.compile(text).mask(RECORDS) == [True, False, False]


def test_a_pattern_that_is_encoded_twice_is_refused() -> None:
    error = refused({"Filters": [{"Pattern": json.dumps(ONE_TEXT)}]})
    assert error.code == "FP002"
    assert "string" in error.message


@pytest.mark.parametrize("given", [None, 5, 1.5, True, object(), {1, 2}, iter([]), ONE_TEXT.encode])
def test_input_that_cannot_contain_a_pattern_is_refused(given: Any) -> None:
    error = refused(given)
    assert error.code == "FP002"
    assert "str, bytes or dict" in (error.hint or "")


@pytest.mark.parametrize("item", [None, 5, 1.5, True, [ONE_TEXT], {1}, object()])
def test_a_list_must_contain_only_patterns(item: Any) -> None:
    error = refused([ONE_TEXT, item])
    assert (error.code, error.filter_index) == ("FP002", 1)


class Opaque:
    def __repr__(self) -> str:
        raise RuntimeError("code that is not ours")


CYCLE: dict[str, Any] = {}
CYCLE["a"] = {"b": CYCLE}
LOOP: list[Any] = []
LOOP.append(LOOP)

NOT_JSON_VALUES = [
    {"a": {1, 2}},
    {"a": [frozenset()]},
    {"a": [float("nan")]},
    {"a": [float("inf")]},
    {"a": [{"numeric": ["=", float("-inf")]}]},
    {"a": [decimal.Decimal("1.5")]},
    {"a": [b"x"]},
    {"a": [bytearray(b"x")]},
    {"a": [1j]},
    {"a": [datetime.datetime.now(datetime.timezone.utc)]},
    {"a": [uuid.uuid4()]},
    {"a": [object()]},
    {"a": [Opaque()]},
    {"a": Opaque()},
    {"a": iter([1])},
    {"a": range(3)},
    {"a": [...]},
    {1: [1]},
    {None: [1]},
    {("a",): [1]},
    {True: [1]},
    {1.5: [1]},
    {"a": {b"b": [1]}},
    {"a": [{"prefix": {Opaque(): "x"}}]},
    {10**5000: [1]},
    CYCLE,
    {"a": LOOP},
    {"a": [10**5000]},
    {"a": [-(10**20_000)]},
    {"a": [{"numeric": ["=", 10**5000]}]},
]


@pytest.mark.parametrize("given", NOT_JSON_VALUES, ids=range(len(NOT_JSON_VALUES)))
def test_objects_that_json_cannot_express_are_refused(given: Any) -> None:
    for wrapped in (given, [given], {"Filters": [{"Pattern": given}]}):
        error = refused(wrapped)
        assert error.line is None
        assert str(error)


def test_an_error_has_the_path_of_an_object_that_json_cannot_express() -> None:
    error = refused([ONE, {"body": {"a": [1, {"prefix": {1, 2}}]}}])
    assert (error.path, error.filter_index) == ("body.a[1].prefix", 1)
    assert "set" in error.message


def test_integers_of_any_size_are_accepted() -> None:
    compiled = filterpatterns.compile({"a": [10**300, 2**64 + 1]}, source="event")
    assert compiled.mask([{"a": 10**300}, {"a": 2**64 + 1}, {"a": 2**64}]) == [True, True, False]


class Field(str, enum.Enum):
    BODY = "body"
    A = "a"


class Level(enum.IntEnum):
    ONE = 1


def test_names_and_values_may_be_enumerations() -> None:
    compiled = filterpatterns.compile({Field.BODY: {Field.A: [Field.A, Level.ONE]}})
    assert compiled.mask([{"body": f'{{"a": {v}}}'} for v in ('"a"', "1", '"Field.A"')]) == [
        True,
        True,
        False,
    ]


def test_a_pattern_that_was_handed_in_may_be_changed_afterwards() -> None:
    pattern: dict[str, Any] = {"body": {"a": [1]}}
    compiled = filterpatterns.compile(pattern)
    pattern["body"]["a"][0] = 2
    assert compiled.mask(RECORDS) == [True, False, False]
    assert filterpatterns.compile(pattern).mask(RECORDS) == [False, False, False]


class Counting(Mapping[str, Any]):
    """A dict that counts how often anyone asks for its members."""

    asked = 0

    def __init__(self, members: dict[str, Any]) -> None:
        self._members = members

    def __getitem__(self, name: str) -> Any:
        return self._members[name]

    def __iter__(self) -> Iterator[str]:
        type(self).asked += 1
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)


def test_objects_referenced_many_times_do_not_multiply() -> None:
    """Sixteen levels of two references to one object: 65,536 ways, and far too long a pattern."""
    pattern: Any = {"z": [1]}
    for _ in range(16):
        pattern = Counting({"x": pattern, "y": pattern})
    Counting.asked = 0
    assert refused(pattern).code == "FP017"
    assert Counting.asked < 20_000, "a pattern of 4,096 characters has fewer objects than that"


def _text_of_length(length: int, char: str = "x") -> str:
    start, end = '{"a": ["', '"]}'
    return start + char * (length - len(start) - len(end)) + end


@pytest.mark.parametrize("char", ["x", "é", "😀"])
def test_a_pattern_has_4096_characters_at_most(char: str) -> None:
    longest = _text_of_length(4096, char)
    assert len(longest) == 4096
    compiled = filterpatterns.compile(longest, source="event")
    assert compiled.matches({"a": char * 4085})
    for given in (longest + " ", (longest + "\n").encode(), [longest + " "]):
        error = refused(given)
        assert error.code == "FP017"
        assert "4,097" in error.message
        assert "4,096" in error.message
    assert refused({"a": ["x" * 4090]}).code == "FP017"


def test_each_of_several_patterns_may_have_the_maximum_length() -> None:
    long = _text_of_length(4096)
    criteria = {"Filters": [{"Pattern": ONE_TEXT}] * 4 + [{"Pattern": long}]}
    assert filterpatterns.compile(json.dumps(criteria)).mask(RECORDS) == [True, False, False]
    criteria["Filters"][2] = {"Pattern": long + " "}
    error = refused(json.dumps(criteria))
    assert (error.code, error.filter_index) == ("FP017", 2)


@pytest.mark.parametrize("count", [1, 5, 6, 10, 11])
def test_there_are_at_most_five_filters_or_ten_on_request(count: int) -> None:
    criteria = {"Filters": [{"Pattern": ONE_TEXT}] * (count - 1) + [{"Pattern": TWO_TEXT}]}
    shapes: list[Any] = [criteria, json.dumps(criteria), [ONE_TEXT] * (count - 1) + [TWO]]
    for given in shapes:
        choices: list[tuple[dict[str, Any], int]] = [({}, 5), ({"max_filters": 10}, 10)]
        for options, most in choices:
            if count <= most:
                assert filterpatterns.compile(given, **options).matches(RECORDS[1])
                continue
            error = refused(given, **options)
            assert error.code == "FP020"
            assert f"{count} filters" in error.message
            assert f"at most {most}" in error.message


def _or_of(count: int, name: str) -> str:
    return '"$or":[' + ",".join(f'{{"{name}":[{n}]}}' for n in range(count)) + "]"


def test_alternatives_multiply_out_to_1000_combinations_at_most() -> None:
    exactly = "{" + ",".join(f'"{n}":{{{_or_of(10, "a")}}}' for n in "xyz") + "}"
    compiled = filterpatterns.compile(exactly, source="event")
    events = [{"x": {"a": 0}, "y": {"a": 9}, "z": {"a": n}} for n in (5, 10)]
    assert compiled.mask(events) == [True, False]
    product = f'{{"x":{{{_or_of(7, "a")}}},"y":{{{_or_of(11, "a")}}},"z":{{{_or_of(13, "a")}}}}}'
    error = refused(product)
    assert error.code == "FP016"
    assert "1001 combinations" in error.message.replace(",", "")
    assert "1000" in error.message.replace(",", "")


def test_nested_alternatives_add_up_and_do_not_multiply() -> None:
    tower = '{"a":[0]}'
    for level in range(1, 60):
        tower = f'{{"$or":[{tower},{{"a":[{level}]}}]}}'
    compiled = filterpatterns.compile(tower, source="event")
    assert compiled.mask([{"a": 0}, {"a": 59}, {"a": 60}]) == [True, True, False]


def test_the_combinations_are_counted_in_each_filter_alone() -> None:
    many = "{" + ",".join(f'"{n}":{{{_or_of(10, "a")}}}' for n in "xyz") + "}"
    event = {"x": {"a": 0}, "y": {"a": 0}, "z": {"a": 0}}
    assert filterpatterns.compile([many] * 2, source="event").matches(event)


def _nested(levels: int) -> str:
    """A pattern of that many levels: an array of rules is one of them."""
    return '{"a":' * (levels - 1) + "[1]" + "}" * (levels - 1)


def test_a_pattern_is_200_levels_deep_at_most() -> None:
    deepest = _nested(200)
    event: Any = 1
    for _ in range(199):
        event = {"a": event}
    for given in (deepest, json.loads(deepest)):
        compiled = filterpatterns.compile(given, source="event")
        assert compiled.mask([event, {"a": 1}, json.dumps(event)]) == [True, False, True]
    for given in (_nested(201), json.loads(_nested(201)), "[" * 4000, '{"a":' * 800):
        error = refused(given)
        assert error.code == "FP018"
        assert "200" in error.message


def test_brackets_in_strings_are_not_levels() -> None:
    text = json.dumps({"a": ["[" * 300 + '"' + "{" * 300 + "\\"]})
    assert filterpatterns.compile(text, source="event").matches({"a": json.loads(text)["a"][0]})


def test_the_limits_are_checked_before_parsing() -> None:
    for text in ("x" * 5000, "[" * 100_000, '"' + '\\"' * 100_000):
        assert refused(text).code == "FP017"


@pytest.mark.parametrize(
    ("given", "byte"), [(b"\xff", 1), (b'{"a": ["\xe9"]}', 9), (b"{\x00\x80", 3)]
)
def test_bytes_that_are_not_utf8_are_refused(given: bytes, byte: int) -> None:
    for wrapped in (given, [given], bytearray(given)):
        error = refused(wrapped)
        assert error.code == "FP022"
        assert f"byte {byte}" in error.message


@pytest.mark.parametrize("codec", ["utf-16", "utf-32", "utf-8-sig"])
def test_bytes_in_another_encoding_are_refused(codec: str) -> None:
    assert refused(ONE_TEXT.encode(codec)).code in ("FP022", "FP001")


def test_an_unknown_source_is_reported_with_the_known_ones() -> None:
    with pytest.raises(
        ValueError, match=r"unknown source 'sns': choose one of .*sqs.*event"
    ) as caught:
        filterpatterns.compile(ONE_TEXT, source="sns")
    assert not isinstance(caught.value, PatternError)


def _peak(ask: Callable[[], object]) -> int:
    """Bytes that Python allocated at most, beside what was there before."""
    tracemalloc.start()
    try:
        ask()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


FAR_TOO_LARGE: dict[str, Any] = {
    "a long name over many values": {"x" * 100_000: [1] * 16_000},
    "many values": {"a": [1] * 100_000},
    "empty values": {"a": [""] * 100_000},
    "long strings": {"a": ["x" * 1_000_000, {"prefix": "y" * 1_000_000}]},
    "long names, deep": reduce(lambda inner, _: {"a" * 4000: inner}, range(190), [1]),
    "one value held many times": {"a": [[[[["x"] * 100] * 100] * 100] * 100]},
    "a filter of a megabyte": json.dumps({"Filters": [{"Pattern": "x" * 1_200_000}]}),
    "a filter of escapes": '{"Filters":[{"Pattern":"' + "\\u0061" * 200_000 + '"}]}',
    "filters without end": '{"Filters":[{"Pattern":1}' + ",0" * 100_000 + "]}",
    "a long name in a filter": {"Filters": [{"Pattern": {"x" * 100_000: [1] * 16_000}}] * 5},
}


@pytest.mark.parametrize("name", FAR_TOO_LARGE)
def test_far_too_large_input_is_refused_before_parsing(name: str) -> None:
    given = FAR_TOO_LARGE[name]

    def ask() -> None:
        with pytest.raises(PatternError) as caught:
            filterpatterns.compile(given)
        assert len(str(caught.value)) < 20_000
        assert all(error.code in {"FP017", "FP019"} for error in caught.value.errors)

    ask()  # what is made once, is made
    assert _peak(ask) < 12_000_000  # a text of a megabyte is decoded once to see what it is


def test_filters_that_are_not_checked_are_reported() -> None:
    text = json.dumps({"Filters": [{"Pattern": 1}, *[0] * 200]})
    with pytest.raises(PatternError) as caught:
        filterpatterns.compile(text)
    assert len(caught.value.errors) == 101
    assert "filters after number 100 were not read" in caught.value.errors[-1].message


@pytest.mark.parametrize(
    "text",
    [
        '{"Filters": [{"Pattern": "{}"}, {"Pattern": "[]", "Pattern": "{\\"a\\": 1}"}]}',
        (
            '{"FilterCriteria": {"Filters": [{"Pattern": "{\\"x\\": [1]}"},'
            ' {"Pattern": "{\\"a\\": 1}"}]}}'
        ),
        '{"Filters": [0, 1], "Filters": [{"Pattern": "{}"}, {"\\u0050attern": "{\\"a\\": 1}"}]}',
    ],
)
def test_a_mistake_in_a_filter_has_its_position_in_the_whole_text(text: str) -> None:
    errors = filterpatterns.check(text)
    place = text.rindex(": 1}") + 3
    assert errors[-1].filter_index == 1
    assert (errors[-1].line, errors[-1].column) == (1, place)
