"""Results as JUnit XML, the format that continuous integration servers read.

There is no standard; the output follows the documentation of Jenkins and GitLab: `testsuites`,
`testsuite`, `testcase` with `failure` or `error`.
"""

from __future__ import annotations

import re
from collections import Counter
from tempfile import TemporaryFile
from typing import Literal
from xml.etree import ElementTree

from filterpatterns.cli.io.output_files import to_file

Outcome = Literal["failure", "error"]

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML must not contain, not even as references (XML 1.0, production 2, "Char")."""


_BLOCK = 1 << 16


class Report:
    """A test suite that is written while it runs: memory does not grow with its cases.

    The file is opened at once, so that an unwritable file is reported before the work. It has its
    name only when the report is complete. A context manager, which closes it.

    Raises:
        Failure: it cannot be written.
    """

    def __init__(self, path: str) -> None:
        self._counts: Counter[str] = Counter()
        self._file = to_file(path)
        self._write = self._file.__enter__()
        self._cases = TemporaryFile()  # noqa: SIM115 - closed by __exit__
        self._is_written = False

    def __enter__(self) -> Report:
        return self

    def __exit__(self, *_: object) -> None:
        self._cases.close()
        if not self._is_written:
            unfinished = _Unfinished()
            self._file.__exit__(_Unfinished, unfinished, None)

    def case(
        self,
        group: str,
        name: str,
        outcome: Outcome | None = None,
        message: str = "",
        details: str = "",
    ) -> None:
        """Add a test case; without an outcome it has passed. `details` follow the message."""
        self._counts["tests"] += 1
        if outcome is not None:
            self._counts[f"{outcome}s"] += 1
        details = f"{message}\n{details}" if details else message
        self._cases.write(_testcase(group, name, outcome, message, details))

    def write(self) -> None:
        """Write the report.

        Raises:
            Failure: it cannot be written.
        """
        self._write(_head("fp test", self._counts, ("tests", "failures", "errors")))
        self._cases.seek(0)
        while block := self._cases.read(_BLOCK):
            self._write(block)
        self._write(_TAIL)
        self._is_written = True
        self._file.__exit__(None, None, None)


class _Unfinished(Exception):
    """The run ended before the report was written."""


class Suite:
    """A test suite that is held in memory, and written as text."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._counts: Counter[str] = Counter()
        self._cases: list[bytes] = []

    def case(
        self,
        group: str,
        name: str,
        outcome: Outcome | Literal["skipped"] | None = None,
        message: str = "",
        details: str = "",
    ) -> None:
        """Add a test case; without an outcome it has passed."""
        self._counts["tests"] += 1
        if outcome is not None:
            self._counts["skipped" if outcome == "skipped" else f"{outcome}s"] += 1
        self._cases.append(_testcase(group, name, outcome, message, details or message))

    def xml(self) -> str:
        """The document."""
        names = ("tests", "failures", "errors", "skipped")
        return b"".join((_head(self._title, self._counts, names), *self._cases, _TAIL)).decode()


_TAIL = b"  </testsuite>\n</testsuites>\n"


def _head(title: str, counts: Counter[str], names: tuple[str, ...]) -> bytes:
    """The beginning of a document, with these of the counts."""
    counted = " ".join(f'{name}="{counts[name]}"' for name in names)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<testsuites name="{title}" {counted}>\n'
        f'  <testsuite name="{title}" {counted}>\n'
    ).encode()


def _testcase(group: str, name: str, outcome: str | None, message: str, details: str) -> bytes:
    element = ElementTree.Element("testcase", classname=_safe(group), name=_safe(name))
    if outcome is not None:
        inside = ElementTree.SubElement(element, outcome, message=_safe(message))
        inside.text = _safe(details)
    text: bytes = ElementTree.tostring(element)
    return b"    " + text.replace(b"\x7f", b"&#127;") + b"\n"  # XML can hold it, terminals cannot


def _safe(text: str) -> str:
    """The text, with an escape for each character that XML cannot hold."""
    return _FORBIDDEN.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
