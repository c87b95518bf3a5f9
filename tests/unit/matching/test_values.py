"""Numbers, characters and names at their limits: every path to a verdict agrees."""

from __future__ import annotations

import itertools
import json
import sys
from decimal import Decimal
from typing import Any

import pytest

import filterpatterns
from filterpatterns.language.operators.text import matched_length, variants
from tests.support.helpers import all_everywhere, everywhere, refused
from tests.support.paths import in_body, sqs_record

pytestmark = [pytest.mark.properties, pytest.mark.usefixtures("same_source_compiled_once")]

NINES = {digits: "9" * digits for digits in (309, 400, 5000)}
TEN_TO_308 = "1" + "0" * 308

# an alternative, values (as JSON text) that satisfy it, values that do not: too long for a file
LONG_NUMBERS: dict[str, tuple[str, list[str], list[str]]] = {
    "an integer as large as a double": (TEN_TO_308, [TEN_TO_308, "1e308"], [NINES[309]]),
    "beyond all doubles": ("1e400", ["1e400"], [NINES[400], NINES[5000]]),
    "an integer of 400 digits": (NINES[400], [NINES[400]], ["1e400", NINES[5000]]),
    "exists": ('{"exists": true}', [NINES[5000]], []),
    "below": ('{"numeric": ["<", 1]}', ["0"], ["-" + NINES[400]]),
    "above": (
        '{"numeric": [">", 1e300]}',
        ["1" + "0" * 301],
        [NINES[400], NINES[5000], "12345" * 61],
    ),
    "anything but a number": ('{"anything-but": 5}', [NINES[5000]], []),
}


@pytest.mark.parametrize("name", LONG_NUMBERS)
def test_numbers_of_hundreds_of_digits(name: str) -> None:
    rule, holds, fails = LONG_NUMBERS[name]
    values, expected = [*holds, *fails], [True] * len(holds) + [False] * len(fails)
    events = [f'{{"a": {value}}}' for value in values]
    assert all_everywhere(f'{{"a": [{rule}]}}', events) == expected
    nested = f'{{"i": {{"a": [{rule}], "b": [1]}}}}'
    compiled = filterpatterns.compile(nested, source="event")
    body = filterpatterns.compile(in_body(nested))
    texts = [f'{{"i": [5, {{"b": 2, "a": {v}}}, {{"b": 1, "a": {v}}}]}}' for v in values]
    assert [compiled.matches(text) for text in texts] == expected
    assert [body.matches({"body": text}) for text in texts] == expected


@pytest.mark.parametrize(
    "number",
    [
        *("9007199254740993", "9223372036854775808", "1152921504606846976", "37.807807921694092"),
        *("1e400", "1e-400", "9" * 400, "0.1" + "0" * 30 + "1", "4.9e-324"),
    ],
)
@pytest.mark.parametrize("role", ['{"numeric": [">", %s]}', '{"anything-but": [1, %s]}'])
def test_a_number_that_no_double_holds_is_refused_in_comparisons(number: str, role: str) -> None:
    assert refused(f'{{"a": [{role % number}]}}').code == "FP011"


@pytest.mark.parametrize(
    "number", ["1e-9999999999999999999", "0e9999999999999999999", "-1e-4000000000000000000"]
)
@pytest.mark.parametrize("role", ['{"numeric": ["=", %s]}', '{"anything-but": %s}', "%s"])
def test_an_exponent_of_any_length_has_a_verdict(number: str, role: str) -> None:
    pattern = f'{{"a": [{role % number}]}}'
    if role == "%s" or number.startswith("0"):
        # What is not comparable equals itself, and nothing that is.
        compiled = filterpatterns.compile(pattern, source="event")
        assert compiled.matches(f'{{"a": {number}}}') is ("anything-but" not in role)
    else:
        assert refused(pattern).code == "FP011"


@pytest.mark.parametrize("bound", ['[">", %s]', '[">=", %s]', '["<", -%s]', '["<=", -%s]'])
def test_a_bound_beyond_which_no_double_is_left_is_refused(bound: str) -> None:
    largest = "1.7976931348623157e308"
    assert refused(f'{{"a": [{{"numeric": {bound % largest}}}]}}').code == "FP010"
    other = bound.translate(str.maketrans("<>", "><"))
    filterpatterns.compile(f'{{"a": [{{"numeric": {other % largest}}}]}}')


@pytest.mark.parametrize(
    "value", ["37.807807921694092", "[0, 37.807807921694092]", "5.00000000000000001"]
)
@pytest.mark.parametrize("length", [0, 1000])
def test_a_number_with_too_many_digits_does_not_match_in_any_batch(value: str, length: int) -> None:
    """Both ways to decode numbers, whichever the batch takes."""
    bodies = [f'{{"a": {each}, "b": "{"x" * length}"}}' for each in (value, "37.8", "5", "0.5")]
    records = [sqs_record(body) for body in bodies] * 200
    compiled = filterpatterns.compile({"body": {"a": [{"numeric": [">", 1]}]}})
    expected = [False, True, True, False] * 200
    assert compiled.mask(records) == expected
    assert compiled.mask([json.dumps(record) for record in records]) == expected
    assert [compiled.matches(record) for record in records] == expected


