"""Rule sets from a user's perspective."""

from __future__ import annotations

import copy
import json
import multiprocessing
import pickle
import random
import sys
import threading
from collections import OrderedDict, UserDict
from decimal import Decimal
from enum import Enum
from types import MappingProxyType
from typing import Any

import pytest

import filterpatterns
from filterpatterns import PatternError, RecordError, RuleError, RuleSet
from filterpatterns.matching.lookup.keys import fold

LARGE = {"body": {"total": [{"numeric": [">", 100]}]}}
PAID = '{"body": {"status": ["paid"]}}'
TEXT = {"body": [{"prefix": "Error"}]}


def record(body: Any) -> dict[str, Any]:
    return {"messageId": "1", "body": body if isinstance(body, str) else json.dumps(body)}


@pytest.fixture
def rules() -> RuleSet:
    return RuleSet({"large": LARGE, "paid": PAID, "errors": TEXT})


def test_the_names_that_match_are_in_the_order_in_which_they_were_added(rules: RuleSet) -> None:
    assert rules.matching(record({"status": "paid", "total": 250})) == ["large", "paid"]
    assert rules.matching(record({"status": "paid", "total": 5})) == ["paid"]
    assert rules.matching(record("Error: 5")) == ["errors"]
    assert rules.matching(record("5")) == []
    rules.add("again", LARGE)
    rules.remove("large")
    rules.add("large", LARGE)
    assert rules.names == ("paid", "errors", "again", "large")
    assert rules.matching(record({"status": "paid", "total": 250})) == ["paid", "again", "large"]


def test_a_set_lists_its_rules(rules: RuleSet) -> None:
    assert (len(rules), "paid" in rules, "x" in rules, rules.source) == (3, True, False, "sqs")
    assert repr(rules) == "<RuleSet source='sqs', 3 rules>"
    assert len(RuleSet()) == 0
    assert RuleSet().matching(record("x")) == []
    assert RuleSet().any(record("x")) is False


def test_any_returns_whether_one_matches(rules: RuleSet) -> None:
    assert rules.any(record({"total": 101})) is True
    assert rules.any(record({"total": 100})) is False


def test_several_patterns_under_one_name_are_alternatives() -> None:
    rules = RuleSet({"a": [PAID, LARGE], "b": {"Filters": [{"Pattern": PAID}]}})
    assert rules.matching(record({"total": 101})) == ["a"]
    rules.add("b", TEXT)
    assert rules.matching(record("Error")) == ["b"]
    assert rules.matching(record({"status": "paid", "total": 101})) == ["a", "b"]
    many = RuleSet({"a": [{"body": {"n": [n]}} for n in range(50)]})
    assert many.matching(record({"n": 49})) == ["a"]
    rules.remove("b")
    assert rules.matching(record("Error")) == []


def test_a_filter_criteria_without_filters_matches_everything() -> None:
    rules = RuleSet({"all": {"Filters": []}, "paid": PAID})
    assert rules.matching(record("x")) == ["all"]
    assert rules.matching({}) == ["all"]
    rules.remove("all")
    assert rules.matching({}) == []


def test_batches_and_routes(rules: RuleSet) -> None:
    records = [record({"total": 101}), record("x"), json.dumps(record({"status": "paid"}))]
    assert rules.matching_many(records) == [["large"], [], ["paid"]]
    assert rules.matching_many(iter(records)) == [["large"], [], ["paid"]]
    routed = rules.route([*records[::-1], record({"total": 101, "status": "paid"})])
    assert list(routed) == ["large", "paid"]
    assert routed["large"][0] is records[0]
    assert routed["paid"] == [records[2], record({"total": 101, "status": "paid"})]


