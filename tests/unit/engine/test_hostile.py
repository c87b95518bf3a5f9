"""Hostile patterns and records yield a verdict, a PatternError or a RecordError."""

from __future__ import annotations

import contextlib
import datetime
import decimal
import json
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import filterpatterns
from filterpatterns import PatternError, RecordError
from filterpatterns.language.operators.wildcard import Wildcard
from filterpatterns.matching import budget
from tests.support.helpers import everywhere, refused
from tests.support.paths import THOROUGH, in_body, sqs_record, verdicts

pytestmark = [pytest.mark.properties, pytest.mark.usefixtures("same_source_compiled_once")]

T = TypeVar("T")


def compile_or_refuse(pattern: Any, **options: Any) -> filterpatterns.Filter | None:
    """The Filter, or None for a pattern that is refused; whatever else is raised is a bug."""
    try:
        return filterpatterns.compile(pattern, **options)
    except PatternError as error:
        refusal = error
    assert type(refusal) is PatternError
    assert all(line.isprintable() for line in str(refusal).split("\n"))
    return None


# ------------------------------------------------------------------------------------ patterns

_TOKENS = st.sampled_from(
    [
        *"{}[]:,\"\\*. \n\t'/#",
        *('"a"', '"a.b"', '""', '"$or"', '"\\u0024or"', '"body"', '"Filters"', '"Pattern"'),
        *(
            '"prefix"',
            '"suffix"',
            '"exists"',
            '"numeric"',
            '"anything-but"',
            '"cidr"',
            '"wildcard"',
        ),
        *('"equals-ignore-case"', '"exactly"', '"="', '">"', '"<="', '"*"', '"10.0.0.0/8"'),
        *(
            "1",
            "-0.0",
            "1e400",
            "1e-400",
            "01",
            "9007199254740993",
            "9" * 400,
            "true",
            "null",
            "NaN",
        ),
        *("\ufeff", "\x00", "\x1b[31m", "\ud800", "😀", '{"exists": false}', '{"a": [1]}', '["x"]'),
    ]
)


@given(st.one_of(st.text(max_size=60), st.lists(_TOKENS, max_size=30).map("".join)))
def test_any_text_compiles_or_is_refused(text: str) -> None:
    compile_or_refuse(text)
    compile_or_refuse([text], source="event")
    compile_or_refuse({"Filters": [{"Pattern": text}]})


@given(st.binary(max_size=60))
def test_any_bytes_compile_or_are_refused(data: bytes) -> None:
    compile_or_refuse(data)
    compile_or_refuse(b'{"a": ["' + data + b'"]}')


_WELL_FORMED = [
    '{"body": {"a": [1, "x", null, {"prefix": "ab"}], "b.c": [{"exists": false}]}}',
    '{"$or": [{"a": [{"numeric": [">", 0, "<=", 5e3]}]}, {"b": [{"anything-but": ["x", "y"]}]}]}',
    '{"a": [{"cidr": "10.0.0.0/24"}, {"wildcard": "a*\\\\*"}]}',
    '{"a": [{"suffix": {"equals-ignore-case": "ß"}}, {"prefix": "x"}]}',
    '{"Filters": [{"Pattern": "{\\"body\\": {\\"a\\": [\\"\\\\u00e9😀\\"]}}"}]}',
]


@given(
    st.sampled_from(_WELL_FORMED),
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 3), _TOKENS), min_size=1, max_size=4),
)
def test_a_pattern_with_changes_compiles_or_is_refused(
    text: str, changes: list[tuple[int, int, str]]
) -> None:
    for place, length, token in changes:
        place %= len(text) + 1
        text = text[:place] + token + text[place + length :]
    compiled = compile_or_refuse(text, source="event")
    if compiled is not None:
        found = verdicts(compiled, {"a": 1, "body": {"a": 1}})
        assert len(set(found.values())) == 1


class Opaque:
    """An object that nothing may be asked of."""

    def _refuse(self, *args: object) -> Any:
        raise RuntimeError("code that is not ours")

    __repr__ = __str__ = __eq__ = __bool__ = __len__ = __iter__ = __float__ = _refuse
    __lt__ = __le__ = __gt__ = __ge__ = __contains__ = __getitem__ = __index__ = _refuse
    __hash__ = object.__hash__


