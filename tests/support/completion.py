"""The completions of the language server at a place in a document."""

from __future__ import annotations

from lsprotocol import types

from filterpatterns.integrations.lsp.completion import complete
from filterpatterns.integrations.lsp.documents import Document, check
from filterpatterns.integrations.lsp.positions import Lines


def completed(text: str, path: str, *, snippets: bool = False) -> dict[str, str]:
    """The labels of the completions at the bar, each with the resulting text."""
    offset = text.index("|")
    text = text[:offset] + text[offset + 1 :]
    one = check(Document("file:///x", path, text, Lines(text), 1))
    found = {}
    for item in complete(one, one.lines.position(offset), snippets=snippets):
        assert isinstance(item.text_edit, types.TextEdit)
        start = one.lines.offset(item.text_edit.range.start)
        end = one.lines.offset(item.text_edit.range.end)
        assert start <= offset <= end
        found[item.label] = text[:start] + item.text_edit.new_text + text[end:]
    return found
