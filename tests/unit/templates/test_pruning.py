"""Large JSON is parsed without parts unrelated to patterns; the rest keeps its position."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from filterpatterns.templates import finding, pruning
from filterpatterns.templates.documents import json_document
from tests.support.seeds import each_seed

PATTERN = '{"body": {"kind": "wrong", "a": [1]}}'


def _mapping(number: int) -> dict[str, Any]:
    criteria = {"Filters": [{"Pattern": PATTERN}]}
    arn = {"Fn::GetAtt": [f"Q{number}", "Arn"]}
    return {
        "Type": "AWS::Lambda::EventSourceMapping",
        "Properties": {"EventSourceArn": arn, "FilterCriteria": criteria},
    }


def _template(seed: int, indent: int | None) -> str:
    random.seed(seed)
    resources: dict[str, Any] = {}
    for number in range(60):
        kind = random.choice(["mapping", "queue", "policy", "numbers", "text"])
        if kind == "mapping":
            resources[f"M{number}"] = _mapping(number)
        elif kind == "queue":
            resources[f"Q{number}"] = {"Type": "AWS::SQS::Queue"}
        elif kind == "policy":
            resources[f"P{number}"] = {"Type": "AWS::IAM::Policy", "Statement": [{"é": "x" * 9000}]}
        elif kind == "numbers":
            points = [[random.random(), n] for n in range(700)]
            resources[f"N{number}"] = {"Type": "X::Y::Z", "Points": [*points, "FilterCriteria"]}
        else:
            resources[f"T{number}"] = {"Type": "X::Y::Z", "Text": "né\\" * 3000, "null": [None] * 9}
    return json.dumps({"Resources": resources}, indent=indent, ensure_ascii=bool(seed % 2))


@each_seed(2, thorough=12)
@pytest.mark.parametrize("indent", [None, 2])
def test_pruning_preserves_patterns_and_positions(
    seed: int, indent: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = _template(seed, indent)
    monkeypatch.setattr(pruning, "WORTHWHILE", 1 << 40)
    whole = [(one.logical_id, one.source, one.check()) for one in finding.patterns_in(text)]
    monkeypatch.setattr(pruning, "WORTHWHILE", 0)
    less = [(one.logical_id, one.source, one.check()) for one in finding.patterns_in(text)]
    assert less == whole
    assert whole
    pruned = pruning.pruned(text)
    assert len(pruned) == len(text)
    for unrelated in ("AWS::IAM::Policy", '"Text"'):
        assert unrelated in text
        assert unrelated not in pruned
    json_document.read(pruned)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        '{"Filters": [}',
        '{"a": ' + "[" * 3000 + "]" * 3000 + "}",
        '{"a": "x", "a": ["Filters", ' + "1, " * 50000 + "1]}",
        "[" + "1," * 70000 + '"Filters"]',
        '{"a": [' + '"b, [",' * 20000 + '"Filters"]}',
    ],
)
def test_pruning_preserves_the_document(text: str) -> None:
    pruned = pruning.pruned(text)
    assert len(pruned) == len(text)
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        assert pruned == text
    else:
        json.loads(pruned)
        assert ("Filters" in pruned) == ("Filters" in text)
