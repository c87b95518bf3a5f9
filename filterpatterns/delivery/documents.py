"""Documents of many lines: each lasts until its brackets are closed."""

from __future__ import annotations

from collections.abc import Sequence

from filterpatterns.delivery import sizes
from filterpatterns.delivery.items import Item, Items
from filterpatterns.delivery.json_lines import JsonLines
from filterpatterns.jsontext import decoding
from filterpatterns.jsontext.decoding import NOT_JSON
from filterpatterns.jsontext.structure import CLOSING, OPENING, SPACE, tokens

_HEAD_LINES, _HEAD_BYTES = 8, 4096
"""Enough to show whether an open document is an array; checked again for each line."""


class _Document:
    """The lines of a document that is not closed yet."""

    def __init__(self, first: int, text: str, raw: bytes) -> None:
        self.first = first
        """The number of the first line."""
        self.lines: list[str] = []
        self.raw_lines: list[bytes] = []
        self.size = 0
        self._depth = 0
        self.add(text, raw)

    def add(self, text: str, raw: bytes) -> int | None:
        """Add a line; return where in it the document ends, if it does."""
        end = self._closing(text)
        self.lines.append(text if end is None else text[:end])
        self.raw_lines.append(raw)
        self.size += len(text)
        return end

    def _closing(self, text: str) -> int | None:
        if not ("}" in text or "]" in text or "{" in text or "[" in text):
            return None
        for token in tokens(text):
            if token[0] in OPENING:
                self._depth += 1
            elif token[0] in CLOSING:
                self._depth -= 1
                if self._depth <= 0:
                    return token.end()
            elif token[0] == '"':  # strings do not span lines: this is not JSON
                break
        return None


class Documents:
    """Reads the items of consecutive documents."""

    def __init__(self, items: Items, lines: JsonLines) -> None:
        self._items = items
        self._lines = lines
        self._open: _Document | None = None
        self._is_skipping = False  # the rest of a broken document
        self._is_first = True
        self._last = ""  # the last line that was not blank
        self.are_json_lines = False
        """Whether the file turned out to be JSON Lines, the first of which was broken."""

    @property
    def is_open(self) -> bool:
        """Whether a document has begun that may continue."""
        return self._open is not None

    @property
    def is_between(self) -> bool:
        """Whether a document may begin in the next line."""
        return self._open is None and (not self._is_skipping or self._last in ("}", "]"))

    def line(self, number: int, text: str, raw: bytes, *, is_whole: bool = True) -> Sequence[Item]:
        """Return the items that a line completes, like `JsonLines.line`."""
        if self._open is not None:
            return self._continue(self._open, number, text, raw)
        if not text:
            return ()
        if self._is_skipping:
            # Pretty-printers put only the start and the end of a document in the first column.
            if not (self._last in ("}", "]") and text.startswith(("{", "["))):
                self._last = text
                self._items.on_invalid(raw)
                return ()
            self._is_skipping = False
        return self._begin(number, text, raw, is_whole=is_whole)

    def end(self) -> Sequence[Item]:
        """Return the items that the end of the file completes."""
        return () if self._open is None else self._give_up(self._open)

    def take_open(self) -> tuple[int, list[bytes]]:
        """Hand over the open document to another reader: the number of its first line, and its
        lines."""
        assert self._open is not None
        document, self._open = self._open, None
        return document.first, document.raw_lines

    def unreadable(self, number: int, words: str, raw: bytes) -> Sequence[Item]:
        """Return the items of a line that is not text, which breaks an open document."""
        item = self._items.error(number, words)
        if self._open is None:
            found: Sequence[Item] = () if self._is_skipping else (item,)
        else:
            found = self._give_up(self._open, because=item)
            if item not in found:  # the preceding lines have items of their own
                found = [*found, item]
        self._items.on_invalid(raw)
        return found

    def pass_by(self) -> None:
        """Note that a document has begun that another reader handles."""
        self._is_first = self._is_skipping = False

    def skip(self, last: str) -> None:
        """A document is broken up to the line with that text: skip the rest of it."""
        self._is_first, self._is_skipping, self._last = False, True, last

    @property
    def open_head(self) -> bytes:
        """Return the beginning of an open document."""
        raw_lines = [] if self._open is None else self._open.raw_lines[:_HEAD_LINES]
        return b"".join(line[:_HEAD_BYTES] for line in raw_lines)

    @property
    def open_size(self) -> int:
        """Return how many characters of an open document are in memory."""
        return 0 if self._open is None else self._open.size

    def _begin(self, number: int, text: str, raw: bytes, *, is_whole: bool) -> Sequence[Item]:
        """Return the items of a line before which everything is closed."""
        self._last = text
        own = raw if is_whole else None
        found, rest = self._lines.complete(number, text, own, may_stay_open=True)
        if found is None:
            self._items.on_invalid(raw)
            return (self._items.invalid_item(text, number),)
        if rest:
            own_raw = rest.encode() + b"\n" if found else raw
            self._open = _Document(number, rest, own_raw)
        return found

    def _continue(self, document: _Document, number: int, text: str, raw: bytes) -> Sequence[Item]:
        """Return the items of a line inside a document, or after an unclosed document."""
        start = text.lstrip(SPACE)[:1]
        if start and start in "{[" and self._last[-1] not in "[,:":
            found = self._give_up(document, text)
            line = self._lines.line if self.are_json_lines else self.line
            return [*found, *line(number, text, raw)]
        self._last = text or self._last
        end = document.add(text, raw)
        if document.size >= sizes.LONGEST_LINE:
            return self._give_up(document, because=self._items.error(document.first, _TOO_LARGE))
        if end is None:
            return ()
        rest = text[end:].strip(SPACE)
        complete = self._items.of("\n".join(document.lines), document.first)
        if complete is None:
            document.lines[-1] = text
            complete = self._give_up(document, after=rest)
            if self.are_json_lines:
                return complete
            # The brackets match: what follows may be a new document.
            self._last, self._is_skipping = "}", not rest
        self._open, self._is_first = None, False
        if not rest:
            return complete
        place = text.index(rest, end)
        raw = rest.encode() + b"\n"
        return [*complete, *self._begin(number, " " * place + rest, raw, is_whole=False)]

    def _give_up(
        self,
        document: _Document,
        text: str = "",
        *,
        after: str = "",
        because: Item | None = None,
    ) -> Sequence[Item]:
        """Return the items of a broken document.

        Args:
            document: the document.
            text: the line that cannot continue it.
            after: the part of its last line that does not belong to it.
            because: the item that reports the error; by default, the JSON error of the document.
        """
        self._open = None
        second = next((line for line in (*document.lines[1:], text) if line), "")
        if self._is_first and second.startswith("{") and decoding.parse(second) is not NOT_JSON:
            # JSON Lines after all; the first line is broken.
            self.are_json_lines = True
            lines = zip(document.lines, document.raw_lines, strict=True)
            return [
                item
                for number, (line, raw) in enumerate(lines, document.first)
                if line
                for item in self._lines.line(number, line, raw)
            ]
        self._is_first, self._is_skipping = False, True
        if after:
            last = document.lines[-1].removesuffix(after)
            document.raw_lines[-1] = last.encode() + b"\n"
        for raw in document.raw_lines:
            self._items.on_invalid(raw)
        return (
            because or self._items.invalid_item("\n".join([*document.lines, text]), document.first),
        )


_TOO_LARGE = (
    f"a document of more than {sizes.LONGEST_LINE >> 20} MB: write one record per "
    "line, for example with jq -c '.[]'"
)
