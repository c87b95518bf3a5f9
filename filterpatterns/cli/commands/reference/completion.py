"""`fp completion`: shell completion of commands, options and file names."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

_VARIABLE = "_FP_COMPLETE"
"""The variable by which the script asks `fp` for completions; click derives it from the name."""


@click.command(
    epilog="""\b
Examples:
  fp completion bash > ~/.local/share/bash-completion/completions/fp
  echo 'eval "$(fp completion zsh)"' >> ~/.zshrc
  fp completion fish > ~/.config/fish/completions/fp.fish

\b
Exit status: 0."""
)
@click.argument("shell", metavar="bash|zsh|fish", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print a completion script for a shell.

    It takes effect in shells started after the installation. bash must be 4.4 or newer.
    """
    found = get_completion_class(shell)
    if found is not None:  # click supports all three
        program = ctx.find_root().command
        click.echo(found(program, {}, "fp", _VARIABLE).source())