def test_no_case_mapping_of_a_character_is_a_prefix_of_another() -> None:
    """What lets matching ignoring case take the first mapping that fits and never look back."""
    for code in range(sys.maxunicode + 1):
        ((lower, upper),) = variants(chr(code))
        if lower != upper:
            assert not lower.startswith(upper)
            assert not upper.startswith(lower)
            assert not lower.endswith(upper)
            assert not upper.endswith(lower)


def test_ignoring_case_matches_exactly_the_case_mappings_of_each_character() -> None:
    for code in itertools.chain(range(0x3000), range(0xA640, 0xAC00), range(0x10400, 0x10500)):
        char = chr(code)
        spelling = variants(f"a{char}b")
        for form in {char.lower(), char.upper()}:
            assert matched_length(spelling, f"A{form}B") == len(form) + 2
        for other in {char.title(), char.casefold()} - {char.lower(), char.upper()}:
            assert matched_length(spelling, f"A{other}B") != len(other) + 2


RESERVED = [
    *("exactly", "equals-ignore-case", "prefix", "suffix", "anything-but", "exists", "wildcard"),
    *("numeric", "cidr", "=", "<", "<=", ">", ">=", "regex", "not-wildcard"),
    *("not-equals-ignore-case", "date-after", "date-on-or-after", "date-before"),
    *("date-on-or-before", "in-date-range", "ip-address-in-range", "ip-address-not-in-range"),
]


@pytest.mark.parametrize("name", RESERVED)
def test_a_field_in_an_alternative_may_not_be_named_like_an_operator(name: str) -> None:
    escaped = f"\\u{ord(name[0]):04x}{name[1:]}"
    for spelt in (name, escaped):
        for inner in (f'{{"{spelt}": ["x"]}}', f'{{"d": {{"{spelt}": {{"e": ["x"]}}}}}}'):
            error = refused(f'{{"$or": [{{"a": [1]}}, {inner}]}}')
            assert error.code == "FP015"
            assert f'"{name}"' in error.message
    pattern = f'{{"$or": [{{"a": [1]}}, {{"b": [1]}}], "{name}": ["x"]}}'
    assert everywhere(pattern, json.dumps({"a": 1, name: "x"}))


def test_an_unusual_record_does_not_affect_the_next() -> None:
    """A batch of unusual and plain values, each next to each other."""
    pattern = '{"body": {"a": [5, "x", {"prefix": "ab"}]}}'
    values: dict[str, bool] = {
        "5": True,
        "1e400": False,
        '"x"': True,
        "[[[5]]]": True,
        '"abc"': True,
        "{}": False,
        '"\\ud800"': False,
        "9" * 5000: False,
        "null": False,
        '["\\ud800", 5]': True,
    }
    pairs = list(itertools.product(values.items(), repeat=2))
    records = [{"body": f'{{"a": {value}}}'} for pair in pairs for value, _ in pair]
    expected = [verdict for pair in pairs for _, verdict in pair]
    compiled = filterpatterns.compile(pattern)
    assert compiled.mask(records) == expected
    assert compiled.mask([json.dumps(record) for record in records]) == expected
    assert [compiled.matches(record) for record in records] == expected


class Number(float):
    """What libraries for numbers hand out."""


PYTHON_VALUES: list[tuple[Any, str, bool]] = [
    (Number(300), "300", True),
    (Number(300), '{"numeric": [">", 1]}', True),
    (Number("nan"), '{"numeric": [">", 1]}', False),
    (float("nan"), '{"exists": true}', True),
    (37.807807921694092, '{"numeric": [">", 1]}', True),
    (Decimal("37.807807921694092"), '{"numeric": [">", 1]}', False),
    (Decimal("37.807807921694092"), "37.807807921694092", True),
    (Decimal("37.80780792169409"), '{"numeric": [">", 1]}', True),
    (1e5, '{"cidr": "::/0"}', True),
    (float("inf"), '{"anything-but": 5}', True),
    (float("inf"), '{"numeric": [">", 1]}', False),
    (10**5000, '{"numeric": [">", 1]}', False),
    (10**5000, '{"anything-but": [5]}', True),
    ((1, 2), "2", True),
    (((), ()), '{"exists": true}', False),
]


@pytest.mark.parametrize(("value", "rule", "verdict"), PYTHON_VALUES, ids=range(len(PYTHON_VALUES)))
def test_python_values_are_treated_like_equivalent_json(
    value: Any, rule: str, verdict: bool
) -> None:
    compiled = filterpatterns.compile(f'{{"a": [{rule}]}}', source="event")
    assert compiled.matches({"a": value}) is verdict
    assert compiled.mask([{"a": value}]) == [verdict]
    assert compiled._engine.evaluate({"a": value}) is verdict