def test_an_invalid_record_is_an_error(rules: RuleSet) -> None:
    for bad in (5, None, "[1]", "{", b"\xff", [record("x")]):
        with pytest.raises(RecordError):
            rules.matching(bad)
        with pytest.raises(RecordError):
            rules.any(bad)
        with pytest.raises(RecordError) as caught:
            rules.matching_many([record("x"), bad])
        assert caught.value.index == 1
    assert rules.matching_many(["{", record("Error")], on_error="drop") == [[], ["errors"]]
    assert rules.route(["{", record("Error")], on_error="drop") == {"errors": [record("Error")]}
    with pytest.raises(ValueError, match="on_error"):
        rules.matching_many([], on_error="x")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="a batch is"):
        rules.route(record("x"))  # type: ignore[arg-type]


# --- what is refused ---


def test_all_rules_that_are_refused_are_named() -> None:
    with pytest.raises(RuleError) as caught:
        RuleSet({"good": PAID, "bad": '{"body": {"a": "x"}}', "worse": "{"})
    error = caught.value
    assert isinstance(error, PatternError)
    assert list(error.rules) == ["bad", "worse"]
    assert [each.code for each in error.errors] == ["FP005", "FP001"]
    assert (error.code, error.path) == ("FP005", "body.a")
    assert str(error).startswith('rule "bad": error FP005: a field must be an array')
    assert '\nrule "worse": error FP001' in str(error)
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), list(again.rules)) == (str(error), ["bad", "worse"])


def test_a_refused_pattern_does_not_change_the_set(rules: RuleSet) -> None:
    for name in ("new", "paid"):
        for bad in ("{", {"body": []}, [PAID, "{}"], []):
            with pytest.raises(RuleError):
                rules.add(name, bad)
    assert rules.names == ("large", "paid", "errors")
    assert rules.matching(record({"status": "paid"})) == ["paid"]
    with pytest.raises(TypeError, match="a str, found int"):
        rules.add(5, PAID)  # type: ignore[arg-type]
    with pytest.raises(KeyError):
        rules.remove("none")


def test_options_are_those_of_compile() -> None:
    wild = {"body": {"a": [{"wildcard": "a*"}]}}
    with pytest.raises(RuleError):
        RuleSet({"a": wild}, strict=True)
    RuleSet({"a": wild}, strict=True, dialect="eventbridge")
    with pytest.raises(ValueError, match="unknown source"):
        RuleSet(source="x")
    with pytest.raises(ValueError, match="unknown dialect"):
        RuleSet(dialect="x")  # type: ignore[arg-type]
    ten = [{"a": [n]} for n in range(10)]
    combinations = {"x": {"$or": ten}, "y": {"$or": ten}, "z": {"$or": [*ten, {"b": [1]}]}}
    with pytest.raises(RuleError, match="combinations"):
        RuleSet({"a": combinations}, source="event")


def test_each_source_of_auto_has_the_rules_that_are_valid_for_it() -> None:
    rules = RuleSet({"text": {"data": ["x"]}, "all": {"Filters": []}}, source="auto")
    assert rules.matching({"messageID": "1", "redelivered": False, "data": "eA=="}) == [
        "text",
        "all",
    ]
    # Kinesis takes no patterns for plain strings
    assert rules.matching({"kinesis": {"data": "eA=="}}) == ["all"]
    with pytest.raises(RuleError):
        rules.add("bad", "{")


# --- records of every kind ---


class Status(str, Enum):
    PAID = "paid"


