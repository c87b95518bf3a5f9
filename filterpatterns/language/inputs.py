"""All the ways to hand patterns in: text, bytes, Python objects, lists, FilterCriteria."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from msgspec import Struct
from msgspec.structs import replace

from filterpatterns.errors import Diagnostic, PatternError
from filterpatterns.jsontext import decoding
from filterpatterns.language import nodes
from filterpatterns.language.diagnostics import Place, Reporter
from filterpatterns.language.parser import parse
from filterpatterns.limits import MAX_PATTERN_DEPTH, MAX_PATTERN_LENGTH

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

    def place(self) -> Place | None:
        """Where the pattern's characters stand in the outer text; None if in none."""
        if self.outer is None or self.starts is not None:
            return None if self.outer is None else (self.outer, self.starts or ())
        if self.filter_index is None:
            return None
        token = _find_token(self.outer, self.filter_index)
        if token is None:
            return None
        return self.outer, character_starts(token.text, token.span.start)


def patterns(given: PatternInput) -> tuple[PatternText, ...]:
    """The patterns in what was handed in; none for a FilterCriteria without filters.

    Raises:
        PatternError: it is nothing that can hold patterns.
    """
    if isinstance(given, memoryview):
        given = bytes(given)
    if isinstance(given, (str, bytes, bytearray)):
        text = _text(given)
        filters = _filters(_loads(text))
        return (PatternText(text),) if filters is None else _criteria(filters, text)
    filters = _filters(given)
    if filters is not None:
        return _criteria(filters, None)
    if isinstance(given, Sequence):
        if not given:
            _fail(
                "FP002",
                "the list holds no pattern",
                'to keep everything pass a FilterCriteria without filters: {"Filters": []}',
            )
        if all(_is_filter(item) for item in given):
            return _criteria(given, None)
        return tuple(_item(item, index) for index, item in enumerate(given))
    return (_item(given, None),)


def _is_filter(item: Any) -> bool:
    """Whether an object is a filter of a FilterCriteria: a pattern's fields are no strings."""
    return isinstance(item, Mapping) and len(item) == 1 and isinstance(item.get("Pattern"), str)


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


def _criteria(filters: Sequence[Any], outer: str | None) -> tuple[PatternText, ...]:
    """The patterns of a FilterCriteria's filters; every malformed filter is reported."""
    found: list[PatternText] = []
    errors: list[Diagnostic] = []
    for index, item in enumerate(filters):
        pattern = item.get("Pattern") if isinstance(item, Mapping) else None
        try:
            if isinstance(pattern, str):
                found.append(PatternText(pattern, index, outer is not None, outer))
            elif isinstance(pattern, Mapping):
                found.append(replace(_from_python(pattern, index), is_object=True))
            else:
                _fail(
                    "FP019",
                    'a filter is an object with a "Pattern"',
                    'write {"Filters": [{"Pattern": "{\\"body\\": {\\"a\\": [1]}}"}]}',
                    path=f"Filters[{index}]",
                    filter_index=index,
                )
        except PatternError as error:
            errors.extend(error.errors)
    if errors:
        raise PatternError(errors)
    return tuple(found)


def _find_token(text: str, index: int) -> nodes.Scalar | None:
    """The token of a filter's pattern in the text of a FilterCriteria, by our own parser."""
    tree = parse(text, Reporter(text))
    while isinstance(tree, nodes.Fields) and len(tree.members) == 1:
        member = tree.members[0]
        if not isinstance(member, nodes.Field):
            return None
        if member.name == "Filters" and isinstance(member.value, nodes.Rules):
            item = member.value.items[index]
            operators = item.operators if isinstance(item, nodes.Operation) else ()
            # of a name that is repeated, the last value counts
            named = [operator.operand for operator in operators if operator.name == "Pattern"]
            return named[-1] if named and isinstance(named[-1], nodes.Scalar) else None
        tree = member.value
    return None


_CHARACTER = re.compile(r"\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\u....|\\.|.", re.DOTALL)


def character_starts(token: str, start: int) -> list[int]:
    """Where each character of a JSON string begins in the text that its token stands in, and where
    the last one ends."""
    starts = [start + match.start() for match in _CHARACTER.finditer(token, 1, len(token) - 1)]
    return [*starts, start + len(token) - 1]


