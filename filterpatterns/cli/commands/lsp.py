"""`fp lsp`: the language server, for editors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from filterpatterns.cli.checking import selection, settings
from filterpatterns.cli.messages import Failure
from filterpatterns.limits import MAX_FILTERS
from filterpatterns.lint.selectors import matches

if TYPE_CHECKING:
    from filterpatterns.integrations.lsp import Settings


@click.command(
    epilog="""\b
Examples:
  fp lsp
  fp lsp --tcp 2087

\b
Exit status: 0; 1 if the editor ended it without a shutdown; 2 if the extra
lsp is not installed."""
)
@click.option(
    "--tcp",
    metavar="PORT",
    type=click.IntRange(1, 65535),
    help="Serve this port of 127.0.0.1 instead of standard input and output.",
)
def command(tcp: int | None) -> None:
    """Run the language server for patterns and templates (extra lsp).

    Editors start it. It reports the findings of `fp check` while you type, explains and completes
    operators and fields, and offers quick fixes. Comments like `# fp: ignore[FP105]` and
    configuration files work as in `fp check`.
    """
    try:
        from filterpatterns.integrations.lsp import create_server
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] not in ("pygls", "lsprotocol", "cattrs"):
            raise
        raise Failure("fp lsp requires pygls: pip install 'filterpatterns[lsp]'") from None
    server = create_server(_load_settings)
    if tcp is None:
        server.start_io()
    else:
        server.start_tcp("127.0.0.1", tcp)


def _load_settings(path: str) -> Settings:
    """Return the settings in configuration files for a file.

    Raises:
        ValueError: one of them cannot be read, or has something that is not a setting.
    """
    from filterpatterns.integrations.lsp import Settings

    try:
        config = settings.load(None, [path])
        wanted = selection.configured(config)
    except click.ClickException as error:
        raise ValueError(error.format_message()) from None
    given = config.settings
    ignored = wanted.ignored_in(path)
    return Settings(
        given.source,
        given.dialect,
        given.max_filters or MAX_FILTERS,
        lambda code: wanted.includes(code) and not matches(code, ignored),
    )
