"""Numbers by their text, addresses by their digits, quotes, and characters that have no case for
AWS's engine: generated cases, upon which every path agrees with the oracle."""

from __future__ import annotations

import ipaddress
import json
from typing import Any

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

import filterpatterns
from filterpatterns import RuleSet
from tests.support.oracle import loads, oracle_matches
from tests.support.paths import in_body, sqs_record, verdicts

pytestmark = pytest.mark.usefixtures("same_source_compiled_once")

_DIGITS = st.text("0123456789", min_size=1, max_size=20)
_AWKWARD = (
    *("0", "-0", "0.0", "-0.0", "0e5", "5", "1.5", "0.10", "1E5", "1e+5", "10e-1", "12", "300"),
    *("37.807807921694092", "37.80780792169409", "37.8078079216940920", "0.30000000000000004"),
    *("0.1000000000000000055511151231257827", "9007199254740992", "9007199254740993", "9e15"),
    *("9223372036854775807", "9223372036854775808", "9223372036854776000", "1e22", "1e-400"),
    *("1e400", "-1e400", "1.7976931348623157e308", "2.2250738585072014e-308", "12345678.5"),
)


@st.composite
def _written(draw: st.DrawFn) -> str:
    """A number text of any form, with few digits or with many."""
    whole = draw(_DIGITS).lstrip("0") or "0"
    text = draw(st.sampled_from(["", "-"])) + whole
    if draw(st.booleans()):
        text += "." + draw(_DIGITS)
    if draw(st.integers(0, 3)) == 0:
        text += draw(st.sampled_from("eE")) + draw(st.sampled_from(["", "+", "-"]))
        text += str(draw(st.integers(0, 25)))
    return text


NUMBERS = st.one_of(
    st.sampled_from(_AWKWARD),
    _written(),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.floats(-1000, 1000).map(lambda number: f"{number:.17g}"),
)


@st.composite
def _addresses(draw: st.DrawFn) -> str:
    """An address in one of its spellings, or what only looks like one."""
    if draw(st.booleans()):
        octets = draw(
            st.lists(st.sampled_from((0, 1, 7, 10, 18, 52, 127, 255)), min_size=4, max_size=4)
        )
        zeros = draw(st.sampled_from(("{}", "{}", "{:02}", "{:03}")))
        return ".".join(zeros.format(octet) for octet in octets)
    value = draw(
        st.sampled_from((0, 1, 0x0A000001, 0xFFFF0A000001, 0x20010DB8 << 96, 0xFE80 << 112))
    )
    value |= draw(st.sampled_from((0, 1, 0x12345678 << 96, 0xFFFF)))
    address = ipaddress.IPv6Address(value)
    spellings = (
        *(str(address), address.exploded, str(address).upper(), f"{address}%eth0", f" {address}"),
        *(f"::{ipaddress.IPv4Address(value & 0xFFFFFFFF)}", f"{address}:", f"0{address.exploded}"),
    )
    return draw(st.sampled_from(spellings))


_POOL = ("10.0.0.1", "::ffff:a00:1", "0.0.0.0", "::", "18.52.86.120", "1.2.3.4", "1e5", "12345678")
ADDRESSES = st.one_of(st.sampled_from(_POOL), _addresses())
QUOTED = st.text('a"bé\\', max_size=4)
CASED = st.text("aAßK\u212aéÉ😀𐐀𐐨x", max_size=4)
STRINGS = st.one_of(ADDRESSES, QUOTED, CASED).map(json.dumps)


@st.composite
def _rules(draw: st.DrawFn) -> str:
    number, text = draw(NUMBERS), json.dumps(draw(st.one_of(QUOTED, CASED)))
    address = draw(ADDRESSES)
    lower = draw(NUMBERS)
    mask = draw(st.integers(0, 31 if ":" not in address else 127))
    return draw(
        st.sampled_from(
            (
                *(number, text, json.dumps(address), f'{{"exactly": "{address}"}}'),
                f'{{"cidr": "{address}/{mask}"}}',
                f'{{"cidr": "{address}/{mask}"}}',
                f'{{"anything-but": {number}}}',
                f'{{"anything-but": [{number}, {lower}]}}',
                f'{{"anything-but": {text}}}',
                *(f'{{"numeric": ["{sign}", {number}]}}' for sign in ("=", "<", "<=", ">", ">=")),
                f'{{"numeric": [">=", {lower}, "<", {number}]}}',
                *(f'{{"{name}": {text}}}' for name in ("prefix", "suffix", "equals-ignore-case")),
                *(f'{{"anything-but": {{"{name}": {text}}}}}' for name in ("prefix", "suffix")),
                f'{{"anything-but": {{"equals-ignore-case": {text}}}}}',
                *(
                    f'{{"{name}": {{"equals-ignore-case": {text}}}}}'
                    for name in ("prefix", "suffix")
                ),
            )
        )
    )


@st.composite
def _cases(draw: st.DrawFn) -> tuple[str, list[str]]:
    """A pattern that compiles, and events for it, some with what stands in its rules."""
    rules = draw(st.lists(_rules(), min_size=1, max_size=2))
    layout = draw(st.sampled_from(('{{"a": {}}}', '{{"i": {{"a": {}, "b": [1]}}}}')))
    pattern = layout.format(f"[{', '.join(rules)}]")
    values = draw(st.lists(st.one_of(NUMBERS, STRINGS), min_size=1, max_size=5))
    values += [rule for rule in rules if not rule.startswith("{")]
    values.append(f"[{', '.join(values[:2])}]")
    if layout.startswith('{{"i"'):
        return pattern, [f'{{"i": [{{"a": {value}, "b": 1}}, 5]}}' for value in values]
    return pattern, [f'{{"a": {value}}}' for value in values]


@given(_cases())
def test_every_path_agrees_with_the_oracle_at_the_edges(
    case: tuple[str, list[str]],
) -> None:
    pattern, events = case
    if any(each.severity == "error" for each in filterpatterns.check(pattern, source="event")):
        return
    filters = {
        "event": filterpatterns.compile(pattern, source="event"),
        "body": filterpatterns.compile(in_body(pattern)),
    }
    sets = {
        "event": RuleSet({"x": pattern}, source="event"),
        "body": RuleSet({"x": in_body(pattern)}),
    }
    for text in events:
        expected = oracle_matches(loads(pattern), loads(text))
        parsed = json.loads(text)
        as_parsed = oracle_matches(loads(pattern), parsed)
        note(f"{pattern} {text}")
        found = verdicts(filters["event"], parsed, text)
        found["rules"] = bool(sets["event"].matching(text))
        found["rules, dict"] = bool(sets["event"].matching(parsed))
        for way, verdict in found.items():
            assert verdict == (as_parsed if _took_a_dict(way) else expected), way
        record: dict[str, Any] = sqs_record(text)
        found = verdicts(filters["body"], record)
        found["rules"] = bool(sets["body"].matching(record))
        found["rules, text"] = bool(sets["body"].matching(json.dumps(record)))
        assert set(found.values()) == {expected}, found
        # A long body is decoded in the other way.
        long = sqs_record(f'{{"long": "{"x" * 500}", {text[1:]}')
        assert set(verdicts(filters["body"], long).values()) == {expected}, found


def _took_a_dict(way: str) -> bool:
    """Whether the record was given as a dict, which has lost the texts of its numbers."""
    if "text" in way.split(", ")[1:2] or "bytes" in way:
        return False
    return way not in ("lines", "rules")
