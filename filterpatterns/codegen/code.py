"""Generated source, the namespace of its values, and functions that are written when first
called."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from functools import partial
from threading import RLock
from types import MethodType
from typing import Any

from filterpatterns.codegen.emitter import Emitter


class FallbackNeeded(Exception):
    """The generated code does not handle this record; the evaluator does."""


_NAME = re.compile(r"[A-Za-z]\w*")

_KINDS: dict[str, Any] = {kind.__name__: kind for kind in (str, bytes, int, float, list, dict)}

_BUILTINS: dict[str, Any] = _KINDS | {
    "len": len,
    "Exception": Exception,
    "AttributeError": AttributeError,
    "TypeError": TypeError,
    "KeyError": KeyError,
}


class Code:
    """Generated source, and the namespace that holds its values."""

    def __init__(self, execute: Callable[[str], None] | None = None) -> None:
        """`execute` runs source in the namespace: functions that are written when they are called
        need it."""
        self._execute = execute
        self.lines: list[str] = []
        self.namespace: dict[str, Any] = {"__builtins__": _BUILTINS, "__name__": __name__}
        self._names: dict[Any, str] = {}
        self.written: list[str] = []
        """The source of functions that have been called, most of them for arrays."""
        self.lock = RLock()
        """Held while writing."""
        self._functions: dict[Any, str] = {}
        self._unwritten: dict[str, Callable[[Emitter, str], None]] = {}
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

    def constants(self, source: str) -> list[str]:
        """Return the names in some source whose values stay the same, in order."""
        bound = {*self._names.values(), *_KINDS, "len"}
        return [name for name in dict.fromkeys(_NAME.findall(source)) if name in bound]

    def name(self, letter: str) -> str:
        """Return a unique name."""
        self._count += 1
        return f"{letter}{self._count}_"

    def later(self, key: Hashable, make: Callable[[], Callable[[Any], Any]]) -> str:
        """Return the name of a function of one parameter that is created when it is first
        called."""
        if key not in self._functions:
            name = self._functions[key] = self.name("k")
            self.namespace[name] = partial(self._make_first, name, make)
        return self._functions[key]

    def _make_first(self, name: str, make: Callable[[], Callable[[Any], Any]], value: Any) -> Any:
        """Create a function, which replaces this one, and call it."""
        function = self.namespace[name] = make()
        return function(value)

    def function(self, key: Hashable, write: Callable[[Emitter, str], None]) -> str:
        """Return the name of a function of one parameter that is written when it is first called;
        `write` writes its statements, given the parameter's name.

        There is one for each key; otherwise a node below an array would be written twice at each
        level.
        """
        if key not in self._functions:
            name = self._functions[key] = self.name("function")
            self._unwritten[name] = write
            self.namespace[name] = partial(self._call_first, name)
        return self._functions[key]

    def _call_first(self, name: str, value: Any) -> Any:
        """Write a function, which replaces this one, and call it."""
        self._write(name)
        return self.namespace[name](value)

    def _write(self, name: str) -> None:
        with self.lock:
            if name not in self._unwritten:
                return  # another thread has
            parameter, emit = self.name("v"), Emitter()
            with emit.block(f"def {name}({parameter}):"):
                self._unwritten[name](emit, parameter)
            assert self._execute is not None
            self._execute(emit.source)
            del self._unwritten[name]
            self.written.append(emit.source)

    def write_all(self) -> None:
        """Write the functions that have not been called yet, and those that they call."""
        while self._unwritten:
            self._write(next(iter(self._unwritten)))
