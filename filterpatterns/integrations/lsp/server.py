"""The language server: handles requests and notifications of the Language Server Protocol."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final, TypeVar

from lsprotocol import types
from msgspec.structs import replace
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from filterpatterns import __version__
from filterpatterns.integrations.lsp.actions import quick_fixes
from filterpatterns.integrations.lsp.completion import complete
from filterpatterns.integrations.lsp.documents import (
    NAME,
    Document,
    check,
    is_named,
    published,
)
from filterpatterns.integrations.lsp.hover import hover
from filterpatterns.integrations.lsp.positions import Lines
from filterpatterns.integrations.lsp.settings import SECTION, Settings, given_settings
from filterpatterns.integrations.lsp.workers import Workers

_DEBOUNCE: Final = 0.15
"""Seconds without a change before a document is checked, short enough to go unnoticed."""

_log = logging.getLogger(__name__)

_Found = TypeVar("_Found")

LoadSettings = Callable[[str], Settings]
"""Called with a file's path; returns the settings that configuration files have for it. May raise
ValueError with a message for the user."""


def _no_settings(_path: str) -> Settings:
    return Settings()


class FilterPatternServer(LanguageServer):
    """The server, which tracks and checks the open documents."""

    def __init__(self, load_settings: LoadSettings = _no_settings) -> None:
        """
        Args:
            load_settings: called with the path of each document that is checked.
        """
        super().__init__(
            NAME,
            __version__,
            # Whole texts, so that lines are defined in one place, ours.
            text_document_sync_kind=types.TextDocumentSyncKind.Full,
        )
        self._load_settings = load_settings
        self._workers = Workers()
        self._checked: dict[str, Document] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._configured: dict[str, dict[str, Any]] = {}
        self._initial: dict[str, Any] = {}
        self._reported: set[str] = set()

    def initialize(self, params: types.InitializeParams) -> None:
        """Apply the settings that the editor sends at initialization."""
        self._initial, problems = given_settings(params.initialization_options)
        self._report(problems)

    def schedule(self, uri: str, delay: float = _DEBOUNCE) -> None:
        """Schedule the check of a document, for when it has not changed for a while."""
        self._cancel(uri)
        self._tasks[uri] = asyncio.ensure_future(self._check_later(uri, delay))

    def close(self, uri: str) -> None:
        """Forget a document and clear its diagnostics."""
        self._cancel(uri)
        self._checked.pop(uri, None)
        self._configured.pop(uri, None)
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))

    def reconfigure(self, settings: Any) -> None:
        """Request the settings again and check all documents with them. Editors that do not support
        requests send the settings."""
        workspace = self.client_capabilities.workspace
        if settings is not None and not (workspace and workspace.configuration):
            self._initial, problems = given_settings(settings)
            self._report(problems)
        self._configured.clear()
        self._checked.clear()
        for uri in self.workspace.text_documents:
            self.schedule(uri, 0)

    async def current(self, uri: str) -> Document | None:
        """The current document, checked; None if it is not open."""
        if uri not in self.workspace.text_documents:
            return None
        text_document = self.workspace.get_text_document(uri)
        known = self._checked.get(uri)
        if known is not None and known.version == text_document.version:
            return known
        text, version = text_document.source.removeprefix("\ufeff"), text_document.version
        encoding = self.workspace.position_encoding or types.PositionEncodingKind.Utf16
        path = to_fs_path(uri) or ""
        document = Document(
            uri,
            path,
            text,
            Lines(text, encoding),
            version,
            is_named(text_document.path, text_document.language_id),
            await self._settings(uri, path),
        )
        checked = await self._workers.run(lambda: check(document))
        if uri not in self.workspace.text_documents:
            return None
        if self.workspace.get_text_document(uri).version == version:
            self._checked[uri] = checked
        return checked

    async def fixes(self, params: types.CodeActionParams) -> list[types.CodeAction]:
        """The quick fixes for a part of a document."""
        only = params.context.only
        kind = types.CodeActionKind.QuickFix.value
        if only is not None and not any(kind.startswith(one) for one in only):
            return []
        workspace = self.client_capabilities.workspace
        edits = workspace.workspace_edit if workspace else None
        versioned = bool(edits and edits.document_changes)
        found = await self._with(params, quick_fixes, params.range, versioned=versioned)
        return found or []

    async def completions(self, params: types.CompletionParams) -> list[types.CompletionItem]:
        """The completions at a position."""
        text_document = self.client_capabilities.text_document
        completion = text_document.completion if text_document else None
        item = completion.completion_item if completion else None
        snippets = bool(item and item.snippet_support)
        return await self._with(params, complete, params.position, snippets=snippets) or []

    async def about(self, params: types.HoverParams) -> types.Hover | None:
        """The hover text at a position."""
        return await self._with(params, hover, params.position)

    async def _with(
        self, params: Any, work: Callable[..., _Found], where: Any, **options: bool
    ) -> _Found | None:
        """The result of a function for the document in its current state; None if it is gone."""
        document = await self.current(params.text_document.uri)
        if document is None:
            return None
        return await self._workers.run(lambda: work(document, where, **options))

    async def _check_later(self, uri: str, delay: float) -> None:
        await asyncio.sleep(delay)
        document = await self.current(uri)
        if document is None or uri not in self.workspace.text_documents:
            return
        if document.version == self.workspace.get_text_document(uri).version:
            self.text_document_publish_diagnostics(
                types.PublishDiagnosticsParams(uri, published(document), document.version)
            )

    def _cancel(self, uri: str) -> None:
        task = self._tasks.pop(uri, None)
        if task is not None:
            task.cancel()

    async def _settings(self, uri: str, path: str) -> Settings:
        """The settings for a document: those of its folder in the editor, those sent at
        initialization, and those in files."""
        settings = Settings()
        if path:
            try:
                settings = await self._workers.run(lambda: self._load_settings(path))
            except ValueError as error:
                self._report([str(error)])
        configured = await self._ask(uri)
        return replace(settings, **{**self._initial, **configured})

    async def _ask(self, uri: str) -> dict[str, Any]:
        workspace = self.client_capabilities.workspace
        if workspace is None or not workspace.configuration:
            return {}
        if uri not in self._configured:
            item = types.ConfigurationItem(scope_uri=uri, section=SECTION)
            try:
                answer = await self.workspace_configuration_async(types.ConfigurationParams([item]))
            except Exception as error:  # noqa: BLE001 - an editor that cannot answer
                _log.warning("no answer to workspace/configuration: %s", error)
                answer = []
            found, problems = given_settings(answer[0] if answer else None)
            self._report(problems)
            self._configured[uri] = found
        return self._configured[uri]

    def _report(self, problems: list[str]) -> None:
        for problem in problems:
            if problem not in self._reported:
                self._reported.add(problem)
                self.window_show_message(
                    types.ShowMessageParams(types.MessageType.Warning, problem)
                )


def create_server(load_settings: LoadSettings = _no_settings) -> FilterPatternServer:
    """Create a language server for filter patterns.

    Args:
        load_settings: called with a file's path; returns the settings that configuration files have
            for it; may raise ValueError with a message for the user.

    Returns:
        The server: `start_io()` serves standard input and output until the editor ends it.
    """
    server = FilterPatternServer(load_settings)

    @server.feature(types.INITIALIZE)
    def _initialize(params: types.InitializeParams) -> None:
        server.initialize(params)

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def _opened(params: types.DidOpenTextDocumentParams) -> None:
        server.schedule(params.text_document.uri, 0)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def _changed(params: types.DidChangeTextDocumentParams) -> None:
        server.schedule(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def _closed(params: types.DidCloseTextDocumentParams) -> None:
        server.close(params.text_document.uri)

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    def _reconfigured(params: types.DidChangeConfigurationParams) -> None:
        server.reconfigure(params.settings)

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    async def _hover(params: types.HoverParams) -> types.Hover | None:
        return await server.about(params)

    @server.feature(
        types.TEXT_DOCUMENT_COMPLETION,
        types.CompletionOptions(trigger_characters=['"', "[", "{", ":"]),
    )
    async def _complete(params: types.CompletionParams) -> list[types.CompletionItem]:
        return await server.completions(params)

    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix]),
    )
    async def _fixes(params: types.CodeActionParams) -> list[types.CodeAction]:
        return await server.fixes(params)

    return server
