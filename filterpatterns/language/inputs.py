"""All the ways to hand patterns in: text, bytes, Python objects, lists, FilterCriteria."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NoReturn

from msgspec import Struct
from msgspec.structs import replace

from filterpatterns.errors import Diagnostic, PatternError
from filterpatterns.jsontext import decoding
from filterpatterns.language.diagnostics import Place, Reporter
from filterpatterns.limits import MAX_PATTERN_DEPTH, MAX_PATTERN_LENGTH
from filterpatterns.matching.values import plain_scalar

PatternInput = str | bytes | Mapping[str, Any] | Sequence[Any]
"""What `compile` takes."""


class PatternText(Struct, frozen=True):
    """One pattern as text. `positions` is False where the text is not the caller's own.

    `outer` is the text that the pattern stands in as a string, a FilterCriteria or a template;
    `starts` says where in it each character of the pattern begins, and where the last one ends, if
    that is known already. `is_object` is for a filter's Pattern that was no string.
    """

    text: str
    filter_index: int | None = None
    positions: bool = True
    outer: str | None = None
    starts: tuple[int, ...] | None = None
    is_object: bool = False
    scope: str | None = None

    def place(self) -> Place | None:
        """Where the pattern's characters stand in the outer text; None if in none."""
        if self.outer is None or self.starts is not None:
            return None if self.outer is None else (self.outer, self.starts or ())
        if self.filter_index is None:
            return None
        span = _tokens(self.outer).get(self.filter_index)
        if span is None:
            return None
        return self.outer, character_starts(self.outer[span[0] : span[1]], span[0])


def patterns(given: PatternInput) -> tuple[PatternText, ...]:
    """The patterns in what was handed in; none for a FilterCriteria without filters.

    Raises:
        PatternError: it is nothing that can hold patterns.
    """
    if isinstance(given, memoryview):
        given = bytes(given)
    if isinstance(given, (str, bytes, bytearray)):
        text = _text(given)
        found = _filters(_loads(text))
        return (PatternText(text),) if found is None else _criteria(found, text)
    found = _filters(given)
    if found is not None:
        return _criteria(found, None)
    if isinstance(given, Sequence):
        if not given:
            _fail(
                "FP002",
                "the list holds no pattern",
                'to keep everything pass a FilterCriteria without filters: {"Filters": []}',
            )
        if all(_is_filter(item) for item in given):
            return _criteria(_Filters(given, has_scopes=_has_scopes(given)), None)
        return tuple(_item(item, index) for index, item in enumerate(given))
    return (_item(given, None),)


def source_that_decides(texts: Sequence[PatternText]) -> str:
    """Whose errors count where patterns are for any source, and all of them refuse them."""
    return "event" if all(text.scope is None for text in texts) else "subscriber"


_MOST_ERRORS = 100
"""Filters of one FilterCriteria whose mistakes are told."""


def _is_filter(item: Any) -> bool:
    """Whether an object is a filter of a FilterCriteria: a pattern's fields are no strings."""
    return (
        isinstance(item, Mapping)
        and isinstance(item.get("Pattern"), str)
        and (len(item) == 1 or "Scope" in item)
    )


def _item(item: Any, index: int | None) -> PatternText:
    if isinstance(item, (str, bytes, bytearray)):
        return PatternText(_text(item, index), index)
    if not isinstance(item, Mapping):
        _fail(
            "FP002",
            f"a pattern is JSON text or a dict, found {_format_value(item)}",
            "pass a str, bytes or dict, or a list of these",
            filter_index=index,
        )
    return _from_python(item, index)


LANGUAGE: Final = "EVENT_BRIDGE_PATTERN"
"""The one language of a FilterConfiguration."""

SCOPE_HINT: Final = 'write "Scope": "DATA", "METADATA" or "SYSTEM_METADATA"'


