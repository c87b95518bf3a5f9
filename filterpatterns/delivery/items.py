"""JSON texts in a file -> items: records, and whatever is not a record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

import msgspec

from filterpatterns.delivery.envelopes import holds_records
from filterpatterns.jsontext import decoding
from filterpatterns.jsontext.decoding import NOT_JSON
from filterpatterns.jsontext.structure import (
    SPACE,
    elements,
    find_error,
    lines_of_elements,
    lines_of_texts,
    members,
    one_line,
)

UTF8_MARK = "\ufeff"
_UTF8_MARK_BYTES = UTF8_MARK.encode()
SPACE_BYTES = SPACE.encode()


class Item(NamedTuple):
    """A record; or a line that is not a record; or, with `line` None, a file that cannot be read.

    `record` is the record's text. If `error` says what is wrong, and `column` where (if known),
    `record` is None. `own_line` is the line of a record that has a line to itself, byte for byte
    except for a byte order mark.
    """

    file: str
    line: int | None
    record: str | None
    id: str | None = None
    error: str | None = None
    column: int | None = None
    own_line: bytes | None = None

    def as_line(self) -> bytes:
        """Return the record's own line; or, if it has none (in an array, or over many lines),
        its text on one line."""
        if self.own_line is not None:
            return self.own_line
        assert self.record is not None, "a record"
        return one_line(self.record.strip(SPACE)).encode() + b"\n"


def forget(_raw: bytes) -> None:
    """Ignore invalid input: the default for `on_invalid`."""


def record_id(record: Mapping[str, Any]) -> str | None:
    """Return a record's identifier: the first of its `messageId`, `MessageId`, `eventID`,
    `messageID` (ActiveMQ) and `id`; or its position in a Kafka topic; or its identifier on a Custom
    Event Bus, or in RabbitMQ's properties."""
    place = record.get("topic"), record.get("partition"), record.get("offset")
    holders = record.get("SystemMetadata"), record.get("basicProperties")
    names = ("messageId", "MessageId", "eventID", "messageID", "id")
    return _first_id([record.get(name) for name in names], place, *holders)


def _first_id(
    candidates: Iterable[Any], place: tuple[Any, Any, Any], system: Any, properties: Any
) -> str | None:
    """The first identifier; `place` is a topic, a partition and an offset, the others may hold
    one."""
    if None not in place:
        topic, partition, offset = place
        return f"{topic}-{partition}@{offset}"
    held = (
        holder.get(name)
        for holder, name in ((system, "aws:EventId"), (properties, "messageId"))
        if isinstance(holder, Mapping)
    )
    for value in chain(candidates, held):
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
        "mq_id": "messageID",
        "system": "SystemMetadata",
        "properties": "basicProperties",
    },
):
    """What must be known about a text immediately; the rest is validated and skipped."""

    message_id: Any = None
    boto_id: Any = None
    event_id: Any = None
    mq_id: Any = None
    id: Any = None
    topic: Any = None
    partition: Any = None
    offset: Any = None
    system: Any = None
    properties: Any = None
    Records: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    Messages: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    messages: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    records: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    rmqMessagesByQueue: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET  # noqa: N815 - AWS's name


_look = msgspec.json.Decoder(_Look).decode


class Items:
    """Creates the items of one file."""

    def __init__(self, file: str, on_invalid: Callable[[bytes], None]) -> None:
        """
        Args:
            file: the file name to put in the items.
            on_invalid: called with each line, or part of a line, that is not in a record.
        """
        self._file = file
        self.on_invalid = on_invalid

    def of(self, text: str, line: int, raw: bytes | None = None) -> Sequence[Item] | None:
        """Return the items of one JSON text; None if it is not JSON.

        Args:
            text: the text.
            line: the line in which it begins.
            raw: that line, if it has nothing else.
        """
        try:
            look = _look(text)
        except (msgspec.DecodeError, RecursionError):
            look = None  # not an object, or an object that needs the careful parser
        if (
            look is not None
            and look.Records is msgspec.UNSET
            and look.Messages is msgspec.UNSET
            and look.messages is msgspec.UNSET
            and look.records is msgspec.UNSET
            and look.rmqMessagesByQueue is msgspec.UNSET
            and not decoding.is_too_deep(text)
        ):
            ids = (look.message_id, look.boto_id, look.event_id, look.mq_id, look.id)
            place = (look.topic, look.partition, look.offset)
            found = _first_id(ids, place, look.system, look.properties)
            own_line = None if raw is None else raw.removeprefix(_UTF8_MARK_BYTES)
            return (Item(self._file, line, text, found, own_line=own_line),)
        value = decoding.parse(text)
        return None if value is NOT_JSON else self._taken_apart(value, text, line, raw)

    def of_element(self, text: str, line: int) -> Sequence[Item] | None:
        """Return the items of an array element; None if it is not JSON."""
        if not text.startswith("["):  # an array in an array is not an array of records
            return self.of(text, line)
        value = decoding.parse(text)
        return None if value is NOT_JSON else (self._item(value, text, line),)

    def invalid_item(self, text: str, line: int, columns: int = 0) -> Item:
        """Return the item of a text that is not JSON; `columns` precede it in its line."""
        words, below, column = find_error(text)
        if column is not None and not below:
            column += columns
        return self.error(line + below, words, column)

    def error(self, line: int, words: str, column: int | None = None) -> Item:
        """Return the item of something that cannot be read."""
        return Item(self._file, line, None, error=words, column=column)

    def _taken_apart(
        self, value: Any, text: str, line: int, raw: bytes | None = None
    ) -> Sequence[Item]:
        """Return the items of a value that may contain records."""
        key = holds_records(value)
        if key is None and not isinstance(value, list):
            return (self._item(value, text, line, raw),)
        items: list[Item] = []
        held = value if key is None else value[key]
        texts = _texts(text, key, held)
        lines: Iterable[int]
        if isinstance(held, dict):  # by topic, or by queue
            parts = [part for group in held.values() for part in group]
            lines = [line] * len(parts)
        else:
            parts = held
            lines = (
                lines_of_texts(text, texts, line)
                if key is None
                else lines_of_elements(text, key, len(parts), line)
            )
        for part, its_text, its_line in zip(parts, texts, lines, strict=True):
            if key is None and holds_records(part) is not None:
                items += self._taken_apart(part, its_text, its_line)
            else:
                items.append(self._item(part, its_text, its_line))
        return items

    def _item(self, value: Any, text: str, line: int, raw: bytes | None = None) -> Item:
        if isinstance(value, dict):
            own_line = None if raw is None else raw.removeprefix(_UTF8_MARK_BYTES)
            return Item(self._file, line, text, record_id(value), own_line=own_line)
        self.on_invalid(raw or one_line(text).encode() + b"\n")
        return self.error(
            line, f"a record must be a JSON object, found {decoding.described(value)}"
        )


def _texts(text: str, key: str | None, held: Any) -> list[str]:
    """Return the texts of the records in an array, or in the member `key` of an event."""
    if key is not None:
        text = dict(members(text))[key]
    if isinstance(held, dict):
        return [part for group in dict(members(text)).values() for part in elements(group)]
    return elements(text)
