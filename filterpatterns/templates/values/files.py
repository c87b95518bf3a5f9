"""Other files that a template takes values from: `file("x.json")`, `${file(x.yml)}`, `*.tf`.

What a template may read is bounded: regular files of at most a megabyte, in the template's own
directory, the working directory, or below one of them. Somebody else's template shows nothing else.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

LARGEST = 1 << 20
"""Bytes of a file that a value is taken from."""

_MOST_FILES = 200
"""Files of one module that are read."""


class Files:
    """The files around a template; none, if it is not known where it is."""

    def __init__(self, template: str) -> None:
        self._folder = None
        if template and os.path.isfile(template):
            self._folder = os.path.dirname(os.path.abspath(template))
            self._name = os.path.basename(template)

    def read(self, path: str) -> str | None:
        """The text of a file, its path relative to the template; None if it may not be read."""
        if self._folder is None or "\0" in path or os.path.isabs(path):
            return None
        try:
            full = os.path.realpath(os.path.join(self._folder, path))
            roots = (os.path.realpath(self._folder), os.path.realpath(os.getcwd()))
            if not any(os.path.commonpath((root, full)) == root for root in roots):
                return None
            if not os.path.isfile(full) or os.path.getsize(full) > LARGEST:
                return None
            with open(full, encoding="utf-8-sig") as file:
                return file.read(LARGEST)
        except (OSError, ValueError):
            return None

    def siblings(self, suffix: str) -> Iterator[str]:
        """The texts of the other files of the template's directory whose names end so."""
        if self._folder is None:
            return
        try:
            names = sorted(os.listdir(self._folder))
        except OSError:
            return
        for name in [one for one in names if one.endswith(suffix)][:_MOST_FILES]:
            text = None if name == self._name else self.read(name)
            if text is not None:
                yield text
