"""All the ways to pass patterns in: text, bytes, Python objects, lists, FilterCriteria."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from filterpatterns.errors import Diagnostic, PatternError
from filterpatterns.jsontext import decoding
from filterpatterns.language.diagnostics import Place
from filterpatterns.language.python_patterns import errors_of, fail, format_input, pattern_text
from filterpatterns.language.token_positions import character_starts, pattern_tokens

PatternInput = str | bytes | Mapping[str, Any] | Sequence[Any]
"""What `compile` accepts."""


class Hole(Struct, frozen=True):
    """A part of a pattern's text that is only known at deployment.

    `source` is the template's text. `is_string`: it is a part of a string; otherwise it may be any
    value.
    """

    start: int
    end: int
    source: str
    is_string: bool


class PatternText(Struct, frozen=True):
    """One pattern as text. `positions` is False if the text is not the caller's.

    `outer` is the text that contains the pattern as a string, a FilterCriteria or a template;
    `starts` has the offset in it of each character of the pattern, and of the end of the last one,
    if already known. `is_object` is for a filter's Pattern that was not a string. `holes` are the
    unknown parts of a template's pattern, which can be checked, but not compiled.
    """

    text: str
    filter_index: int | None = None
    positions: bool = True
    outer: str | None = None
    starts: tuple[int, ...] | None = None
    is_object: bool = False
    scope: str | None = None
    holes: tuple[Hole, ...] = ()

    def place(self) -> Place | None:
        """Return the positions of the pattern's characters in the outer text; None if there is no
        outer text."""
        if self.outer is None or self.starts is not None:
            return None if self.outer is None else (self.outer, self.starts or ())
        if self.filter_index is None:
            return None
        span = pattern_tokens(self.outer).get(self.filter_index)
        if span is None:
            return None
        return self.outer, character_starts(self.outer[span[0] : span[1]], span[0])


def patterns(given: PatternInput) -> tuple[PatternText, ...]:
    """Return the patterns in the input; an empty list for a FilterCriteria without filters.

    Raises:
        PatternError: the input cannot contain patterns.
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
            fail(
                "FP002",
                "an empty list of patterns",
                'to keep everything, pass a FilterCriteria without filters: {"Filters": []}',
            )
        if all(_is_filter(item) for item in given):
            return _criteria(_Filters(given, has_scopes=_has_scopes(given)), None)
        return tuple(_item(item, index) for index, item in enumerate(given))
    return (_item(given, None),)


def source_that_decides(texts: Sequence[PatternText]) -> str:
    """The source whose errors count if patterns are for any source and every source rejects
    them."""
    return "event" if all(text.scope is None for text in texts) else "subscriber"


_MOST_ERRORS = 100
"""The number of filters of one FilterCriteria whose mistakes are reported."""


def _is_filter(item: Any) -> bool:
    """Whether an object is a filter of a FilterCriteria: a pattern's fields are not strings."""
    return (
        isinstance(item, Mapping)
        and isinstance(item.get("Pattern"), str)
        and (len(item) == 1 or "Scope" in item)
    )


def _item(item: Any, index: int | None) -> PatternText:
    if isinstance(item, (str, bytes, bytearray)):
        return PatternText(_text(item, index), index)
    if not isinstance(item, Mapping):
        fail(
            "FP002",
            f"a pattern must be JSON text or a dict, found {format_input(item)}",
            "pass a str, bytes or dict, or a list of these",
            filter_index=index,
        )
    return _from_python(item, index)


LANGUAGE: Final = "EVENT_BRIDGE_PATTERN"
"""The only language of a FilterConfiguration."""

SCOPE_HINT: Final = 'write "Scope": "DATA", "METADATA" or "SYSTEM_METADATA"'


class _Filters(Struct, frozen=True):
    """The filters of a FilterCriteria, or of a subscriber's FilterConfiguration (`has_scopes`)."""

    items: Sequence[Any]
    has_scopes: bool
    unknown: tuple[str, ...] = ()
    language: Any = LANGUAGE


