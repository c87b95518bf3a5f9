"""How much of a file is held in memory."""

from __future__ import annotations

LONGEST_LINE = 1 << 28
"""Bytes of a line, of a document of many lines, or of an array element. No AWS service delivers
records of even a hundredth of that size."""

HELD_WHOLE = 1 << 18
"""Bytes of an array, or of an event with `Records`, that is held whole. A larger array is read
one element at a time."""
