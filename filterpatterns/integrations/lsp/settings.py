"""Settings of an editor or a configuration file for the files of a folder."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec import Struct

from filterpatterns.delivery.sources import SOURCES
from filterpatterns.limits import MAX_FILTERS
from filterpatterns.lint.linter import DIALECTS

SECTION: Final = "filterpatterns"
"""The name of the settings section in an editor."""


def _every_code(_code: str) -> bool:
    return True


class Settings(Struct, frozen=True):
    """How the patterns of a file are checked.

    `source` and `dialect` are for files that do not define them; `reports` says whether a code is
    reported.
    """

    source: str | None = None
    dialect: str | None = None
    max_filters: int = MAX_FILTERS
    reports: Callable[[str], bool] = _every_code


_CHOICES = {"source": (*SOURCES, "auto"), "dialect": DIALECTS}
_NAMES = (*_CHOICES, "maxFilters")
_EDITOR = ("command",)
"""Settings that only the editor uses."""


def given_settings(given: Any) -> tuple[dict[str, Any], list[str]]:
    """Read the settings that an editor sends.

    Args:
        given: the object `{"source": .., "dialect": .., "maxFilters": ..}`, whose members may be
            missing or null, possibly as the member `filterpatterns` of an object; or nothing.

    Returns:
        The fields of Settings that it sets, and messages about what is wrong with it.
    """
    if given is None:
        return {}, []
    if not isinstance(given, Mapping):
        return {}, ["the settings of filterpatterns must be an object"]
    if isinstance(given.get(SECTION), Mapping):
        given = given[SECTION]
    found: dict[str, Any] = {}
    problems = []
    for name, value in given.items():
        if value is None or value == "" or name in _EDITOR:
            continue
        if name not in _NAMES:
            near = difflib.get_close_matches(str(name), _NAMES, n=1)
            hint = f"did you mean {near[0]}?" if near else f"the settings are {', '.join(_NAMES)}"
            problems.append(f"filterpatterns has no setting {name!r}: {hint}")
        elif name == "maxFilters":
            if isinstance(value, int) and not isinstance(value, bool) and value > 0:
                found["max_filters"] = value
            else:
                problems.append("filterpatterns.maxFilters must be at least 1")
        elif value in _CHOICES[name]:
            found[name] = value
        else:
            choices = ", ".join(_CHOICES[name])
            problems.append(f"filterpatterns.{name} is one of {choices}; found {value!r}")
    return found, problems