def _criteria(filters: _Filters, outer: str | None) -> tuple[PatternText, ...]:
    """Return the patterns of filters; every malformed filter is reported."""
    found: list[PatternText] = []
    errors: list[Diagnostic] = []
    for name in filters.unknown:
        errors += errors_of("FP023", *unknown_member(name, beside="Filters"), path=name)
    if filters.language != LANGUAGE:
        errors += errors_of("FP030", *unknown_language(filters.language), path="Language")
    for index, item in enumerate(filters.items):
        try:
            found.append(_filter(item, index, filters.has_scopes, outer))
        except PatternError as error:
            if len(errors) >= _MOST_ERRORS:
                fail(
                    "FP019",
                    f"there may be more errors: the filters after number {index} were not read",
                    "fix these filters first",
                    filter_index=index,
                    before=errors,
                )
            errors.extend(error.errors)
    if errors:
        raise PatternError(errors)
    return tuple(found)


def _filter(item: Any, index: int, has_scopes: bool, outer: str | None) -> PatternText:
    """Return the pattern of one filter.

    Raises:
        PatternError: the filter is malformed.
    """
    pattern = item.get("Pattern") if isinstance(item, Mapping) else None
    if isinstance(pattern, list) and isinstance(item.get("Scope"), str):
        pattern = json.dumps(pattern)  # rejected where the scope is known
    if not isinstance(pattern, (str, Mapping)):
        fail(
            "FP019",
            'a filter must be an object with a "Pattern"',
            'write {"Filters": [{"Pattern": "{\\"body\\": {\\"a\\": [1]}}"}]}',
            path=f"Filters[{index}]",
            filter_index=index,
        )
    where = f"Filters[{index}]"
    errors = []
    for name in item:
        if name not in ("Pattern", "Scope"):
            path = f"{where}.{_name(name)}"
            errors += errors_of(
                "FP023", *unknown_member(_name(name)), path=path, filter_index=index
            )
    scope = item.get("Scope", "") if has_scopes else None
    if scope is not None and not isinstance(scope, str):
        message = f"a Scope must be a string, found {format_input(scope)}"
        errors += errors_of("FP024", message, SCOPE_HINT, path=f"{where}.Scope", filter_index=index)
    if errors:
        raise PatternError(errors)
    if isinstance(pattern, str):
        return PatternText(pattern, index, outer is not None, outer, scope=scope)
    return replace(_from_python(pattern, index), is_object=True, scope=scope)


def unknown_member(name: str, *, beside: str = "Pattern") -> tuple[str, str]:
    """Return message and hint for a member that a filter, or an object with Filters, cannot
    have."""
    holder = "a filter" if beside == "Pattern" else "an object with Filters"
    known = (
        "a filter has a Pattern, and for subscribers of a Custom Event Bus a Scope"
        if beside == "Pattern"
        else "a FilterCriteria has Filters; the FilterConfiguration of a subscriber also a Language"
    )
    return f'{holder} has no member "{name}"', known


def unknown_language(language: object) -> tuple[str, str]:
    """Return message and hint for another Language."""
    return (
        f"unknown Language {format_input(language)}",
        f'write "Language": "{LANGUAGE}", or leave it out',
    )


def _name(name: Any) -> str:
    return str.__str__(name) if isinstance(name, str) else format_input(name)


def _has_scopes(items: Sequence[Any]) -> bool:
    return any(isinstance(item, Mapping) and "Scope" in item for item in items)


def _filters(value: Any) -> _Filters | None:
    """Return the filters of a FilterCriteria or a FilterConfiguration; None for anything else.

    A pattern may have a field named "Filters": the difference is a "Pattern" in an object in the
    array, since no operator has that name.
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
        fail("FP031", *NO_FILTERS)
    return _Filters((), has_scopes=False)


NO_FILTERS: Final = (
    "the FilterConfiguration has no filters: AWS rejects it",
    "a subscriber without a FilterConfiguration receives every event",
)
"""Return message and hint."""


def _loads(text: str) -> Any:
    """Take a first look at a text, to tell a FilterCriteria from a pattern; the parser checks
    it."""
    if "Filter" not in text and "\\u" not in text:
        return None
    return decoding.parse(text)


def _text(given: str | bytes | bytearray, filter_index: int | None = None) -> str:
    if isinstance(given, str):
        return given
    try:
        return str(given, "utf-8")
    except UnicodeDecodeError as error:
        fail(
            "FP022",
            f"not UTF-8: {error.reason} at byte {error.start + 1}",
            "save the pattern as UTF-8",
            filter_index=filter_index,
        )


def _from_python(pattern: Mapping[str, Any], filter_index: int | None) -> PatternText:
    return PatternText(pattern_text(pattern, filter_index), filter_index, positions=False)