class _Filters(Struct, frozen=True):
    """The filters of a FilterCriteria, or of a subscriber's FilterConfiguration (`has_scopes`)."""

    items: Sequence[Any]
    has_scopes: bool
    unknown: tuple[str, ...] = ()
    language: Any = LANGUAGE


def _criteria(filters: _Filters, outer: str | None) -> tuple[PatternText, ...]:
    """The patterns of filters; every malformed filter is reported."""
    found: list[PatternText] = []
    errors: list[Diagnostic] = []
    for name in filters.unknown:
        errors += _errors("FP023", *unknown_member(name, beside="Filters"), path=name)
    if filters.language != LANGUAGE:
        errors += _errors("FP030", *unknown_language(filters.language), path="Language")
    for index, item in enumerate(filters.items):
        try:
            found.append(_filter(item, index, filters.has_scopes, outer))
        except PatternError as error:
            if len(errors) >= _MOST_ERRORS:
                _fail(
                    "FP019",
                    f"there may be more to say: the filters behind number {index} were not read",
                    "repair these filters first",
                    filter_index=index,
                    before=errors,
                )
            errors.extend(error.errors)
    if errors:
        raise PatternError(errors)
    return tuple(found)


def _filter(item: Any, index: int, has_scopes: bool, outer: str | None) -> PatternText:
    """The pattern of one filter.

    Raises:
        PatternError: it is malformed.
    """
    pattern = item.get("Pattern") if isinstance(item, Mapping) else None
    if isinstance(pattern, list) and isinstance(item.get("Scope"), str):
        pattern = json.dumps(pattern)  # refused where the scope is known
    if not isinstance(pattern, (str, Mapping)):
        _fail(
            "FP019",
            'a filter is an object with a "Pattern"',
            'write {"Filters": [{"Pattern": "{\\"body\\": {\\"a\\": [1]}}"}]}',
            path=f"Filters[{index}]",
            filter_index=index,
        )
    where = f"Filters[{index}]"
    errors = []
    for name in item:
        if name not in ("Pattern", "Scope"):
            path = f"{where}.{_name(name)}"
            errors += _errors("FP023", *unknown_member(_name(name)), path=path, filter_index=index)
    scope = item.get("Scope", "") if has_scopes else None
    if scope is not None and not isinstance(scope, str):
        message = f"a Scope is a string, found {_format_value(scope)}"
        errors += _errors("FP024", message, SCOPE_HINT, path=f"{where}.Scope", filter_index=index)
    if errors:
        raise PatternError(errors)
    if isinstance(pattern, str):
        return PatternText(pattern, index, outer is not None, outer, scope=scope)
    return replace(_from_python(pattern, index), is_object=True, scope=scope)


def unknown_member(name: str, *, beside: str = "Pattern") -> tuple[str, str]:
    """Message and hint for a member that no filter has, or nothing that has Filters."""
    holder = "a filter" if beside == "Pattern" else "what has Filters"
    known = (
        "a filter has a Pattern, and for subscribers of a Custom Event Bus a Scope"
        if beside == "Pattern"
        else "a FilterCriteria has Filters; the FilterConfiguration of a subscriber also a Language"
    )
    return f'{holder} has no member "{name}"', known


def unknown_language(language: object) -> tuple[str, str]:
    """Message and hint for another Language."""
    return (
        f"there is no Language {_format_value(language)}",
        f'write "Language": "{LANGUAGE}", or none',
    )


def _name(name: Any) -> str:
    return str.__str__(name) if isinstance(name, str) else _format_value(name)


def _has_scopes(items: Sequence[Any]) -> bool:
    return any(isinstance(item, Mapping) and "Scope" in item for item in items)


_MARKS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{},]', re.DOTALL)
_FILTERS = (["Filters"], ["FilterCriteria", "Filters"])