def _filters(value: Any) -> Sequence[Any] | None:
    """The `Filters` of a FilterCriteria, or None for anything else.

    A pattern may have a field named "Filters": what tells the two apart is a "Pattern" in an object
    in the array, which no operator is called.
    """
    if not isinstance(value, Mapping):
        return None
    if len(value) == 1 and isinstance(value.get("FilterCriteria"), Mapping):
        value = value["FilterCriteria"]
        if not value:
            return ()
    if len(value) != 1 or "Filters" not in value:
        return None
    filters = value["Filters"]
    if not isinstance(filters, (list, tuple)):
        return None
    if not filters or any(
        isinstance(key, str) and key.casefold() == "pattern"
        for item in filters
        if isinstance(item, Mapping)
        for key in item
    ):
        return filters
    return None


def _loads(text: str) -> Any:
    """A first look at a text, to tell a FilterCriteria from a pattern; the parser judges it."""
    if "Filters" not in text and "\\u" not in text:
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


def _check_python(pattern: Any, filter_index: int | None) -> None:
    """Refuse what JSON cannot say, and what is too deep (or contains itself), without recursion."""
    pending: list[tuple[Any, str, int]] = [(pattern, "", 1)]
    count = 0
    while pending:
        value, path, level = pending.pop()
        count += 1
        if count > MAX_PATTERN_LENGTH:  # every value takes a character, and may be held many times
            _fail_too_long(path, filter_index)
        if isinstance(value, Mapping):
            for name in value:
                if not isinstance(name, str):
                    _fail(
                        "FP001",
                        f"a name in JSON is a string, found {_format_value(name)}",
                        "write the name in quotes",
                        path=path,
                        filter_index=filter_index,
                    )
            children = [
                (item, f"{path}.{_exact(name)}" if path else _exact(name))
                for name, item in value.items()
            ]
        elif isinstance(value, (list, tuple)):
            children = [(item, f"{path}[{index}]") for index, item in enumerate(value)]
        elif value is None or isinstance(value, (str, int)) or _is_finite(value):
            if isinstance(value, int) and value.bit_length() > 3 * MAX_PATTERN_LENGTH:
                _fail_too_long(path, filter_index)
            continue
        else:
            _fail(
                "FP001",
                f"JSON cannot say {_format_value(value)}",
                "a pattern holds dicts, lists, strings, finite numbers, True, False and None",
                path=path,
                filter_index=filter_index,
            )
        if level > MAX_PATTERN_DEPTH:
            _fail(
                "FP018",
                f"the pattern is nested deeper than {MAX_PATTERN_DEPTH} levels",
                "join names that have one member only with dots: a.b.c",
                filter_index=filter_index,
            )
        pending.extend((item, where, level + 1) for item, where in children)


def _fail_too_long(path: str, filter_index: int | None) -> NoReturn:
    _fail(
        "FP017",
        f"the pattern has more than the {MAX_PATTERN_LENGTH:,} characters that AWS takes",
        "split the pattern into several filters",
        path=path,
        filter_index=filter_index,
    )


def _exact(text: str) -> str:
    """A str of a subclass (an enumeration's member, say) as the plain str that it is."""
    return str.__str__(text)


def _is_finite(value: object) -> bool:
    return isinstance(value, float) and math.isfinite(value)


def _plain(value: Any) -> Any:
    """The same as dicts and lists, which is all that json knows to write."""
    if isinstance(value, Mapping):
        return {_exact(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def _format_value(value: object) -> str:
    """A Python value for a message. Its repr is code that is not ours, and may be long or fail."""
    if value is None or value.__class__ in (float, str) or isinstance(value, bool):
        return repr(value)[:60]
    if value.__class__ is int:
        return "an integer"
    return f"a Python {type(value).__name__}"


def _fail(
    code: str, message: str, hint: str, *, path: str = "", filter_index: int | None = None
) -> NoReturn:
    reporter = Reporter("", filter_index=filter_index)
    reporter.error(code, None, message, path=path, hint=hint)
    raise PatternError(reporter.errors)
