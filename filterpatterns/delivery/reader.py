"""Lines of text -> records: JSON Lines, arrays, whole Lambda events, pretty-printed or not.

What a file holds is told by its content, line by line, so that JSON Lines need no more memory than
their longest line. Nothing is lost in silence: a line that is no record becomes an item too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from filterpatterns.delivery.envelopes import holds_records, records
from filterpatterns.jsontext import decoding
from filterpatterns.jsontext.structure import (
    CLOSING,
    OPENING,
    SPACE,
    TOKENS,
    elements,
    find_error,
    lines_of_elements,
    lines_of_texts,
    members,
    one_line,
    split,
)

LONGEST_LINE: Final = 1 << 28
"""Bytes of a line, or of a document of many lines: they are held in memory. No AWS service carries
a record of a hundredth of that."""

_UTF8_MARK = "\ufeff"
_UTF8_MARK_BYTES = _UTF8_MARK.encode()
_SPACE_BYTES = SPACE.encode()


class Item(NamedTuple):
    """A record; or a line that is none; or, with `line` None, a file that cannot be read.

    `record` is the record's own text where it has its line for itself, otherwise a dict. `error`
    says what is wrong, `column` where, if that is known; `record` is None then. `own_line` is the
    line that a record has for itself, byte for byte but for a byte order mark; if it has one.
    """

    file: str
    line: int | None
    record: Any
    id: str | None = None
    error: str | None = None
    column: int | None = None
    own_line: bytes | None = None

    def as_line(self) -> bytes:
        """The record's own line; or, where it has none (in an array, over many lines), its own
        text, which `record` has to be, as a line."""
        if self.own_line is not None:
            return self.own_line
        text: bytes = self.record.encode()
        return text.strip(_SPACE_BYTES) + b"\n"


def forget(_raw: bytes) -> None:
    """For readers that nobody asks for what is in no record."""


def items(
    lines: Iterable[bytes],
    file: str,
    *,
    as_text: bool = False,
    on_invalid: Callable[[bytes], None] = forget,
) -> Iterator[Item]:
    """The records in the lines of a file, each as soon as it is complete.

    Args:
        lines: the lines, each with its line feed, not decoded yet; one of more than LONGEST_LINE
            may come in parts.
        file: the name that the items have for the file.
        as_text: give each record as its own text.
        on_invalid: called with each line, or part of one, that is in no record.
    """
    reader = Reader(file, as_text=as_text, on_invalid=on_invalid)
    number = 0
    for line in lines:
        number += not reader.is_inside
        yield from reader.line(number, line)
    yield from reader.end()


def record_id(record: Mapping[str, Any]) -> str | None:
    """What a record calls itself: the first of its `messageId`, `MessageId`, `eventID` and `id`; or
    its place in a Kafka topic; or what a Custom Event Bus calls it."""
    if all(name in record for name in ("topic", "partition", "offset")):
        return f"{record['topic']}-{record['partition']}@{record['offset']}"
    system = record.get("SystemMetadata")  # of an event of a Custom Event Bus
    bus_id = system.get("aws:EventId") if isinstance(system, Mapping) else None
    names = ("messageId", "MessageId", "eventID", "id")
    return _first_id([*(record.get(name) for name in names), bus_id])


def _first_id(candidates: Iterable[Any]) -> str | None:
    for value in candidates:
        if isinstance(value, str) and value:
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
    return None


class _Look(
    msgspec.Struct,
    rename={
        "message_id": "messageId",
        "event_id": "eventID",
        "boto_id": "MessageId",
        "system": "SystemMetadata",
    },
):
    """What has to be known of a line at once; the rest is checked to be JSON, and skipped."""

    message_id: Any = None
    boto_id: Any = None
    event_id: Any = None
    id: Any = None
    system: Any = None
    Records: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    Messages: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    messages: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    records: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    rmqMessagesByQueue: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET  # noqa: N815 - AWS's name


_look = msgspec.json.Decoder(_Look).decode

_TOO_LARGE = (
    f"a document of more than {LONGEST_LINE >> 20} MB: write a record a line, say with jq -c '.[]'"
)


class Reader:
    """Lines -> items.

    If the first line is complete, the file is JSON Lines: each line stands for itself. Otherwise it
    holds documents of many lines, each of which lasts until its brackets are closed.
    """

    def __init__(
        self,
        file: str,
        *,
        json_lines: bool | None = None,
        as_text: bool = False,
        on_invalid: Callable[[bytes], None] = forget,
    ) -> None:
        """
        Args:
            file: the name that the items have for the file.
            json_lines: whether the file is JSON Lines; None if the first line is to tell.
            as_text: give each record as its own text, in one line, also where it stood in an array
                or had many lines.
            on_invalid: called with each line, or part of one, that is in no record.
        """
        self._file = file
        self._as_text = as_text
        self._on_invalid = on_invalid
        self._raw = b""  # the line that is being read, or what is left of it
        self._open_raw: list[bytes] = []  # as `_open`, not decoded
        self._json_lines = json_lines
        self._open: list[str] = []  # the lines of a document that is not closed yet
        self._size = 0  # of these, in characters
        self._first = 0  # the number of the first of them
        self._depth = 0  # of the brackets open in them
        self._skipping = False  # the rest of a broken document
        self.is_inside = False
        """Whether the end of a line is to come that is too long to be held."""
        self._first_document = True
        self._last = ""  # the last line that was not blank

    @property
    def is_json_lines(self) -> bool:
        """Whether each line from here on stands for itself: nothing is open, nothing skipped."""
        return bool(self._json_lines) and not (self._open or self._skipping or self.is_inside)

    def line(self, number: int, raw: bytes) -> Sequence[Item]:
        """The items that a line completes. One of LONGEST_LINE or more may come in parts, all with
        the same number."""
        self._raw = raw
        if self.is_inside or (len(raw) >= LONGEST_LINE and not raw.endswith(b"\n")):
            return self._pass_over(number, raw)
        try:
            text = raw.decode().rstrip(SPACE)
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
                self._on_invalid(self._raw)
                return ()
            self._skipping = False
        return self._begin(number, text)

    def _begin(self, number: int, text: str) -> Sequence[Item]:
        """The items of a line before which everything is closed."""
        self._last = text
        items = self._whole(text, number, self._raw)
        if items is None:
            items = self._several(number, text)
        if self._json_lines is None:
            self._json_lines = not self._open
        return items

    def _several(self, number: int, text: str) -> Sequence[Item]:
        """The items of a line that is not one JSON text; it may be several, or the start of one."""
        values, rest = split(text)
        found = [self._whole(value, number) for value in values]
        if (rest and self._json_lines) or not (values or rest) or None in found:
            self._on_invalid(self._raw)
            return (self._problem(text, number),)
        if rest:
            self._open, self._first, self._depth = [rest], number, 0
            self._open_raw, self._size = [self._raw], len(rest)
            self._closing(rest)
        return [item for items in found if items is not None for item in items]

    def _continue(self, number: int, text: str) -> Sequence[Item]:
        """The items of a line inside a document, or behind one that was never closed."""
        start = text.lstrip(SPACE)[:1]
        if start and start in "{[" and self._last[-1] not in "[,:":
            raw = self._raw
            items = self._give_up(text)
            self._raw = raw
            return [*items, *self._line(number, text)]
        self._last = text or self._last
        end = self._closing(text)
        self._open.append(text if end is None else text[:end])
        self._open_raw.append(self._raw)
        self._size += len(text)
        if self._size >= LONGEST_LINE:
            return self._give_up(because=Item(self._file, self._first, None, error=_TOO_LARGE))
        if end is None:
            return ()
        rest = text[end:].strip(SPACE)
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
        self._raw = rest.encode() + b"\n"
        return [*found, *self._begin(number, " " * text.index(rest, end) + rest)]

    def _closing(self, text: str) -> int | None:
        """Where in a line the open document ends, if it does."""
        if not ("}" in text or "]" in text or "{" in text or "[" in text):
            return None
        for token in TOKENS.finditer(text):
            if token[0] in OPENING:
                self._depth += 1
            elif token[0] in CLOSING:
                self._depth -= 1
                if self._depth <= 0:
                    return token.end()
            elif token[0] == '"':  # no string goes on in the next line: this is no JSON
                break
        return None

    def _give_up(self, text: str = "", because: Item | None = None) -> Sequence[Item]:
        """The items of a document that is broken; `text` is the line that cannot go on with it."""
        lines, self._open = self._open, []
        raw_lines, self._open_raw = self._open_raw, []
        second = next((line for line in (*lines[1:], text) if line), "")
        if self._first_document and second.startswith("{") and self._whole(second, 0) is not None:
            # JSON Lines after all, the first of which is broken.
            self._json_lines = True
            items: list[Item] = []
            for number, (line, raw) in enumerate(zip(lines, raw_lines, strict=True), self._first):
                if line:
                    self._raw = raw
                    items += self._begin(number, line)
            return items
        self._first_document, self._skipping = False, True
        for raw in raw_lines:
            self._on_invalid(raw)
        return (because or self._problem("\n".join([*lines, text]), self._first),)

    def _pass_over(self, number: int, raw: bytes) -> Sequence[Item]:
        """The items of a part of a line that is too long to be held."""
        is_first = not self.is_inside
        self.is_inside = not raw.endswith(b"\n")
        if is_first:
            return self._unreadable(number, f"a line of more than {LONGEST_LINE >> 20} MB")
        self._on_invalid(raw)
        return ()

    def _not_utf8(self, number: int, error: UnicodeDecodeError) -> Sequence[Item]:
        return self._unreadable(number, f"not UTF-8: {error.reason} at byte {error.start + 1}")

    def _unreadable(self, number: int, words: str) -> Sequence[Item]:
        """The items of a line that is no text, which breaks a document that is open."""
        item = Item(self._file, number, None, error=words)
        raw = self._raw
        items: Sequence[Item] = ()
        if self._open:
            items = self._give_up(because=item)
        self._on_invalid(raw)
        if item in items or (self._skipping and not items):
            return items
        return [*items, item]

    def _whole(self, text: str, line: int, raw: bytes | None = None) -> Sequence[Item] | None:
        """The items of one JSON text, which begins in that line; None if it is not JSON. `raw` is
        the line if it holds nothing else."""
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
            and not decoding.is_too_deep(text)
        ):
            bus_id = look.system.get("aws:EventId") if isinstance(look.system, dict) else None
            ids = (look.message_id, look.boto_id, look.event_id, look.id, bus_id)
            record = one_line(text) if self._as_text else text
            own_line = None if raw is None else raw.removeprefix(_UTF8_MARK_BYTES)
            return (Item(self._file, line, record, _first_id(ids), own_line=own_line),)
        value = decoding.parse(text)
        return None if value is decoding.NOT_JSON else self._records(value, text, line, raw)

    def _records(
        self, value: Any, text: str, line: int, raw: bytes | None = None
    ) -> Sequence[Item]:
        """The items of a value, taken apart if it holds records; `text` is its source, and `raw`
        the line if it holds nothing else."""
        key = holds_records(value)
        if key is None and not isinstance(value, list):
            return (self._item(value, text, line, raw),)
        items: list[Item] = []
        held = value if key is None else value[key]
        is_grouped = isinstance(held, dict)  # by topic, or by queue
        parts = list(records(value)) if is_grouped else held
        are_events = [key is None and holds_records(part) is not None for part in parts]
        wanted = (
            self._as_text or any(are_events) or not all(isinstance(part, dict) for part in parts)
        )
        texts = _texts(text, key, held) if wanted else [""] * len(parts)
        lines: Iterable[int]
        if is_grouped:
            lines = [line] * len(parts)
        elif wanted and key is None:
            lines = lines_of_texts(text, texts, line)
        else:
            lines = lines_of_elements(text, key, len(parts), line)
        for part, is_event, its_text, its_line in zip(parts, are_events, texts, lines, strict=True):
            if is_event:
                items += self._records(part, its_text, its_line)
            else:
                items.append(self._item(part, its_text, its_line))
        return items

    def _item(self, value: Any, text: str, line: int, raw: bytes | None = None) -> Item:
        if isinstance(value, dict):
            record = one_line(text) if self._as_text else value
            own_line = None if raw is None else raw.removeprefix(_UTF8_MARK_BYTES)
            return Item(self._file, line, record, record_id(value), own_line=own_line)
        self._on_invalid(raw or one_line(text).encode() + b"\n")
        return Item(
            self._file,
            line,
            None,
            error=f"a record is a JSON object, found {decoding.described(value)}",
        )

    def _problem(self, text: str, line: int) -> Item:
        words, below, column = find_error(text)
        return Item(self._file, line + below, None, error=words, column=column)


def _texts(text: str, key: str | None, held: Any) -> list[str]:
    """The texts of the records in an array, or in an event's member of that name."""
    if key is not None:
        text = dict(members(text))[key]
    if isinstance(held, dict):
        return [one for group in dict(members(text)).values() for one in elements(group)]
    return elements(text)
