"""JSON Lines: each line is independent."""

from __future__ import annotations

from collections.abc import Sequence

from filterpatterns.delivery.items import Item, Items
from filterpatterns.jsontext import decoding
from filterpatterns.jsontext.decoding import NOT_JSON
from filterpatterns.jsontext.structure import split


class JsonLines:
    """Reads the items of lines that have one or more JSON texts each."""

    def __init__(self, items: Items) -> None:
        self._items = items

    def line(self, number: int, text: str, raw: bytes, *, is_whole: bool = True) -> Sequence[Item]:
        """Return the items of a line.

        Args:
            number: the line's number.
            text: its text.
            raw: the same, not decoded.
            is_whole: whether nothing precedes it in the line.
        """
        if not text:
            return ()
        found, rest = self.complete(number, text, raw if is_whole else None)
        if found is None or rest:
            self._items.on_invalid(raw)
            return (self._items.invalid_item(text, number),)
        return found

    def complete(
        self, number: int, text: str, raw: bytes | None, *, may_stay_open: bool = False
    ) -> tuple[Sequence[Item] | None, str]:
        """Return the items of the JSON texts in a line, and what is left open at its end, if that
        is allowed; None if there is anything else."""
        found = self._items.of(text, number, raw)
        if found is not None:
            return found, ""
        values, rest = split(text)
        if (rest and not may_stay_open) or not (values or rest):
            return None, ""
        if any(decoding.parse(value) is NOT_JSON for value in values):
            return None, ""
        return [item for value in values for item in self._items.of(value, number) or ()], rest
