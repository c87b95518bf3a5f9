"""Which values and which fields satisfy an operator: the cases in `tests/cases/operators` and
`tests/cases/structure`, through every engine path. A test's id is the file's name and the case's:
`pytest -k cidr-all-of-ipv4`."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest

import filterpatterns
from filterpatterns.language.operators import OPERATORS
from tests.fuzzing import patterns
from tests.support import strategies
from tests.support.helpers import all_everywhere
from tests.support.oracle import loads, oracle_matches
from tests.support.paths import case_lines, in_body

pytestmark = [pytest.mark.properties, pytest.mark.usefixtures("same_source_compiled_once")]

ROOT = Path(__file__).parents[3]
CASE_FILES = sorted((ROOT / "tests/cases").glob("*/*.jsonl"))


def _text(given: Any) -> str:
    """JSON text: in the files, patterns and events are text where their spelling matters."""
    return given if isinstance(given, str) else json.dumps(given)


def _cases() -> list[Any]:
    found = []
    for path in CASE_FILES:
        for case in case_lines(f"{path.parent.name}/{path.name}"):
            pattern, events = _text(case["pattern"]), [_text(event) for event in case["events"]]
            found.append(
                pytest.param(pattern, events, case["matches"], id=f"{path.stem}-{case['id']}")
            )
    return found


def _in_grammar() -> list[str]:
    """The operators that the grammar has a rule and a terminal for."""
    grammar = (ROOT / "grammar/filter_pattern.lark").read_text()
    rules = re.findall(r'^(\w+): ([A-Z_]+) ":" _value', grammar, re.MULTILINE)
    terminals = dict(re.findall(r'^([A-Z_]+)\.2: "\\"(.+)\\""$', grammar, re.MULTILINE))
    listed = grammar.partition("\n_operator:")[2].partition("\n\n")[0].split()
    return [terminals[name] for rule, name in rules if rule in listed and name in terminals]


def _repeats_a_name(pattern: str) -> bool:
    """Whether an object has a name twice, which the oracle does not see."""
    repeated = []

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        repeated.append(len(dict(pairs)) < len(pairs))
        return dict(pairs)

    json.loads(pattern, object_pairs_hook=members)
    return any(repeated)


CASES = _cases()
_ONE_FIELD = re.compile(r'\{"a": (\[.*\])\}', re.DOTALL)
OF_ONE_FIELD = [
    case
    for case in CASES
    if (found := _ONE_FIELD.fullmatch(str(case.values[0]))) and '], "' not in found[1]
]


@pytest.mark.parametrize(("pattern", "events", "matches"), CASES)
def test_every_path_gives_the_verdict(pattern: str, events: list[str], matches: list[bool]) -> None:
    assert all_everywhere(pattern, events) == matches, events


@pytest.mark.parametrize(
    ("pattern", "events", "matches"),
    [case for case in CASES if not _repeats_a_name(str(case.values[0]))],
)
def test_the_oracle_gives_the_verdict(pattern: str, events: list[str], matches: list[bool]) -> None:
    assert [oracle_matches(loads(pattern), loads(event)) for event in events] == matches, events


@pytest.mark.parametrize(("pattern", "events", "matches"), OF_ONE_FIELD)
def test_an_array_of_objects_gives_the_same_verdict(
    pattern: str, events: list[str], matches: list[bool]
) -> None:
    nested = f'{{"i": {{"b": [1], {pattern[1:-1]}}}}}'
    compiled = filterpatterns.compile(nested, source="event")
    body = filterpatterns.compile(in_body(nested))
    members = [event[1:-1] and f", {event[1:-1]}" for event in events]
    texts = [f'{{"i": [5, {{"b": 2{member}}}, {{"b": 1{member}}}]}}' for member in members]
    assert [compiled.matches(text) for text in texts] == matches, texts
    assert [body.matches({"body": text}) for text in texts] == matches, texts


@pytest.mark.parametrize(
    ("place", "names"),
    [
        ("tests/cases/operators/", {path.stem for path in CASE_FILES}),
        ("tests/support/strategies.py: operands()", strategies.operands()),
        ("tests/fuzzing/patterns.py: OPERANDS", patterns.OPERANDS),
        ("grammar/filter_pattern.lark: _operator", _in_grammar()),
        (
            "docs/reference/language.md: the table of rules",
            re.findall(r'`\{"(.+?)":', (ROOT / "docs/reference/language.md").read_text()),
        ),
    ],
)
def test_every_operator_is_there(place: str, names: Collection[str]) -> None:
    missing = set(OPERATORS) - set(names)
    assert not missing, f"add {', '.join(missing)} to {place}"


def test_no_two_cases_have_one_id() -> None:
    assert len({case.id for case in CASES}) == len(CASES)
