"""Quick fixes: the edits that come with diagnostics."""

from __future__ import annotations

from lsprotocol import types
from msgspec import Struct
from msgspec.structs import replace

from filterpatterns.errors import Fix
from filterpatterns.integrations.lsp.documents import Document, Found, as_lsp, check
from filterpatterns.integrations.lsp.positions import Lines


class _Edit(Struct, frozen=True):
    """A fix for the text between two offsets of the document."""

    start: int
    end: int
    text: str

    def applied(self, text: str) -> str:
        return text[: self.start] + self.text + text[self.end :]

    @property
    def growth(self) -> int:
        return len(self.text) - (self.end - self.start)


def quick_fixes(
    document: Document, wanted: types.Range, *, versioned: bool
) -> list[types.CodeAction]:
    """Return the fixes for the findings in a part of a document.

    Each fix has been tried: the finding disappears, and no new error appears. This takes a check of
    the document per fix.

    Args:
        document: the checked document.
        wanted: the part.
        versioned: whether the editor supports edits for a version of a document.
    """
    first, last = document.lines.offset(wanted.start), document.lines.offset(wanted.end)
    actions = []
    for found in document.found:
        if found.fix is None or found.end < first or found.start > last:
            continue
        edit = _edit_of(document, found.fix)
        if _mends(document, found, edit):
            actions.append(_action(document, found, found.fix, edit, versioned=versioned))
    return actions


def _edit_of(document: Document, fix: Fix) -> _Edit:
    lines = document.lines
    start = lines.offset_of(fix.line, fix.column)
    return _Edit(start, max(start, lines.offset_of(fix.end_line, fix.end_column)), fix.text)


def _mends(document: Document, found: Found, edit: _Edit) -> bool:
    """Whether a finding disappears and no new error appears. If the text was not JSON before,
    errors may appear that could not be detected then."""
    text = edit.applied(document.text)
    after = check(replace(document, text=text, lines=Lines(text), mappings=(), found=()))
    places = (found.start, found.start + edit.growth)
    if any(one.key == found.key and one.start in places for one in after.found):
        return False
    if not after.mappings:
        return False
    return found.code == "FP001" or _errors(after) <= _errors(document)


def _errors(document: Document) -> int:
    return sum(one.severity == "error" for one in document.found)


def _action(
    document: Document, found: Found, fix: Fix, edit: _Edit, *, versioned: bool
) -> types.CodeAction:
    edits = [types.TextEdit(document.lines.range(edit.start, edit.end), edit.text)]
    if versioned:
        whole = types.WorkspaceEdit(
            document_changes=[
                types.TextDocumentEdit(
                    types.OptionalVersionedTextDocumentIdentifier(document.uri, document.version),
                    list(edits),
                )
            ]
        )
    else:
        whole = types.WorkspaceEdit(changes={document.uri: edits})
    return types.CodeAction(
        title=fix.title,
        kind=types.CodeActionKind.QuickFix,
        diagnostics=[as_lsp(document, found)],
        edit=whole,
        is_preferred=True,
    )
