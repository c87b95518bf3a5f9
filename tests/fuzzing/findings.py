"""The exception of failed checks."""

from __future__ import annotations


class Finding(AssertionError):
    """A broken promise."""


def expect(holds: bool, *what: object) -> None:
    """Raises Finding with what was found, unless it holds."""
    if not holds:
        raise Finding(" | ".join(repr(each)[:4000] for each in what))
