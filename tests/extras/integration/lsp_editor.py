"""An editor for the tests: a client of the Language Server Protocol, with pygls' own library, that
starts the real `fp lsp`."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.lsp.client import LanguageClient

ROOT = Path(__file__).parents[3]
PATIENCE = 60


class Editor:
    """Has documents open, and gets diagnostics."""

    def __init__(self, client: LanguageClient, configuration: dict[str, Any] | None) -> None:
        self._client = client
        self.configuration = configuration
        self.messages: list[str] = []
        self.encoding: str | None = None
        self._published: dict[str, types.PublishDiagnosticsParams] = {}
        self._arrived = asyncio.Condition()
        self._versions: dict[str, int] = {}
        self.texts: dict[str, str] = {}

        @client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        async def _publish(params: types.PublishDiagnosticsParams) -> None:
            async with self._arrived:
                self._published[params.uri] = params
                self._arrived.notify_all()

        @client.feature(types.WINDOW_SHOW_MESSAGE)
        def _show(params: types.ShowMessageParams) -> None:
            self.messages.append(params.message)

        @client.feature(types.WORKSPACE_CONFIGURATION)
        def _configure(params: types.ConfigurationParams) -> list[Any]:
            return [self._configured(item) for item in params.items]

    def _configured(self, item: types.ConfigurationItem) -> Any:
        if self.configuration is None:
            return None
        for folder, settings in self.configuration.items():
            if (item.scope_uri or "").startswith(folder):
                return settings
        return None

    def open(self, uri: str, text: str, language: str = "json") -> None:
        self._versions[uri], self.texts[uri] = 1, text
        self._client.text_document_did_open(
            types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, language, 1, text))
        )

    def change(self, uri: str, text: str) -> None:
        self._versions[uri] += 1
        self.texts[uri] = text
        self._client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(uri=uri, version=self._versions[uri]),
                [types.TextDocumentContentChangeWholeDocument(text)],
            )
        )

    def close(self, uri: str) -> None:
        self._client.text_document_did_close(
            types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri))
        )

    def reconfigure(self, configuration: dict[str, Any]) -> None:
        self.configuration = configuration
        self._client.workspace_did_change_configuration(types.DidChangeConfigurationParams(None))

    def send_settings(self, settings: Any) -> None:
        self._client.workspace_did_change_configuration(
            types.DidChangeConfigurationParams(settings)
        )

    async def diagnostics(self, uri: str, version: int | None = None) -> list[types.Diagnostic]:
        """The diagnostics of the current version of the document, once they have arrived."""
        wanted = version or self._versions[uri]
        async with self._arrived:
            await asyncio.wait_for(
                self._arrived.wait_for(
                    lambda: uri in self._published and self._published[uri].version == wanted
                ),
                PATIENCE,
            )
            return list(self._published.pop(uri).diagnostics)

    async def taken_back(self, uri: str) -> None:
        """Wait until a document has no diagnostics any more."""
        async with self._arrived:
            await asyncio.wait_for(
                self._arrived.wait_for(
                    lambda: uri in self._published and not self._published[uri].diagnostics
                ),
                PATIENCE,
            )

    async def hover(self, uri: str, position: types.Position) -> str | None:
        found = await self._client.text_document_hover_async(
            types.HoverParams(types.TextDocumentIdentifier(uri), position)
        )
        if found is None:
            return None
        assert isinstance(found.contents, types.MarkupContent)
        return found.contents.value

    async def completions(self, uri: str, position: types.Position) -> list[types.CompletionItem]:
        found = await self._client.text_document_completion_async(
            types.CompletionParams(types.TextDocumentIdentifier(uri), position)
        )
        assert isinstance(found, list)
        return found

    async def fixes(self, uri: str, wanted: types.Range) -> list[types.CodeAction]:
        found = await self._client.text_document_code_action_async(
            types.CodeActionParams(
                types.TextDocumentIdentifier(uri), wanted, types.CodeActionContext([])
            )
        )
        return [one for one in found or [] if isinstance(one, types.CodeAction)]

    def applied(self, uri: str, edits: list[types.TextEdit]) -> str:
        """The text after edits, as an editor that counts UTF-16 makes them."""
        text = self.texts[uri]
        for edit in edits:
            start, end = utf16_offset(text, edit.range.start), utf16_offset(text, edit.range.end)
            text = text[:start] + edit.new_text + text[end:]
        return text


def utf16_offset(text: str, position: types.Position) -> int:
    """The offset of a position in UTF-16, counted the slow way."""
    lines = text.split("\n")
    units = position.character
    offset = sum(len(line) + 1 for line in lines[: position.line])
    for char in lines[position.line] if position.line < len(lines) else "":
        if units <= 0:
            break
        units -= 2 if ord(char) > 0xFFFF else 1
        offset += 1
    return offset


def utf16_position(text: str, offset: int) -> types.Position:
    """The position of an offset in UTF-16, counted the slow way."""
    before = text[:offset].split("\n")
    return types.Position(
        len(before) - 1, sum(2 if ord(char) > 0xFFFF else 1 for char in before[-1])
    )


@asynccontextmanager
async def editor(
    folder: Path | None = None,
    *,
    options: Any = None,
    configuration: dict[str, Any] | None = None,
    encodings: list[types.PositionEncodingKind] | None = None,
    port: int | None = None,
) -> AsyncIterator[Editor]:
    """An editor with the server running; ends it as editors do."""
    client = LanguageClient("tests", "1")
    found = Editor(client, configuration)
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "filterpatterns", "lsp"]
    program = None
    if port is None:
        await client.start_io(*command, env=env)
    else:
        program = await asyncio.create_subprocess_exec(*command, "--tcp", str(port), env=env)
        await _connect(client, port)
    answer = await client.initialize_async(
        types.InitializeParams(
            process_id=os.getpid(),
            root_uri=folder.as_uri() if folder else None,
            initialization_options=options,
            capabilities=types.ClientCapabilities(
                general=types.GeneralClientCapabilities(position_encodings=encodings),
                workspace=types.WorkspaceClientCapabilities(
                    configuration=configuration is not None,
                    workspace_edit=types.WorkspaceEditClientCapabilities(document_changes=True),
                ),
                text_document=types.TextDocumentClientCapabilities(
                    completion=types.CompletionClientCapabilities(
                        completion_item=types.ClientCompletionItemOptions(snippet_support=True)
                    )
                ),
            ),
        )
    )
    found.encoding = answer.capabilities.position_encoding
    client.initialized(types.InitializedParams())
    try:
        yield found
    finally:
        await asyncio.wait_for(client.shutdown_async(None), PATIENCE)
        client.exit(None)
        await asyncio.wait_for(client.stop(), PATIENCE)
        if program is not None:
            assert await asyncio.wait_for(program.wait(), PATIENCE) == 0


async def _connect(client: LanguageClient, port: int) -> None:
    for _ in range(PATIENCE * 10):
        try:
            await client.start_tcp("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.1)
        else:
            return
    raise AssertionError("the server does not listen")
