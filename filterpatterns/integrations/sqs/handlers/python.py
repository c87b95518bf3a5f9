"""A Python function in this process, loaded from a module and reloaded when its files change.

Lambda runs one invocation at a time in each execution environment, and each environment has its own
module globals. So here, too, concurrent invocations each have their own copy of the handler's
modules.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import re
import sys
import threading
import traceback
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from msgspec import Struct

from filterpatterns.integrations.sqs.handlers.base import HandlerError, timed_out
from filterpatterns.integrations.sqs.handlers.context import LambdaContext
from filterpatterns.integrations.sqs.handlers.threads import THREADS

Function = Callable[[Any, Any], Any]

_GRACE: Final = 2.0
"""Seconds for a function that has timed out to unwind."""

_TARGET = re.compile(r"(?P<module>[^:]+?)(?::|\.(?=\w+\Z))(?P<function>\w+)")
_LOADING = threading.Lock()
"""Modules are loaded by one thread at a time, since all threads share sys.modules."""


class _TimedOut(BaseException):
    """Raised inside a function that takes too long; `except Exception` does not catch it."""


class _Environment(Struct, frozen=True, eq=False):
    """The function with its own copies of modules, and the files that they come from."""

    function: Function
    files: dict[str, int]


class PythonFunction:
    """A function given as an object: all invocations share its globals, so only one runs at a time.

    Args:
        function: called with the event and the context, as in Lambda.
    """

    concurrency: int | None = 1

    def __init__(self, function: Function) -> None:
        self._function = function

    def invoke(self, event: dict[str, Any], context: LambdaContext) -> Any:
        """Return the function's response; see Handler."""
        return _called(self._function, event, context)[0]

    def close(self) -> None:
        """Do nothing: threads end with the process."""


class PythonModule:
    """A function given by name: `module:function`, `path/to/file.py:function`, or `module.function`
    as in Lambda's own setting.

    Modules are found as in Python, with the current directory first. When a file changes that
    importing the module has loaded from its directory, the next invocation uses the new version.

    Raises:
        ValueError: the name is malformed, or there is no such function.
    """

    concurrency: int | None = None

    def __init__(self, target: str) -> None:
        match = _TARGET.fullmatch(target)
        if match is None:
            raise ValueError(f"a handler must be MODULE:FUNCTION, found {target!r}")
        self._name = match["function"]
        self._module, self._root = _place(match["module"])
        self._owned: set[str] = set()
        self._free: list[_Environment] = []
        try:
            self._free.append(self._load())
        except HandlerError as error:
            raise ValueError(f"{target}: {error.message}\n{error.details}".rstrip()) from None

    def invoke(self, event: dict[str, Any], context: LambdaContext) -> Any:
        """Return the function's response; see Handler."""
        environment = self._environment()
        answer, has_ended = _called(environment.function, event, context, raises=False)
        if has_ended:
            self._free.append(environment)
        if isinstance(answer, HandlerError):
            raise answer
        return answer

    def close(self) -> None:
        """Do nothing: threads end with the process."""

    def _environment(self) -> _Environment:
        while self._free:
            try:
                found = self._free.pop()
            except IndexError:  # another thread was faster
                break
            if all(_changed(file) == when for file, when in found.files.items()):
                return found
        return self._load()

    def _load(self) -> _Environment:
        with _LOADING:
            for name in self._owned:
                sys.modules.pop(name, None)
            before = set(sys.modules)
            writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True
            if self._root not in sys.path:
                sys.path.insert(0, self._root)
            importlib.invalidate_caches()
            try:
                function = getattr(importlib.import_module(self._module), self._name)
            except AttributeError:
                raise HandlerError(
                    f"the module {self._module} has no function {self._name!r}"
                ) from None
            except BaseException as error:
                if isinstance(error, KeyboardInterrupt):
                    raise
                raise _error_of(error) from None
            finally:
                sys.dont_write_bytecode = writes
                new = {*(set(sys.modules) - before), self._module} & set(sys.modules)
                files = {name: file for name in new if (file := self._own_file(name))}
                self._owned = set(files)
            if not callable(function):
                raise HandlerError(f"{self._module}:{self._name} is not a function")
            return _Environment(function, {file: _changed(file) for file in files.values()})

    def _own_file(self, name: str) -> str | None:
        """The file of a module, if it is part of the handler's project."""
        file = getattr(sys.modules.get(name), "__file__", None)
        if not file or "site-packages" in file:
            return None
        file = os.path.abspath(file)
        return file if file.startswith(self._root + os.sep) else None


