"""Loops over the elements of arrays, for both ways to read objects."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from filterpatterns.codegen.code import FallbackNeeded
from filterpatterns.codegen.emitter import Emitter
from filterpatterns.jsontext import python_values


@contextmanager
def first_object(
    emit: Emitter,
    values: str,
    element: str,
    condition: str,
    found: Sequence[str],
    *,
    unchecked: str | None = None,
) -> Iterator[None]:
    """Write statements that run `found` if an element is an object that satisfies the condition.

    Getting the class of each element takes a quarter of the loop's time. So the loop runs without
    that; if it fails because a scalar has no members, it runs again with the statements written
    before by the `with` statement. `unchecked` is the condition for the first loop, if it differs:
    it fails for everything but an object.
    """
    with emit.block("try:"):
        loop = emit.block(f"for {element} in {values}:")
        with loop, emit.block(f"if {unchecked or condition}:"):
            emit(*found)
        emit("return False")
    with emit.block("except (AttributeError, TypeError):"):
        emit("pass")
    with emit.block(f"for {element} in {values}:"):
        yield
        with emit.block(f"if {condition}:"):
            emit(*found)
    emit("return False")


@contextmanager
def first_ranked_object(
    emit: Emitter,
    values: str,
    element: str,
    condition: str,
    ranks: Sequence[str],
    *,
    optional: bool,
) -> Iterator[None]:
    """Write statements that set `found` to whether an object of those with the lowest rank that any
    has satisfies the condition; what the `with` statement writes passes over all else in the array.

    `optional` says whether having none of what has a rank is enough.
    """
    emit(f"best, found = {len(ranks)}, {optional}")
    with emit.block(f"for {element} in {values}:"):
        yield
        word = "if"
        for rank, has in enumerate(ranks):
            emit(f"{word} {has}: rank = {rank}")
            word = "elif"
        emit(f"else: rank = {len(ranks)}")
        emit("if rank < best: best, found = rank, False")
        emit(f"if rank == best and not found and {condition}: found = True")


def flatten(values: list[Any]) -> list[Any]:
    """Return the items of an array and of its nested arrays."""
    return list(python_values.flatten(values))


def in_array(holds: Callable[[list[Any]], bool], array: list[Any]) -> bool:
    """Whether a function that searches arrays is true for an array in an array. If this has others,
    they are flattened: a Python list may be in several others, or in itself."""
    for item in array:
        if item.__class__ is list:
            return holds(flatten(array))
    return holds(array)


def fall_back() -> None:
    """Leave the record to the interpreter: called by expressions, which cannot raise."""
    raise FallbackNeeded