def test_records_that_json_decoders_do_not_make() -> None:
    rules = RuleSet(
        {
            "paid": {"a": {"s": ["paid"]}},
            "one": {"a": {"n": [1]}},
            "no": {"z": [{"exists": False}]},
        },
        source="event",
    )
    for inner in ({"s": Status.PAID}, OrderedDict(s="paid"), MappingProxyType({"s": "paid"})):
        assert rules.matching({"a": inner}) == ["paid", "no"]
        assert rules.matching({"a": (5, inner)}) == ["paid", "no"]
    assert rules.matching(UserDict({"a": {"n": Decimal("1.00")}})) == ["one", "no"]
    assert rules.matching({"a": {"n": True}}) == ["no"]
    assert rules.matching({"a": {"n": Decimal("sNaN")}, "z": object()}) == []
    assert rules.matching({"a": {"n": [float("nan"), 1.0]}, 5: 1, None: 2}) == ["one", "no"]
    assert rules.matching({"a": {"s": bytearray(b"paid")}}) == ["no"]
    loop: list[Any] = [{"s": "paid"}]
    loop.append(loop)
    assert rules.matching({"a": loop}) == ["paid", "no"]
    itself: dict[str, Any] = {"s": "paid"}
    itself["a"] = itself
    assert rules.matching(itself) == ["paid", "no"]


@pytest.mark.parametrize(
    ("rule", "holds", "fails"),
    [
        (9007199254740993, [9007199254740993, Decimal(9007199254740993)], [9007199254740992]),
        (1e23, [10**23, 1e23], [10**23 + 1]),
        (1.5, [1.5, Decimal("1.50")], [Decimal("1.5000000000000000001"), "1.5"]),
        ({"numeric": [">=", -5, "<", 5]}, [-5, 4.9, -0.0, Decimal("4.9")], [5, "1", True, None]),
        ({"numeric": [">", 9007199254740992]}, [2**54], [2**60, 9007199254740993, 2**53]),
        ({"numeric": ["=", 0]}, [0, -0.0, 0.0], [1, "0", False]),
        ({"cidr": "10.0.0.0/24"}, ["10.0.0.07", "::ffff:a00:1"], ["10.0.1.0", "x", "::1", 10]),
        ({"cidr": "::/1"}, ["::1", "10.0.0.7", 5, 1.5], ["200.0.0.1", 8, "5", -5, True]),
        ({"cidr": "16.0.0.0/6"}, ["18.1.1.1", 12, 105.5], ["20.0.0.1", 1, 20, 1.5, None]),
        ("::1", ["::1", "0:0:0:0:0:0:0:1"], ["::2", "1"]),
        ("18.52.86.120", [12345678, 123456789, "1234:5678::"], [1234567, "18.52.86.121"]),
        ({"prefix": 'ab"'}, ["ab", 'ab"c'], ["abc", "a"]),
        ({"suffix": '"ab'}, ["ab", 'c"ab'], ["cab", "b"]),
        ({"anything-but": {"prefix": 'ab"'}}, ["abc", 1], ["ab", 'ab"c']),
        ({"equals-ignore-case": "a"}, ["A"], ["a😀"]),
        ({"equals-ignore-case": "straße"}, ["STRASSE", "Straße"], ["strasse", "straß"]),
        ({"prefix": {"equals-ignore-case": "ß"}}, ["SSx", "ß"], ["ssx", "s", ""]),
        ({"suffix": {"equals-ignore-case": "ab"}}, ["xAB", "Ab"], ["b", "aba"]),
        ({"prefix": ""}, ["", "x"], [5, None]),
        ({"suffix": ""}, ["", "x"], [5, None]),
        ({"wildcard": "*"}, ["", "x"], [5, None]),
        ({"wildcard": "a*b*c"}, ["abc", "axbxc"], ["acb", "ab"]),
        ({"wildcard": "*abcdefghi*x"}, ["abcdefghix"], ["abcdefgh", "abcdefghi"]),
        ({"wildcard": "*\\**"}, ["a*", "*"], ["a"]),
        ({"anything-but": ["a", "b"]}, ["c", 5, None, True], ["a", "b"]),
        ({"anything-but": [5]}, ["5", 6, None, 1e300], [5, 5.0, Decimal(5)]),
        ({"anything-but": {"prefix": ["a", "b"]}}, ["c", 5, ""], ["a", "bx"]),
        ({"anything-but": {"equals-ignore-case": "K"}}, ["x", "\u212a"], ["k", "K"]),
        ({"anything-but": {"wildcard": "*ab*"}}, ["x", 1], ["xaby"]),
    ],
)
@pytest.mark.parametrize("copies", [1, 9])
def test_every_kind_of_rule(rule: Any, holds: list[Any], fails: list[Any], copies: int) -> None:
    """Alone, where it is filed by itself, and among others of its like, where it is in a block."""
    named = {f"{n}": {"a": [rule], "n": [{"exists": True}]} for n in range(copies)}
    rules = RuleSet({"other": {"a": ["other"]}, **named}, source="event")
    for value in holds:
        assert rules.matching({"a": value, "n": 1}) == list(named), value
        assert rules.matching({"a": [[], [value]], "n": 1}) == list(named), value
        assert rules.matching({"a": value}) == []
    for value in fails:
        assert rules.matching({"a": value, "n": 1}) == [], value
    assert rules.matching({"a": fails + holds[:1], "n": 1}) == list(named)
    for name in named:
        rules.remove(name)
    assert rules.matching({"a": holds[0], "n": 1}) == []
    assert rules.matching({"a": "other"}) == ["other"]


