"""What a check raises."""

from __future__ import annotations


class Finding(AssertionError):
    """Something that must hold does not."""


def expect(holds: bool, *what: object) -> None:
    """Raises Finding with what was found, unless it holds."""
    if not holds:
        raise Finding(" | ".join(repr(each)[:4000] for each in what))
