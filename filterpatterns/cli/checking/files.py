"""Checks one file: the work of `fp check`, without its options."""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterator
from typing import BinaryIO, Final

import click
from msgspec import Struct, field

from filterpatterns.cli.arguments.patterns import INLINE, is_inline
from filterpatterns.cli.checking.selection import Selection
from filterpatterns.cli.io import streams
from filterpatterns.cli.messages import counted, located, reason
from filterpatterns.cli.output.findings import Finding
from filterpatterns.errors import Diagnostic, printable
from filterpatterns.lint.selectors import matches
from filterpatterns.lint.suppressions import Suppressions
from filterpatterns.templates import finding
from filterpatterns.templates.codes import INFERRED, LARGE, NO_SOURCE
from filterpatterns.templates.errors import Skipped, TemplateError
from filterpatterns.templates.evidence import might_be_pattern
from filterpatterns.templates.finding import place_of
from filterpatterns.templates.loading import split
from filterpatterns.templates.mapping import Mapping
from filterpatterns.templates.mentions import mentions_patterns
from filterpatterns.templates.values.resolving import Known

_LARGEST_FILE: Final = 1 << 26
"""In bytes. CloudFormation accepts templates of 1 MB, but Terraform plans may be larger."""

_LARGEST_FOUND: Final = 1 << 20
"""In bytes, for a file found by a search: as large as CloudFormation accepts. A search must stay
under 200 MB whatever it finds, and a tree takes up to 100 times the size of its file."""

_LARGEST_HCL: Final = 1 << 19
"""The same for HCL, whose syntax trees are larger."""

_BLOCK: Final = 1 << 20
_LONGEST_WORD: Final = 64
"""Characters by which two blocks overlap, so that no word is split."""

