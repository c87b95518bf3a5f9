"""Filters of subscribers of a Custom Event Bus: one for each scope, all of which must match."""

from __future__ import annotations

import json
from typing import Any

import pytest

import filterpatterns
from filterpatterns import RuleSet
from filterpatterns.stats.statistics import Statistics
from tests.support.helpers import refused
from tests.support.paths import verdicts

DATA = {"detail": {"total": [{"numeric": [">", 5]}]}}
METADATA = {"tenant": ["a", "b"]}
SYSTEM = {"aws:Source": [{"prefix": "shop"}]}


def configuration(**patterns: Any) -> dict[str, Any]:
    return {
        "Filters": [
            {"Scope": scope, "Pattern": text if isinstance(text, str) else json.dumps(text)}
            for scope, text in patterns.items()
        ]
    }


ALL = configuration(DATA=DATA, METADATA=METADATA, SYSTEM_METADATA=SYSTEM)
EVENT: dict[str, Any] = {
    "Data": {"detail": {"total": 6}},
    "Metadata": {"tenant": "b"},
    "SystemMetadata": {"aws:Source": "shop.orders", "aws:EventId": "e-1"},
}

EVENTS = [
    ("all hold", EVENT, True),
    ("data are text", {**EVENT, "Data": '{"detail": {"total": 6}}'}, True),
    ("data do not hold", {**EVENT, "Data": {"detail": {"total": 5}}}, False),
    ("data are no JSON", {**EVENT, "Data": "total: 6"}, False),
    ("no data", {**EVENT, "Data": None}, False),
    ("metadata do not hold", {**EVENT, "Metadata": {"tenant": "c"}}, False),
    ("no metadata", {"Data": EVENT["Data"], "SystemMetadata": EVENT["SystemMetadata"]}, False),
    ("system metadata do not hold", {**EVENT, "SystemMetadata": {"aws:Source": "x"}}, False),
    ("an array in the data", {**EVENT, "Data": {"detail": [{"total": 1}, {"total": 7}]}}, True),
]


@pytest.mark.parametrize(("event", "kept"), [one[1:] for one in EVENTS], ids=[e[0] for e in EVENTS])
@pytest.mark.parametrize(
    "given",
    [
        ALL,
        json.dumps(ALL),
        {**ALL, "Language": "EVENT_BRIDGE_PATTERN"},
        {"FilterConfiguration": ALL},
        json.dumps({"FilterConfiguration": ALL}).encode(),
        ALL["Filters"],
    ],
    ids=["dict", "text", "language", "named", "named, bytes", "list"],
)
def test_all_filters_must_match(given: Any, event: dict[str, Any], kept: bool) -> None:
    for source in ("subscriber", "auto"):
        compiled = filterpatterns.compile(given, source=source)
        assert set(verdicts(compiled, event).values()) == {kept}
        assert bool(compiled.explain(event)) is kept
    rules = RuleSet({"rule": given}, source="subscriber")
    for record in (event, json.dumps(event), json.dumps(event).encode()):
        assert rules.matching(record) == ["rule"] * kept


def test_data_that_is_not_json_never_satisfies_a_data_filter() -> None:
    absent = configuration(DATA={"a": [{"exists": False}]})
    compiled = filterpatterns.compile(absent, source="subscriber")
    assert compiled.matches({**EVENT, "Data": {"b": 1}})
    assert not compiled.matches({**EVENT, "Data": "plain"})
    only = filterpatterns.compile(configuration(METADATA=METADATA), source="subscriber")
    assert only.matches({**EVENT, "Data": "plain"})


def test_or_combinations_are_counted_for_each_filter() -> None:
    def ors(count: int) -> dict[str, Any]:
        names = ((f"{name}{n}" for n in range(10)) for name in "ab"[:count])
        return {str(i): {"$or": [{n: [1]} for n in group]} for i, group in enumerate(names)}

    both = configuration(DATA=ors(2), SYSTEM_METADATA=ors(2))
    compiled = filterpatterns.compile(both, source="subscriber")
    part = {"0": {"a9": 1}, "1": {"b3": 1}}
    assert compiled.matches({"Data": part, "SystemMetadata": part})
    assert not compiled.matches({"Data": part, "SystemMetadata": {"0": {"a9": 1}}})


TOO_MANY = {str(n): {"$or": [{name: [1]} for name in "abcdefghijk"]} for n in range(3)}
BIG = configuration(DATA='{"a": ["' + "é" * 1900 + '"]}', METADATA={"a": ["x" * 400]})

