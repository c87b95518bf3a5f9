"""Loops over the elements of arrays, as both ways to read objects write them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from filterpatterns.codegen.code import FallbackNeeded
from filterpatterns.codegen.emitter import Emitter
from filterpatterns.matching import interpreter


@contextmanager
def first_object(
    emit: Emitter, values: str, element: str, condition: str, found: Sequence[str]
) -> Iterator[None]:
    """Write statements: run `found` if an element is an object that satisfies the condition.

    Getting the class of each element costs a quarter of the loop. So it runs without that, and if
    it fails because a scalar has no members, again with what the `with` statement writes before.
    """
    with emit.block("try:"):
        with emit.block(f"for {element} in {values}:"), emit.block(f"if {condition}:"):
            emit(*found)
        emit("return False")
    with emit.block("except AttributeError:"):
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
    """Return what is in an array, and in the arrays in it."""
    return list(interpreter.flatten(values))


def fall_back() -> None:
    """Leave the record to the interpreter: what an expression calls, which cannot raise."""
    raise FallbackNeeded
