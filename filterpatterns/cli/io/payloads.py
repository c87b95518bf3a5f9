"""`--payload`: makes records of lines that are payloads."""

from __future__ import annotations

import base64
import codecs
import json
from collections.abc import Callable, Sequence

from filterpatterns.delivery import sizes
from filterpatterns.delivery.reader import Item, forget
from filterpatterns.delivery.sources import SOURCES, Encoding
from filterpatterns.jsontext import decoding

Wrap = Callable[[str], str]
"""A function from the text of a payload to the text of a record."""


def as_it_is(text: str) -> str:
    """Return the text, which is already a record."""
    return text


def wrapper(source: str) -> Wrap:
    """Return a function that makes a record of a source from the text of its payload.

    An event has no payload: its text is the record.
    """
    if source not in SOURCES or not SOURCES[source].payload_keys:
        return as_it_is
    key = json.dumps("value" if source == "kafka" else SOURCES[source].payload_keys[0])
    encoding = SOURCES[source].encoding

    def wrap(text: str) -> str:
        if encoding is Encoding.OBJECT and decoding.parse(text) is not decoding.NOT_JSON:
            return f"{{{key}: {text}}}"
        payload = text
        if encoding is Encoding.BASE64:
            payload = base64.b64encode(text.encode()).decode()
        return f"{{{key}: {json.dumps(payload)}}}"

    return wrap


class PayloadReader:
    """Lines -> items, like `delivery.reader.Reader`; but each line that is not blank is a payload
    of any content, from which the item's record is made."""

    is_json_lines = False
    """No line is a record as it is."""

    def __init__(
        self,
        file: str,
        wrap: Wrap,
        *,
        is_start: bool = True,
        on_invalid: Callable[[bytes], None] = forget,
    ) -> None:
        """
        Args:
            file: the file's name in items.
            wrap: makes a record of a payload.
            is_start: whether the first line is that of the file, which may have a byte order mark.
                Anywhere else, the mark is a part of the payload.
            on_invalid: called with each line, or part of one, that is not in a record.
        """
        self._file = file
        self._wrap = wrap
        self._is_start = is_start
        self._on_invalid = on_invalid
        self.is_inside = False
        """Whether the end of a partly read line is still to come."""

    def longest(self, _head: bytes) -> int:
        """How many bytes of the next line to collect before a part of it is passed on."""
        return sizes.LONGEST_LINE

    def line(self, number: int, raw: bytes) -> Sequence[Item]:
        """Yield the item of a line. A line that is too long comes in parts, and is an error."""
        was_inside, self.is_inside = self.is_inside, not raw.endswith(b"\n")
        if was_inside:
            self._on_invalid(raw)
            return ()
        if self.is_inside and len(raw) >= sizes.LONGEST_LINE:
            words = f"a line of more than {sizes.LONGEST_LINE >> 20} MB"
            return self._refused(number, words, raw)
        self.is_inside = False
        has_mark = number == 1 and self._is_start
        own_line = raw.removeprefix(codecs.BOM_UTF8) if has_mark else raw
        if not own_line.strip():
            return ()
        try:
            text = own_line.rstrip(b"\r\n").decode()
        except UnicodeDecodeError as error:
            words = f"not UTF-8: {error.reason} at byte {error.start + 1}"
            return self._refused(number, words, raw)
        return (Item(self._file, number, self._wrap(text), own_line=own_line),)

    def end(self) -> Sequence[Item]:
        """Yield the items that the end of the file completes: none."""
        return ()

    def _refused(self, number: int, words: str, raw: bytes) -> Sequence[Item]:
        self._on_invalid(raw)
        return (Item(self._file, number, None, error=words),)
