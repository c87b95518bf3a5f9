"""Paths to a verdict around a Filter: rule sets, and the lines of a file as in `fp filter`.

As in `agreement.py`, the evaluator determines the expected result.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any

import filterpatterns
from filterpatterns import Filter, PatternError, Reason, RecordError, RuleSet
from filterpatterns.cli.io.lines import LineFilter, LineMatcher, ReadBlock
from filterpatterns.delivery.envelopes import holds_records
from filterpatterns.delivery.reader import Item
from filterpatterns.delivery.sources import SOURCES
from filterpatterns.jsontext.structure import one_line
from filterpatterns.language.inputs import PatternInput, PatternText
from tests.fuzzing import patterns
from tests.fuzzing.draw import Draw
from tests.fuzzing.findings import expect
from tests.support.paths import searching

_COPIES = 4
"""More rules of one value than an index files under it: the others become bits in its blocks."""


class RuleSets:
    """Rule sets that a Filter's patterns are in: alone, and among other rules that come and go."""

    def __init__(self, compiled: Filter) -> None:
        texts = [each.text for each in compiled.texts]
        given: PatternInput = {"Filters": [_as_filter(each) for each in compiled.texts]}
        source = compiled.source
        # Drawn from the patterns, so that an input means the same each time.
        digest = hashlib.sha256("\n".join(texts).encode("utf-8", "surrogatepass")).digest()
        draw = Draw(digest * 8)
        before, gone, after = (_neighbour(draw, source) for _ in range(3))
        self.alone = RuleSet({"it": given}, source=source)
        self.among = RuleSet({"before": before, "gone": gone}, source=source)
        self.among.add("it", given)
        self._filters = {"before": filterpatterns.compile(before, source=source), "it": compiled}
        if digest[0] % 2:
            for number in range(_COPIES):
                self.among.add(f"it {number}", given)
                self._filters[f"it {number}"] = compiled
            gone_too = f"it {digest[1] % _COPIES}"
            self.among.remove(gone_too)
            del self._filters[gone_too]
        self.among.remove("gone")
        self.among.add("after", after)
        self._filters["after"] = filterpatterns.compile(after, source=source)

    def check(self, record: Mapping[str, Any], text: str, verdict: bool) -> None:
        """Whatever the record is given as, the rules match that the evaluator says match."""
        expected = ["it"] if verdict else []
        for given in (record, text, text.encode()):
            _same(self.alone, given, expected)
        try:
            expected = [name for name, one in self._filters.items() if _holds(one, record)]
        except RecordError:  # an endless search for another rule
            return
        for given in (record, text):
            _same(self.among, given, expected)

    def refuse(self, given: Any, *, is_object: bool) -> None:
        """What the Filter refuses is refused. But what one source refuses has no rule there."""
        for rules in (self.alone, self.among):
            if is_object and rules.source == "auto":
                rules.matching(given)
                continue
            for way in (rules.matching, rules.any, lambda given: rules.route([given])):  # noqa: B023
                try:
                    found = way(given)
                except RecordError as error:
                    str(error)
                else:
                    expect(False, "a rule set took what the evaluator refuses", found, given)
            expect(rules.matching_many([given], on_error="drop") == [[]], given)


rule_sets = lru_cache(maxsize=256)(RuleSets)
"""The rule sets of a Filter, which many records may be for."""


def _same(rules: RuleSet, given: Any, expected: list[str]) -> None:
    found = rules.matching(given)
    expect(found == expected, "a rule set differs", expected, found, given)
    expect(rules.any(given) is bool(expected), "any", expected, given)
    routed = rules.route([given])
    expect(list(routed) == expected and all(one == [given] for one in routed.values()), routed)


def _holds(compiled: Filter, record: Mapping[str, Any]) -> bool:
    try:
        return compiled._engine.evaluate(record)
    except RecordError:
        if compiled.source == "auto":  # the record's source refuses the rule
            return False
        raise


def _neighbour(draw: Draw, source: str) -> dict[str, Any]:
    taken_for = SOURCES["sqs" if source == "auto" else source]
    made = patterns.pattern(draw)
    if taken_for.scopes:
        pattern, fallback = _on_data(made), _on_data({"a": [1]})
    else:
        keys = taken_for.payload_keys
        pattern, fallback = ({keys[0]: made} if keys else made), {"a": [1]}
    reported = filterpatterns.check(pattern, source=source)
    return fallback if any(each.severity == "error" for each in reported) else pattern


def _as_filter(text: PatternText) -> dict[str, str]:
    found = {"Pattern": text.text}
    return found if text.scope is None else {**found, "Scope": text.scope}


def _on_data(pattern: dict[str, Any]) -> dict[str, Any]:
    return {"Filters": [{"Scope": "DATA", "Pattern": pattern}]}


