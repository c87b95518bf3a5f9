"""The complexity of wildcards, as EventBridge's engine measures it."""

from __future__ import annotations

import json
import random
from time import process_time
from typing import Any

import pytest

import filterpatterns
from filterpatterns.language.conditions import check
from filterpatterns.language.diagnostics import Reporter
from filterpatterns.language.nodes import Scalar, Span
from filterpatterns.language.operators import Wildcard
from filterpatterns.language.parser import parse
from filterpatterns.lint.complexity import complexity
from filterpatterns.lint.eventbridge import complexities
from tests.support.paths import case_lines

CASES = list(case_lines("wildcard_complexity.jsonl"))


def wildcard(text: str) -> Wildcard:
    return Wildcard.parse(Scalar(text, json.dumps(text), Span(0, 0)))


def figure(pattern: str) -> int:
    report = Reporter(pattern)
    tree = parse(pattern, report)
    assert tree is not None
    return max((found.figure for _, found in complexities(check(tree, report))), default=0)


@pytest.mark.parametrize("case", CASES, ids=range(len(CASES)))
def test_the_complexity_is_that_of_the_engine(case: dict[str, Any]) -> None:
    assert figure(case["pattern"]) == case["complexity"]


def slow(*texts: str) -> int:
    """The largest set of (rule, place) over all sets that are reached, character by character."""
    rules = []
    for text in texts:
        chars = iter(text)
        tokens = [None if char == "*" else next(chars) if char == "\\" else char for char in chars]
        rules.append(['"', *tokens, '"'])

    def closed(states: set[tuple[int, int]]) -> frozenset[tuple[int, int]]:
        stars = {
            (rule, place + 1)
            for rule, place in states
            if place + 1 < len(rules[rule]) and rules[rule][place + 1] is None
        }
        return frozenset(states | stars)

    alphabet = {token for rule in rules for token in rule if token is not None}
    pending = [closed({(rule, 0) for rule in range(len(rules))})]
    seen = set(pending)
    while pending:
        states = pending.pop()
        for char in alphabet:
            reached = closed(
                {state for state in states if rules[state[0]][state[1]] is None}
                | {
                    (rule, place + 1)
                    for rule, place in states
                    if place + 1 < len(rules[rule]) and rules[rule][place + 1] == char
                }
            )
            if reached not in seen:
                seen.add(reached)
                pending.append(reached)
    return max(map(len, seen))


def test_it_agrees_with_the_definition() -> None:
    draw = random.Random(12)
    for _ in range(300):
        texts = []
        for _ in range(draw.randint(1, 3)):
            text = "".join(draw.choice('aab*"') for _ in range(draw.randint(1, 8)))
            while "**" in text:
                text = text.replace("**", "*")
            texts.append(text)
        assert complexity(map(wildcard, texts)).figure == slow(*texts), texts


def test_an_escaped_star_is_a_character() -> None:
    assert complexity([wildcard(r"a\*b")]).figure == slow(r"a\*b") == 1


@pytest.mark.parametrize(
    "texts",
    [
        ["*" + "*".join("abcdefgh"[n % 8] * (n % 5 + 1) for n in range(600))],
        ["*" + "a" * 2000],
        ["a*" * 1000],
        ["*".join(chr(300 + n) for n in range(1000))],
        ["".join("abcdefg*"[n * k % 8] for n in range(200)).replace("**", "*") for k in (3, 5, 7)],
    ],
    ids=["stars", "one run", "a and star", "all different", "three"],
)
def test_no_pattern_takes_long(texts: list[str]) -> None:
    start = process_time()
    complexity([wildcard(text) for text in texts])
    assert process_time() - start < 2


def test_a_likely_refusal_is_reported_with_its_complexity() -> None:
    three = [{"wildcard": f"*:stack/{name}/*"} for name in ("One", "Two", "Three")]
    assert filterpatterns.check({"detail": {"a": three}}, source="event") == []
    four = [*three, {"wildcard": "*:stack/Four/*"}]
    (found,) = filterpatterns.check({"detail": {"a": four}}, source="event")
    assert found.code == "FP120"
    assert 'of "detail.a" have a complexity of 12' in found.message
    assert not [
        each for each in filterpatterns.check({"body": {"a": four}}) if each.code == "FP120"
    ]