@lru_cache(maxsize=1)
def _tokens(text: str) -> dict[int, tuple[int, int]]:
    """Where the patterns' tokens begin and end in the text of a FilterCriteria, by filter.

    The text is JSON, known to be a FilterCriteria. Of a name that is repeated, the last one counts.
    """
    found: dict[int, tuple[int, int]] = {}
    names: list[str | None] = []  # of the member that is being read; None in an array
    is_name = False
    index = inside = 0  # the filter, and how many arrays and objects are open around it
    for mark in _MARKS.finditer(text):
        token = mark[0]
        if token == "{":
            names.append("")
            is_name = True
        elif token == "[":
            if names in _FILTERS:
                found, index, inside = {}, 0, len(names) + 1
            names.append(None)
            is_name = False
        elif token in "]}":
            names.pop()
        elif token == ",":
            is_name = names[-1] is not None
            index += len(names) == inside
        elif is_name:
            names[-1] = json.loads(token)
            is_name = False
        elif len(names) == inside + 1 and names[-1] == "Pattern" and names[:-2] in _FILTERS:
            found[index] = mark.span()
    return found


_CHARACTER = re.compile(r"\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\u....|\\.|.", re.DOTALL)


def character_starts(token: str, start: int) -> list[int]:
    """Where each character of a JSON string begins in the text that its token stands in, and where
    the last one ends."""
    starts = [start + match.start() for match in _CHARACTER.finditer(token, 1, len(token) - 1)]
    return [*starts, start + len(token) - 1]


def _filters(value: Any) -> _Filters | None:
    """The filters of a FilterCriteria or a FilterConfiguration, or None for anything else.

    A pattern may have a field named "Filters": what tells the two apart is a "Pattern" in an object
    in the array, which no operator is called.
    """
    if not isinstance(value, Mapping):
        return None
    is_configuration = False
    for name in ("FilterCriteria", "FilterConfiguration"):
        if len(value) == 1 and isinstance(value.get(name), Mapping):
            value = value[name]
            is_configuration = name == "FilterConfiguration"
            if not value:
                return _empty(is_configuration)
    filters = value.get("Filters")
    if not isinstance(filters, (list, tuple)):
        return None
    others = [_name(name) for name in value if name not in ("Filters", "Language")]
    if not filters and not others:
        return _empty(is_configuration or "Language" in value)
    if not any(
        isinstance(key, str) and key.casefold() == "pattern"
        for item in filters
        if isinstance(item, Mapping)
        for key in item
    ):
        return None
    return _Filters(
        filters,
        has_scopes=is_configuration or "Language" in value or _has_scopes(filters),
        unknown=tuple(others),
        language=value.get("Language", LANGUAGE),
    )


def _empty(is_configuration: bool) -> _Filters:
    if is_configuration:
        _fail("FP031", *NO_FILTERS)
    return _Filters((), has_scopes=False)


NO_FILTERS: Final = (
    "the FilterConfiguration has no filters: AWS refuses it",
    "a subscriber without a FilterConfiguration gets every event",
)
"""Message and hint."""


def _loads(text: str) -> Any:
    """A first look at a text, to tell a FilterCriteria from a pattern; the parser judges it."""
    if "Filter" not in text and "\\u" not in text:
        return None
    return decoding.parse(text)


def _text(given: str | bytes | bytearray, filter_index: int | None = None) -> str:
    if isinstance(given, str):
        return given
    try:
        return str(given, "utf-8")
    except UnicodeDecodeError as error:
        _fail(
            "FP022",
            f"not UTF-8: {error.reason} at byte {error.start}",
            "save the pattern as UTF-8",
            filter_index=filter_index,
        )


def _from_python(pattern: Mapping[str, Any], filter_index: int | None) -> PatternText:
    """A pattern given as Python objects, written out as the JSON text that AWS would get."""
    _check_python(pattern, filter_index)
    text = json.dumps(_plain(pattern), ensure_ascii=False, separators=(",", ":"))
    return PatternText(text, filter_index, positions=False)


_Way = tuple["_Way", str | int] | None
"""The names and indexes that lead to a value; spelt out only for a message."""


