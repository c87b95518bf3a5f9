"""Case files: patterns, records, and what is expected of them.

    {"pattern": {...}, "record": {...}, "matches": true}
    {"pattern": {...}, "events": [{...}, {...}], "matches": [true, false]}
    {"pattern": {...}, "valid": false}

The files in this project's own `tests/cases` are such files. They are read as records are: JSON
Lines, an array, plain or gzip.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from msgspec import Struct
from msgspec.structs import replace

import filterpatterns
from filterpatterns.cli.io import record_files, streams
from filterpatterns.cli.output.writers import DROP, MATCH
from filterpatterns.delivery.sources import SourceName
from filterpatterns.engine.filter import Filter
from filterpatterns.errors import PatternError, RecordError, printable
from filterpatterns.jsontext import decoding
from filterpatterns.matching.verdict import Reason, as_record

_DEFAULT_SOURCE = "sqs"
_NAMES = ("name", "id")
_KNOWN: Final = (
    *_NAMES,
    *("comment", "source", "pattern", "record", "events", "matches", "valid"),
)
_VALID, _REFUSED = "valid", "refused"


class Result(Struct, frozen=True):
    """A case and what became of it. `line` is None where a whole file is meant.

    `expected` and `found` are `match` or `drop`, or `valid` or `refused` where it is about the
    pattern alone. `error` says why there is no verdict; it is empty if there is one. `reason` is
    for machines, `why` for people. `compiled` has judged `record`, if there is a verdict on one.
    """

    file: str
    line: int | None
    name: str
    expected: str | None
    found: str | None = None
    reason: str | None = None
    why: str = ""
    pattern: str = ""
    error: str = ""
    record: Any = None
    compiled: Filter | None = None

    @property
    def passed(self) -> bool:
        """Whether the case came out as expected."""
        return not self.error and self.expected == self.found


class _BadCaseError(Exception):
    """A case that says nothing that could be tested."""


def run(file: str, *, source: str | None, max_filters: int) -> Iterator[Result]:
    """The results of the cases in a file; without any there is one that says so.

    Args:
        file: its name, or `-` for standard input.
        source: the event source of cases that do not name their own.
        max_filters: as for `compile`.
    """
    found = False
    for item in record_files.read_records(file):
        found = True
        if item.error is not None:
            error = item.error.replace("a record is", "a case is", 1)
            yield Result(item.file, item.line, "", None, error=error)
            continue
        name = ""
        try:
            case = as_record(item.record)
            name = _name(case)
            _check_members(case)
            yield from _results(case, item.file, item.line, name, source, max_filters)
        except (_BadCaseError, RecordError) as refusal:
            yield Result(item.file, item.line, name, None, error=str(refusal))
    if not found:  # a suite that has lost its cases must not pass
        yield Result(streams.STDIN if file == "-" else file, None, "", None, error="no cases")


def _results(
    case: Mapping[str, Any],
    file: str,
    line: int | None,
    name: str,
    source: str | None,
    max_filters: int,
) -> Iterator[Result]:
    result = Result(file, line, name, None, pattern=format_result(case["pattern"]))
    compiled, refusal = None, ""
    try:
        source = case.get("source", source or _DEFAULT_SOURCE)
        compiled = filterpatterns.compile(
            case["pattern"], source=cast("SourceName", source), max_filters=max_filters
        )
    except PatternError as error:
        refusal = f"{error.code}: {printable(error.message)}"
    except ValueError as error:  # the source
        raise _BadCaseError(str(error)) from None
    if "valid" in case:
        expected = _VALID if case["valid"] else _REFUSED
        found = _REFUSED if refusal else _VALID
        yield replace(result, expected=expected, found=found, reason=found, why=refusal)
        return
    several = "events" in case
    records = case["events"] if several else [case["record"]]
    verdicts = case["matches"] if several else [case["matches"]]
    for number, (record, matches) in enumerate(zip(records, verdicts), 1):  # noqa: B905 - checked
        result = replace(
            result,
            name=f"{name} event {number}".lstrip() if several else name,
            expected=MATCH if matches else DROP,
        )
        if compiled is None:
            yield replace(result, error=f"the pattern is refused: {refusal}")
            continue
        try:
            reason, key = compiled.verdict(record)
        except RecordError as error:
            yield replace(result, error=f"the record cannot be judged: {error.message}")
            continue
        found = MATCH if reason is Reason.MATCH else DROP
        yield replace(
            result,
            found=found,
            reason=reason.slug,
            why=reason.words(key),
            record=record,
            compiled=compiled,
        )


def _check_members(case: Mapping[str, Any]) -> None:  # noqa: C901 - a list of checks
    """Refuse a case that would not be tested as its author means it.

    Raises:
        _BadCaseError: a member is missing, unknown, or of the wrong type.
    """
    for name in case:
        if name not in _KNOWN:
            near = difflib.get_close_matches(name[:40], _KNOWN, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(_KNOWN)}"
            raise _BadCaseError(f"unknown member '{printable(name[:40])}': {hint}")
    if "pattern" not in case:
        raise _BadCaseError("the case has no 'pattern'")
    wanted = [name for name in ("valid", "record", "events") if name in case]
    if len(wanted) != 1:
        found = " and ".join(wanted) or "none"
        raise _BadCaseError(
            f"a case has 'record' and 'matches', 'events' and 'matches', or 'valid'; found {found}"
        )
    if not isinstance(case.get("source", ""), str):
        raise _BadCaseError("'source' is the name of an event source")
    if wanted == ["valid"]:
        _want_bool("valid", case["valid"])
        if "matches" in case:
            raise _BadCaseError("'matches' needs a 'record' or 'events'")
        return
    if "matches" not in case:
        raise _BadCaseError("the case has no 'matches'")
    if wanted == ["record"]:
        _want_bool("matches", case["matches"])
        _want_record("record", case["record"])
        return
    for name in ("events", "matches"):
        if not isinstance(case[name], list):
            raise _BadCaseError(
                f"with 'events' {name!r} is an array, found {decoding.described(case[name])}"
            )
    if len(case["events"]) != len(case["matches"]) or not case["events"]:
        raise _BadCaseError(
            f"{len(case['events'])} events, but {len(case['matches'])} verdicts in 'matches'"
        )
    for matches in case["matches"]:
        _want_bool("matches", matches)
    for record in case["events"]:
        _want_record("events", record)


def _want_bool(name: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise _BadCaseError(f"{name!r} is true or false, found {decoding.described(value)}")


def _want_record(name: str, value: Any) -> None:
    if not isinstance(value, (str, Mapping)):
        raise _BadCaseError(
            f"in {name!r} a record is an object, or its JSON as a string; "
            f"found {decoding.described(value)}"
        )


def _name(case: Mapping[str, Any]) -> str:
    """What a case calls itself; empty if it does not say."""
    for name in _NAMES:
        value = case.get(name)
        if isinstance(value, (str, int)) and not isinstance(value, bool) and value != "":
            return str(value)
    return ""


def format_result(value: Any) -> str:
    """A pattern or a record as text in a line."""
    if isinstance(value, str):
        return " ".join(value.split())
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "(nested too deep to be shown)"
