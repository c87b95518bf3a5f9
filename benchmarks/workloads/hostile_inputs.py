"""Files and patterns that mean harm and are refused or read in bounds, of any size."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from benchmarks.workloads.hostile_cases import filled


def _nested_name(size: int) -> Any:
    value: Any = [1]
    for _ in range(190):
        value = {"a" * (size // 190): value}
    return value


INPUTS: Mapping[str, Callable[[int], Any]] = {
    "a long name over many values": lambda size: {"x" * (size // 12): [1] * (size // 75)},
    "long names, nested": _nested_name,
    "many values": lambda size: {"a": [1] * size},
    "a filter of a megabyte": lambda size: json.dumps({"Filters": [{"Pattern": "x" * size}]}),
    "a filter of escapes": lambda size: (
        '{"Filters":[{"Pattern":"' + "\\u0061" * (size // 6) + '"}]}'
    ),
    "many filters": lambda size: filled('{"Filters":[', '{"Pattern":"{}"}', "]}", size),
    "many invalid filters": lambda size: '{"Filters":[{"Pattern":1}' + ",0" * (size // 2) + "]}",
    "endlessly nested filters": lambda size: '{"Filters":' + "[" * size,
}


def _aliases(size: int) -> str:
    """Documents in each of which aliases of aliases stand for thousands of values."""
    lines = ["a0: &a0 {x: [1]}"]
    lines += [f"a{n}: &a{n} {{x: *a{n - 1}, y: *a{n - 1}}}" for n in range(1, 13)]
    document = "\n".join(["name: x", *lines])
    return "\n---\n".join([document] * (size // len(document))) + "\n# EventPattern"


TEMPLATES: Mapping[str, Callable[[int], str]] = {
    "integers in base 60": lambda size: "a: 1" + ":10" * (size // 3) + " # EventPattern",
    "aliases of aliases": _aliases,
    "aliases without end": lambda size: "a: &a [*a" + ", *a" * (size // 4) + "]\n# EventPattern",
    "many rules": lambda size: (
        "Resources:\n"
        + "".join(
            f"  r{n}: {{Type: AWS::Events::Rule, Properties: {{EventPattern: {{source: [s]}}}}}}\n"
            for n in range(size // 75)
        )
    ),
}
"""What `fp check` reads."""