def _spelt(way: _Way) -> str:
    """A way in words: `a.b[1]`."""
    parts: list[str] = []
    while way is not None:
        way, part = way
        parts.append(f".{part}" if isinstance(part, str) else f"[{part}]")
    return "".join(reversed(parts)).removeprefix(".")


def _check_python(pattern: Any, filter_index: int | None) -> None:
    """Refuse what JSON cannot say, and what is too long or too deep (or contains itself), without
    recursion, and before anything is made of it."""
    pending: list[tuple[Any, _Way, int]] = [(pattern, None, 1)]
    length = 0
    while pending:
        value, way, level = pending.pop()
        length += _least_length(value)
        if length > MAX_PATTERN_LENGTH:
            _fail_too_long(_spelt(way), filter_index)
        children: Iterable[tuple[str | int, Any]]
        if isinstance(value, Mapping):
            for name in value:
                if not isinstance(name, str):
                    _fail(
                        "FP001",
                        f"a name in JSON is a string, found {_format_value(name)}",
                        "write the name in quotes",
                        path=_spelt(way),
                        filter_index=filter_index,
                    )
            children = ((plain_scalar(name), item) for name, item in value.items())
        elif isinstance(value, (list, tuple)):
            children = enumerate(value)
        elif _is_json(value):
            continue
        else:
            _fail(
                "FP001",
                f"JSON cannot say {_format_value(value)}",
                "a pattern holds dicts, lists, strings, finite numbers, True, False and None",
                path=_spelt(way),
                filter_index=filter_index,
            )
        if level > MAX_PATTERN_DEPTH:
            _fail(
                "FP018",
                f"the pattern is nested deeper than {MAX_PATTERN_DEPTH} levels",
                "join names that have one member only with dots: a.b.c",
                filter_index=filter_index,
            )
        pending.extend((item, (way, part), level + 1) for part, item in children)


def _least_length(value: Any) -> int:
    """Characters that a value takes in a pattern, at least, without the values in it."""
    if isinstance(value, str):
        return str.__len__(value)
    if isinstance(value, Mapping):
        return len(value) + sum(str.__len__(name) for name in value if isinstance(name, str))
    if isinstance(value, (list, tuple)):
        return len(value)
    if isinstance(value, int):
        return int.bit_length(value) // 4
    return 1


def _fail_too_long(path: str, filter_index: int | None) -> NoReturn:
    _fail(
        "FP017",
        f"the pattern has more than the {MAX_PATTERN_LENGTH:,} characters that AWS takes",
        "split the pattern into several filters",
        path=path,
        filter_index=filter_index,
    )


def _is_json(value: Any) -> bool:
    """Whether JSON can say a value that is no object and no array."""
    return value is None or isinstance(value, (str, int)) or _is_finite(value)


def _is_finite(value: object) -> bool:
    return isinstance(value, float) and math.isfinite(value)


def _plain(value: Any) -> Any:
    """The same as dicts and lists, which is all that json knows to write."""
    if isinstance(value, Mapping):
        return {plain_scalar(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return plain_scalar(value)


def _format_value(value: object) -> str:
    """A Python value for a message. Its repr is code that is not ours, and may be long or fail."""
    if value is None or value.__class__ in (float, str) or isinstance(value, bool):
        return repr(value)[:60]
    if value.__class__ is int:
        return "an integer"
    return f"a Python {type(value).__name__}"


def _fail(
    code: str,
    message: str,
    hint: str,
    *,
    path: str = "",
    filter_index: int | None = None,
    before: Iterable[Diagnostic] = (),
) -> NoReturn:
    errors = _errors(code, message, hint, path=path, filter_index=filter_index)
    raise PatternError([*before, *errors])


def _errors(
    code: str, message: str, hint: str, *, path: str = "", filter_index: int | None = None
) -> list[Diagnostic]:
    reporter = Reporter("", filter_index=filter_index)
    reporter.error(code, None, message, path=path, hint=hint)
    return reporter.errors
