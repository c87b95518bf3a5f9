"""Selects diagnostic codes: `--select`, `--ignore`, and per-file ignores."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Mapping
from types import MappingProxyType

import click
from msgspec import Struct

from filterpatterns.cli.checking.gitignore import IgnoreRules
from filterpatterns.cli.checking.settings import Configuration
from filterpatterns.lint.selectors import ALL, longest


class Layer(Struct, frozen=True):
    """Selectors from one place. Each is a code, a prefix of codes, or `ALL`.

    `select` is None if nothing is selected; then the layer only ignores codes.
    """

    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()

    def verdict(self, code: str) -> bool | None:
        """Whether it selects a code; None if the layer below decides.

        The longest selector decides; if two are equal, the one that ignores.
        """
        ignored = longest(code, self.ignore)
        if self.select is None:
            return False if ignored else None
        return longest(code, self.select) > ignored


class Selection:
    """The codes that are reported for a file."""

    def __init__(self, layers: Iterable[Layer], per_file: Mapping[str, tuple[str, ...]], root: str):
        """
        Args:
            layers: the selectors, highest precedence first.
            per_file: globs, as in a .gitignore, and the codes ignored in those files.
            root: the folder that the globs are relative to.
        """
        self._layers = tuple(layers)
        self._per_file = [(IgnoreRules([glob]), codes) for glob, codes in per_file.items()]
        self._root = os.path.abspath(root)

    def includes(self, code: str) -> bool:
        """Whether a code is reported, for files without per-file ignores."""
        for layer in self._layers:
            verdict = layer.verdict(code)
            if verdict is not None:
                return verdict
        return True

    def ignored_in(self, path: str) -> tuple[str, ...]:
        """The selectors that are ignored in a file."""
        if not self._per_file:
            return ()
        relative = os.path.relpath(os.path.abspath(path), self._root).replace(os.sep, "/")
        found: list[str] = []
        for rules, codes in self._per_file:
            if rules.excludes(relative):
                found += codes
        return tuple(found)


def checked(selectors: Iterable[str], where: str) -> tuple[str, ...]:
    """Selectors in uppercase; commas separate them too.

    Raises:
        click.UsageError: one of them matches no code.
    """
    from filterpatterns.lint.catalog.catalog import CODES  # long, and only needed for selections

    found = []
    for selector in (part.strip() for given in selectors for part in given.split(",")):
        name = selector.upper()
        if not name:
            continue
        if name != ALL and not any(code.startswith(name) for code in CODES):
            near = difflib.get_close_matches(name, CODES, n=1)
            hint = f"; did you mean {near[0]}?" if near else "; `fp rule --all` lists the codes"
            raise click.UsageError(f"{where}: no code is or begins with {selector!r}{hint}")
        found.append(name)
    return tuple(found)


def configured(
    config: Configuration,
    select: tuple[str, ...] = (),
    ignore: tuple[str, ...] = (),
    per_file: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
) -> Selection:
    """Return the selection of codes: from the command line, else from the configuration.

    Args:
        config: the configuration.
        select: what the command line selects.
        ignore: what it ignores.
        per_file: globs, and what it ignores in those files.

    Raises:
        click.UsageError: one of the selectors matches no code.
    """
    given = config.settings
    where = config.path or ""
    layers = (
        Layer(checked(select, "--select") if select else None, checked(ignore, "--ignore")),
        Layer(
            None if given.select is None else checked(given.select, f"{where}: select"),
            checked(given.ignore, f"{where}: ignore"),
        ),
    )
    by_file = {
        glob: checked(codes, f"{where}: per-file-ignores")
        for glob, codes in given.per_file_ignores.items()
    }
    for glob, codes in per_file.items():
        more = checked(codes, "--per-file-ignores")
        by_file[glob] = (*by_file.get(glob, ()), *more)
    return Selection(layers, by_file, config.folder)