_ODD_VALUES: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([2**64, 10**23, 10**400, -(10**4000), 9007199254740993]),
    st.floats(),
    st.text(st.characters(), max_size=4),
    st.sampled_from(["\ud800", "\x00", "ab", "x", "::1"]),
    st.binary(max_size=4),
    st.decimals(),
    st.datetimes(),
    st.complex_numbers(),
    st.builds(Opaque),
    st.builds(object),
    st.just(...),
    st.frozensets(st.integers(), max_size=2),
    st.just(range(3)),
    st.just(uuid.UUID(int=0)),
    st.just(datetime.timedelta(1)),
    st.just(decimal.Decimal("NaN")),
    st.just(int),
)
_NAMES: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from(["a", "b", "a.b", "i", "x", "", "body", "\ud800", "i.a", "a."]),
    st.integers(0, 2),
    st.none(),
    st.binary(max_size=1),
    st.tuples(st.integers(0, 1)),
)
_ODD_OBJECTS = st.recursive(
    _ODD_VALUES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(_NAMES, inner, max_size=3),
    ),
    max_leaves=8,
)


@given(st.dictionaries(_NAMES, _ODD_OBJECTS, max_size=3))
def test_any_objects_compile_or_are_refused(pattern: dict[Any, Any]) -> None:
    compile_or_refuse(pattern)
    compile_or_refuse([pattern])
    compile_or_refuse({"Filters": [{"Pattern": pattern}]})


# ------------------------------------------------------------------------------------- records

_RULES = (
    '"x", 1, null, {"exists": false}',
    '{"exists": true}',
    '{"anything-but": ["x", "y"]}, {"numeric": ["<", 5]}',
    '{"anything-but": 5}',
    '{"prefix": {"equals-ignore-case": "é"}}, {"suffix": "b"}, {"wildcard": "*a*"}, "::1"',
)
_FILTERS = [
    filterpatterns.compile(shape % rules, source=source)
    for rules in _RULES
    for source, shape in (
        ("event", '{"a": [%s]}'),
        ("event", '{"a": {"b": [%s]}, "i": {"a": [{"exists": false}]}}'),
        ("event", '{"a.b": [%s]}'),
        ("event", '{"a": [%s], "a.b": [1]}'),
        ("sqs", '{"body": {"a": [%s]}}'),
        ("sqs", '{"body": [%s], "i": [{"exists": true}]}'),
    )
]


@given(st.dictionaries(_NAMES, _ODD_OBJECTS, max_size=4))
def test_any_objects_in_a_record_get_a_verdict(record: dict[Any, Any]) -> None:
    for compiled in _FILTERS:
        verdict = compiled.matches(record)
        assert compiled.mask([record]) == [verdict]
        assert compiled._engine.evaluate(record) is verdict


@given(st.one_of(_ODD_VALUES, st.text(max_size=20), st.lists(_TOKENS, max_size=12).map("".join)))
def test_any_text_gets_a_verdict_or_a_record_error(record: Any) -> None:
    for compiled in _FILTERS:
        try:
            verdict = compiled.matches(record)
        except RecordError:
            with pytest.raises(RecordError):
                compiled.mask([record])
            assert compiled.mask([record], on_error="drop") == [False]
        else:
            assert compiled.mask([record]) == [verdict]


@given(st.one_of(_ODD_OBJECTS, st.lists(_TOKENS, max_size=12).map("".join)))
def test_any_body_gets_a_verdict(body: Any) -> None:
    for compiled in _FILTERS[4::6] + _FILTERS[5::6]:
        record = {"body": body, "i": 1}
        verdict = compiled.matches(record)
        assert compiled.mask([record]) == [verdict]
        assert compiled._engine.evaluate(record) is verdict


