"""Writes generated source line by line, so that the generator is indented like the code that it
writes."""

from __future__ import annotations

from types import TracebackType

_LEVEL = "    "


class Emitter:
    """Collects lines of source; `with emitter.block("if x:"):` indents what is emitted inside.

    >>> emit = Emitter()
    >>> with emit.block("def double(value):"):
    ...     emit("return value + value")
    >>> emit.lines
    ['def double(value):', '    return value + value']
    """

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._indent = ""

    def __call__(self, *lines: str) -> None:
        """Add lines at the current level."""
        self.lines += [self._indent + line for line in lines]

    def block(self, header: str) -> Emitter:
        """Add the header of a block; the block lasts as long as the `with` statement."""
        self(header)
        return self

    @property
    def source(self) -> str:
        """All lines as one text that ends in a line feed."""
        return "\n".join(self.lines) + "\n"

    def __enter__(self) -> Emitter:
        self._indent += _LEVEL
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._indent = self._indent[: -len(_LEVEL)]
