"""Matcher tree -> Python functions: the hot path.

For each way that records come (dicts, JSON text) there is one function for a single record and, for
batches, one loop for each result (`filter`, `partition`, `mask`), so that no record costs a call.
"""

from __future__ import annotations

import itertools
import linecache
import weakref
from collections.abc import Callable
from typing import Any

from filterpatterns.expressions import Code
from filterpatterns.statements import Ends, Judge, indent
from filterpatterns.tree import Matcher

_KINDS = ("dict", "text")
_RESULTS = {
    "filter": (("keep(record)", "continue"), ("continue",)),
    "partition": (("keep(record)", "continue"), ("drop(record)", "continue")),
    "mask": (("keep(True)", "continue"), ("keep(False)", "continue")),
}
"""By result: what a loop does with a record that matches, and with one that does not."""

_serial = itertools.count(1)

Loop = Callable[..., int]
"""(records, keep, drop, slow) -> how many payloads passed the prefilter. `keep` and `drop` are called
with each record, or with its verdict; `slow` judges a record that the loop does not."""


class Generated:
    """The generated functions of a matcher.

    `single` judges one record; `loop` gives the functions for batches.
    """

    def __init__(self, matcher: Matcher, slow: Callable[[Any], bool]) -> None:
        """Generate them; `slow` judges the records that `single` does not.

        Raises:
            Unsupported: the matcher is of a shape that only the interpreter serves.
        """
        code = Code()
        judge = Judge(matcher, code)
        prefilter = judge.prefilter
        self.can_look = prefilter is not None
        look = prefilter is not None and prefilter.selective
        slow_name = code.bind(slow)
        for kind in _KINDS:
            ends = Ends.of(["return True"], ["return False"], slow_name)
            lines = judge.judge(kind, look=look, count=False, ends=ends)
            code.lines += ["", f"def matches_{kind}(record):", *indent(lines)]
        code.lines += [
            "",
            "def matches(record):",
            "    if record.__class__ is dict:",
            "        return matches_dict(record)",
            "    return matches_text(record)",
        ]
        for result in _RESULTS:
            for kind in _KINDS:
                for looking in (False, True) if self.can_look else (False,):
                    code.lines += _loop(judge, result, kind, looking)
        self.source_code = "\n".join(code.lines).lstrip() + "\n"
        self._namespace = _execute(self.source_code, code.namespace, self)
        self.single: Callable[[Any], bool] = self._namespace["matches"]

    def loop(self, result: str, kind: str, look: bool) -> Loop:
        """The loop for a result ("filter", "partition", "mask") over a kind of record ("dict",
        "text"), with or without a look before decoding."""
        loop: Loop = self._namespace[_name(result, kind, look)]
        return loop


def _name(result: str, kind: str, look: bool) -> str:
    return f"{result}_{kind}_looking" if look else f"{result}_{kind}"


def _loop(judge: Judge, result: str, kind: str, look: bool) -> list[str]:
    ends = Ends.of(*_RESULTS[result], "slow")
    lines = judge.judge(kind, look=look, count=True, ends=ends)
    return [
        "",
        f"def {_name(result, kind, look)}(records, keep, drop, slow):",
        "    passed = 0",
        "    for record in records:",
        *indent(indent(lines)),
        "    return passed",
    ]


def _execute(source: str, namespace: dict[str, Any], owner: object) -> dict[str, Any]:
    name = f"<filterpatterns {next(_serial)}>"
    exec(compile(source, name, "exec"), namespace)  # noqa: S102 - holds names only, values are bound
    # Tracebacks show the lines as long as the functions live.
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    weakref.finalize(owner, linecache.cache.pop, name, None)
    return namespace