@pytest.mark.parametrize("name", [1, None, b"a", ("a",), 1.5, True])
def test_names_that_are_not_strings_match_no_field(name: Any) -> None:
    compiled = filterpatterns.compile('{"a": {"b.c": [1]}}', source="event")
    for record in (
        {name: 1, "a": {"b": {"c": 1}}},
        {"a": {name: 1, "b.c": 1}},
        {"a": [[{"b.c": 1, name: 1}]]},
        {"a.b": {name: 1, "c": 1}},
    ):
        assert compiled.matches(record) is True
        assert compiled.mask([record]) == [True]
    in_sqs = filterpatterns.compile('{"body": {"a": [1]}}')
    assert in_sqs.matches({"body": {name: 2, "a": 1}}) is True


def test_a_view_of_memory_with_gaps_is_read_or_refused() -> None:
    text = b'{"body": "{\\"a\\": 1}"}'
    spread = memoryview(bytes(byte for char in text for byte in (char, 0)))[::2]
    compiled = filterpatterns.compile('{"body": {"a": [1]}}')
    with contextlib.suppress(RecordError):
        assert compiled.matches(spread) is True
    spread = memoryview(bytes(byte for char in b'{"a": 1}' for byte in (char, 0)))[::2]
    assert compiled.matches({"body": spread}) is True


# --------------------------------------------------------------------------------------- depth

DEEP = 100_000
BEYOND_ANY_LIMIT = 20_000
"""Levels of a body: more than any recursion limit that is tested here."""


@pytest.mark.parametrize(
    "text",
    [
        "[" * DEEP,
        '{"a":' * DEEP,
        "[" * DEEP + "]" * DEEP,
        '{"a":' * DEEP + "1" + "}" * DEEP,
        '{"a": [' + '{"prefix":' * DEEP,
        '{"Filters": [{"Pattern": ' + "[" * DEEP,
        '{"Filters":' + "[" * DEEP + "]" * DEEP + "}",
        '{"$or":[' * DEEP,
    ],
    ids=range(8),
)
def test_endlessly_nested_patterns_are_refused(text: str) -> None:
    for given_ in (text, text.encode(), [text], {"Filters": [{"Pattern": text}]}):
        assert refused(given_).code in ("FP017", "FP018")


def test_endlessly_nested_objects_are_refused() -> None:
    deep_list: Any = [1]
    deep_dict: Any = {"a": [1]}
    for _ in range(DEEP):
        deep_list, deep_dict = [deep_list], {"a": deep_dict}
    for pattern in (deep_dict, {"a": deep_list}, {"a": [{"prefix": deep_dict}]}):
        assert refused(pattern).code == "FP018"
        assert refused({"Filters": [{"Pattern": pattern}]}).code == "FP018"


