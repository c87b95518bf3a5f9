"""Compares the texts of an Arrow column with one text, in the column's buffers.

A text of the right length is compared as a few integers, read from where it begins: numpy takes a
quarter of the time that Arrow's kernels take to collect the texts and compare them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from filterpatterns.integrations.arrow.columns import Mask, to_bytes

Rows = Any
"""A numpy array of row numbers; None for all rows."""

Ask = Callable[[pa.Array, Rows], Mask]
"""Called with a column and rows. Returns whether each of these rows satisfies a rule; the values
for nulls are arbitrary."""

_INLINE: Final = 12
"""The number of bytes that fit into a view itself."""

_HALF: Final = np.dtype("<u8")
"""The type of half a view."""

_FEW: Final = 2
"""When fewer than one row in this many has the right length, only those are compared."""


def chosen(values: Any, rows: Rows) -> Any:
    """Return the values of the given rows."""
    return values if rows is None else values.take(rows)


def never(array: pa.Array, rows: Rows) -> Mask:
    """No row satisfies the rule."""
    return np.zeros(len(array if rows is None else rows), np.bool_)


def utf8(text: str) -> bytes | None:
    """Encode a text; None if it has a lone surrogate, which no column can hold."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return None


def plain_texts(array: pa.Array, rows: Rows = None) -> pa.Array:
    """Return texts that are not views, for which pyarrow has fewer functions."""
    if types.is_string_view(array.type):
        array = array.cast(pa.large_string())
    return array if rows is None else array.take(pa.array(rows))


def equal_text(text: str, *, ignore_case: bool = False) -> Ask:
    """Compile a comparison with a text; ignoring case, with one in ASCII."""
    encoded = utf8(text)
    if encoded is None:
        return never
    wanted = encoded.lower() if ignore_case else encoded
    letters = _letters(wanted) if ignore_case else bytes(len(wanted))
    words = _words(wanted, letters)
    halves = _halves(wanted, letters)

    def is_equal(array: pa.Array, rows: Rows) -> Mask:
        if types.is_string_view(array.type):
            found = _have_view(array, halves, rows)
            if len(wanted) <= _INLINE or not found.any():
                return found
            array = plain_texts(array)
        found = _have_length(array, len(wanted), rows)
        count = np.count_nonzero(found)
        if not count or not wanted:
            return found
        if rows is None and count * _FEW > len(found):
            texts = pc.ascii_lower(array) if ignore_case else array
            found &= to_bytes(pc.equal(texts, pa.scalar(wanted.decode(), array.type)))
            return found
        some = np.flatnonzero(found)
        found[:] = False
        found[_with_words(array, words, some, rows)] = True
        return found

    return is_equal


class _Word(NamedTuple):
    """Bytes that a text has from a position on, as an integer of `kind`; `letters` are the bits in
    which its letters differ from capital letters, if case is ignored."""

    position: int
    kind: Any
    value: Any
    letters: Any

    def equals(self, held: Any) -> Mask:
        """Whether integers are this word. A bit that is set in a letter of the word makes nothing
        but the capital letter equal to it."""
        return (held | self.letters if self.letters else held) == self.value


def _word(text: bytes, letters: bytes, position: int, width: int) -> _Word:
    kind = np.dtype(f"<u{width}")
    value, bits = (np.frombuffer(each, kind, 1, position)[0] for each in (text, letters))
    return _Word(position, kind, value, bits)


def _letters(text: bytes) -> bytes:
    """Return the bit in which each letter of a lower-case text differs from the capital letter."""
    return bytes(0x20 if b"a"[0] <= byte <= b"z"[0] else 0 for byte in text)


def _words(text: bytes, letters: bytes) -> Sequence[_Word]:
    """Return words that together have all bytes of a text; they may overlap.

    The first has one byte: numpy fetches single bytes faster, after which the others are in the
    core's cache.
    """
    if not text:
        return ()
    width = next(width for width in (8, 4, 2, 1) if len(text) >= width)
    last = len(text) - width
    others = [(position, width) for position in (*range(0, last, width), last)]
    return [_word(text, letters, *each) for each in [(0, 1), *others][: len(text)]]


def _halves(text: bytes, letters: bytes) -> Sequence[_Word]:
    """Return the halves of the view of a text: its length and the first four bytes, or all bytes if
    there are at most twelve."""
    held = len(text) if len(text) <= _INLINE else 4
    view = len(text).to_bytes(4, "little") + text[:held].ljust(_INLINE, b"\0")
    bits = bytes(4) + letters[:held].ljust(_INLINE, b"\0")
    return [_word(view, bits, position, 8) for position in ((0, 8) if held > 4 else (0,))]


def _have_length(array: pa.Array, size: int, rows: Rows) -> Mask:
    offsets = _offsets(array)
    return chosen(offsets[1:], rows) - chosen(offsets[:-1], rows) == size


def _offsets(array: pa.Array) -> Any:
    code = np.int64 if types.is_large_string(array.type) else np.int32
    return np.frombuffer(array.buffers()[1], code)[array.offset : array.offset + len(array) + 1]


def _with_words(array: pa.Array, words: Sequence[_Word], some: Any, rows: Rows) -> Any:
    """Return those of some texts, all of the right length, that have all words."""
    starts = _offsets(array).take(some if rows is None else rows[some])
    data = array.buffers()[2]
    for word in words:
        width = word.kind.itemsize
        held: Any = np.ndarray((data.size - width + 1,), word.kind, data, 0, (1,))  # overlapping
        places = starts + word.position
        has_word = word.equals(held.take(places) if width == 1 else held[places])
        if not has_word.all():
            some, starts = some[has_word], starts[has_word]
    return some


def _have_view(array: pa.Array, halves: Sequence[_Word], rows: Rows) -> Mask:
    views = np.frombuffer(array.buffers()[1], _HALF)
    views = views[2 * array.offset : 2 * (array.offset + len(array))]
    found = True
    for half in halves:
        held = views[half.position // 8 :: 2]
        found &= half.equals(held if rows is None else held[rows])
    return found
