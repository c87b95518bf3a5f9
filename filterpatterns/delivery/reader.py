"""Lines of bytes -> records: JSON Lines, arrays, whole Lambda events, pretty-printed or not.

The layout is detected from the content, line by line, so that JSON Lines need no more memory than
their longest line, and arrays no more than their longest element. Nothing is lost silently: a line
that is not a record becomes an item too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from filterpatterns.delivery import sizes
from filterpatterns.delivery.arrays import ArrayReader
from filterpatterns.delivery.detection import array_start
from filterpatterns.delivery.documents import Documents
from filterpatterns.delivery.items import UTF8_MARK, Item, Items, forget, record_id
from filterpatterns.delivery.json_lines import JsonLines
from filterpatterns.jsontext.structure import SPACE

__all__ = ["Item", "Reader", "forget", "items", "record_id"]


def items(lines: Iterable[bytes], file: str) -> Iterator[Item]:
    """Yield the records in the lines of a file, each as soon as it is complete.

    Args:
        lines: the lines as bytes, each with its line feed; a long line may arrive in parts.
        file: the file name to put in the items.
    """
    reader = Reader(file)
    number = 0
    for line in lines:
        number += not reader.is_inside
        yield from reader.line(number, line)
    yield from reader.end()


class Reader:
    """Lines -> items.

    If the first line is complete, the file is JSON Lines: each line is independent. Otherwise it
    contains documents of many lines, each of which ends when its brackets are closed. In both cases
    large arrays are read one element at a time.
    """

    def __init__(
        self,
        file: str,
        *,
        json_lines: bool | None = None,
        on_invalid: Callable[[bytes], None] = forget,
    ) -> None:
        """
        Args:
            file: the file name to put in the items.
            json_lines: whether the file is JSON Lines; None to detect it from the first line.
            on_invalid: called with each line, or part of a line, that is not in a record.
        """
        self._items = Items(file, on_invalid)
        self._lines = JsonLines(self._items)
        self._documents = Documents(self._items, self._lines)
        self._array: ArrayReader | None = None
        self._json_lines = json_lines
        self._number = 0
        self._pending = b""  # of a line after an array, whose end has not arrived
        self.is_inside = False
        """Whether the current line has arrived only in part."""
        self._is_passing = False  # skipping the rest of a line that is broken or too long
        self._began = 0  # the line in which the last array began

    @property
    def is_json_lines(self) -> bool:
        """Whether each line from here on is independent: nothing is open or being skipped."""
        return bool(self._json_lines) and self._array is None and not self.is_inside

    def longest(self, head: bytes) -> int:
        """Return how many bytes of the next line, which begins with `head`, to hold before passing
        on a part of it."""
        if self._array is not None or self._is_passing:
            return sizes.HELD_WHOLE
        if self._may_begin and array_start(head) is not None:
            return min(sizes.HELD_WHOLE, sizes.LONGEST_LINE)
        return sizes.LONGEST_LINE

    def line(self, number: int, raw: bytes) -> Sequence[Item]:
        """Return the items that a line completes, or a part of a line that is longer than
        `longest`. All parts have the same number."""
        self._number = number
        was_inside, self.is_inside = self.is_inside, self._goes_on(raw)
        if self._array is not None:
            return self._in_array(self._array, number, raw)
        if self._is_passing:
            self._is_passing = self.is_inside
            self._items.on_invalid(raw)
            return ()
        is_whole, raw, self._pending = not was_inside, self._pending + raw, b""
        if self.is_inside:
            return self._part(number, raw)
        return self._line(number, raw, is_whole=is_whole)

    def end(self) -> Sequence[Item]:
        """Return the items that the end of the file completes."""
        if self._array is not None:
            return self._array.end()
        if self._pending:  # a last line without a line feed
            return [
                *self._line(self._number, self._pending, is_whole=False),
                *self._documents.end(),
            ]
        return self._documents.end()

    @property
    def _may_begin(self) -> bool:
        """Whether an array may begin here."""
        return bool(self._json_lines) or self._documents.is_between

    def _after_broken(self, number: int, raw: bytes) -> Sequence[Item]:
        """Return the items of a line, or a part of a line, after an array was given up."""
        self._is_passing = False
        return self._part(number, raw) if self.is_inside else self._line(number, raw)

    def _goes_on(self, raw: bytes) -> bool:
        if raw.endswith(b"\n"):
            return False
        return self.is_inside or len(raw) >= self.longest(raw)

    def _line(self, number: int, raw: bytes, *, is_whole: bool = True) -> Sequence[Item]:
        """Return the items of a line, or of the rest of a line."""
        try:
            text = raw.decode().rstrip(SPACE)
        except UnicodeDecodeError as error:
            words = f"not UTF-8: {error.reason} at byte {error.start + 1}"
            return self._documents.unreadable(number, words, raw)
        text = text.removeprefix(UTF8_MARK)
        if self._json_lines:
            return self._lines.line(number, text, raw, is_whole=is_whole)
        found = self._documents.line(number, text, raw, is_whole=is_whole)
        if self._documents.are_json_lines:
            self._json_lines = True
        elif self._json_lines is None and (text or not is_whole):
            is_one_line = is_whole or self._began == number
            self._json_lines = is_one_line and not self._documents.is_open
        if self._documents.open_size > sizes.HELD_WHOLE:
            found = [*found, *self._open_array()]
        return found

    def _part(self, number: int, raw: bytes) -> Sequence[Item]:
        """Return the items of the first part of a line."""
        start = array_start(raw) if self._may_begin else None
        if start is not None:
            position, is_event = start
            self._documents.pass_by()
            self._array = ArrayReader(self._items, number, is_event=is_event)
            return self._in_array(self._array, number, raw, position)
        if len(raw) < sizes.LONGEST_LINE:
            self._pending = raw
            return ()
        self._is_passing = True
        words = f"a line of more than {sizes.LONGEST_LINE >> 20} MB"
        return self._documents.unreadable(number, words, raw)

    def _open_array(self) -> Sequence[Item]:
        """Return the items of a document that is too large to be held whole, if it is an array."""
        start = array_start(self._documents.open_head)
        if start is None:
            return ()
        position, is_event = start
        first, raw_lines = self._documents.take_open()
        self._documents.pass_by()
        self._array = ArrayReader(self._items, first, is_event=is_event)
        found: list[Item] = []
        for number, raw in enumerate(raw_lines, first):
            if position >= len(raw):
                position -= len(raw)
            else:
                found += self._in_or_after_array(number, raw, position)
                position = 0
        return found

    def _in_or_after_array(self, number: int, raw: bytes, position: int) -> Sequence[Item]:
        if self._array is None:  # it was broken
            return self._line(number, raw)
        return self._in_array(self._array, number, raw, position)

    def _in_array(
        self, array: ArrayReader, number: int, raw: bytes, position: int = 0
    ) -> Sequence[Item]:
        """Return the items that a line, or a part of a line, completes inside an array."""
        found = list(array.feed(number, raw, position))
        if array.rest is None:
            if self._json_lines and not self.is_inside:  # arrays do not span lines here
                self._array = None
                found += array.end()
            return found
        self._array = None
        rest = array.rest
        if array.is_broken:
            self._is_passing = self.is_inside
            is_one_line = number - array.first_line == (1 if rest else 0)
            if self._json_lines is None and is_one_line:  # probably the first of JSON Lines
                self._json_lines = True
            elif rest.startswith(b"["):  # an array of records has no arrays
                self._documents.pass_by()
            elif not self._json_lines:
                self._documents.skip(array.last_line.decode(errors="replace").rstrip(SPACE))
            return [*found, *self._after_broken(number, rest)] if rest else found
        self._began = array.first_line
        if self.is_inside:
            self._pending = rest
            return found
        return [*found, *self._line(number, rest, is_whole=False)]