_UTF16_MARKS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Tally(Struct):
    """The counts so far. `unread` has the files that could not be read, and why."""

    files: list[str] = field(default_factory=list)
    patterns: int = 0
    unread: list[tuple[str, str]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    without_source: int = 0

    def count(self, severity: str) -> int:
        """How many findings there are of a severity."""
        return sum(finding.severity == severity for finding in self.findings)

    def fail(
        self, name: str, words: str, line: int | None = None, column: int | None = None
    ) -> None:
        """Record and report that a file cannot be read."""
        self.unread.append((name, words))
        click.echo(located(name, f"error: {words}", line, column), err=True)

    def __str__(self) -> str:
        parts = [
            counted(number, word) for word in ("error", "warning") if (number := self.count(word))
        ]
        if skipped := self.count("skipped"):
            parts.append(f"{skipped:,} skipped")
        if self.without_source > 1:
            parts.append(f"{self.without_source:,} of unknown source")
        if self.unread:
            parts.append(f"{counted(len(self.unread), 'file')} not read")
        return (
            f"{counted(self.patterns, 'pattern')} in {counted(len(self.files), 'file')}: "
            f"{', '.join(parts) or 'no problems found'}"
        )


class Checker(Struct, frozen=True):
    """Checks files with the given options."""

    selection: Selection
    source: str | None
    dialect: str | None
    max_filters: int
    known: Known

    def check(self, path: str, tally: Tally, *, searched: bool) -> None:
        """Check a file, standard input (`-`), or a pattern itself.

        Args:
            path: the file.
            tally: collects the findings.
            searched: whether a search found it; then it is skipped if it has no patterns.
        """
        inline = is_inline(path)
        name = INLINE if inline else streams.STDIN if path == "-" else path
        try:
            text = path if inline else _read(path, searched)
        except _UnreadableError as error:
            tally.fail(name, str(error))
            return
        except _LargeError:
            words = "too large for a search"
            self._add_note(name, Skipped(LARGE, f"{words}: name the file", 1, 1), "", tally)
            return
        mappings = []
        try:
            if text is not None:
                mappings = finding.patterns_in(
                    text, "" if inline else path, searched=searched, known=self.known
                )
        except TemplateError as error:
            self._add_broken(name, error, text or "", tally, searched=searched)
            return
        if mappings or not searched:
            tally.files.append(name)
        if not mappings and not searched:
            click.echo(located(name, "warning: no patterns found"), err=True)
        suppressions = Suppressions(text or "") if mappings else None
        for mapping in mappings:
            tally.patterns += len(mapping.texts)
            diagnostics = mapping.check(
                source=self.source, dialect=self.dialect, max_filters=self.max_filters
            )
            found = [_finding(name, mapping, one) for one in diagnostics]
            found += (_note(name, mapping, one, text or "") for one in mapping.skipped)
            found += self._notes(name, mapping, text or "", tally)
            tally.findings += sorted(
                (one for one in found if self._is_wanted(one, mapping, suppressions)),
                key=lambda one: (one.line, one.column),
            )

    def _notes(self, name: str, mapping: Mapping, text: str, tally: Tally) -> Iterator[Finding]:
        """Report notes about a mapping. An unknown source is reported once."""
        for note in mapping.notes:
            if note.code in (INFERRED, NO_SOURCE) and self.source is not None:
                continue
            if note.code == NO_SOURCE:
                tally.without_source += 1
                if tally.without_source > 1:
                    continue
            yield _note(name, mapping, note, text, severity="note")

    def _is_wanted(
        self, finding: Finding, mapping: Mapping | None, suppressions: Suppressions | None
    ) -> bool:
        code = finding.diagnostic.code
        if not self.selection.includes(code):
            return False
        if matches(code, self.selection.ignored_in(finding.file)):
            return False
        if suppressions is None or mapping is None:
            return True
        first = place_of(mapping, finding.diagnostic.filter_index)[0]
        return not suppressions.accepts(code, finding.line, first)

    def _add_broken(
        self, name: str, error: TemplateError, text: str, tally: Tally, *, searched: bool
    ) -> None:
        """Report an invalid text: if it is an input of a template engine, a search only
        notes that."""
        note = finding.generated_note(text)
        if note is not None and searched:
            self._add_note(name, note, text, tally)
            return
        tally.fail(name, printable(error.message), error.line, error.column)
        if note is not None:
            click.echo(
                "  hint: this looks like a template of Jinja, Helm or a similar engine: render it",
                err=True,
            )

    def _add_note(self, name: str, skipped: Skipped, text: str, tally: Tally) -> None:
        note = _note(name, None, skipped, text)
        if self._is_wanted(note, None, None):
            tally.files.append(name)
            tally.findings.append(note)


class _UnreadableError(Exception):
    """A file that is not text."""


class _LargeError(Exception):
    """The file is too large for a search."""


def _read(path: str, searched: bool) -> str | None:
    """Return a file's text; None if it certainly has no patterns, or if a search found it and it is
    not text.

    Raises:
        _UnreadableError: it cannot be read.
        _LargeError: a search found it, and it is too large.
    """
    try:
        if path == "-":
            data = streams.stdin_bytes().read(_LARGEST_FILE + 1)
        else:
            with open(path, "rb") as file:
                most = min(_LARGEST_FOUND, _LARGEST_HCL) if path.endswith(".tf") else _LARGEST_FOUND
                data = file.read(most + 1)
                if len(data) > most:
                    if not _mentions_below(file, data):
                        return None
                    if searched:
                        raise _LargeError
                    data += file.read(_LARGEST_FILE + 1 - len(data))
    except (OSError, ValueError) as error:
        whole, name = split(path)
        hint = f"; fp check takes the whole file: {printable(whole)}"
        is_mapping = name is not None and os.path.isfile(whole)
        raise _UnreadableError(reason(error) + (hint if is_mapping else "")) from None
    if len(data) > _LARGEST_FILE:
        raise _UnreadableError(f"larger than {_LARGEST_FILE >> 20} MB")
    if searched and not mentions_patterns(data) and not might_be_pattern(data):
        return None
    try:
        return _text(data)
    except _UnreadableError:
        if searched:
            return None
        raise


def _mentions_below(file: BinaryIO, head: bytes) -> bool:
    """Whether a large file contains a template's words; only a block of it is in memory."""
    position = file.tell()
    block = head
    while block:
        if mentions_patterns(block):
            file.seek(position)
            return True
        more = file.read(_BLOCK)
        block = block[-_LONGEST_WORD:] + more if more else b""
    return False


def _text(data: bytes) -> str:
    if data.startswith(_UTF16_MARKS):
        raise _UnreadableError("UTF-16 text: save it as UTF-8")
    try:
        text = data.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        if b"\0" in data:
            raise _UnreadableError("a binary file, not text") from None
        raise _UnreadableError(f"not UTF-8: {error.reason} at byte {error.start + 1}") from None
    if "\0" in text:
        raise _UnreadableError("a binary file, not text")
    return text


def _finding(file: str, mapping: Mapping, diagnostic: Diagnostic) -> Finding:
    return Finding(
        file, mapping.logical_id, diagnostic.severity, finding.placed(diagnostic, mapping)
    )


def _note(
    file: str, mapping: Mapping | None, skipped: Skipped, text: str, severity: str = "skipped"
) -> Finding:
    """Return a skipped pattern or a note as a finding that does not affect the exit status."""
    diagnostic = finding.as_diagnostic(skipped, text, is_note=severity == "note")
    return Finding(file, mapping.logical_id if mapping else "", severity, diagnostic)