def nested(levels: int, kind: str) -> str:
    """A JSON text of that many levels."""
    if kind == "arrays":
        return "[" * levels + "]" * levels
    if kind == "objects":
        return '{"q":' * (levels - 1) + "{}" + "}" * (levels - 1)
    return '[{"q":' * (levels // 2) + ("[]" if levels % 2 else "0") + "}]" * (levels // 2)


# The pattern, and the text around a nested value: in what is looked at, and elsewhere.
PLACES = {
    "skipped": ('{"b": [1]}', '{"b": 1, "z": %s}'),
    "skipped before": ('{"b": [1]}', '{"z": %s, "b": 1}'),
    "looked at": ('{"b": [1], "a": {"x": [{"exists": false}]}}', '{"b": 1, "a": %s}'),
    "a leaf": ('{"b": [1], "a": [{"exists": false}]}', '{"b": 1, "a": %s}'),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", ["arrays", "both"])
@pytest.mark.parametrize("levels", [3, 1023, 1024, 1025, 1026, BEYOND_ANY_LIMIT])
def test_a_body_of_1024_levels_is_json_and_one_of_more_is_not(
    place: str, kind: str, levels: int
) -> None:
    pattern, around = PLACES[place]
    text = around % nested(levels - 1, kind)
    is_json = levels <= 1024
    assert set(verdicts(filterpatterns.compile(in_body(pattern)), sqs_record(text)).values()) == {
        is_json
    }
    as_string = filterpatterns.compile('{"body": [{"prefix": "{"}]}')
    assert set(verdicts(as_string, sqs_record(text)).values()) == {not is_json}
    event = filterpatterns.compile(pattern, source="event")
    for form in (text, text.encode()):
        if is_json:
            assert event.matches(form)
            assert event.mask([form]) == [True]
        else:
            for ask in (event.matches, lambda form: event.mask([form])):
                with pytest.raises(RecordError):
                    ask(form)


def deeper(frames: int, ask: Callable[[], T]) -> T:
    """The answer, asked so many calls further down."""
    return ask() if frames <= 0 else deeper(frames - 1, ask)


def _stack_depth() -> int:
    frame, depth = sys._getframe(), 0
    while frame.f_back is not None:
        frame, depth = frame.f_back, depth + 1
    return depth


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("levels", [3, 500, 900, 1024, 1025, 5000])
def test_the_verdict_does_not_depend_on_the_callers_stack(place: str, levels: int) -> None:
    pattern, around = PLACES[place]
    record = sqs_record(around % nested(levels - 1, "arrays"))
    text = json.dumps(record)
    compiled = filterpatterns.compile(in_body(pattern))
    asks: list[Callable[[], bool]] = [
        lambda: compiled.matches(record),
        lambda: compiled.matches(text),
        lambda: compiled.mask([record]) == [True],
        lambda: compiled.mask([text]) == [True],
        lambda: compiled._engine.evaluate(record),
    ]
    room = sys.getrecursionlimit() - _stack_depth()
    for ask in asks:
        ask()  # functions are generated at the first call
        for left in (room, 500, 200, 100, 60, 40):
            assert deeper(room - left, ask) is (levels <= 1024), left


def test_running_out_of_stack_is_reported_and_works_later() -> None:
    for left in range(2, 120, 3):
        pattern = f'{{"body": {{"a": {{"b{left}": [1]}}, "n": [{{"exists": false}}]}}}}'
        record = {"body": f'{{"a": {{"b{left}": 1}}}}'}
        room = sys.getrecursionlimit() - _stack_depth()
        compiled = filterpatterns.compile(pattern)
        for ask in (partial(compiled.matches, record), partial(compiled.filter, [record])):
            with contextlib.suppress(RecursionError):
                assert deeper(room - left, ask) in (True, [record])
            assert ask() in (True, [record])


@pytest.fixture(params=[1024, 1025, 5000, 10_000])
def _recursion_limit(request: pytest.FixtureRequest) -> Iterator[None]:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(request.param)
    yield
    sys.setrecursionlimit(before)


@pytest.mark.usefixtures("_recursion_limit")
@pytest.mark.parametrize("place", PLACES)
def test_the_verdict_does_not_depend_on_the_recursion_limit(place: str) -> None:
    pattern, around = PLACES[place]
    compiled = filterpatterns.compile(in_body(pattern))
    as_string = filterpatterns.compile('{"body": [{"prefix": "{"}]}')
    for levels in (1024, 1025, BEYOND_ANY_LIMIT):
        record = sqs_record(around % nested(levels - 1, "arrays"))
        assert set(verdicts(compiled, record).values()) == {levels <= 1024}, levels
        assert set(verdicts(as_string, record).values()) == {levels > 1024}, levels


@pytest.mark.parametrize("opening", ["[", '{"q":'])
def test_no_body_crashes_the_process_whatever_the_recursion_limit(opening: str) -> None:
    code = f"""
import sys
import filterpatterns
sys.setrecursionlimit(1_000_000)
compiled = filterpatterns.compile('{{"body": {{"b": [1]}}}}')
closing = {opening!r}.translate({{91: 93, 123: 125, 34: None, 113: None, 58: None}})
body = '{{"b": 1, "z": ' + {opening!r} * 300_000 + "1" + closing * 300_000 + "}}"
print(compiled.matches({{"body": body}}), compiled._engine.evaluate({{"body": body}}))
print(compiled.mask([{{"body": body}}]))
"""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.split() == ["False", "False", "[False]"]


def test_parsed_records_may_be_nested_to_any_depth() -> None:
    value: Any = 1
    for _ in range(DEEP):
        value = [value]
    compiled = filterpatterns.compile('{"a": [1]}', source="event")
    assert compiled.matches({"a": value}) is True
    assert compiled.mask([{"a": value, "b": value}]) == [True]
    assert compiled.matches({"a": {"a": value}}) is False
    assert filterpatterns.compile('{"body": {"a": [1]}}').matches({"body": {"a": value}}) is True


# -------------------------------------------------------------------------------- costly patterns


def _fill(start: str, item: str, end: str, size: int = 4096) -> str:
    """As many items as fit a pattern, separated by commas; # in them is their number."""
    items: list[str] = []
    length = len(start) + len(end)
    while True:
        new = item.replace("#", str(len(items)))
        if length + len(new) + 1 > size:
            return start + ",".join(items) + end
        items.append(new)
        length += len(new) + 1


def _or_tower() -> str:
    tower = '{"a":[0]}'
    while len(tower) < 4060:
        tower = f'{{"$or":[{tower},{{"a":[1]}}]}}' if tower.count("$") < 90 else tower + " "
    return tower


TEN = ",".join(f'{{"#":[{n}]}}' for n in range(10))
THOUSAND = ",".join(f'"{name}":{{"$or":[{TEN.replace("#", name)}]}}' for name in "xyz")
X = "x" * 3000

# a pattern, an event that satisfies it, one that does not
COSTLY: dict[str, tuple[str, Any, Any]] = {
    "$or tower": (_or_tower(), {"a": 1}, {"a": 2}),
    "a thousand combinations of many fields": (
        _fill("{" + THOUSAND + ",", '"f#":[{"exists":false}]', "}"),
        {"x": {"x": 9}, "y": {"y": 9}, "z": {"z": 9}},
        {"x": {"x": 9}, "y": {"y": 9}, "z": {"z": 10}},
    ),
    "many alternatives": (_fill('{"$or":[', '{"f#":[#]}', "]}"), {"f100": 100}, {"f100": 101}),
    "alternatives in one array": (
        _fill('{"i":{"$or":[', '{"a":[#],"b":[{"exists":false}]}', "]}}"),
        {"i": [{"a": 7, "b": 1}, {"a": 8}]},
        {"i": [{"a": 7, "b": 1}, {"a": 8, "b": 1}]},
    ),
    "wide": (
        _fill("{", '"f#":[{"exists":false},#]', "}"),
        {"f5": 5, "f6": 6},
        {"f5": 5, "f6": 7},
    ),
    "many strings": (_fill('{"a":[', '"s#"', "]}"), {"a": "s300"}, {"a": "s"}),
    "many rules": (_fill('{"a":[', '{"prefix":"s#"}', "]}"), {"a": "s100x"}, {"a": "x"}),
    "many excluded": (
        _fill('{"a":[{"anything-but":{"wildcard":[', '"*#*"', "]}}]}"),
        {"a": "x"},
        {"a": "x7x"},
    ),
    "many ranges": (_fill('{"a":[', '{"numeric":[">",#.5,"<",#.7]}', "]}"), {"a": 9.6}, {"a": 9.8}),
    "deep": (
        '{"a":' * 198 + "[1]" + "}" * 198,
        json.loads('{"a":' * 198 + "1" + "}" * 198),
        json.loads('{"a":' * 197 + "1" + "}" * 197),
    ),
    "deep, in arrays, with a test at each level": (
        '{"b":[{"exists":false}],"a":' * 120 + "[1]" + "}" * 120,
        json.loads('{"a":[{"b":1},' * 119 + '{"a":1}' + "]}" * 119),
        json.loads('{"a":[{"c":1},' * 119 + '{"a":1,"b":1}' + "]}" * 119),
    ),
    "a path of 2,000 parts": (
        '{"' + "a." * 1999 + 'a":[1],"b":[2]}',
        {"a." * 1999 + "a": 1, "b": 2},
        {"a." * 1998 + "a": 1, "b": 2},
    ),
    "a path of many parts with siblings": (
        _fill('{"' + "a." * 900 + 'a":[1],"a":{', '"a.a.b#":[{"exists":false}]', "}}"),
        {"a." * 900 + "a": 1},
        {"a." * 900 + "a": 1, "a": {"a": {"a": {"b9": 1}}}},
    ),
    "paths that share their parts": (
        "{" + ",".join(f'"{"a." * n}b":[{{"exists":false}}]' for n in range(53)) + "}",
        {"c": 1, "a": {"a": {"c": 1}}},
        {"a": {"a.a": {"b": 1}}},
    ),
    "a path of dots": ('{"' + "." * 4000 + '":[1]}', {"." * 4000: 1}, {"." * 3999: 1}),
    "wildcard": (
        '{"a":[{"wildcard":"' + "*a" * 2000 + '*"}]}',
        {"a": "a" * 5000},
        {"a": "a" * 1999 + "b" * 5000},
    ),
    "wildcard with a long part": (
        '{"a":[{"wildcard":"*' + "a" * 2000 + "b" + "a" * 2000 + '*"}]}',
        {"a": "a" * 2000 + "b" + "a" * 2000},
        {"a": "a" * 20_000},
    ),
    "a long string ignoring case": (
        '{"a":[{"equals-ignore-case":"' + "ß" * 4000 + '"}]}',
        {"a": "SS" * 4000},
        {"a": "SS" * 3999 + "ss"},
    ),
    "a long suffix ignoring case": (
        '{"a":[{"suffix":{"equals-ignore-case":"' + "ß" * 4000 + '"}}]}',
        {"a": "x" * 9000 + "SSß" * 2000},
        {"a": "s" * 20_000},
    ),
    "a long name": (f'{{"{X}":[1]}}', {X: 1}, {X + "x": 1}),
    "escapes": ('{"' + "\\u0061" * 600 + '":[1]}', {"a" * 600: 1}, {"a": 1}),
    "escaped quotes": ('{"' + '\\"' * 2000 + '":[1]}', {'"' * 2000: 1}, {'"': 1}),
    "spaces": ('{"a":' + " " * 4000 + "[1]}", {"a": 1}, {"a": 2}),
    "an exact fraction": ('{"a":[{"numeric":["=",0.5' + "0" * 4000 + "]}]}", {"a": 0.5}, {"a": 1}),
}


@pytest.mark.parametrize("name", COSTLY)
def test_a_costly_pattern_gets_verdicts_and_its_code_stays_small(name: str) -> None:
    pattern, matching, other = COSTLY[name]
    assert len(pattern) <= 4096
    for source in ("event", "sqs"):
        text = in_body(pattern) if source == "sqs" and len(pattern) < 4080 else pattern
        wrapped = text is not pattern
        compiled = filterpatterns.compile(text, source="sqs" if wrapped else "event")
        assert len(compiled.source_code) < 2_000_000
        for event, verdict in ((matching, True), (other, False)):
            given_ = {"body": json.dumps(event)} if wrapped else event
            assert compiled.matches(given_) is verdict
            assert compiled.mask([given_, json.dumps(given_)]) == [verdict] * 2
            assert compiled._engine.evaluate(given_) is verdict


class Scanned(str):
    """A string that counts how much of it is searched."""

    __slots__ = ("scanned", "searches")

    def __init__(self, _text: str) -> None:
        self.searches = self.scanned = 0

    def find(self, part: str, start: int = 0, end: int | None = None) -> int:  # type: ignore[override]
        found = super().find(part, start, end)
        self.searches += 1
        self.scanned += (len(self) if found < 0 else found + len(part)) - start
        return found


@pytest.mark.parametrize(
    "pattern", ["*a" * 30 + "*", "*ab*a*" * 1, "a*a*b", "*" + "ab*" * 500, "*x*"]
)
@pytest.mark.parametrize("value", ["a" * 5000, "ab" * 2500, "a" * 4999 + "b", "", "b" * 3000])
def test_a_wildcard_scans_a_value_once(pattern: str, value: str) -> None:
    parts = tuple(pattern.split("*"))
    scanned = Scanned(value)
    Wildcard(pattern, parts).holds(scanned)
    assert scanned.searches <= len(parts)
    assert scanned.scanned <= len(value)


@pytest.mark.parametrize(
    ("pattern", "element", "last"),
    [
        ('{"i": {"a": [1], "b": [2]}}', {"a": 1}, {"a": 1, "b": 2}),
        ('{"i": {"b": [{"exists": false}], "c": [1]}}', {"b": {}}, {"c": 1}),
        ('{"i": [5], "i.a": [1]}', {"a": 1}, 5),
        ('{"i": ["x"]}', 5, "x"),
        (
            '{"i": {"j": {"a": [1]}, "k": {"b": [1]}}}',
            {"j": [{"a": 1}]},
            {"j": {"a": 1}, "k": {"b": 1}},
        ),
    ],
)
def test_arrays_of_many_thousand_elements_get_a_verdict(
    pattern: str, element: Any, last: Any
) -> None:
    compiled = filterpatterns.compile(in_body(pattern))
    for elements, verdict in (([element] * 9_000 + [last], True), ([element] * 9_000, False)):
        for value in (elements, [elements], [[e] if isinstance(e, dict) else e for e in elements]):
            record = {"body": json.dumps({"i": value})}
            if "i.a" in pattern and value is not elements and verdict:
                continue  # the arrays in the array are other arrays there
            assert compiled.matches(record) is verdict
            assert compiled._engine.evaluate(record) is verdict


# ------------------------------------------------------------------------------------- injection

MARK = "ZqXj"
NASTY = [
    f"{MARK}\udfff\ud800{MARK}",
    f"\ud83d{MARK}",
    f"{MARK}\x00{MARK}",
    f'{MARK}"',
    f"{MARK}'",
    f"'''{MARK}'''",
    f'"""{MARK}"""',
    f"{{{MARK}}}",
    f"{{{MARK}!r:>{{0}}}}",
    f"%({MARK})s %s",
    f"\\{MARK}\\",
    f"\n    {MARK}\n",
    f"\r{MARK}\u2028\u2029\x85",
    f") or {MARK} or (",
    f"__import__('os').abort()#{MARK}",
    f"@{MARK}@ is str",
    f"k1_ v1_ record {MARK}",
    f"\ufeff\u202e{MARK}",
    f"{MARK}😀\U0010ffff",
]


def _strings_of(text: str) -> Iterator[tuple[str, str]]:
    """Patterns with the text wherever a text may stand, and events that satisfy them."""
    s, escaped = json.dumps(text), text.replace("\\", "\\\\").replace("*", "\\*")
    w = json.dumps(f"*{escaped}*")
    yield f'{{"a": [{s}]}}', f'{{"a": {s}}}'
    yield f'{{"a": [{s}, "1", "2", "3", "4"]}}', f'{{"a": ["0", {s}]}}'
    yield f'{{"a": [{{"exactly": {s}}}]}}', f'{{"a": {s}}}'
    yield f'{{"a": [{{"prefix": {s}}}]}}', f'{{"a": {s}}}'
    yield f'{{"a": [{{"suffix": {s}}}]}}', f'{{"a": {s}}}'
    yield f'{{"a": [{{"equals-ignore-case": {s}}}]}}', f'{{"a": {s}}}'
    yield f'{{"a": [{{"prefix": {{"equals-ignore-case": {s}}}}}]}}', f'{{"a": {s}}}'
    yield f'{{"a": [{{"suffix": {{"equals-ignore-case": {s}}}}}]}}', f'{{"a": {s}}}'
    yield f'{{"a": [{{"wildcard": {w}}}]}}', f'{{"a": {s}}}'
    yield f'{{"a": [{{"anything-but": {s}}}]}}', '{"a": "other"}'
    yield f'{{"a": [{{"anything-but": [{s}, "1", "2", "3", "4"]}}]}}', '{"a": "other"}'
    for operator in ("prefix", "suffix", "equals-ignore-case"):
        yield f'{{"a": [{{"anything-but": {{"{operator}": [{s}]}}}}]}}', '{"a": "other"}'
    yield f'{{"a": [{{"anything-but": {{"wildcard": {w}}}}}]}}', '{"a": "other"}'
    yield f"{{{s}: [1]}}", f"{{{s}: 1}}"
    yield f'{{{s}: {{{s}: [1], "b": [2]}}}}', f'{{{s}: {{{s}: 1, "b": 2}}}}'
    yield f'{{"a": {{{s}: [1], "b": [2]}}}}', f'{{"a": [{{{s}: 1, "b": 2}}]}}'
    yield f'{{"$or": [{{{s}: [1]}}, {{"b": [{s}]}}]}}', f'{{"b": {s}}}'


def _never_holds(pattern: str) -> bool:
    """Whether AWS cannot ignore the case of a character that the pattern expects, ignoring case."""
    names_and_texts = json.dumps(json.loads(pattern), ensure_ascii=False)
    is_beyond = max(names_and_texts) > "\uffff"
    return is_beyond and "ignore-case" in pattern and "anything-but" not in pattern


@pytest.mark.parametrize("text", NASTY)
def test_no_text_of_a_pattern_is_in_the_generated_code(text: str) -> None:
    for number, (pattern, event) in enumerate(_strings_of(text), len(text)):
        assert everywhere(pattern, event) is not _never_holds(pattern), pattern
        assert not everywhere(pattern, '{"c": 1}'), pattern
        if not THOROUGH and number % 4:
            continue  # the source of all functions takes long to write
        for source in (
            filterpatterns.compile(pattern, source="event").source_code,
            filterpatterns.compile(in_body(pattern)).source_code,
        ):
            assert MARK not in source
            assert source.isascii()
            assert "'" not in source.replace("'utf-8'", "")
            assert '"' not in source
    # as a plain string
    compiled = filterpatterns.compile(json.dumps({"body": [text]}))
    assert MARK not in compiled.source_code
    assert set(verdicts(compiled, sqs_record(text)).values()) == {True}


@settings(max_examples=12)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=8))
def test_any_text_works_in_every_place_of_a_pattern(text: str) -> None:
    own_case = all(char in (char.lower(), char.upper()) for char in text)
    for pattern, event in _strings_of(f"!{text}"):
        verdict = everywhere(pattern, event)
        assert verdict or _never_holds(pattern) or ("ignore-case" in pattern and not own_case)


