"""Lines of text -> records: JSON Lines, arrays, whole Lambda events, pretty-printed or not.

What a file holds is told by its content, line by line, so that JSON Lines need no more memory than
their longest line. Nothing is lost in silence: a line that is no record becomes an item too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from filterpatterns import jsontext
from filterpatterns.delivery import holds_records, records
from filterpatterns.jsontext import NOT_JSON
from filterpatterns.limits import MAX_PAYLOAD_DEPTH

_UTF8_MARK = "\ufeff"
_SPACE = " \t\r\n"  # JSON's: str.strip() alone would take more


class Item(NamedTuple):
    """A record; or a line that is none; or, with `line` None, a file that cannot be read.

    `record` is the record's own text where it has its line for itself, otherwise a dict. `error`
    says what is wrong, `column` where, if that is known; `record` is None then.
    """

    file: str
    line: int | None
    record: Any
    id: str | None = None
    error: str | None = None
    column: int | None = None


def items(lines: Iterable[bytes], file: str) -> Iterator[Item]:
    """The records in the lines of a file, each as soon as it is complete.

    Args:
        lines: the lines, each with its line feed, not decoded yet.
        file: the name that the items have for the file.
    """
    reader = _Reader(file)
    for number, line in enumerate(lines, 1):
        yield from reader.line(number, line)
    yield from reader.end()


def record_id(record: Mapping[str, Any]) -> str | None:
    """What a record calls itself: the first of its `messageId`, `MessageId`, `eventID` and `id`; or
    its place in a Kafka topic."""
    if all(name in record for name in ("topic", "partition", "offset")):
        return f"{record['topic']}-{record['partition']}@{record['offset']}"
    return _first_id(record.get(name) for name in ("messageId", "MessageId", "eventID", "id"))


def _first_id(candidates: Iterable[Any]) -> str | None:
    for value in candidates:
        if isinstance(value, str) and value:
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
    return None


class _Look(
    msgspec.Struct,
    rename={"message_id": "messageId", "event_id": "eventID", "boto_id": "MessageId"},
):
    """What has to be known of a line at once; the rest is checked to be JSON, and skipped."""

    message_id: Any = None
    boto_id: Any = None
    event_id: Any = None
    id: Any = None
    Records: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    Messages: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    messages: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    records: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    rmqMessagesByQueue: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET  # noqa: N815 - AWS's name


_look = msgspec.json.Decoder(_Look).decode

_TOKENS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]|"', re.DOTALL)
"""Strings and brackets; a quotation mark alone is one that nothing closes."""

_OPENING = ("{", "[")
_CLOSING = ("}", "]")


class _Reader:
    """Lines -> items.

    If the first line is complete, the file is JSON Lines: each line stands for itself. Otherwise it
    holds documents of many lines, each of which lasts until its brackets are closed.
    """

    def __init__(self, file: str) -> None:
        self._file = file
        self._json_lines: bool | None = None  # the first line is yet to come
        self._open: list[str] = []  # the lines of a document that is not closed yet
        self._first = 0  # the number of the first of them
        self._depth = 0  # of the brackets open in them
        self._skipping = False  # the rest of a broken document
        self._first_document = True
        self._last = ""  # the last line that was not blank

    def line(self, number: int, raw: bytes) -> Sequence[Item]:
        """The items that a line completes."""
        try:
            text = raw.decode().rstrip(_SPACE)
        except UnicodeDecodeError as error:
            return self._not_utf8(number, error)
        if text.startswith(_UTF8_MARK):
            text = text[1:]
        return self._line(number, text)

    def end(self) -> Sequence[Item]:
        """The items that the end of the file completes."""
        return self._give_up() if self._open else ()

    def _line(self, number: int, text: str) -> Sequence[Item]:
        if self._open:
            return self._continue(number, text)
        if not text:
            return ()
        if self._skipping:
            # Pretty-printers begin and end a document in the first column, and nothing else.
            if not (self._last in ("}", "]") and text.startswith(("{", "["))):
                self._last = text
                return ()
            self._skipping = False
        return self._begin(number, text)

    def _begin(self, number: int, text: str) -> Sequence[Item]:
        """The items of a line before which everything is closed."""
        self._last = text
        items = self._whole(text, number)
        if items is None:
            items = self._several(number, text)
        if self._json_lines is None:
            self._json_lines = not self._open
        return items

    def _several(self, number: int, text: str) -> Sequence[Item]:
        """The items of a line that is not one JSON text; it may be several, or the start of one."""
        values, rest = _split(text)
        found = [self._whole(value, number) for value in values]
        if (rest and self._json_lines) or not (values or rest) or None in found:
            return (self._fault(text, number),)
        if rest:
            self._open, self._first, self._depth = [rest], number, 0
            self._closing(rest)
        return [item for items in found if items is not None for item in items]

    def _continue(self, number: int, text: str) -> Sequence[Item]:
        """The items of a line inside a document, or behind one that was never closed."""
        start = text.lstrip(_SPACE)[:1]
        if start and start in "{[" and self._last[-1] not in "[,:":
            items = self._give_up(text)
            return [*items, *self._line(number, text)]
        self._last = text or self._last
        end = self._closing(text)
        self._open.append(text if end is None else text[:end])
        if end is None:
            return ()
        rest = text[end:].strip(_SPACE)
        found = self._whole("\n".join(self._open), self._first)
        if found is None:
            self._open[-1] = text
            found = self._give_up()
            if self._json_lines:
                return found
            # The brackets match: what follows may be a new document.
            self._last, self._skipping = "}", not rest
        self._open, self._first_document = [], False
        if not rest:
            return found
        return [*found, *self._begin(number, " " * end + text[end:])]

    def _closing(self, text: str) -> int | None:
        """Where in a line the open document ends, if it does."""
        if not ("}" in text or "]" in text or "{" in text or "[" in text):
            return None
        for token in _TOKENS.finditer(text):
            if token[0] in _OPENING:
                self._depth += 1
            elif token[0] in _CLOSING:
                self._depth -= 1
                if self._depth <= 0:
                    return token.end()
            elif token[0] == '"':  # no string goes on in the next line: this is no JSON
                break
        return None

    def _give_up(self, text: str = "", because: Item | None = None) -> Sequence[Item]:
        """The items of a document that is broken; `text` is the line that cannot go on with it."""
        lines, self._open = self._open, []
        second = next((line for line in (*lines[1:], text) if line), "")
        if self._first_document and second.startswith("{") and self._whole(second, 0) is not None:
            # JSON Lines after all, the first of which is broken.
            self._json_lines = True
            items: list[Item] = []
            for number, line in enumerate(lines, self._first):
                if line:
                    items += self._begin(number, line)
            return items
        self._first_document, self._skipping = False, True
        return (because or self._fault("\n".join([*lines, text]), self._first),)

    def _not_utf8(self, number: int, error: UnicodeDecodeError) -> Sequence[Item]:
        words = f"not UTF-8: {error.reason} at byte {error.start + 1}"
        item = Item(self._file, number, None, error=words)
        if self._open:
            items = self._give_up(because=item)
            return items if item in items else [*items, item]
        return () if self._skipping else (item,)

    def _whole(self, text: str, line: int) -> Sequence[Item] | None:
        """The items of one JSON text, which begins in that line; None if it is not JSON."""
        try:
            look = _look(text)
        except (msgspec.DecodeError, RecursionError):
            look = None  # no object, or one that takes a more careful parser
        if (
            look is not None
            and look.Records is msgspec.UNSET
            and look.Messages is msgspec.UNSET
            and look.messages is msgspec.UNSET
            and look.records is msgspec.UNSET
            and look.rmqMessagesByQueue is msgspec.UNSET
            and not jsontext.is_too_deep(text)
        ):
            ids = (look.message_id, look.boto_id, look.event_id, look.id)
            return (Item(self._file, line, text, _first_id(ids)),)
        value = jsontext.parse(text)
        return None if value is NOT_JSON else self._records(value, text, line)

    def _records(self, value: Any, text: str, line: int) -> Sequence[Item]:
        """The items of a value, taken apart if it holds records; `text` is its source."""
        key = holds_records(value)
        if key is None and not isinstance(value, list):
            return (self._item(value, line),)
        items: list[Item] = []
        if key is not None and isinstance(value[key], dict):  # by topic, or by queue
            return [self._item(record, line) for record in records(value)]
        elements = value if key is None else value[key]
        lines = _lines_of_elements(text, key, len(elements), line)
        for element, its_line in zip(elements, lines):  # noqa: B905 - they are equally many
            held = records(element) if key is None and holds_records(element) else [element]
            items += [self._item(record, its_line) for record in held]
        return items

    def _item(self, value: Any, line: int) -> Item:
        if isinstance(value, dict):
            return Item(self._file, line, value, record_id(value))
        return Item(
            self._file,
            line,
            None,
            error=f"a record is a JSON object, found {jsontext.described(value)}",
        )

    def _fault(self, text: str, line: int) -> Item:
        words, below, column = _fault(text)
        return Item(self._file, line + below, None, error=words, column=column)


def _split(text: str) -> tuple[list[str], str]:
    """The arrays and objects that a line holds, and what is left open at its end.

    Both are empty if the line is neither several JSON texts nor the first part of one.
    """
    values: list[str] = []
    depth = start = end = 0
    for token in _TOKENS.finditer(text):
        if token[0] == '"':
            return [], ""
        if token[0] in _OPENING:
            if not depth:
                start = token.start()
                if text[end:start].strip(_SPACE):
                    return [], ""
            depth += 1
        elif token[0] in _CLOSING:
            depth -= 1
            if depth < 0:
                return [], ""
            if not depth:
                end = token.end()
                values.append(text[start:end])
    if depth:
        return values, text[start:]
    return ([], "") if text[end:].strip(_SPACE) else (values, "")


def _lines_of_elements(text: str, key: str | None, count: int, first: int) -> Iterable[int]:
    """In which lines the elements of an array begin: the text itself, or its member of that name.

    Where that is not to be told, each is said to be in the first.
    """
    unknown = [first] * count
    if "\n" not in text:
        return unknown
    name = None if key is None else f'"{key}"'
    inside = 1 if key is None else 2  # how many brackets are open around an element
    depth, line, counted, before = 0, first, 0, ""
    reading = key is None
    lines: list[int] = []
    for token in _TOKENS.finditer(text):
        if token[0] in _OPENING:
            if reading and depth == inside:
                line += text.count("\n", counted, token.start())
                counted = token.start()
                lines.append(line)
            if depth == 1 and before == name:
                reading = True
                lines.clear()  # of a name that is repeated the last value counts
            depth += 1
        elif token[0] in _CLOSING:
            depth -= 1
            reading = reading and depth >= inside
        before = token[0]
    return lines if len(lines) == count else unknown


def _fault(text: str) -> tuple[str, int, int | None]:
    """Why a text is not JSON: in words, how many lines below its first, and in which column."""
    if _is_too_deep(text):
        return f"nested deeper than {MAX_PAYLOAD_DEPTH:,} levels", 0, None
    try:
        # Its messages have a place; what it takes of numbers and names is not what is asked here.
        json.loads(text, parse_int=len, parse_float=len, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        if error.pos >= len(text.rstrip(_SPACE)):
            return "invalid JSON: ends too early", error.lineno - 1, error.colno
        words = "more text behind the value" if error.msg == "Extra data" else error.msg
        words = words[:1].lower() + words[1:].removesuffix(" at").removesuffix(" starting")
        return f"invalid JSON: {words}", error.lineno - 1, error.colno
    except ValueError as error:
        return f"invalid JSON: {error}", 0, None
    except RecursionError:
        pass
    return "invalid JSON", 0, None


def _is_too_deep(text: str) -> bool:
    """As `jsontext.is_too_deep`, for a text that may be anything."""
    depth = 0
    for token in _TOKENS.finditer(text):
        if token[0] in _OPENING:
            depth += 1
            if depth > MAX_PAYLOAD_DEPTH:
                return True
        elif token[0] in _CLOSING:
            depth -= 1
        elif token[0] == '"':  # what follows it is no longer to be told
            return False
    return False


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")
