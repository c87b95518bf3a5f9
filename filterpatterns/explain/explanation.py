"""The explanation of one verdict, as the library returns it."""

from __future__ import annotations

from filterpatterns.explain.drawing import draw
from filterpatterns.explain.model import ExplanationData


class Explanation(ExplanationData, frozen=True):
    """Why a record is kept or dropped.

    It is true if the record is kept. Its text, and what a failed assertion shows, is the tree that
    `fp explain` draws.
    """

    def __bool__(self) -> bool:
        return self.kept

    def __str__(self) -> str:
        return draw(self)

    def __repr__(self) -> str:
        return draw(self)