def takes_as_compile(pattern: Any, source: str, refusal: PatternError | None) -> None:
    """A rule set takes a pattern, or refuses it in the same words, as `compile` did."""
    if refusal is not None and any(error.code == "FP020" for error in refusal.errors):
        return  # a rule may have any number of patterns
    try:
        RuleSet({"it": pattern}, source=source)
    except PatternError as error:
        expect(refusal is not None, "a rule set refuses what compile takes", error, pattern)
        if refusal is not None and source != "auto":
            expect(error.errors == refusal.errors, error, refusal, pattern)
        str(error)
    else:
        expect(refusal is None, "a rule set takes what compile refuses", refusal, pattern)


def check_line(
    compiled: Filter, record: Mapping[str, Any], text: str, verdict: bool | None
) -> None:
    """A record's text as a line goes where the verdict says, byte for byte; None: it is lost."""
    line = one_line(text).encode()
    if holds_records(record) is not None:  # it is taken apart: those are the records
        check_lines(compiled, line)
        return
    own = [line + b"\n"] * 2
    for lines, drops, size in _line_filters(compiled, len(line)):
        lines.run(blocks(own, size))
        found = lines.outcome.kept, lines.outcome.dropped, lines.outcome.invalid_lines
        wanted = [own if verdict is one else [] for one in (True, False, None)]
        if not drops:
            wanted[1] = []
        expect([*found] == wanted, verdict, found, line)
        counts, refused = lines.counts, 2 * (verdict is None)
        expect(counts.errors == len(lines.outcome.problems) == refused, counts, line)
        expect((counts.lines, counts.records) == (2, 2 - refused), counts, line)
    if verdict is not None and len(line) % 4 == 0:
        _check_reason(compiled, line + b"\n")


def _check_reason(compiled: Filter, line: bytes) -> None:
    """`fp test -q` counts the reason of the verdict."""
    found: list[Reason] = []
    match = compiled._engine.lines_with_reasons(lambda _line, verdict: found.append(verdict[0]))
    if match is None:
        return
    match(
        line,
        0,
        lambda _line: found.append(Reason.MATCH),
        lambda _line: found.append(Reason.NO_MATCH),
        lambda given, _number: found.append(compiled.verdict(given)[0]),
    )
    expect(found == [compiled.verdict(line)[0]], "another reason", found, line)


def check_lines(compiled: Filter, data: bytes) -> None:
    """Any bytes as lines: only records are kept or dropped, with the right verdicts; errors are
    reported."""
    for lines, drops, size in _line_filters(compiled, len(data)):
        lines.run(blocks(io.BytesIO(data).readlines(), size))
        outcome, counts = lines.outcome, lines.counts
        for verdict, found in ((True, outcome.kept), (False, outcome.dropped)):
            for line in found:
                expect(compiled._engine.evaluate(line) is verdict, verdict, line, data)
        if drops:
            expect(counts.records == len(outcome.kept) + len(outcome.dropped), counts, data)
        expect(counts.errors == len(outcome.problems), counts, outcome.problems, data)
        for problem in outcome.problems:
            expect(problem.message.isprintable(), problem, data)
            expect(problem.line is None or 1 <= problem.line <= max(1, counts.lines), problem, data)


def check_file(compiled: Filter, given: Sequence[bytes], items: Sequence[Item]) -> None:
    """A file whose items are known: `fp filter` meets the same records and the same faults."""
    lines = LineFilter(LineMatcher(compiled, drops=True), "file")
    lines.run(blocks(given, 1 + len(given) % 3))
    verdicts = [compiled._engine.evaluate(item.record) for item in items if item.error is None]
    found = len(lines.outcome.kept), len(lines.outcome.dropped), len(lines.outcome.problems)
    wanted = verdicts.count(True), verdicts.count(False), len(items) - len(verdicts)
    expect(found == wanted, "fp filter differs", found, wanted, given)
    reported = [(item.line, item.column, item.error) for item in items if item.error is not None]
    expect(lines.outcome.problems == reported, lines.outcome.problems, reported, given)
    check_lines(compiled, b"".join(given))


def blocks(lines: Sequence[bytes], size: int) -> ReadBlock:
    """What reads lines for a LineFilter, so many at a time."""
    left = iter(lines)
    return lambda longest: b"".join(islice(left, size))


def _line_filters(compiled: Filter, number: int) -> Iterator[tuple[LineFilter, bool, int]]:
    """With dropped lines and without, and how many lines at a time: the first lot is matched with
    a look before decoding, if there can be one, and the second without; and once with a search."""
    for drops in (False, True):
        lines = LineFilter(LineMatcher(compiled, drops=drops), "file", json_lines=True)
        yield lines, drops, 1 + (drops is (number % 2 == 0))
    matcher = searching(compiled)
    if matcher is not None:
        yield LineFilter(matcher, "file", json_lines=True), False, 2