# ------------------------------------------------------------------------------------ rule sets


def _combinations(number: int, place: str) -> str:
    """A pattern of a thousand combinations, each of 43 fields."""
    ors = {name: {"$or": [{name: [value]} for value in range(10)]} for name in "xyz"}
    fields: dict[str, Any] = {**ors, **{f"f{each}": [1] for each in range(40)}, "n": [number, "n"]}
    return json.dumps({"body": {place: fields} if place else fields})


def _with_all_fields(number: Any, **others: Any) -> dict[str, Any]:
    fields = {f"f{each}": 1 for each in range(40)}
    return {"x": {"x": 9}, "y": {"y": 9}, "z": {"z": 9}, "n": number, **fields, **others}


@pytest.mark.parametrize("place", ["", "i"])
def test_rules_of_many_combinations_match_as_each_alone(place: str) -> None:
    patterns = {str(number): _combinations(number, place) for number in range(3)}
    rules = filterpatterns.RuleSet(patterns)
    alone = {name: filterpatterns.compile(pattern) for name, pattern in patterns.items()}
    objects = [
        _with_all_fields(1),
        _with_all_fields("n"),
        _with_all_fields(2, x={"x": 10}),
        _with_all_fields(0, y=[{"y": 10}, {"y": 0}]),
        _with_all_fields(0, z=[{"q": 1}]),
        {**_with_all_fields(5), "z.z": 3},
    ]
    records = []
    for each in objects:
        around = [each, [each], [[{}, each], {"n": 7}]] if place else [each]
        records += [{"body": json.dumps({place: one} if place else one)} for one in around]
    for record in records * 8:  # until code is generated
        expected = [name for name, one in alone.items() if one.matches(record)]
        assert rules.matching(record) == expected
        assert rules.matching(json.dumps(record)) == expected


def test_a_record_for_more_large_rules_than_can_be_evaluated_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    record = {"body": json.dumps({"i": [_with_all_fields(0)]})}
    rules = filterpatterns.RuleSet({str(each): _combinations(0, "i") for each in range(20)})
    assert len(rules.matching(record)) == 20
    monkeypatch.setattr(budget, "MAX_SEARCH_STEPS", 5_000)
    with pytest.raises(RecordError, match="too many rules with many fields"):
        rules.matching(record)
    assert rules.matching({"body": json.dumps({"i": _with_all_fields(0)})}) == [
        str(each) for each in range(20)
    ]