def test_adjacent_ranges_of_one_rule_are_removed_completely() -> None:
    """Where both end nothing changes, so that the index may forget the bound; the rules that come
    after take the place of those that go."""
    touching = [{"numeric": ["<", 5]}, {"numeric": [">=", 5]}]
    inside = [{"numeric": ["<", 9]}, {"numeric": ["<=", 5]}]
    rules = RuleSet(source="event")
    for first, second in ((touching, inside), (inside, touching)):
        rules.add("first", {"a": first})
        rules.add("bound", {"a": [{"numeric": ["<=", 5]}]})
        rules.add("second", {"a": second})
        assert rules.matching({"a": 5}) == ["first", "bound", "second"]
        for name in ("bound", "first", "second"):
            rules.remove(name)
        for number in range(4):
            rules.add(f"{number}", {"a": [{"numeric": [">", 90 + number]}]})
        for value in (4, 5, 6, 8.5, 9, 10):
            assert rules.matching({"a": value}) == []
        assert rules.matching({"a": 93}) == ["0", "1", "2"]
        for number in range(4):
            rules.remove(f"{number}")


@pytest.mark.parametrize("copies", [1, 9])
def test_ranges_that_cover_all_numbers_are_left_when_others_are_removed(copies: int) -> None:
    """The index forgets the bound between them, and with it the last one that it had."""
    covering = [{"numeric": ["<=", 1]}, {"numeric": [">", 1]}]
    rules = RuleSet({f"{n}": {"a": covering} for n in range(copies)}, source="event")
    rules.add("gone", {"a": covering})
    rules.remove("gone")
    for value in (0, 1, 1.5, 2, [2, "x"]):
        assert rules.matching({"a": value}) == [f"{n}" for n in range(copies)]
    rules.add("bound", {"a": [{"numeric": ["<", 5]}]})
    rules.remove("bound")
    assert len(rules.matching({"a": 5})) == copies
    assert rules.matching({"a": "x"}) == []


def test_two_anything_buts_for_one_field_match_what_either_matches() -> None:
    pattern = {"a": [{"anything-but": ["x", "y"]}, {"anything-but": ["y", "z"]}]}
    rules = RuleSet({f"{n}": pattern for n in range(4)}, source="event")
    assert len(rules.matching({"a": "x"})) == len(rules.matching({"a": "z"})) == 4
    assert rules.matching({"a": "y"}) == []


