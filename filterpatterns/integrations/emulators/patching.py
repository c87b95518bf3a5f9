"""Replaces functions of another package, in tested versions only, and restores them."""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from msgspec import Struct

Original = Callable[..., Any]
"""The original of a function that is replaced."""


class UnsupportedVersionError(RuntimeError):
    """A package is missing, or its version differs internally from those that were tested."""


class Replacement(Struct, frozen=True):
    """A function of another package: where it is, and its replacement, which receives the original
    and then arguments of the same names."""

    owner: Any
    name: str
    function: Callable[..., Any]

    @property
    def arguments(self) -> list[str]:
        """The arguments that the original has to have."""
        return [*inspect.signature(self.function).parameters][1:]


class Patches:
    """The replacements for one package. They are installed once, however often `install` is
    called."""

    def __init__(
        self,
        package: str,
        first: tuple[int, ...],
        last: tuple[int, ...],
        find: Callable[[], Iterator[Replacement]],
    ) -> None:
        """
        Args:
            package: its name, which is also that of our extra.
            first: the first version that was tested.
            last: the first one that is known to be too new.
            find: returns the replacements; may raise AttributeError or ImportError.
        """
        self._package = package
        self._first = first
        self._last = last
        self._find = find
        self._lock = threading.Lock()
        self._depth = 0
        self._replaced: list[tuple[Any, str, Any]] = []

    def install(self) -> None:
        """Replace the functions, unless they are already replaced.

        Raises:
            UnsupportedVersionError: the package is missing, or its version was not tested.
        """
        with self._lock:
            if not self._depth:
                self._replace(self._checked())
            self._depth += 1

    def uninstall(self) -> None:
        """Undo one `install`; the last one restores the functions."""
        with self._lock:
            if not self._depth:
                return
            self._depth -= 1
            while not self._depth and self._replaced:
                setattr(*self._replaced.pop())

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Replace the functions within the block."""
        self.install()
        try:
            yield
        finally:
            self.uninstall()

    def _replace(self, replacements: list[Replacement]) -> None:
        for each in replacements:
            original = inspect.getattr_static(each.owner, each.name)
            is_class_method = isinstance(original, classmethod)
            function = original.__func__ if is_class_method else original
            made = _bound(each.function, function)
            setattr(each.owner, each.name, classmethod(made) if is_class_method else made)
            self._replaced.append((each.owner, each.name, original))

    def _checked(self) -> list[Replacement]:
        """Return the replacements, after checking that each function is as it was when it was
        tested."""
        try:
            found = version(self._package)
        except PackageNotFoundError:
            raise UnsupportedVersionError(
                f"{self._package} is not installed: pip install 'filterpatterns[{self._package}]'"
            ) from None
        if not self._first <= _numbers(found) < self._last:
            raise self._unsupported(found)
        try:
            replacements = list(self._find())
            for each in replacements:
                function = inspect.getattr_static(each.owner, each.name)
                function = getattr(function, "__func__", function)
                if [*inspect.signature(function).parameters] != each.arguments:
                    raise self._unsupported(found, f"{each.name} has different arguments")
        except (AttributeError, ImportError) as error:
            raise self._unsupported(found, str(error)) from None
        return replacements

    def _unsupported(self, found: str, why: str = "") -> UnsupportedVersionError:
        first, last = (".".join(map(str, each)) for each in (self._first, self._last))
        words = f"{self._package} {found} is not supported" + (f" ({why})" if why else "")
        return UnsupportedVersionError(
            f"{words}: nothing was changed; install a version from {first} to before {last}: "
            f"pip install 'filterpatterns[{self._package}]'"
        )


def _bound(function: Callable[..., Any], original: Original) -> Callable[..., Any]:
    @functools.wraps(original)
    def replacement(*args: Any, **kwargs: Any) -> Any:
        return function(original, *args, **kwargs)

    return replacement


def _numbers(text: str) -> tuple[int, ...]:
    """The numbers of a version such as `5.2.5` or `5.2.5.dev1`."""
    numbers = []
    for part in text.split("."):
        if not part.isdecimal():
            break
        numbers.append(int(part))
    return tuple(numbers)
