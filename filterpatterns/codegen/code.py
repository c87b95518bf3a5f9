"""Generated source under construction, and the namespace that holds its values."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from types import MethodType
from typing import Any


class FallbackNeeded(Exception):
    """The generated code does not handle this record; the interpreter does."""


_BUILTINS: dict[str, Any] = {
    kind.__name__: kind for kind in (str, bytes, int, float, list, dict)
} | {
    "len": len,
    "Exception": Exception,
    "AttributeError": AttributeError,
    "KeyError": KeyError,
}


class Code:
    """Generated source, and the namespace that holds its values."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.namespace: dict[str, Any] = {"__builtins__": _BUILTINS, "__name__": __name__}
        self._names: dict[Any, str] = {}
        self._functions: dict[Any, str] = {}
        self._count = 0

    def bind(self, value: object) -> str:
        """Return a name for a value. Equal constants share a name; `1` and `True` are not equal
        here."""
        key: Any = (type(value), value)
        if isinstance(value, MethodType):
            key = (MethodType, id(value.__self__), value.__name__)
        elif not isinstance(value, (str, int, float, frozenset)):
            key = (type(value), id(value))
        elif value == 0 or isinstance(value, frozenset):
            key = (type(value), repr(value))  # 0.0 and -0.0; {1} and {1.0}
        if key not in self._names:
            self._names[key] = self.name("k")
            self.namespace[self._names[key]] = value
        return self._names[key]

    def name(self, letter: str) -> str:
        """Return a name that nothing else has."""
        self._count += 1
        return f"{letter}{self._count}_"

    def function(self, key: Hashable, write: Callable[[str], list[str]]) -> str:
        """Return the name of a function of one parameter; `write` returns its lines, given the
        parameter's name.

        It is written once per key. Otherwise a node below an array would be written for the array
        and for the single object, at each level: twice, four times, eight times.
        """
        if key not in self._functions:
            parameter = self.name("v")
            lines = write(parameter)
            self._functions[key] = self.name("function")
            self.lines += ["", f"def {self._functions[key]}({parameter}):"]
            self.lines += [f"    {line}" for line in lines]
        return self._functions[key]
