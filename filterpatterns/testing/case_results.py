"""Runs cases and returns their results."""

from __future__ import annotations

import base64
import difflib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, cast

from msgspec import Struct
from msgspec.structs import replace

from filterpatterns.delivery.sources import SOURCES, Encoding, SourceName, source_named
from filterpatterns.engine.filter import Filter, compile  # noqa: A004
from filterpatterns.errors import LoadError, PatternError, RecordError, printable
from filterpatterns.jsontext import decoding
from filterpatterns.limits import MAX_FILTERS
from filterpatterns.matching.verdict import Reason, as_record
from filterpatterns.templates.loading import load
from filterpatterns.testing.assertions import explained, id_of, listed, records_of
from filterpatterns.testing.case_files import LARGEST_FILE, Case

MATCH, DROP = "match", "drop"
"""What is expected of a record."""

_DEFAULT_SOURCE = "sqs"
_VALID, _REFUSED = "valid", "refused"
_GIVEN: Final = ("valid", "record", "body", "event", "events")
_KNOWN: Final = (
    *("name", "id", "comment", "source", "pattern", "parameters"),
    *_GIVEN,
    "matches",
)


class Result(Struct, frozen=True):
    """A case and its result. `line` is None for a whole file.

    `expected` and `found` are `match` or `drop`; for a case about the pattern alone, `valid` or
    `refused`; for a whole event, the ids that are kept. `error` says why there is no verdict; it is
    empty if there is one. `reason` is for machines, `why` for people. `compiled` is the filter that
    evaluated `record`, if there is a verdict.
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

    @property
    def difference(self) -> str:
        """What was expected and what was found, in words."""
        why = f": {self.why}" if self.why not in ("", self.found) else ""
        return f"expected {self.expected}, found {self.found}{why}"

    @property
    def explanation(self) -> str:
        """Why the record is kept or dropped, as a tree; empty if the case is not about a record."""
        return "" if self.compiled is None else explained(self.compiled, self.record)


class _BadCaseError(Exception):
    """A case that cannot be tested."""


class Runner:
    """Runs cases; each file that they name is read once."""

    def __init__(
        self,
        *,
        source: str | None = None,
        max_filters: int = MAX_FILTERS,
        before_read: Callable[[str], None] | None = None,
    ) -> None:
        """
        Args:
            source: the event source of cases that do not name their own.
            max_filters: as for `compile`.
            before_read: called with the name of each file that a case names (`FILE` or
                `FILE#NAME`); its exceptions end the run.
        """
        self._before_read = before_read
        self._source = source
        self._max_filters = max_filters
        self._loaded: dict[tuple[str, str | None, str], Filter] = {}

    def results(self, case: Case) -> Iterator[Result]:
        """The results of a case: a single one, or with `events`, one for each of them."""
        if case.error:
            yield Result(case.file, case.line, case.name, None, error=case.error)
            return
        try:
            _check_members(case.members)
            yield from self._results(case)
        except (_BadCaseError, LoadError, RecordError) as refusal:
            yield Result(case.file, case.line, case.name, None, error=str(refusal))
        except OSError as error:
            words = f"{error.filename}: {error.strerror}"
            yield Result(case.file, case.line, case.name, None, error=words)

    def _results(self, case: Case) -> Iterator[Result]:
        members = case.members
        pattern = members["pattern"]
        result = Result(case.file, case.line, case.name, None, pattern=format_result(pattern))
        compiled, refusal = None, ""
        try:
            compiled = self._compiled(case)
        except PatternError as error:
            refusal = f"{error.code}: {printable(error.message)}"
        except LoadError:
            raise
        except ValueError as error:  # the source
            raise _BadCaseError(str(error)) from None
        if "valid" in members:
            expected = _VALID if members["valid"] else _REFUSED
            found = _REFUSED if refusal else _VALID
            yield replace(result, expected=expected, found=found, reason=found, why=refusal)
        elif compiled is None:
            words = f"the pattern is refused: {refusal}"
            for named, matches in _expectations(case):
                yield replace(result, name=named, expected=_word(matches), error=words)
        elif "event" in members:
            yield _event_result(result, compiled, case, self._content(case, "event"))
        else:
            records = members.get("events")
            if records is None:
                records = [self._record(case, compiled)]
            for (named, matches), record in zip(_expectations(case), records, strict=True):
                one = replace(result, name=named, expected=_word(matches))
                yield _record_result(one, compiled, record)

    def _compiled(self, case: Case) -> Filter:
        pattern = case.members["pattern"]
        source = case.members.get("source", self._source)
        where = _file_of(pattern)
        if where is None and case.is_yaml and not str(pattern).lstrip().startswith(("{", "[")):
            where = str(pattern)
        if where is None:
            source = cast("SourceName", source or _DEFAULT_SOURCE)
            return compile(pattern, source=source, max_filters=self._max_filters)
        parameters = _parameters(case)
        key = os.path.join(case.folder, where), source, repr(parameters)
        if key not in self._loaded:
            if self._before_read is not None:
                self._before_read(key[0])
            self._loaded[key] = load(
                key[0],
                parameters=parameters,
                source=cast("SourceName", source),
                max_filters=self._max_filters,
            )
        return self._loaded[key]

    def _record(self, case: Case, compiled: Filter) -> Any:
        """The record of a case, or one that wraps its `body`."""
        if "record" in case.members:
            return self._content(case, "record")
        source = source_named(compiled.source) if compiled.source in SOURCES else None
        if source is None or not source.payload_keys:
            raise _BadCaseError(f'records of {compiled.source} have no "body": write a "record"')
        key, payload = source.payload_keys[0], self._content(case, "body")
        record: dict[str, Any] = {"messageId": case.name} if source.name == "sqs" else {}
        if source.encoding is Encoding.OBJECT:
            value = decoding.parse(payload) if isinstance(payload, str) else payload
            return {**record, key: value}
        if not isinstance(payload, str):
            payload = json.dumps(payload, ensure_ascii=False)
        if source.encoding is Encoding.BASE64:
            payload = base64.b64encode(payload.encode(errors="surrogatepass")).decode()
        held = {key: payload}
        return {**record, **({source.inside: held} if source.inside else held)}

    def _content(self, case: Case, name: str) -> Any:
        """The value of a member, read from a file if it names one.

        Raises:
            OSError: the file cannot be read.
            _BadCaseError: it is not text, or too large.
        """
        value = case.members[name]
        where = _file_of(value) if case.is_yaml else None
        if where is None:
            return value
        path = os.path.join(case.folder, where)
        if self._before_read is not None:
            self._before_read(path)
        with open(path, "rb") as file:
            data = file.read(LARGEST_FILE + 1)
        if len(data) > LARGEST_FILE:
            raise _BadCaseError(f"{path}: too large for a record")
        try:
            return data.decode("utf-8-sig").removesuffix("\n")  # inserted by an editor
        except UnicodeDecodeError as error:
            raise _BadCaseError(
                f"{path}: not UTF-8: {error.reason} at byte {error.start + 1}"
            ) from None


def _parameters(case: Case) -> dict[str, Any]:
    """The values that the template leaves open.

    Raises:
        _BadCaseError: they are not an object.
    """
    given = case.members.get("parameters", {})
    found = json.loads(given) if isinstance(given, str) else given
    if not isinstance(found, dict):
        raise _BadCaseError('"parameters" must be an object of names and values')
    return found


def _expectations(case: Case) -> Iterator[tuple[str, Any]]:
    """The names of the records that a case tests, and what is expected of each."""
    if "events" not in case.members:
        yield case.name, case.members["matches"]
        return
    for number, matches in enumerate(case.members["matches"], 1):
        yield f"{case.name} event {number}".lstrip(), matches


def _word(matches: Any) -> str:
    return listed(matches) if isinstance(matches, list) else MATCH if matches else DROP


def _record_result(result: Result, compiled: Filter, record: Any) -> Result:
    try:
        reason, key = compiled.verdict(record)
    except RecordError as error:
        return replace(result, error=f"the record cannot be evaluated: {error.message}")
    found = MATCH if reason is Reason.MATCH else DROP
    words = reason.words(key)
    return replace(
        result, found=found, reason=reason.slug, why=words, record=record, compiled=compiled
    )


def _event_result(result: Result, compiled: Filter, case: Case, given: Any) -> Result:
    """The result of a whole Lambda event: the ids that are kept. The record is the first with an
    unexpected verdict."""
    event = as_record(given)
    records = records_of(compiled, event)
    if not records:
        raise _BadCaseError("the event has no records")
    ids = [id_of(record) for record in records]
    matches = case.members["matches"]
    unknown = [name for name in matches if name not in ids] if isinstance(matches, list) else []
    if unknown:
        raise _BadCaseError(f"the event has no record {listed(unknown)}")
    kept = compiled.mask(records)
    if isinstance(matches, list):
        wanted = [name in matches for name in ids]
    else:
        wanted = [matches] * len(ids)
    differing = [index for index, is_kept in enumerate(kept) if is_kept is not wanted[index]]
    first = records[differing[0] if differing else 0]

    def words(mask: list[bool]) -> str:
        return listed(name for name, is_kept in zip(ids, mask, strict=True) if is_kept)

    return replace(
        result, expected=words(wanted), found=words(kept), record=first, compiled=compiled
    )


def _file_of(value: Any) -> str | None:
    """Return the file named in place of a value: `{"file": "name"}`."""
    if isinstance(value, Mapping) and len(value) == 1 and isinstance(value.get("file"), str):
        return str(value["file"])
    return None


def _check_members(case: Mapping[str, Any]) -> None:
    """Reject a case that would not be tested as its author intended.

    Raises:
        _BadCaseError: a member is missing, unknown, or of the wrong type.
    """
    for name in case:
        if name not in _KNOWN:
            near = difflib.get_close_matches(name[:40], _KNOWN, n=1)
            hint = f'did you mean "{near[0]}"?' if near else f"the members are {', '.join(_KNOWN)}"
            raise _BadCaseError(f'unknown member "{printable(name[:40])}": {hint}')
    if "pattern" not in case:
        raise _BadCaseError('the case has no "pattern"')
    wanted = [name for name in _GIVEN if name in case]
    if len(wanted) != 1:
        found = " and ".join(wanted) or "none"
        raise _BadCaseError(
            'a case must have "matches" and one of "record", "body", "event" and "events", or '
            f'"valid"; found {found}'
        )
    if not isinstance(case.get("source", ""), str):
        raise _BadCaseError('"source" must be the name of an event source')
    (given,) = wanted
    if given == "valid":
        _require_bool("valid", case["valid"])
        if "matches" in case:
            raise _BadCaseError('"matches" requires a "record", "body", "event" or "events"')
        return
    if "matches" not in case:
        raise _BadCaseError('the case has no "matches"')
    matches = case["matches"]
    if given == "events":
        _check_events(case["events"], matches)
        return
    is_of_ids = isinstance(matches, list) and all(isinstance(each, str) for each in matches)
    if given != "event" or not is_of_ids:
        _require_bool(
            "matches", matches, "true, false or a list of ids" if given == "event" else ""
        )
    if given != "body":
        _require_record(given, case[given])


def _check_events(events: Any, matches: Any) -> None:
    for name, value in (("events", events), ("matches", matches)):
        if not isinstance(value, list):
            raise _BadCaseError(f'"{name}" must be an array, found {decoding.described(value)}')
    if len(events) != len(matches) or not events:
        raise _BadCaseError(f'{len(events)} events, but {len(matches)} verdicts in "matches"')
    for each in matches:
        _require_bool("matches", each)
    for record in events:
        _require_record("events", record)


def _require_bool(name: str, value: Any, wanted: str = "") -> None:
    if not isinstance(value, bool):
        wanted = wanted or "true or false"
        raise _BadCaseError(f'"{name}" must be {wanted}, found {decoding.described(value)}')


def _require_record(name: str, value: Any) -> None:
    if not isinstance(value, (str, Mapping)):
        raise _BadCaseError(
            f'a record in "{name}" must be an object, or its JSON as a string; '
            f"found {decoding.described(value)}"
        )


def format_result(value: Any) -> str:
    """A pattern or a record as text in a line."""
    if isinstance(value, str):
        return " ".join(value.split())
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "(nested too deeply to be shown)"
