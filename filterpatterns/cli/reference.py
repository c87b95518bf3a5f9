"""The reference of `fp` in Markdown, generated from the definitions of its commands.

`python -m filterpatterns.cli.reference` prints it; `docs/reference/cli.md` is its output.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterator

import click

from filterpatterns.cli.program import main

_WIDTH = 100

_NO_WRAP = "\b"
"""The line that marks a paragraph that click does not wrap."""

_HEADING = re.compile(r"([A-Z][A-Za-z ]*): *(.*)")

_FILES = """\
* **PATTERN**: a pattern or a FilterCriteria as JSON; a template with patterns (CloudFormation, SAM,
  serverless.yml, Terraform, ...), with `#NAME` after the file's name if it has several; or the
  pattern itself, if it begins with a brace or a bracket.
* **EVENTS**: JSON Lines, a JSON array, one record, a whole Lambda event, or the output of `aws sqs
  receive-message`, plain or gzip. The content determines the format, not the name.
* **Case files** (`fp test --cases`): JSON Lines or an array of these, each of which may have a
  `source`, a `name` or `id`, and a `comment`; any other member is an error:

      {"pattern": {...}, "record": {...}, "matches": true}
      {"pattern": {...}, "events": [{...}, {...}], "matches": [true, false]}
      {"pattern": {...}, "body": {...}, "matches": true}
      {"pattern": {"file": "template.yaml#Orders"}, "event": {"Records": [...]}, "matches": ["id"]}
      {"pattern": {...}, "valid": false}

    Files named `*.yaml` are YAML, with the `cases` of one `pattern` (docs/how-to/testing.md).

* `-` is standard input; only one argument may be `-`. As an output file it is standard output."""

_EXIT_STATUS = """\
In addition to the statuses of each command: 2 if the command line is invalid, or output cannot be
written; 130 after Ctrl-C; 141 if the reader of the output is gone (`| head`)."""

_ENVIRONMENT = """\
* **NO_COLOR**: if set, `--color auto` uses no colours (<https://no-color.org>).
* **TERM**: `dumb` has the same effect.
* **_FP_COMPLETE**: set by the script of `fp completion` when the shell requests completions."""


def markdown() -> str:
    """The reference: a section for the program, and one for each command."""
    context = click.Context(main, info_name="fp", **main.context_settings)
    lines = [
        "# Command line",
        "",
        "This page is what `python -m filterpatterns.cli.reference` prints.",
        *("", "## fp"),
        *_command(main, context),
        *("", "### Commands", ""),
    ]
    commands = [(name, main.get_command(context, name)) for name in main.list_commands(context)]
    for name, command in commands:
        if command is not None:
            lines.append(f"* [fp {name}](#fp-{name}): {command.get_short_help_str(limit=_WIDTH)}")
    sections = {"Exit status": _EXIT_STATUS, "Files": _FILES, "Environment": _ENVIRONMENT}
    for title, text in sections.items():
        lines += ["", f"### {title}", "", text]
    for name, command in commands:
        if command is not None:
            lines += ["", f"## fp {name}"]
            lines += _command(command, click.Context(command, info_name=name, parent=context))
    return "\n".join(lines) + "\n"


def _command(command: click.Command, context: click.Context) -> Iterator[str]:
    yield from ("", "### Synopsis", "")
    pieces = " ".join(command.collect_usage_pieces(context))
    yield f"    {context.command_path} {pieces}"
    yield from ("", "### Description")
    for block in _blocks(command.help or ""):
        yield ""
        if block[0] == _NO_WRAP:
            yield from (f"    {line}" for line in block[1:])
        else:
            yield _filled(block)
    yield from ("", "### Options", "")
    for param in command.get_params(context):
        if isinstance(param, click.Option) and not param.hidden:
            yield _option(param)
    for block in _blocks(command.epilog or ""):
        lines = [line for line in block if line != _NO_WRAP]
        heading = _HEADING.match(lines[0])
        if heading is None:
            yield from ("", _filled(lines))
            continue
        yield from ("", f"### {heading[1]}", "")
        if heading[2]:
            yield _filled([heading[2], *lines[1:]])
        else:
            yield from (f"    {line.strip()}" for line in lines[1:])


def _blocks(text: str) -> Iterator[list[str]]:
    """The lines of each paragraph of a help text."""
    for block in re.split(r"\n[ \t]*\n", inspect.cleandoc(text)):
        if block.strip():
            yield block.rstrip("\n").split("\n")


def _option(param: click.Option) -> str:
    # short ones first; some versions of click do not order those of --help
    names = ", ".join(
        sorted([*param.opts, *param.secondary_opts], key=lambda name: (len(name), name))
    )
    if not param.is_flag:
        metavar = param.metavar
        if metavar is None and isinstance(param.type, click.Choice):
            metavar = "|".join(map(str, param.type.choices))
        names += f" {metavar or param.type.name.upper()}"
    words = " ".join((param.help or "").split())
    if param.show_default:
        words += f" [default: {param.default}]"
    entry = f"* `{names}`: {words}"
    return _filled([entry], indent="  ")


def _filled(lines: list[str], indent: str = "") -> str:
    words = " ".join(" ".join(lines).split())
    return textwrap.fill(
        words, _WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


if __name__ == "__main__":
    print(markdown(), end="")
