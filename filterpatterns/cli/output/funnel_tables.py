"""Funnels as tables for people."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator, Sequence
from typing import NamedTuple, TextIO

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.table import Table
from rich.text import Text

from filterpatterns.cli.messages import counted
from filterpatterns.cli.output.writers import takes
from filterpatterns.errors import printable
from filterpatterns.stats.statistics import FieldCount, Funnel, Occurrence, OrCount

_MOST_RULES = 10
_MOST_ALTERNATIVES = 20

_BAR = "█"
_BAR_WIDTH = 20
_ROOM_FOR_BARS = 100
"""Minimum width of a terminal."""

_UNBOUNDED = 1 << 16
_COUNTS = ("present", "alone", "drops", "left")
_GAP = 2
_LEAST_ROOM = 16
"""Minimum width of the conditions."""


class _Line(NamedTuple):
    """A row of a funnel's table; None for empty cells."""

    label: str
    present: int | None = None
    alone: int | None = None
    drops: int | None = None
    left: int | None = None


def drawn(funnels: Sequence[Funnel], out: TextIO, *, color: bool) -> str:
    """Return the funnels and the contents of their fields; not limited in width unless `out` is a
    terminal."""
    width = shutil.get_terminal_size().columns if out.isatty() else _UNBOUNDED
    bars = _ROOM_FOR_BARS <= width < _UNBOUNDED and takes(out, _BAR)
    ellipsis = "…" if takes(out, "…") else "..."
    text = io.StringIO()
    console = Console(
        file=text,
        width=width,
        force_terminal=color,
        color_system="standard" if color else None,
        no_color=not color,
        legacy_windows=False,
    )
    for funnel in funnels:
        if not funnel.records:
            continue
        console.print()
        console.print(Text(title(funnel), style="bold"))
        console.print(_table(funnel, width, bars, ellipsis))
        console.print()
        console.print(_contents(funnel))
    return "\n".join(line.rstrip() for line in text.getvalue().split("\n"))


def title(funnel: Funnel) -> str:
    """The title of a funnel, in one line."""
    words = f"filter {funnel.index + 1} ({funnel.source}) keeps {funnel.kept:,}"
    words += f" of {counted(funnel.records)}"
    return words + (f", no verdict for {funnel.undecided:,}" if funnel.undecided else "")


def format_label(funnel: Funnel) -> str:
    """The name of the format evaluation."""
    return f"format of {' and '.join(funnel.payload_keys)}"


def label(member: FieldCount | OrCount) -> str:
    """A stage in a few words."""
    if isinstance(member, OrCount):
        return f"$or ({counted(len(member.alternatives), 'alternative')})"
    if len(member.rules) == 1:
        return printable(f"{member.path} {member.rules[0].text}")
    return printable(f"{member.path} ({counted(len(member.rules), 'rule')})")


def _table(funnel: Funnel, width: int, bars: bool, ellipsis: str) -> Table:
    digits = len(_number(funnel.records))
    widths = [max(digits, len(name)) for name in _COUNTS] + [len("100.0%")]
    if bars:
        widths.append(_BAR_WIDTH)
    room = max(width - sum(widths) - _GAP * len(widths), _LEAST_ROOM)
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="dim")
    table.add_column("condition", no_wrap=True, overflow="crop")
    for name, least in zip((*_COUNTS, "%"), widths):  # noqa: B905 - bars have no heading
        table.add_column(name, justify="right", no_wrap=True, overflow="crop", min_width=least)
    for line in _lines(funnel):
        share = None if line.left is None else line.left / funnel.records
        cells = [
            Text(_fitted(line.label, room, ellipsis)),
            Text(_number(line.present)),
            Text(_number(line.alone)),
            Text(_number(line.drops), style="yellow" if line.drops else ""),
            Text(_number(line.left)),
            Text("" if share is None else f"{share:.1%}"),
        ]
        if bars and share:
            cells.append(Text(_BAR * round(_BAR_WIDTH * share), style="cyan"))
        table.add_row(*cells)
    return table


def _fitted(text: str, room: int, ellipsis: str) -> str:
    if cell_len(text) <= room:
        return text
    return set_cell_size(text, room - len(ellipsis)) + ellipsis


def _number(count: int | None) -> str:
    return "" if count is None else f"{count:,}"


def _lines(funnel: Funnel) -> Iterator[_Line]:
    left = funnel.records
    yield _Line("records", left=left)
    if funnel.payload_keys:
        yield _Line(format_label(funnel), drops=left - funnel.left, left=funnel.left)
        for reason, count in funnel.wrong_format.most_common():
            yield _Line(f"  {reason}", drops=count)
        if funnel.ignored:
            yield _Line(f"  another format, for which its part is satisfied: {funnel.ignored:,}")
        left = funnel.left
    for stage in funnel.stages:
        first, *others = _member(stage.member, "")
        yield first._replace(drops=left - stage.left, left=stage.left)
        yield from others
        left = stage.left


def _member(member: FieldCount | OrCount, indent: str) -> Iterator[_Line]:
    """A field with its rules, or a `$or` with its alternatives."""
    words = indent + label(member)
    if isinstance(member, OrCount):
        yield _Line(words, alone=member.alone)
        for number, one in enumerate(member.alternatives[:_MOST_ALTERNATIVES], 1):
            words = f"{indent}  {number}. "
            if len(one.members) == 1:
                first, *others = _member(one.members[0], f"{indent}     ")
                yield first._replace(label=words + first.label.lstrip())
                yield from others
                continue
            yield _Line(f"{words}all of", alone=one.alone)
            for inner in one.members:
                yield from _member(inner, f"{indent}     ")
        yield from _more(len(member.alternatives) - _MOST_ALTERNATIVES, "alternative", indent)
        return
    yield _Line(words, present=member.occurrence.present, alone=member.alone)
    if len(member.rules) > 1:
        for rule in member.rules[:_MOST_RULES]:
            yield _Line(f"{indent}  {printable(rule.text)}", alone=rule.alone)
        yield from _more(len(member.rules) - _MOST_RULES, "rule", indent)


def _more(count: int, word: str, indent: str) -> Iterator[_Line]:
    if count > 0:
        yield _Line(f"{indent}  and {counted(count, word)} more (--json has all)")


def _contents(funnel: Funnel) -> Table:
    """What records have in each field of the pattern."""
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="dim")
    table.add_column("field", overflow="fold")
    table.add_column("values")
    seen = set()
    for stage in funnel.stages:
        for field in _fields(stage.member):
            if field.path not in seen:
                seen.add(field.path)
                missing = not field.occurrence.kinds
                words = Text(_values_of(field), style="yellow" if missing else "")
                table.add_row(Text(printable(field.path)), words)
    return table


def _fields(member: FieldCount | OrCount) -> Iterator[FieldCount]:
    if isinstance(member, FieldCount):
        yield member
    else:
        for alternative in member.alternatives:
            for inner in alternative.members:
                yield from _fields(inner)


def _values_of(field: FieldCount) -> str:
    occurrence = field.occurrence
    parts = [_kind(occurrence, kind) for kind, _ in occurrence.kinds.most_common()]
    if occurrence.absent or not parts:
        parts.append(f"absent {occurrence.absent:,}")
    words = ", ".join(parts)
    if field.near:
        words += f"; there is {' and '.join(printable(name) for name in field.near)}"
    return words


def _kind(occurrence: Occurrence, kind: str) -> str:
    examples = ", ".join(map(printable, occurrence.examples.get(kind, ())))
    return f"{kind} {occurrence.kinds[kind]:,}" + (f" ({examples})" if examples else "")
