"""Other files that a template takes values from: `file("x.json")`, `${file(x.yml)}`, `*.tf`.

A template may only read regular files of at most a megabyte, in or below its own directory or the
working directory. So an untrusted template cannot reveal any other file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

LARGEST = 1 << 20
"""Bytes of a file that a value is taken from."""

_MOST_FILES = 200
"""The number of files of one module that are read."""


class Files:
    """The files that a template may read; none if its location is not known."""

    def __init__(self, template: str) -> None:
        self._folder = None
        if template and os.path.isfile(template):
            self._folder = os.path.dirname(os.path.abspath(template))
            self._name = os.path.basename(template)

    def read(self, path: str) -> str | None:
        """The text of a file, given its path relative to the template; None if it may not be
        read."""
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
        """The texts of the other files in the template's directory with that suffix."""
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