def test_alternatives_share_the_tests_of_the_other_fields() -> None:
    """Found by fuzzing: of the alternatives that shared two anything-buts only the last held."""
    shared = [{"anything-but": "x"}, {"anything-but": ["x", "y"]}, {"numeric": ["<", 5]}]
    pattern = {"$or": [{"a": [1]}, {"c": [2]}, {"d": [{"prefix": "z"}]}], "b": shared}
    rules = RuleSet({f"{n}": pattern for n in range(5)}, source="event")
    for left in ("01234", "0134", "04", ""):
        for name in set(rules.names) - set(left):
            rules.remove(name)
        for event in ({"a": 1}, {"c": 2}, {"d": "zz"}, {"a": 1, "c": 2}):
            for value in ("y", "w", 4, 7, None):
                assert rules.matching({**event, "b": value}) == list(left)
            assert rules.matching({**event, "b": "x"}) == []
            assert rules.matching(event) == []


def test_every_character_folds_like_its_upper_and_lower_case() -> None:
    """What an index that ignores case rests on."""
    for code in range(sys.maxunicode + 1):
        char = chr(code)
        assert fold(char.lower()) == fold(char.upper()) == fold(char), hex(code)


def test_fields_in_arrays_must_match_in_one_element() -> None:
    pair = {"items": {"sku": ["x"], "count": [{"numeric": [">", 1]}]}}
    lone = {"items": {"sku": ["x"]}}
    bare = {"items": {"sku": ["x"], "note": [{"exists": False}]}}
    for copies in (1, 9):
        named = {f"{k}{n}": p for n in range(copies) for k, p in (("p", pair), ("l", lone))}
        rules = RuleSet({**named, "bare": bare}, source="event")
        apart = {"items": [{"sku": "x", "count": 1, "note": 1}, {"sku": "y", "count": 2}]}
        together = {"items": [{"sku": "y"}, {"sku": "x", "count": 2}]}
        assert rules.matching(apart) == [name for name in named if name[0] == "l"]
        assert rules.matching(together) == [*named, "bare"]
        assert rules.matching(json.dumps(together)) == [*named, "bare"]


def test_dotted_names_are_paths_however_they_are_divided() -> None:
    rules = RuleSet({"a": {"x.y": {"z": [1]}}, "b": {"x": {"y.z": [1], "w": [2]}}}, source="event")
    for event in (
        {"x": {"y": {"z": 1}, "w": 2}},
        {"x.y.z": 1, "x.w": 2},
        {"x.y": {"z": 1}, "x.w": 2},
    ):
        assert rules.matching(event) == ["a", "b"]
        assert rules.matching(json.dumps(event)) == ["a", "b"]


# --- threads ---


def test_readers_see_the_set_before_or_after_a_change() -> None:
    """`first` and `second` are added and removed in turn, so that never only `second` is there; and
    each rule's alternatives come and go together."""
    rules = RuleSet({f"rule-{n}": {"a": [n % 7], "b": ["y"]} for n in range(50)}, source="event")
    event = {"a": [0, 1, 2, 3, 4, 5, 6], "b": "y", "c": "here"}
    everything = rules.matching(event)
    assert len(everything) == 50
    wrong: list[Any] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            found = rules.matching(event)
            extra = found[50:]
            if found[:50] != everything or extra not in ([], ["first"], ["first", "second"]):
                wrong.append(found)

    readers = [threading.Thread(target=read) for _ in range(3)]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for reader in readers:
            reader.start()
        for _ in range(150):
            rules.add("first", {"a": [{"numeric": [">", 1]}], "c": [{"exists": True}]})
            rules.add("second", {"c": ["here"], "b": ["y"]})
            rules.remove("second")
            rules.remove("first")
    finally:
        stop.set()
        for reader in readers:
            reader.join()
        sys.setswitchinterval(before)
    assert wrong == []
    assert rules.matching(event) == everything