REFUSED = [
    ("FP023", {"Filters": [{"Scope": "DATA", "Pattern": "{}", "Name": "x"}]}, "Filters[0].Name"),
    ("FP023", {**ALL, "Comment": "x"}, "Comment"),
    ("FP024", {"Filters": [{"Pattern": '{"a": [1]}'}]}, "Filters[0].Scope"),
    ("FP024", configuration(data={"a": [1]}), "Filters[0].Scope"),
    ("FP024", {"Filters": [{"Scope": 5, "Pattern": '{"a": [1]}'}]}, "Filters[0].Scope"),
    ("FP024", {"a": [1]}, ""),
    ("FP025", {"Filters": [*ALL["Filters"], ALL["Filters"][0]]}, "Filters[3].Scope"),
    ("FP026", BIG, ""),
    ("FP027", configuration(DATA={"a": [{"wildcard": "x*"}]}), "a[0]"),
    ("FP027", configuration(SYSTEM_METADATA={"a": [{"anything-but": {"wildcard": "x"}}]}), "a[0]"),
    ("FP028", configuration(METADATA={"a": ["x", {"exists": True}]}), "a[1]"),
    ("FP028", configuration(METADATA={"$or": [{"a": [1]}, {"b": [1]}]}), "$or"),
    ("FP029", configuration(DATA='[{"a": [1]}]'), ""),
    ("FP030", {**ALL, "Language": "SQL"}, "Language"),
    ("FP031", {"Filters": []}, ""),
    ("FP031", {"FilterConfiguration": {}}, ""),
    (
        "FP016",
        configuration(DATA=TOO_MANY),
        "",
    ),
]


@pytest.mark.parametrize(("code", "given", "path"), REFUSED, ids=lambda one: str(one)[:30])
def test_what_a_subscriber_refuses(code: str, given: Any, path: str) -> None:
    for one in (given, json.dumps(given)):
        (found,) = refused(one, source="subscriber").errors
        assert (found.code, found.path) == (code, path)
        assert found.hint
        assert [each.code for each in filterpatterns.check(one, source="subscriber")] == [code]


def test_what_other_sources_refuse() -> None:
    for source in ("sqs", "event"):
        (found,) = refused(configuration(DATA=DATA), source=source).errors
        assert (found.code, found.path) == ("FP023", "Filters[0].Scope")
        assert "--source subscriber" in (found.hint or "")
        unknown = {"Filters": [{"Pattern": '{"a": [1]}', "Comment": "x"}]}
        assert refused(unknown, source=source).code == "FP023"
    with_language = {"Filters": [{"Pattern": '{"a": [1]}'}], "Language": "EVENT_BRIDGE_PATTERN"}
    assert refused(with_language).code == "FP023"


def test_errors_for_any_source_are_those_of_a_subscriber() -> None:
    twice = {"Filters": [ALL["Filters"][0]] * 2}
    assert refused(twice, source="auto").code == "FP025"
    assert [one.code for one in filterpatterns.check(twice, source="auto")] == ["FP025"]


def test_positions_are_those_of_the_text() -> None:
    text = json.dumps(configuration(DATA={"a": [1]}, METADATA={"b": [{"prefix": "x"}]}))
    (found,) = refused(text, source="subscriber").errors
    assert (found.line, found.filter_index) == (1, 1)
    assert text[(found.column or 0) - 1 :].startswith('{\\"prefix\\"')


def test_records_of_any_source_are_recognised() -> None:
    compiled = filterpatterns.compile(ALL, source="auto")
    assert list(filterpatterns.records(EVENT)) == [EVENT]
    assert compiled.filter_event(EVENT) == EVENT
    assert compiled.explain(EVENT).source == "subscriber"


def test_an_explanation_says_that_all_filters_must_match() -> None:
    compiled = filterpatterns.compile(ALL, source="subscriber")
    found = compiled.explain({**EVENT, "Metadata": {}})
    assert (found.kept, found.all_needed) == (False, True)
    assert [(one.scope, one.satisfied) for one in found.filters] == [
        ("DATA", True),
        ("METADATA", False),
        ("SYSTEM_METADATA", True),
    ]
    drawn = str(found)
    assert "all filters must match" in drawn
    assert 'tenant: absent; expected "a" or "b"' in drawn
    assert "filter 1 of 3 (DATA): matches" in drawn


def test_statistics_are_one_funnel() -> None:
    statistics = Statistics(filterpatterns.compile(ALL, source="subscriber"))
    for _, event, _ in EVENTS:
        statistics.add(event)
    (funnel,) = statistics.funnels()
    assert funnel.kept == sum(kept for _, _, kept in EVENTS)
    assert [stage.member.path for stage in funnel.stages] == [  # type: ignore[union-attr]
        "Metadata.tenant",
        "SystemMetadata.aws:Source",
        "Data.detail.total",
    ]
