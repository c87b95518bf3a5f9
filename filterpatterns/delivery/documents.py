"""Documents of many lines: each lasts until its brackets are closed."""

from __future__ import annotations

from collections.abc import Sequence

from filterpatterns.delivery import sizes
from filterpatterns.delivery.items import Item, Items
from filterpatterns.delivery.json_lines import JsonLines
from filterpatterns.jsontext import decoding
from filterpatterns.jsontext.decoding import NOT_JSON
from filterpatterns.jsontext.structure import CLOSING, OPENING, SPACE, TOKENS

_HEAD_LINES, _HEAD_BYTES = 8, 4096
"""What shows whether an open document is an array; it is asked again for each line."""


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
        """Add a line; gives where in it the document ends, if it does."""
        end = self._closing(text)
        self.lines.append(text if end is None else text[:end])
        self.raw_lines.append(raw)
        self.size += len(text)
        return end

    def _closing(self, text: str) -> int | None:
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


class Documents:
    """The items of documents, one after the other."""

    def __init__(self, items: Items, lines: JsonLines) -> None:
        self._items = items
        self._lines = lines
        self._open: _Document | None = None
        self._is_skipping = False  # the rest of a broken document
        self._is_first = True
        self._last = ""  # the last line that was not blank
        self.are_json_lines = False
        """Whether it has shown that each line stands for itself: the first one was broken."""

    @property
    def is_open(self) -> bool:
        """Whether a document has begun that may go on."""
        return self._open is not None

    @property
    def is_between(self) -> bool:
        """Whether a document may begin in the next line."""
        return self._open is None and (not self._is_skipping or self._last in ("}", "]"))

    def line(self, number: int, text: str, raw: bytes, *, is_whole: bool = True) -> Sequence[Item]:
        """The items that a line completes, as `JsonLines.line`."""
        if self._open is not None:
            return self._continue(self._open, number, text, raw)
        if not text:
            return ()
        if self._is_skipping:
            # Pretty-printers begin and end a document in the first column, and nothing else.
            if not (self._last in ("}", "]") and text.startswith(("{", "["))):
                self._last = text
                self._items.on_invalid(raw)
                return ()
            self._is_skipping = False
        return self._begin(number, text, raw, is_whole=is_whole)

    def end(self) -> Sequence[Item]:
        """The items that the end of the file completes."""
        return () if self._open is None else self._give_up(self._open)

    def take_open(self) -> tuple[int, list[bytes]]:
        """The open document, which somebody else will read: its first line's number, its lines."""
        assert self._open is not None
        document, self._open = self._open, None
        return document.first, document.raw_lines

    def unreadable(self, number: int, words: str, raw: bytes) -> Sequence[Item]:
        """The items of a line that is no text, which breaks a document that is open."""
        item = self._items.error(number, words)
        if self._open is None:
            found: Sequence[Item] = () if self._is_skipping else (item,)
        else:
            found = self._give_up(self._open, because=item)
            if item not in found:  # the lines before it have items of their own
                found = [*found, item]
        self._items.on_invalid(raw)
        return found

    def pass_by(self) -> None:
        """A document has begun that somebody else reads."""
        self._is_first = self._is_skipping = False

    def skip(self, last: str) -> None:
        """A document is broken, up to a line that has that text: pass over the rest of it."""
        self._is_first, self._is_skipping, self._last = False, True, last

    @property
    def open_head(self) -> bytes:
        """The beginning of an open document."""
        raw_lines = [] if self._open is None else self._open.raw_lines[:_HEAD_LINES]
        return b"".join(line[:_HEAD_BYTES] for line in raw_lines)

    @property
    def open_size(self) -> int:
        """How many characters of an open document are held."""
        return 0 if self._open is None else self._open.size

    def _begin(self, number: int, text: str, raw: bytes, *, is_whole: bool) -> Sequence[Item]:
        """The items of a line before which everything is closed."""
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
        """The items of a line inside a document, or behind one that was never closed."""
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
            complete = self._give_up(document, behind=rest)
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
        behind: str = "",
        because: Item | None = None,
    ) -> Sequence[Item]:
        """The items of a document that is broken.

        Args:
            document: the document.
            text: the line that cannot go on with it.
            behind: what of its last line does not belong to it.
            because: the item that says what is wrong; that of the fault unless given.
        """
        self._open = None
        second = next((line for line in (*document.lines[1:], text) if line), "")
        if self._is_first and second.startswith("{") and decoding.parse(second) is not NOT_JSON:
            # JSON Lines after all, the first of which is broken.
            self.are_json_lines = True
            lines = zip(document.lines, document.raw_lines, strict=True)
            return [
                item
                for number, (line, raw) in enumerate(lines, document.first)
                if line
                for item in self._lines.line(number, line, raw)
            ]
        self._is_first, self._is_skipping = False, True
        if behind:
            last = document.lines[-1].removesuffix(behind)
            document.raw_lines[-1] = last.encode() + b"\n"
        for raw in document.raw_lines:
            self._items.on_invalid(raw)
        return (
            because or self._items.invalid_item("\n".join([*document.lines, text]), document.first),
        )


_TOO_LARGE = (
    f"a document of more than {sizes.LONGEST_LINE >> 20} MB: write a record a line, "
    "say with jq -c '.[]'"
)