def test_writers_do_not_lose_each_others_rules() -> None:
    rules = RuleSet(source="event")

    def write(letter: str) -> None:
        for number in range(60):
            rules.add(f"{letter}{number}", {letter: [number]})

    writers = [threading.Thread(target=write, args=(letter,)) for letter in "abc"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(rules) == 180
    assert len(rules.matching({"a": 7, "b": 8, "c": 59})) == 3


# --- many rules, and hostile ones ---


def _verdicts(patterns: dict[str, Any], event: dict[str, Any]) -> list[str]:
    return [
        name
        for name, pattern in patterns.items()
        if filterpatterns.compile(pattern, source="event").matches(event)
    ]


def _agrees(patterns: dict[str, Any], *events: dict[str, Any]) -> RuleSet:
    rules = RuleSet(patterns, source="event")
    for event in events:
        expected = _verdicts(patterns, event)
        assert rules.matching(event) == expected
        assert rules.matching(json.dumps(event)) == expected
    return rules


def test_hundreds_of_rules_of_all_kinds() -> None:
    rng = random.Random(7)

    def one() -> dict[str, Any]:
        low = rng.randrange(100)
        kinds: list[tuple[str, Any]] = [
            ("a", [rng.choice("xyz"), rng.randrange(30)]),
            ("b", [{"numeric": [">=", low, "<", low + rng.randrange(1, 40)]}]),
            ("c", [{"prefix": rng.choice(("k", "ke", "key-1", "x"))}]),
            ("c", [{"suffix": rng.choice(("1", "-1", "y-2"))}]),
            ("d", [{"anything-but": [rng.choice("xyz"), "w"]}]),
            ("e", [{"exists": rng.random() < 0.7}]),
            ("c", [{"wildcard": rng.choice(("k*1", "*-*", "*ey*2"))}]),
        ]
        return dict(rng.sample(kinds, rng.randrange(1, 5)))

    patterns = {f"r{n}": one() for n in range(500)}
    events = [
        {"a": rng.choice(["x", 7]), "b": rng.randrange(120), "c": f"key-{n}", "d": "xyzw"[n % 4]}
        | ({"e": 1} if n % 2 else {})
        for n in range(5)
    ]
    rules = _agrees(patterns, *events, {"c": ["key-1", "x"], "b": [1, 50.5]})
    for name in list(patterns)[::2]:
        rules.remove(name)
        del patterns[name]
    for event in events:
        assert rules.matching(event) == _verdicts(patterns, event)


def test_rules_on_hundreds_of_different_fields() -> None:
    patterns: dict[str, Any] = {f"r{n}": {f"f{n}": [{"anything-but": "x"}]} for n in range(700)}
    patterns |= {f"s{n}": {f"f{n}": [{"exists": False}], "g": [1]} for n in range(100)}
    patterns |= {f"t{n}": {f"f{n % 300}": [{"anything-but": f"{n}"}]} for n in range(900)}
    rules = _agrees(patterns, {"f7": "x", "f8": "y", "f299": "299"}, {"g": 1, "f1": None})
    for name in rules.names:
        rules.remove(name)
    assert rules.matching({"f7": 1}) == []


def test_wide_patterns_and_towers_of_alternatives() -> None:
    ten = [{str(n): ["y"]} for n in range(10)]
    tower = {"x": {"$or": ten}, "y": {"$or": ten}, "z": {"$or": ten}}
    wide = {f"f{n}": [{"anything-but": "x"}] for n in range(90)}
    patterns: dict[str, Any] = {f"t{n}": tower for n in range(3)}
    patterns |= {f"w{n}": {**wide, f"g{n}": ["y"]} for n in range(20)}
    whole = {f"f{n}": 1 for n in range(90)}
    inside = {"x": {"3": "y"}, "y": {"9": "y"}, "z": {"0": "y", "5": "y"}}
    _agrees(patterns, inside, {"x": {"3": "y"}}, {**whole, "g3": "y"}, {**whole, "f5": "x"})


def test_values_shared_by_many_rules_and_values_of_one_rule_alone() -> None:
    patterns: dict[str, Any] = {
        f"r{n}": {"a": ["common", *(f"{n}-{m}" for m in range(40))]} for n in range(200)
    }
    _agrees(patterns, {"a": "common"}, {"a": "7-3"}, {"a": ["7-3", "150-39"]}, {"a": "x"})


def test_an_event_with_long_arrays_is_matched_quickly() -> None:
    patterns: dict[str, Any] = {
        f"r{n}": {"a": [n, f"{n}"], "b": [{"numeric": [">", n]}]} for n in range(200)
    }
    event = {"a": list(range(25_000)) * 2, "b": [199.5] * 50_000}
    rules = RuleSet(patterns, source="event")
    assert rules.matching(event) == list(patterns)
    objects = {"a": [{"x": n % 3} for n in range(50_000)], "b": "y" * 100_000}
    assert RuleSet({"a": {"a": {"x": [2]}}}, source="event").matching(objects) == ["a"]
    wild = {f"w{n}": {"b": [{"wildcard": f"*x{n}*y"}]} for n in range(300)}
    assert RuleSet(wild, source="event").matching(objects) == []


def test_names_and_values_that_break_other_libraries() -> None:
    patterns: dict[str, Any] = {
        "é": {"é": {"ü": ["ß"]}},
        "quote": {'q"\\\n': [1]},
        "empty": {"": [2], "é": {"": [3]}},
        "": {"a": ["\ud83d"]},
    }
    events = [{"é": {"ü": "ß", "": 3}, "": 2}, {'q"\\\n': 1}, {"a": "\ud83d"}]
    _agrees(patterns, *events)


def test_adding_a_rule_does_not_rebuild_the_set() -> None:
    """A set that shares nothing between versions takes minutes for this."""
    rules = RuleSet({f"r{n}": {"a": [n], "b": ["x"]} for n in range(3000)}, source="event")
    for n in range(300):
        rules.add(f"new-{n}", {"a": [n], "b": [{"anything-but": "y"}]})
    assert rules.matching({"a": 5, "b": "x"}) == ["r5", "new-5"]
    for n in range(300):
        rules.remove(f"new-{n}")
    assert rules.matching({"a": 5, "b": "x"}) == ["r5"]


def test_a_rule_set_pickles_and_is_copied() -> None:
    rules = RuleSet({"a": '{"body": {"x": [1]}}', "gone": {"body": {"x": [3]}}}, source="auto")
    rules.add("a", {"body": {"x": [2]}})
    rules.add("all", {"Filters": []})
    rules.remove("gone")
    rules.add("strings", {"body": ["x"]})
    rules.add("all", {"body": {"x": [9]}})
    records = [{"body": '{"x": 1}'}, {"body": '{"x": 2}'}, {"body": '{"x": 3}'}, {"body": "x"}]
    expected = rules.matching_many(records)
    assert expected == [["a", "all"], ["a", "all"], ["all"], ["all", "strings"]]
    pickled = pickle.loads(pickle.dumps(rules))
    for twin in (pickled, copy.copy(rules), copy.deepcopy(rules)):
        assert twin.names == rules.names
        assert twin.source == "auto"
        assert twin.matching_many(records) == expected
        twin.add("new", {"body": {"x": [1]}})
        twin.remove("a")
        assert twin.matching(records[0]) == ["all", "new"]
    assert rules.matching_many(records) == expected
    strict = RuleSet({"a": '{"body": {"x": [1]}}'}, strict=True, dialect="lambda")
    again = pickle.loads(pickle.dumps(strict))
    with pytest.raises(RuleError):
        again.add("b", {"body": {"x": [{"wildcard": "a*"}]}})


def test_a_method_of_a_rule_set_works_in_other_processes() -> None:
    rules = RuleSet({"a": '{"body": {"x": [1]}}', "b": '{"body": {"y": [1]}}'})
    records = [{"body": '{"x": 1}'}, {"body": '{"y": 1}'}]
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.map(rules.matching, records) == [["a"], ["b"]]
