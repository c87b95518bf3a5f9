"""Runs every fuzz target briefly; `python -m tests.fuzzing` does so for hours."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

import filterpatterns
from filterpatterns import Filter, RuleSet
from filterpatterns.cli.io.lines import LineFilter
from filterpatterns.delivery.reader import items
from filterpatterns.matching.verdict import as_record
from tests.fuzzing import driver
from tests.fuzzing.peers import RuleSets
from tests.fuzzing.targets import TARGETS, corpus
from tests.support.paths import THOROUGH, case_lines

CALLS = {"agreement": 25, "event-lines": 3000, "record-bytes": 1500}
SHARE = 1 if THOROUGH else 3
"""Only one of this many calls is made, except in the thorough profile."""
SEED = 20261121


@pytest.mark.properties
@pytest.mark.parametrize("name", TARGETS)
def test_nothing_is_found_in_a_short_run(name: str) -> None:
    calls = CALLS.get(name, 700) // SHARE
    tally = driver.run(TARGETS[name], corpus(name), seed=SEED, calls=calls)
    assert tally.findings == {}
    assert tally.inputs >= tally.calls == calls


@pytest.mark.parametrize(
    "case", list(case_lines("fuzz_findings.jsonl")), ids=lambda case: case["was"]
)
def test_previous_findings_do_not_recur(case: dict[str, str]) -> None:
    TARGETS[case["target"]](bytes.fromhex(case["input"]))


@pytest.mark.parametrize("name", TARGETS)
def test_an_input_means_the_same_each_time(name: str) -> None:
    """Otherwise no finding could be reproduced."""
    first, second = (
        [data for data, _ in zip(driver.inputs(7, corpus(name)), range(50), strict=False)]
        for _ in range(2)
    )
    assert first == second
    assert len(set(first)) > 40


def test_a_defect_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The checks work: with a Filter that is sometimes wrong, there are findings."""
    right = Filter.mask

    def errs(self: Filter, records: list[object], *, on_error: str = "raise") -> list[bool]:
        verdicts = right(self, records, on_error=on_error)  # type: ignore[arg-type]
        return [not verdict for verdict in verdicts] if len(verdicts) == 3 else verdicts

    monkeypatch.setattr(Filter, "mask", errs)
    tally = driver.run(TARGETS["record-bytes"], corpus("record-bytes"), seed=SEED, calls=200)
    assert any(place.startswith("Finding at ") for place in tally.findings)


def _no_rule_matches(rules: RuleSet, record: object) -> list[str]:
    as_record(record)
    return []


def _every_rule_matches(rules: RuleSet, records: list[Any], **options: Any) -> dict[str, list[Any]]:
    return {name: list(map(as_record, records)) for name in rules.names}


def _nothing_is_kept(lines: LineFilter, read_block: Callable[[int], bytes]) -> None:
    lines.counts.lines += b"".join(iter(partial(read_block, -1), b"")).count(b"\n")


@pytest.mark.parametrize(
    ("kind", "method", "wrong"),
    [
        (RuleSet, "matching", _no_rule_matches),
        (RuleSet, "route", _every_rule_matches),
        (LineFilter, "run", _nothing_is_kept),
    ],
)
def test_a_defect_in_a_peer_is_found(
    kind: type, method: str, wrong: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kind, method, wrong)
    for name, calls in (("agreement", 10), ("record-bytes", 150)):
        tally = driver.run(TARGETS[name], corpus(name), seed=SEED, calls=calls)
        assert any(at in place for place in tally.findings for at in ("peers.py", "paths.py"))


def test_rules_that_come_and_go_are_among_those_that_are_fuzzed() -> None:
    """In every second set more rules of one value than are filed under it."""
    counts = {len(RuleSets(filterpatterns.compile({"body": {"a": [n]}})).among) for n in range(30)}
    assert counts == {3, 6}


def test_an_endless_call_is_found() -> None:
    def hangs(data: bytes) -> int:
        while True:
            pass

    tally = driver.run(hangs, [], calls=1, limit=0.2)
    assert any(place.startswith("TooSlow at ") for place in tally.findings)


def test_a_truncated_document_ends_after_its_last_character() -> None:
    for lines in ([b'{"a":\n'], [b"[1,\n", b" 2,  \n", b"\n"], [b'{"Records": [{}, ', b'{"b":\n']):
        (item,) = items(lines, "file")
        assert item.error == "invalid JSON: ends too early"
        last = max(number for number, line in enumerate(lines, 1) if line.strip())
        assert (item.line, item.column) == (last, len(lines[last - 1].rstrip()) + 1)


def test_a_lone_list_of_records_gets_the_same_verdicts_however_it_is_shared() -> None:
    """Python lists may stand in one another several times, or in themselves."""
    compiled = filterpatterns.compile('{"i": [5], "i.a": [1]}', source="event")
    inner: list[object] = [5, {"a": 1}]
    for value, expected in (([inner, inner], True), ([[5], inner[1:], [5]], False)):
        assert compiled.matches({"i": value}) is expected
    endless: list[object] = [{"a": 2}, 4]
    endless.append(endless)
    assert compiled.matches({"i": endless}) is False
    endless += [5, {"a": 1}]
    assert compiled.matches({"i": endless}) is True