def _place(module: str) -> tuple[str, str]:
    """The name of a module, and the directory in which it is looked for first."""
    if module.endswith(".py") or "/" in module or os.sep in module:
        path = os.path.abspath(module.removesuffix(".py"))
        return os.path.basename(path), os.path.dirname(path)
    return module, os.getcwd()


def _changed(file: str) -> int:
    try:
        return os.stat(file).st_mtime_ns
    except OSError:
        return 0


def _called(
    function: Function, event: dict[str, Any], context: LambdaContext, *, raises: bool = True
) -> tuple[Any, bool]:
    """Run a function in a thread that can be abandoned; return its result, and whether it has
    ended.

    Raises:
        HandlerError: it failed. With `raises=False`, the error is returned.
    """
    call = _Call(function, event, context)
    THREADS.start(call.run)
    answer = call.answer()
    if raises and isinstance(answer, HandlerError):
        raise answer
    return answer, call.has_ended


class _Call:
    """One call of a function."""

    def __init__(self, function: Function, event: dict[str, Any], context: LambdaContext) -> None:
        self._function = function
        self._event = event
        self._context = context
        self._outcome: Any = None
        self._thread: int | None = None
        self._lock = threading.Lock()
        self._is_late = False
        self._ended = threading.Event()

    @property
    def has_ended(self) -> bool:
        """Whether the function has ended."""
        return self._ended.is_set()

    def run(self) -> bool:
        """The work of a thread, which is not reused if the function was late."""
        try:
            self._thread = threading.get_ident()
            try:
                self._outcome = _marshalled(self._function(self._event, self._context))
            except _TimedOut:
                raise
            except BaseException as error:  # noqa: BLE001 - also SystemExit is a function error
                self._outcome = _error_of(error)
            with self._lock:
                self._ended.set()
                return not self._is_late
        except _TimedOut:  # it may arrive until the last moment
            self._ended.set()
            return False

    def answer(self) -> Any:
        """The function's result, or a HandlerError."""
        if self._ended.wait(self._context.remaining_seconds()):
            return self._outcome
        with self._lock:
            self._is_late = not self._ended.is_set()
            if self._is_late and self._thread is not None:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(self._thread), ctypes.py_object(_TimedOut)
                )
        if not self._is_late:
            return self._outcome
        error = timed_out(self._context)
        if not self._ended.wait(_GRACE):
            error.details = "It is still running in the background: it blocks without a timeout."
        return error


def _marshalled(answer: Any) -> Any:
    """A response as Lambda returns it: converted to JSON and back."""
    try:
        return json.loads(json.dumps(answer, default=_number))
    except (TypeError, ValueError, RecursionError) as error:
        raise HandlerError(f"Runtime.MarshalError: Unable to marshal response: {error}") from None


def _number(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def _error_of(error: BaseException) -> HandlerError:
    """The error of a function, with the relevant part of the traceback."""
    if isinstance(error, HandlerError):
        return error
    frames = traceback.extract_tb(error.__traceback__)
    own = [
        frame
        for frame in frames
        if frame.filename != __file__ and "importlib" not in frame.filename
    ]
    lines = ["Traceback (most recent call last):\n", *traceback.format_list(own)] if own else []
    lines += traceback.format_exception_only(type(error), error)
    message = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return HandlerError(message, "".join(lines).rstrip())
