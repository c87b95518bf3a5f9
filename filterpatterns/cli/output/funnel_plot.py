"""Funnels as a picture."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any, NamedTuple

from filterpatterns.cli.io.output_files import to_file
from filterpatterns.cli.messages import Failure
from filterpatterns.cli.output import funnel_tables
from filterpatterns.errors import printable
from filterpatterns.language.wording import shorten
from filterpatterns.stats.statistics import Funnel

_MOST_STAGES = 24
_LABEL_LENGTH = 48

_WIDTH = 10.0
_ROW_HEIGHT = 0.42
_MARGIN = 1.1
"""In inches, as required by matplotlib."""

_LETTER = 0.0105
"""The width of a letter, relative to the longest bar."""

_KEPT, _DROPPED, _TEXT, _QUIET = "#2a78b5", "#f3c6a5", "#1d2733", "#5d6b78"


def require() -> None:
    """Check that pictures can be drawn, before the work begins.

    Raises:
        Failure: matplotlib is not installed.
    """
    try:
        import_module("matplotlib.figure")
    except ImportError:
        raise Failure(
            "fp: error: --plot requires matplotlib\n"
            "  hint: pip install 'filterpatterns[plot]', or: pip install matplotlib"
        ) from None


class _Bar(NamedTuple):
    label: str
    drops: int
    left: int


def save(path: str, funnels: Sequence[Funnel]) -> None:
    """Draw the funnels, one below the other, into a file; its suffix determines the format.

    Raises:
        Failure: it cannot be written.
    """
    drawn = [(funnel, _most_important(list(_bars(funnel)))) for funnel in funnels if funnel.records]
    heights = [_MARGIN + _ROW_HEIGHT * len(bars) for _, bars in drawn] or [_MARGIN]
    figure = import_module("matplotlib.figure").Figure(
        figsize=(_WIDTH, sum(heights)), layout="constrained"
    )
    axes = figure.subplots(len(heights), squeeze=False, height_ratios=heights)[:, 0]
    for (funnel, bars), axis in zip(drawn, axes):  # noqa: B905 - one for each
        _draw(axis, funnel, bars)
    if not drawn:
        axes[0].set_title("no records")
        axes[0].axis("off")
    picture = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # warnings about characters that the font lacks
        figure.savefig(picture, format=path[-3:].lower(), dpi=150)
    with to_file(path) as write:
        write(picture.getvalue())


def _bars(funnel: Funnel) -> Iterator[_Bar]:
    left = funnel.records
    yield _Bar("records", 0, left)
    if funnel.payload_keys:
        yield _Bar(funnel_tables.format_label(funnel), left - funnel.left, funnel.left)
        left = funnel.left
    for stage in funnel.stages:
        yield _Bar(
            shorten(funnel_tables.label(stage.member), _LABEL_LENGTH), left - stage.left, stage.left
        )
        left = stage.left


def _most_important(bars: list[_Bar]) -> list[_Bar]:
    """Return the bars, without those that drop least if there are too many for a picture."""
    places = sorted(range(1, len(bars)), key=lambda place: -bars[place].drops)
    return [bars[place] for place in sorted([0, *places[: _MOST_STAGES - 1]])]


def _counts(bar: _Bar, whole: int) -> str:
    words = f"{bar.left:,}  ({bar.left / whole:.1%})"
    return words + (f"   \N{MINUS SIGN}{bar.drops:,}" if bar.drops else "")


def _draw(axis: Any, funnel: Funnel, bars: Sequence[_Bar]) -> None:
    places = range(len(bars))
    whole = funnel.records
    axis.barh(places, [bar.left + bar.drops for bar in bars], color=_DROPPED, height=0.72)
    axis.barh(places, [bar.left for bar in bars], color=_KEPT, height=0.72)
    counts = [_counts(bar, whole) for bar in bars]
    for place, (bar, words) in enumerate(zip(bars, counts)):  # noqa: B905 - one for each
        at = bar.left + bar.drops + whole * 0.012
        axis.text(at, place, words, va="center", color=_TEXT, fontsize=9)
    axis.set_yticks(places, [printable(bar.label) for bar in bars])
    for tick in axis.get_yticklabels():
        tick.set_parse_math(False)  # $or is not a formula
        tick.set_color(_TEXT)
        tick.set_fontsize(9)
    axis.set_xlim(0, whole * (1 + _LETTER * max(map(len, counts))))
    axis.set_ylim(len(bars), -0.6)
    axis.tick_params(length=0)
    axis.xaxis.set_visible(False)
    for side in axis.spines.values():
        side.set_visible(False)
    heading = axis.set_title(
        funnel_tables.title(funnel), loc="left", color=_TEXT, fontweight="bold"
    )
    heading.set_parse_math(False)
    note = "blue: left after the condition; orange: dropped by it"
    if len(bars) < len(list(_bars(funnel))):
        note += f"; the {len(bars) - 1} conditions that drop most, of {len(funnel.stages)}"
    axis.text(0, len(bars) - 0.35, note, va="top", color=_QUIET, fontsize=8)
