"""Patterns given as Python objects: anything that JSON cannot express is rejected; the rest is
converted to text."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from filterpatterns.errors import Diagnostic, PatternError
from filterpatterns.jsontext.python_values import plain_scalar
from filterpatterns.language.diagnostics import OnlyInWords, Reporter
from filterpatterns.limits import MAX_PATTERN_DEPTH, MAX_PATTERN_LENGTH


def pattern_text(pattern: Mapping[str, Any], filter_index: int | None) -> str:
    """Return the JSON text that AWS would get.

    Raises:
        PatternError: JSON cannot express it, or it is longer or deeper than a pattern may be.
    """
    _check_python(pattern, filter_index)
    return json.dumps(_plain(pattern), ensure_ascii=False, separators=(",", ":"))


_Way = tuple["_Way", str | int] | None
"""The names and indexes that lead to a value; formatted only for a message."""


def _spelt(way: _Way) -> str:
    """Return a path in words: `a.b[1]`."""
    parts: list[str] = []
    while way is not None:
        way, part = way
        parts.append(f".{part}" if isinstance(part, str) else f"[{part}]")
    return "".join(reversed(parts)).removeprefix(".")


def _check_python(pattern: Any, filter_index: int | None) -> None:
    """Reject values that JSON cannot express, that are too long or too deep, or that contain
    themselves, without recursion and before any other work."""
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
                    fail(
                        "FP001",
                        f"a name in JSON must be a string, found {format_input(name)}",
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
            fail(
                "FP001",
                f"JSON cannot express {format_input(value)}",
                "a pattern consists of dicts, lists, strings, finite numbers, True, False and None",
                path=_spelt(way),
                filter_index=filter_index,
            )
        if level > MAX_PATTERN_DEPTH:
            fail(
                "FP018",
                f"the pattern is nested deeper than {MAX_PATTERN_DEPTH} levels",
                "join the names of nested single-member objects with dots: a.b.c",
                filter_index=filter_index,
            )
        pending.extend((item, (way, part), level + 1) for part, item in children)


def _least_length(value: Any) -> int:
    """Return the least number of characters that a value takes in a pattern, without the values in
    it."""
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
    fail(
        "FP017",
        f"the pattern has more than the {MAX_PATTERN_LENGTH:,} characters that AWS allows",
        "split the pattern into several filters",
        path=path,
        filter_index=filter_index,
    )


def _is_json(value: Any) -> bool:
    """Whether JSON can express a value that is neither an object nor an array."""
    return value is None or isinstance(value, (str, int)) or _is_finite(value)


def _is_finite(value: object) -> bool:
    return isinstance(value, float) and math.isfinite(value)


def _plain(value: Any) -> Any:
    """Convert to dicts and lists, the only containers that `json` can write."""
    if isinstance(value, Mapping):
        return {plain_scalar(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return plain_scalar(value)


def format_input(value: object) -> str:
    """Format a Python value for a message. Its repr is foreign code, and may be long or fail."""
    if value is None or value.__class__ in (float, str) or isinstance(value, bool):
        return repr(value)[:60]
    if value.__class__ is int:
        return "an integer"
    return f"a Python {type(value).__name__}"


def fail(
    code: str,
    message: str,
    hint: str,
    *,
    path: str = "",
    filter_index: int | None = None,
    before: Iterable[Diagnostic] = (),
) -> NoReturn:
    """Raise a PatternError with a mistake that has no position, after others."""
    errors = errors_of(code, message, hint, path=path, filter_index=filter_index)
    raise PatternError([*before, *errors])


def errors_of(
    code: str, message: str, hint: str, *, path: str = "", filter_index: int | None = None
) -> list[Diagnostic]:
    """Return a diagnostic of a mistake that has no position."""
    reporter = Reporter("", filter_index=filter_index)
    reporter.error(code, OnlyInWords(path), message, hint=hint)
    return reporter.errors
