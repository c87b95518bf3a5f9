"""Explanations are true and helpful, however unusual the record."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import filterpatterns
from filterpatterns import Explanation, RecordError
from filterpatterns.explain import Combination, ExplainedField
from filterpatterns.explain.drawing import ASCII, Style, draw
from filterpatterns.language.operators import OPERATORS
from tests.support.paths import (
    base64_of,
    case_lines,
    explained,
    kinesis_record,
    sqs_record,
    text_of,
)
from tests.support.strategies import events, patterns


def explain(pattern: Any, record: Any, source: str = "event") -> Explanation:
    """The explanation, which says what `matches` says, all through its tree."""
    text = pattern if isinstance(pattern, str) else json.dumps(pattern)
    compiled = filterpatterns.compile(text, source=source)
    assert explained(compiled, record) == compiled.matches(record)
    return compiled.explain(record)


def body(pattern: Any, value: Any) -> Explanation:
    text = value if isinstance(value, str) else json.dumps(value)
    return explain({"body": pattern}, sqs_record(text), "sqs")


def only(explanation: Explanation) -> Combination:
    """The one combination of the one filter."""
    (one,) = explanation.filters
    (combination,) = one.combinations
    return combination


def field(explanation: Explanation, name: str = "a") -> ExplainedField:
    """The field of that name in the closest combination."""
    pending = list(explanation.filters[0].combinations[0].nodes)
    while pending:
        node = pending.pop(0)
        if node.name == name:
            return node
        pending += node.children
    raise AssertionError(name)


def drawn(explanation: Explanation) -> list[str]:
    return [line.strip() for line in str(explanation).split("\n")]


# --- the words of operators ---

WHY_NOT: list[tuple[Any, Any, str, str]] = [
    ("x", "y", '"x"', '"y" is not "x"'),
    ("x", "X", '"x"', '"X" differs from "x" only in case; equals-ignore-case matches both'),
    ("x", "x ", '"x"', '"x " differs from "x" only in white space around it'),
    (
        "é",
        "e\u0301",
        '"é"',
        '"e\u0301" differs from "é" only in how accents are encoded in Unicode',
    ),
    ("5", 5, '"5"', '5 is a number, not the string "5"'),
    ("true", True, '"true"', 'true is not the string "true"'),
    ("null", None, '"null"', 'null is not the string "null"'),
    (5, "5", "5", '"5" is a string; the pattern has the number 5'),
    (5, 6, "5", "6 is not 5"),
    (True, "true", "true", '"true" is a string, not true'),
    (None, "", "null", '"" is not null'),
    ("10.0.0.1", "10.0.0.2", '"10.0.0.1"', '"10.0.0.2" is not "10.0.0.1"'),
    ({"exists": False}, 0, "exists: false", "0 exists, but must not"),
    ({"exists": False}, None, "exists: false", "null exists, but must not: null is a value"),
    (
        {"prefix": "ab"},
        "Abc",
        'prefix "ab"',
        '"Abc" does not begin with "ab" (only the case differs)',
    ),
    (
        {"prefix": "ab"},
        " abc",
        'prefix "ab"',
        '" abc" does not begin with "ab": there is white space before it',
    ),
    ({"prefix": "ab"}, 5, 'prefix "ab"', "5 is a number; prefix matches only strings"),
    (
        {"prefix": {"equals-ignore-case": "ab"}},
        "xyz",
        'prefix "ab", ignoring case',
        '"xyz" does not begin with "ab"',
    ),
    (
        {"suffix": "bc"},
        "aBC",
        'suffix "bc"',
        '"aBC" does not end with "bc" (only the case differs)',
    ),
    (
        {"suffix": "bc"},
        "abc\n",
        'suffix "bc"',
        '"abc\\n" does not end with "bc": there is white space after it',
    ),
    (
        {"equals-ignore-case": "Ab"},
        "b",
        'equals-ignore-case "Ab"',
        '"b" is not "Ab", even ignoring case',
    ),
    (
        {"equals-ignore-case": "Ab"},
        " ab",
        'equals-ignore-case "Ab"',
        '" ab" has white space around it',
    ),
    (
        {"wildcard": "a*c"},
        "A-C",
        'wildcard "a*c"',
        '"A-C" does not match "a*c" (only the case differs)',
    ),
    ({"numeric": [">", 100]}, 42, "numeric > 100", "42 is not > 100"),
    (
        {"numeric": [">", 100]},
        "10000",
        "numeric > 100",
        '"10000" is a string; numeric matches only numbers',
    ),
    ({"numeric": [">=", 0, "<", 5]}, 5, "numeric >= 0, < 5", "5 is not < 5"),
    ({"numeric": [">=", 0, "<", 5]}, -1, "numeric >= 0, < 5", "-1 is not >= 0"),
    ({"numeric": ["=", 3]}, None, "numeric = 3", "null; numeric matches only numbers"),
    (
        {"numeric": ["=", 3]},
        2**53 + 1,
        "numeric = 3",
        "9007199254740993 has more digits than a double holds, so it is not a number for AWS",
    ),
    (
        {"cidr": "10.0.0.0/8"},
        "1.2.3.4",
        "cidr 10.0.0.0/8",
        '"1.2.3.4" is not in 10.0.0.0/8',
    ),
    ({"cidr": "10.0.0.0/8"}, "home", "cidr 10.0.0.0/8", '"home" is not an IP address'),
    (
        {"cidr": "10.0.0.0/8"},
        "::1",
        "cidr 10.0.0.0/8",
        '"::1" is an IPv6 address; the block is IPv4',
    ),
    ({"exactly": "x"}, 1, 'exactly "x"', '1 is a number, not the string "x"'),
    ({"anything-but": ["x", "y"]}, "x", 'anything-but "x" or "y"', '"x" is excluded'),
    (
        {"anything-but": {"suffix": ["a", "b"]}},
        "xb",
        'anything-but suffix "a" or suffix "b"',
        '"xb" is excluded by suffix "b"',
    ),
]


@pytest.mark.parametrize(("rule", "value", "words", "why"), WHY_NOT)
def test_a_rule_says_what_it_expects_and_why_a_value_does_not_match(
    rule: Any, value: Any, words: str, why: str
) -> None:
    explanation = explain({"a": [rule]}, {"a": value})
    node = field(explanation)
    assert [(one.words, one.satisfied, one.why) for one in node.rules] == [(words, False, why)]
    assert node.words == why
    assert f"✗ a: {why}" in drawn(explanation)


def test_every_operator_is_covered() -> None:
    tested = {name for rule, *_ in WHY_NOT if isinstance(rule, dict) for name in rule}
    assert tested == set(OPERATORS), "WHY_NOT needs an example of each operator"


def test_the_matching_rule_is_named_with_the_value() -> None:
    explanation = explain(
        {"a": ["x", {"prefix": "y"}], "b": [{"exists": True}]}, {"a": "yz", "b": 1}
    )
    assert drawn(explanation) == [
        "✓ kept",
        '✓ a: "yz" (prefix "y")',
        "✓ b: 1 (exists: true)",
    ]
    assert [rule.satisfied for rule in field(explanation).rules] == [None, True]


def test_each_of_several_rules_says_why_it_fails() -> None:
    explanation = explain({"a": ["PAID", {"prefix": "RE"}, None]}, {"a": "Refunded"})
    assert drawn(explanation)[1:] == [
        '✗ a: "Refunded" satisfies none of 3 rules',
        '✗ "PAID": "Refunded" is not "PAID"',
        '✗ prefix "RE": "Refunded" does not begin with "RE" (only the case differs)',
        '✗ null: "Refunded" is not null',
    ]


def test_long_values_are_truncated_with_their_length() -> None:
    value = "a" * 40 + "b" * 1_000_000
    explanation = explain({"a": ["x"]}, {"a": value})
    assert '"... is not "x"' not in str(explanation)
    assert f'"{"a" * 32}...{"b" * 20}" (1,000,040 characters) is not "x"' in str(explanation)
    (found,) = field(explanation).to_dict()["found"]
    assert (found["value"], found["length"]) == (value[:1000], len(value))


def test_the_explanation_shows_where_long_values_differ() -> None:
    text = "a" * 70
    node = field(explain({"a": [text + "b" + text]}, {"a": text + "c" + text}))
    assert node.words.endswith(": they differ from character 71 on")


def test_text_of_records_is_escaped_for_the_terminal() -> None:
    evil = "\x1b[31m\u202e\x9b\n\ud800"
    explanation = explain({"a": [1], "b": {"c": [1]}}, {"a": evil, "b": {evil: 1, "c": [evil]}})
    assert all(line.isprintable() for line in str(explanation).split("\n"))


# --- fields that are not there ---


@pytest.mark.parametrize(
    ("pattern", "record", "hint"),
    [
        ({"status": [1]}, {"Status": 1}, 'there is "Status": names are case sensitive'),
        ({"status": [1]}, {"status ": 1}, 'there is "status ": white space in names counts'),
        ({"order_id": [1]}, {"orderId": 1}, 'there is "orderId"'),
        ({"total": [1]}, {"totl": 1, "x": 2}, 'did you mean "totl"?'),
        ({"total": [1]}, {"order": {"total": 1}}, '"order" has a "total", one level down'),
        ({"total": [1]}, {"order": [{"total": 1}]}, '"order" has a "total", one level down'),
        ({"order": {"total": [1]}}, {"order": {}, "total": 1}, 'there is a "total" one level up'),
        ({"total": [1]}, {"x": 1}, ""),
        (
            {"total": [None]},
            {},
            'a missing field is not null; add {"exists": false} to match both',
        ),
        (
            {"total": [{"anything-but": "x"}]},
            {},
            'anything-but needs a value; add {"exists": false} to match a missing field',
        ),
        (
            {"total": [{"exists": True}]},
            {"total": {"x": 1}},
            "rules are for scalars: name a field in the object",
        ),
    ],
)
def test_an_absent_field_has_a_hint(pattern: Any, record: Any, hint: str) -> None:
    explanation = explain(pattern, record)
    name = next(name for name in ("total", "order_id", "status") if name in json.dumps(pattern))
    assert field(explanation, name).hint == hint
    assert (f"hint: {hint}" in drawn(explanation)) == bool(hint)


def test_a_payload_field_that_is_looked_for_outside_the_payload() -> None:
    explanation = explain({"total": [1]}, sqs_record('{"total": 1}'), "sqs")
    assert field(explanation, "total").hint == 'body has a "total": write it there'
    explanation = explain({"body": {"messageId": ["x"]}}, sqs_record("{}"), "sqs")
    assert field(explanation, "messageId").hint == 'there is a "messageId" one level up'


def test_the_end_of_a_path_is_reported_once() -> None:
    lines = drawn(explain({"a": {"b": {"c": [1], "d": [2]}}}, {"a": {"B": 1}}))
    assert lines == [
        "✗ dropped: no match",
        "✗ a",
        "✗ b: absent",
        'hint: there is "B": names are case sensitive',
        "✗ c: absent; expected 1",
        "✗ d: absent; expected 2",
    ]
    lines = drawn(explain({"a": {"b": [1]}}, {"a": '{"b": 1}'}))
    assert lines[1:3] == [
        '✗ a: "{\\"b\\": 1}" is a string: it has no fields',
        "hint: the content of a string is not searched",
    ]
    assert "✗ a: an empty array: it has no fields" in drawn(explain({"a": {"b": [1]}}, {"a": []}))


def test_required_absence_is_explained() -> None:
    assert "✓ a: absent (exists: false)" in drawn(explain({"a": [{"exists": False}]}, {}))
    lines = drawn(explain({"a": [{"exists": False}]}, {"a": {}}))
    assert "✓ a: an empty object (exists: false)" in lines


# --- arrays ---

LINES = {"lines": {"sku": ["A"], "qty": [{"numeric": [">", 5]}]}}


def test_the_element_that_was_chosen_is_named() -> None:
    explanation = explain(LINES, {"lines": [{"sku": "B"}, {"sku": "A", "qty": 9}, {"sku": "A"}]})
    assert "· lines[1], of 3 elements, satisfies them all" in drawn(explanation)
    array = field(explanation, "lines").array
    assert array is not None
    assert (array.chosen, array.elements, array.others) == ("lines[1]", 3, ())
    assert [found.where for found in field(explanation, "qty").found] == ["lines[1].qty"]


def test_each_element_says_why_it_fails() -> None:
    elements = [{"sku": "B", "qty": 1}, {"sku": "A", "qty": 3}, {"sku": "B", "qty": 6}, {"qty": 7}]
    explanation = explain(LINES, {"lines": [*elements, *[{"sku": "C", "qty": 0}] * 10]})
    assert drawn(explanation)[1:] == [
        "✗ lines",
        "· none of 14 elements satisfies them all; the closest is lines[1]",
        '✗ lines[0]: qty: 1 is not > 5; sku: "B" is not "A"',
        '✗ lines[2]: sku: "B" is not "A"',
        "✗ lines[3]: sku: absent",
        "· 10 more elements",
        '✓ sku: "A"',
        "✗ qty: 3 is not > 5",
    ]


def test_scalars_in_arrays() -> None:
    explanation = explain({"tags": ["x"]}, {"tags": ["a", ["b", "x"]]})
    assert '✓ tags: "x", tags[1][1]' in drawn(explanation)
    explanation = explain({"tags": ["x"]}, {"tags": list("abcde")})
    assert drawn(explanation)[1:] == [
        '✗ tags: none of 5 values satisfies "x"',
        '✗ tags[0]: "a" is not "x"',
        '✗ tags[1]: "b" is not "x"',
        '✗ tags[2]: "c" is not "x"',
        "· 2 more values",
    ]
    assert field(explanation, "tags").values == 5


def test_each_value_of_an_array_says_why_it_satisfies_none_of_several_rules() -> None:
    rules = [{"numeric": [">", 1]}, "q", None, {"prefix": "x"}, "r"]
    explanation = explain({"t": rules}, {"t": [1, "Q", {}, [{"t": 1}]]})
    of_1 = '1 is not > 1; is a number, not the string "q" or "r"; is not null; '
    of_1 += "is a number; prefix matches only strings"
    of_q = '"Q" is a string; numeric matches only numbers; differs from "q" only in case; '
    of_q += 'equals-ignore-case matches both; is not null or "r"; does not begin with "x"'
    assert drawn(explanation)[1:] == [
        '✗ t: none of 2 values satisfies numeric > 1, "q", null, prefix "x" or "r"',
        "hint: 2 objects in it are skipped: rules are for scalars",
        "✗ t[0]: " + of_1,
        "✗ t[1]: " + of_q,
    ]
    assert field(explanation, "t").to_dict()["found"][0]["why"] == of_1
    explanation = explain({"t": [{"exists": False}]}, {"t": [1, None]})
    assert [found.why for found in field(explanation, "t").found] == [
        "1 exists, but must not",
        "null exists, but must not: null is a value",
    ]


def test_reasons_against_one_value_are_few() -> None:
    rules = [*({"prefix": f"p{i}"} for i in range(9)), *(f"v{i}" for i in range(9))]
    (found, _) = field(explain({"a": rules}, {"a": ["x", "y"]})).found
    assert found.why.endswith('; does not begin with "p3"; 6 more')


def test_an_array_of_objects_has_no_values() -> None:
    lines = drawn(explain({"t": [1]}, {"t": [{"x": 1}]}))
    assert lines[1:] == [
        "✗ t: an array without values; expected 1",
        "hint: 1 object in it is skipped: rules are for scalars",
    ]
    assert drawn(explain({"t": [1]}, {"t": [{}, 1]}))[1:] == ["✓ t: 1, t[1]"]


def test_absence_in_arrays_says_which_element_must_be_chosen() -> None:
    pattern = {"i": {"b": [{"exists": False}], "c": [1]}}
    explanation = explain(pattern, {"i": [{"b": 2}, {"c": 1}]})
    assert (
        "· i[1] satisfies them all, but has no i.b: if any element has it, an element that has "
        "it must be chosen" in drawn(explanation)
    )
    pattern = {"i": {"a": [1], "b": [{"exists": False}]}}
    assert "✓ b: absent (exists: false)" in drawn(explain(pattern, {"i": [{"a": 1}, {"b": 2}]}))


def test_no_element_has_any_of_the_fields() -> None:
    lines = drawn(explain(LINES, {"lines": [{"Sku": "A"}, {}]}))
    assert "· none of 2 elements has any of these fields" in lines
    assert 'hint: there is "Sku": names are case sensitive' in lines


@pytest.mark.parametrize("items", [["x", "y"], [{"b": "x"}]])
def test_an_index_in_a_pattern_is_not_a_name(items: list[Any]) -> None:
    lines = drawn(explain({"a": {"0": ["x"]}}, {"a": items}))
    assert "hint: the elements of an array are searched automatically: leave the index out" in lines


def test_a_path_that_the_record_spells_in_several_ways() -> None:
    pattern = {"a": {"b": [1], "c": [2]}}
    explanation = explain(pattern, {"a": {"b": 1}, "a.c": 2})
    assert drawn(explanation) == ["✓ kept", "✓ a", "✓ b: 1", "✓ c: 2"]
    assert [found.where for found in field(explanation, "c").found] == ["a.c"]
    explanation = explain(pattern, {"a": [{"b": 1}, {"c": 2}], "a.d": 3, "a.c": 3})
    assert field(explanation, "c").words == (
        "no value in the array elements that the fields before it require"
    )


# --- $or ---


def test_the_matching_alternative_is_drawn() -> None:
    pattern = {"$or": [{"a": [1]}, {"b": [2]}, {"c": [3]}], "d": [4]}
    explanation = explain(pattern, {"b": 2, "d": 4, "c": 3})
    assert drawn(explanation) == ["✓ kept", "✓ d: 4", "✓ $or: alternative 2 of 3", "✓ b: 2"]
    assert only(explanation).choices[0].to_dict() == {"path": "", "alternative": 2, "of": 3}
    assert explanation.filters[0].others == 2


def test_each_alternative_says_why_it_does_not_match_closest_first() -> None:
    pattern = {"x": {"$or": [{"a": [1], "b": [1]}, {"c": [1]}]}}
    assert drawn(explain(pattern, {"x": {"a": 2, "b": 2, "c": 2}})) == [
        "✗ dropped: no match",
        "· no alternative of $or leads to a match; the closest:",
        "✗ x",
        "✗ $or: alternative 2 of 2",
        "✗ c: 2 is not 1",
        "✗ with x.$or 1 of 2:",
        "✗ x.a: 2 is not 1",
        "✗ x.b: 2 is not 1",
    ]


def test_other_alternatives_of_a_matching_or_are_not_drawn() -> None:
    lines = drawn(explain({"$or": [{"a": [1]}, {"b": [1]}], "c": [1]}, {"a": 1, "c": 2}))
    assert lines[1:] == ["✗ c: 2 is not 1", "✓ $or: alternative 1 of 2", "✓ a: 1"]


def test_many_combinations_are_counted() -> None:
    pattern = {
        "x": {"$or": [{f"a{i}": [i]} for i in range(30)]},
        "$or": [{f"b{i}": [i]} for i in range(33)],
    }
    explanation = explain(pattern, {})
    assert explanation.filters[0].others == 985
    assert "· nor does any of 985 more choices" in drawn(explanation)
    assert len(str(explanation)) < 4000


def test_a_format_that_fails_every_alternative_is_reported_first_and_alone() -> None:
    pattern = {"body": {"$or": [{"a": [1]}, {"b": [1], "c": [1]}]}, "messageId": ["x"]}
    record = sqs_record("x") | {"messageId": "y"}
    assert drawn(explain(pattern, record, "sqs"))[1:] == [
        "✗ body is a plain string, but the pattern expects JSON",
        "· body",
        "· $or: alternative 1 of 2",
        "· a: expected 1",
        '✗ messageId: "y" is not "x"',
    ]
    many = {"body": {"$or": [{f"a{i}": [1]} for i in range(9)]}}
    assert not [line for line in drawn(explain(many, sqs_record(None), "sqs")) if "nor" in line]


def test_an_alternative_of_the_right_format_is_closer_however_much_of_it_fails() -> None:
    fields = {"a": [1], "b": [1], "c": [1]}
    pattern = {"$or": [{"body": ["x"]}, {"body": fields, "messageId": ["x"]}]}
    lines = drawn(explain(pattern, sqs_record("{}"), "sqs"))
    assert lines[1:3] == [
        "· no alternative of $or leads to a match; the closest:",
        "✓ body is JSON, and the pattern expects JSON: the filter applies to it",
    ]
    assert lines[-1] == "✗ body is JSON, but the pattern expects a plain string"


def test_payloads_that_fail_by_different_formats_are_all_reported() -> None:
    pattern = {"$or": [{"key": ["k"]}, {"value": ["v"]}, {"value": ["w"]}]}
    assert drawn(explain(pattern, {"topic": "t"}, "kafka"))[1:] == [
        "· no alternative of $or leads to a match; the closest:",
        "✗ the record has no key",
        "· $or: alternative 1 of 3",
        '· key: expected "k"',
        "✗ with $or 2 of 3:",
        "✗ the record has no value",
        "✗ with $or 3 of 3:",
        "✗ the record has no value",
    ]


def test_alternatives_with_the_same_failure_say_so() -> None:
    pattern = {"$or": [{"a": [1]}, {"a": [1], "b": [1]}]}
    assert drawn(explain(pattern, {"a": 2, "b": 1}))[-1] == "✗ with $or 2 of 2: the same"


def test_an_or_at_the_top_has_no_path_before_it() -> None:
    pattern = {"$or": [{"body": {"a": [1]}}, {"body": ["plain"]}]}
    assert "✗ with $or 1 of 2:" in drawn(explain(pattern, sqs_record("plainer"), "sqs"))


def test_several_ors_are_not_drawn_as_a_product() -> None:
    pattern = {
        "x": {"$or": [{"a": [1]}, {"b": [1]}]},
        "$or": [{"c": [1]}, {"$or": [{"d": [1]}, {"e": [1]}]}],
    }
    record = {"x": {"a": 2, "b": 2}, "c": 2, "d": 2}
    assert drawn(explain(pattern, record))[7:] == [
        "✗ with x.$or 2 of 2:",
        "✗ x.b: 2 is not 1",
        "✗ with $or 2 of 2 and $or 1 of 2:",
        "✗ d: 2 is not 1",
        "✗ with $or 2 of 2 and $or 2 of 2:",
        "✗ e: absent; expected 1",
        "· nor does any of 2 more choices",
    ]
    # The other $or holds: its other alternatives are no way out.
    assert drawn(explain(pattern, record | {"c": 1}))[7:] == [
        "✗ with x.$or 2 of 2:",
        "✗ x.b: 2 is not 1",
        "· nor does any of 4 more choices",
    ]


def test_a_path_that_is_reached_twice_is_overruled() -> None:
    explanation = explain({"a": {"b": [1]}, "a.b": [2]}, {"a": {"b": 2}})
    assert "· b: the path occurs again further down: only its last rules count; expected 1" in (
        drawn(explanation)
    )


# --- formats ---

DATA = {"a": [1]}
NO_FIELDS = 'no rule can test its value; only fields with {"exists": false} match it'


@pytest.mark.parametrize(
    ("pattern", "payload", "step", "words", "hint"),
    [
        (DATA, '{"a": 1}', "filter", "body is JSON, and the pattern expects JSON", ""),
        (
            ["x"],
            "x",
            "filter",
            "body is a plain string, and the pattern expects a plain string",
            "",
        ),
        (DATA, "x", "drop", "body is a plain string, but the pattern expects JSON", ""),
        (
            DATA,
            '{"a": 1,\n "b"}',
            "drop",
            "body is not valid JSON, so it is a plain string, but the pattern expects JSON",
            "invalid JSON: expecting ':' delimiter at line 2, column 5",
        ),
        (
            DATA,
            "{'a': 1}",
            "drop",
            "body is not valid JSON, so it is a plain string, but the pattern expects JSON",
            "JSON has double quotes: this looks like Python's str() of a dict; json.dumps it",
        ),
        (
            DATA,
            "\ufeff{}",
            "drop",
            "body is not valid JSON, so it is a plain string, but the pattern expects JSON",
            "it begins with a byte order mark, which JSON does not allow",
        ),
        (
            ["x"],
            "[1]",
            "drop",
            "body is JSON, but the pattern expects a plain string",
            f"body is an array without objects: {NO_FIELDS}",
        ),
        (
            ["x"],
            '[[{"a": 1}]]',
            "drop",
            "body is JSON, but the pattern expects a plain string",
            "body is an array: write the pattern's body as an object with its fields",
        ),
        (
            ["x"],
            "[]",
            "drop",
            "body is JSON, but the pattern expects a plain string",
            f"body is an empty array: {NO_FIELDS}",
        ),
        (
            ["x"],
            "5",
            "drop",
            "body is JSON, but the pattern expects a plain string",
            f"body is a number in JSON: {NO_FIELDS}",
        ),
        (
            ["x"],
            '"x"',
            "drop",
            "body is JSON, but the pattern expects a plain string",
            f"body is a string in JSON: {NO_FIELDS}",
        ),
        (
            ["x"],
            "null",
            "drop",
            "body is JSON, but the pattern expects a plain string",
            f"body is null in JSON: {NO_FIELDS}",
        ),
        (
            DATA,
            json.dumps('{"a": 1}'),
            "filter",
            "body is JSON, and the pattern expects JSON",
            "body is a JSON string that holds JSON: it was encoded twice",
        ),
        (DATA, None, "drop", "the record has no body", "body is null, which AWS treats as missing"),
    ],
)
def test_the_format_comes_first(
    pattern: Any, payload: str | None, step: str, words: str, hint: str
) -> None:
    explanation = explain({"body": pattern}, sqs_record(payload), "sqs")
    (form,) = only(explanation).formats
    assert (form.step, form.hint) == (step, hint)
    assert form.words.startswith(words)
    assert drawn(explanation)[1] == f"{'✓' if form.satisfied else '✗'} {form.words}"
    if step == "drop":
        assert field(explanation, "body").satisfied is None


@pytest.mark.parametrize("payload", ["5", '"x"', "true", "null", "[]", "[1, [2]]"])
def test_a_payload_without_fields_is_explained(payload: str) -> None:
    record = sqs_record(payload)
    assert explain({"body": {"a": [{"exists": False}], "b": [1, {"exists": False}]}}, record, "sqs")
    for pattern in ({"a": [{"exists": True}]}, [payload], [{"exists": True}], [{"prefix": ""}]):
        assert not explain({"body": pattern}, record, "sqs")


def test_other_sources_filter_on_the_rest() -> None:
    pattern = {"value": {"a": [1]}, "key": ["k"], "topic": ["t"]}
    record = {"topic": "t", "value": base64_of("x"), "key": base64_of("k")}
    explanation = explain(pattern, record, "kafka")
    ignored = "for kafka, value is then not filtered"
    assert drawn(explanation) == [
        "✓ kept",
        f"✓ value is a plain string, and the pattern expects JSON: {ignored}",
        "✓ key is a plain string, and the pattern expects a plain string: the filter applies to it",
        "· value",
        "· a: expected 1",
        '✓ key: "k"',
        '✓ topic: "t"',
    ]
    record["value"] = "%%"
    assert only(explain(pattern, record, "kafka")).formats[0].found == "unreadable"


def test_fields_that_aws_adds_later_are_absent_in_explanations() -> None:
    explanation = explain({"awsRegion": ["eu"], "body": ["x"]}, sqs_record("x"), "sqs")
    assert field(explanation, "awsRegion").words == "absent: AWS adds it after filtering"
    assert not explanation


# --- several filters, sources, machines ---


def test_the_matching_filter_is_drawn_and_the_others_are_named() -> None:
    criteria = [{"a": [1], "c": [1]}, {"a": [2]}, {"b": [1]}]
    compiled = filterpatterns.compile(criteria, source="event")
    explanation = compiled.explain({"a": 2})
    assert drawn(explanation) == [
        "✓ kept",
        "✗ filter 1 of 3: does not match: a: 2 is not 1 (1 more)",
        "✓ filter 2 of 3: matches",
        "✓ a: 2",
        "✗ filter 3 of 3: does not match: b: absent; expected 1",
    ]
    # What is drawn has its reasons below.
    assert "✗ filter 1 of 3: does not match" in drawn(compiled.explain({"a": 3}))
    assert "✗ a: 2 is not 1" in draw(explanation, every_filter=True)
    assert "✗ b: absent; expected 1" in str(compiled.explain({"a": 3}))


def test_without_filters_everything_is_kept() -> None:
    explanation = explain({"Filters": []}, sqs_record("x"), "sqs")
    assert drawn(explanation) == ["✓ kept", "· there are no filters: every record is kept"]


def test_the_detected_source_is_shown() -> None:
    explanation = explain({"data": {"a": [1]}}, kinesis_record('{"a": 1}'), "auto")
    assert (explanation.source, explanation.auto) == ("kinesis", True)
    assert "· treated as a record of kinesis" in drawn(explanation)
    compiled = filterpatterns.compile({"data": ["x"]}, source="auto")
    with pytest.raises(RecordError, match="kinesis, rejects the pattern"):
        compiled.explain(kinesis_record("x"))


def test_an_invalid_record_has_no_explanation() -> None:
    compiled = filterpatterns.compile({"body": ["x"]})
    for record in (5, "[]", b"\xff", "{", "[" * 2000):
        with pytest.raises(RecordError):
            compiled.explain(record)


def test_marks_without_unicode_and_in_colour() -> None:
    explanation = explain({"a": [1], "b": [1]}, {"a": 1})
    assert draw(explanation, ASCII).split("\n") == [
        "x dropped: no match",
        "  + a: 1",
        "  x b: absent; expected 1",
    ]
    coloured = draw(explanation, Style(color=True))
    assert "  \x1b[32m✓\x1b[0m \x1b[1ma\x1b[0m: 1\n" in coloured


def test_the_dictionary_always_has_the_same_keys() -> None:
    assert explain(LINES, {"lines": [{"sku": "A"}]}).to_dict() == {
        "kept": False,
        "source": "event",
        "auto": False,
        "reason": "no-match",
        "detail": "no match",
        "all_needed": False,
        "filters": [
            {
                "filter": 1,
                "scope": None,
                "satisfied": False,
                "combinations": [
                    {
                        "satisfied": False,
                        "choices": [],
                        "formats": [],
                        "nodes": [
                            {
                                "name": "lines",
                                "path": "lines",
                                "satisfied": False,
                                "words": "",
                                "hint": "",
                                "rules": [],
                                "found": [],
                                "values": 0,
                                "array": {
                                    "where": "lines",
                                    "elements": 1,
                                    "chosen": "lines[0]",
                                    "words": "none of 1 element satisfies them all; the closest is "
                                    "lines[0]",
                                    "others": [],
                                },
                                "children": [
                                    {
                                        "name": "sku",
                                        "path": "lines.sku",
                                        "satisfied": True,
                                        "words": "",
                                        "hint": "",
                                        "rules": [{"rule": '"A"', "satisfied": True, "why": ""}],
                                        "found": [
                                            {
                                                "where": "lines[0].sku",
                                                "value": "A",
                                                "length": 1,
                                                "why": '"A"',
                                            }
                                        ],
                                        "values": 1,
                                        "array": None,
                                        "children": [],
                                    },
                                    {
                                        "name": "qty",
                                        "path": "lines.qty",
                                        "satisfied": False,
                                        "words": "absent",
                                        "hint": "",
                                        "rules": [
                                            {"rule": "numeric > 5", "satisfied": False, "why": ""}
                                        ],
                                        "found": [],
                                        "values": 0,
                                        "array": None,
                                        "children": [],
                                    },
                                ],
                            }
                        ],
                    }
                ],
                "others": 0,
            }
        ],
    }


# --- whatever comes ---


def test_the_case_files_with_the_source_recognized() -> None:
    for case in case_lines("payload_formats.jsonl"):
        compiled = filterpatterns.compile(case["pattern"], source="auto")
        assert explained(compiled, case["record"]) == case["matches"], case


@given(
    st.lists(patterns(), min_size=1, max_size=3).flatmap(
        lambda chosen: st.tuples(st.just(chosen), st.one_of(*map(events, chosen)))
    )
)
def test_explanations_of_several_filters_agree_with_matches(
    pair: tuple[list[dict[str, Any]], dict[str, Any]],
) -> None:
    chosen, event = pair
    compiled = filterpatterns.compile([json.dumps(each) for each in chosen], source="event")
    assert explained(compiled, event) == compiled.matches(event)
    assert explained(compiled, text_of(event)) == compiled.matches(event)


def _nested(levels: int, make: Any, value: Any = 1) -> Any:
    for _ in range(levels):
        value = make(value)
    return value


@pytest.mark.parametrize(
    ("pattern", "record"),
    [
        ({"a": [2]}, {"a": _nested(20_000, lambda value: [value])}),
        ({"a": [2]}, _nested(20_000, lambda value: {"a": value})),
        ({"a": {"b": [1], "c": [2]}}, {"a": [{"b": 1, "x": 3}] * 20_000}),
        ({"a": [2, 3]}, {"a": [1] * 20_000}),
        ({"a": [2]}, {"a": "x" * 1_000_000}),
        ({"a": {"b": [2]}}, {f"a{i}": i for i in range(50_000)}),
        (
            _nested(150, lambda value: {"a": value}, [1]),
            _nested(150, lambda v: {"a": [v, {"b": 1}]}),
        ),
        ({"a": [1], "a.b": [2]}, {"a": [1, [{"b": 2}, 1], {"b": 3}]}),
        ({"a": [1]}, {"a": 10**5000, "b": float("nan")}),
    ],
    ids=["arrays", "objects", "elements", "values", "text", "names", "both", "mixed", "numbers"],
)
def test_explanations_are_short_whatever_the_record(pattern: Any, record: Any) -> None:
    explanation = explain(pattern, record)
    assert len(json.dumps(explanation.to_dict())) < 200_000
    assert len(str(explanation)) < 50_000


def test_a_record_with_an_array_that_contains_itself() -> None:
    loop: list[Any] = [1]
    loop.append(loop)
    assert explain({"a": [1]}, {"a": loop})
    assert not explain({"a": [2], "a.b": [1]}, {"a": loop})


def test_a_record_that_cannot_be_searched_cannot_be_explained() -> None:
    paths = [["a", "b", "c", "d"], ["a.b", "c", "d"], ["a.b.c", "d"], ["a.b.c.d"], ["a", "b.c.d"]]
    fields = [f"f{number}" for number in range(8)]
    record: dict[str, Any] = {}
    for path in [*paths, ["a", "b", "c.d"], ["a.b", "c.d"], ["a", "b.c", "d"]]:
        place = record
        for name in path[:-1]:
            place = place.setdefault(name, {})
        place[path[-1]] = [
            {name: 1 for bit, name in enumerate(fields) if number >> bit & 1}
            for number in range(1, 256, 9)
        ]
    for number, element in enumerate(record["a.b.c.d"]):
        element["yz"[number % 2]] = 1  # never both
    below = {name: [1] for name in (*fields, "y", "z")}
    compiled = filterpatterns.compile({"a": {"b": {"c": {"d": below}}}}, source="event")
    for evaluate in (compiled.matches, compiled.explain):
        with pytest.raises(RecordError, match="too many ways"):
            evaluate(record)
