"""The emitter: lines are indented as the blocks in which they are emitted."""

from __future__ import annotations

import pytest

from filterpatterns.codegen.emitter import Emitter


def test_blocks_indent() -> None:
    emit = Emitter()
    with emit.block("def f(values):"):
        with emit.block("for value in values:"):
            emit("if value:", "    return value")
            with emit.block("else:"):
                emit("pass")
        emit("return None")
    assert emit.source == (
        "def f(values):\n"
        "    for value in values:\n"
        "        if value:\n"
        "            return value\n"
        "        else:\n"
        "            pass\n"
        "    return None\n"
    )


def test_a_block_ends_with_an_exception() -> None:
    emit = Emitter()
    with pytest.raises(ZeroDivisionError), emit.block("if x:"):
        _ = 1 / 0
    emit("y")
    assert emit.lines == ["if x:", "y"]
