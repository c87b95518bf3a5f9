"""The generated code agrees with the evaluator, and leaves only certain records to it."""

from __future__ import annotations

import contextlib
import gc
import itertools
import json
import linecache
import re
import sys
import traceback
import weakref
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import pytest

import filterpatterns
from filterpatterns import Filter, RecordError
from filterpatterns.engine.engine import Engine
from filterpatterns.engine.filter import _compiled
from tests.support.paths import in_body, sqs_record, verdicts

Asked = list[Any]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """The records that the evaluator was asked about, by any Filter compiled from now on."""
    records: Asked = []
    evaluate = Engine.evaluate

    def counting(self: Engine, record: Any) -> bool:
        records.append(record)
        return evaluate(self, record)

    monkeypatch.setattr(Engine, "evaluate", counting)
    _compiled.clear()
    return records


def is_kept(compiled: Filter, record: Any) -> bool:
    """The verdict by the generated code alone and in a batch."""
    verdict = compiled.matches(record)
    assert compiled.mask([record, record]) == [verdict] * 2
    return verdict


# ------------------------------------------------------------------------- which way a record goes

# pattern (of a body), bodies that the generated code decides by itself, and their verdicts
STRAIGHT: list[tuple[str, list[tuple[str, bool]]]] = [
    (
        '{"i": {"a": [1], "j": {"b": [2]}}}',
        [
            ('{"i": [[{"a": 1, "j": {"b": 2}}]]}', True),
            ('{"i": [5, [], [[{"a": 1, "j": [[{"b": 3}], {"b": 2}]}]]]}', True),
            ('{"i": [[{"a": 1}], [{"j": {"b": 2}}]]}', False),
            ('{"i": [{"a": 2}, [[{"a": 1, "j": [[]]}]]]}', False),
            ('[[[{"i": {"a": 1, "j": {"b": 2}}}]]]', True),
        ],
    ),
    (
        '{"a": ["x"]}',
        [
            ('{"a": "x"}', True),
            ('{"a": ["y", "x"]}', True),
            ('{"a": "y"}', False),
            ("{}", False),
            ('{"a": {}}', False),
            ('{"a": null}', False),
            ('[{"a": "x"}]', True),
            ("not JSON", False),
            ("", False),
            ("5", False),
            ("null", False),
            ('{"a": "x", "a": "y"}', False),
            ('{"a": "x", "z": [[{"q": [1, [2]]}]]}', True),
            ('{"a": "x"', False),
            ('{"z": {"a": "x"}, "é": "😀", "a": "x"}', True),
        ],
    ),
    (
        '{"a": [5, {"numeric": [">", 100]}]}',
        [
            ('{"a": 5.0}', True),
            ('{"a": 1e3}', True),
            ('{"a": [1, 2, 101]}', True),
            ('{"a": 18446744073709551616}', False),
            ('{"a": 18446744073709552000}', True),
            ('{"a": 9007199254740993}', False),
            ('{"a": "5"}', False),
            ('{"a": true}', False),
            ('{"a": {}, "b": 1e400}', False),
        ],
    ),
    (
        '{"a": [{"anything-but": ["x", "y"]}], "b": {"c": [{"exists": false}]}}',
        [
            ('{"a": 5}', True),
            ('{"a": null}', True),
            ('{"a": ["x", "z"]}', True),
            ('{"b": {}}', False),
            ('{"a": 5, "b": {"c": 1}}', False),
            ('{"a": 5, "b": {"d": 1}}', True),
            ('{"a": "z", "b": null}', True),
        ],
    ),
    (
        '{"i": {"sku": [{"prefix": "A"}], "n": [{"numeric": [">=", 2]}]}}',
        [
            ('{"i": [{"sku": "A1", "n": 2}]}', True),
            ('{"i": [{"sku": "A1"}, {"n": 2}]}', False),
            ('{"i": {"sku": "A1", "n": 2}}', True),
            ('{"i": [5, {"sku": ["B", "A"], "n": 3}]}', True),
            ('{"i": []}', False),
            ('{"i": [1, "x", null]}', False),
        ],
    ),
    (
        '{"i": {"a": [1], "b": [{"exists": false}]}}',
        [
            ('{"i": [{"a": 1, "b": 2}, {"a": 1}]}', True),
            ('{"i": [{"a": 1, "b": 2}]}', False),
            ('{"i": {"a": 1}}', True),
        ],
    ),
    (
        '{"a": [1], "b": {"c": [{"exists": false}]}}',
        [
            ('{"a": 1, "b": []}', True),
            ('{"a": 1, "b": [{}, [{}], 5]}', True),
            ('{"a": 1, "b": [{"c": {}}, {"c": []}]}', True),
            ('{"a": 1, "b": [{"c": 2}]}', False),
            ('{"a": 1, "b": [{"d": 2}, [{"c": [null]}]]}', False),
            ('{"a": 1, "b": [{"c": [{}, 2]}]}', False),
        ],
    ),
    (
        '{"i": {"a": [{"exists": false}], "b": [1]}}',
        [
            ('{"i": [{"b": 1}, {"c": 2}]}', True),
            ('{"i": [{"b": 1}, {"a": 2}]}', False),
            ('{"i": [{"b": 1}, [[{"a": null}]]]}', False),
            ('{"i": [5, [{"b": 2}, {"b": 1}]]}', True),
            ('{"i": [{"a": 1, "b": 1}]}', False),
            ('{"i": [{"c": 1}]}', False),
            ('{"i": []}', False),
        ],
    ),
    (  # only elements that have `a` can be chosen, if there are any; then those that have `b.c`
        '{"i": {"a": [{"exists": false}, "x"], "b": {"c": [{"exists": false}]}, "d": [1]}}',
        [
            ('{"i": [{"d": 1}, {"a": "x", "d": 1}]}', True),
            ('{"i": [{"d": 1}, {"a": "x"}, {"a": "y", "d": 1}]}', False),
            ('{"i": [{"a": "y"}, {"a": "x", "b": {"c": 1}, "d": 1}]}', False),
            ('{"i": [{"a": "y"}, {"a": ["z", "x"], "b": [{}, 5], "d": [0, 1]}]}', True),
            ('{"i": [{"d": 1}, {"b": [{"c": null}]}]}', False),
            ('{"i": [{"d": 1}, {"b": [{"d": null}]}]}', True),
        ],
    ),
    (
        '{"i": {"a": [{"exists": false}, {"numeric": [">", 1]}], "j": {"k": [{"exists": false}]}}}',
        [
            ('{"i": [{"a": 0.5}, {"a": 2.5}]}', True),
            ('{"i": [{"a": 0.5}, {"a": 37.807807921694092}]}', False),
            ('{"i": [{"a": 2.5, "j": [{"k": 1}]}, {"j": [{}]}]}', False),
            ('{"i": [{"j": [{"l": 1}]}, "x"]}', True),
        ],
    ),
    (  # names that msgspec's types cannot have
        '{"q\\"q": ["x"], "i": {"\\\\": [{"numeric": [">", 1]}], "\\n": [{"exists": false}]}}',
        [
            ('{"q\\"q": "x", "i": {"\\\\": 2}}', True),
            ('{"q\\u0022q": ["y", "x"], "i": [{"\\\\": 1.5}, {"\\n": {}}]}', True),
            ('{"q\\"q": "x", "i": [[{"\\n": null}], {"\\\\": 2}]}', False),
            ('{"q\\"q": "x", "i": {"\\\\": 1}}', False),
            ('{"q": "x", "i": {"\\\\": 2}}', False),
        ],
    ),
    (
        '{"$or": [{"a": ["x"]}, {"b": {"c": [1]}}]}',
        [
            ('{"a": "x"}', True),
            ('{"b": {"c": 1}}', True),
            ('{"b": [{"c": 1}]}', True),
            ("{}", False),
        ],
    ),
    (
        '{"a.b": [1]}',
        [
            ('{"a.b": 1}', True),
            ('{"a.b": [2, 1]}', True),
            ('{"c": 1}', False),
            ('{"a.b": {}}', False),
        ],
    ),
]

METADATA = '"messageId": ["1"], "attributes": {"SenderId": [{"prefix": "A"}]}'


@pytest.mark.parametrize("case", STRAIGHT, ids=lambda case: case[0])
def test_common_records_never_reach_the_evaluator(
    case: tuple[str, list[tuple[str, bool]]], asked: Asked
) -> None:
    pattern, bodies = case
    alone = filterpatterns.compile(in_body(pattern))
    with_metadata = filterpatterns.compile(f'{{"body": {pattern}, {METADATA}}}')
    for body, verdict in bodies:
        record = {
            "messageId": "1",
            "body": body,
            "attributes": {"SenderId": "AID"},
            "x": {"y": [1]},
        }
        for given in (record, json.dumps(record, ensure_ascii=False), json.dumps(record).encode()):
            if isinstance(given, bytes) and "😀" in body:
                continue  # escapes of surrogate pairs: the text's own affair, see below
            assert is_kept(alone, given) is verdict, given
            assert is_kept(with_metadata, given) is verdict, given
        other = record | {"messageId": "2"}
        assert is_kept(with_metadata, other) is False
    assert asked == []


@pytest.mark.parametrize("case", STRAIGHT, ids=lambda case: case[0])
def test_common_events_never_reach_the_evaluator(
    case: tuple[str, list[tuple[str, bool]]], asked: Asked
) -> None:
    pattern, bodies = case
    compiled = filterpatterns.compile(pattern, source="event")
    for text, verdict in bodies:
        if text.startswith("{") and text.endswith("}"):
            assert is_kept(compiled, text) is verdict
            assert is_kept(compiled, text.encode()) is verdict
    assert asked == []


def test_plain_strings_never_reach_the_evaluator(asked: Asked) -> None:
    compiled = filterpatterns.compile('{"body": ["x", {"prefix": "ab"}]}')
    bodies = {"x": True, "abc": True, "y": False, "": False, '"x"': False, "ab {": True, "5": False}
    for body, verdict in bodies.items():
        assert is_kept(compiled, {"body": body}) is verdict
        assert is_kept(compiled, json.dumps({"body": body})) is verdict
    assert asked == []


# pattern of a body, bodies that only the evaluator decides, verdict
ROUNDABOUT: list[tuple[str, str, bool]] = [
    ('{"i": {"a": [1]}}', '{"i": [[[[{"a": 1}]]]]}', True),
    ('{"i": {"a": [1], "b": [2]}}', '{"i": [[[[{"a": 1}, {"b": 2}]]]]}', False),
    ('{"a": [1]}', '{"a": [[2, [1]]]}', True),
    ('{"a": [1]}', '{"a": [[]]}', False),
    ('{"a": [{"exists": true}]}', '{"a": 1e400}', True),
    ('{"a": [{"numeric": [">", 1]}]}', '{"a": 1e400}', False),
    ('{"a": [{"anything-but": "x"}]}', '{"a": [' + "9" * 5000 + "]}", True),
    ('{"a": {"b": [1]}}', '{"a.b": 1}', True),
    ('{"a": {"b": [1]}}', '{"a.b": 2}', False),
    ('{"a.b": [1]}', '{"a": {"b": 1}}', True),
    ('{"a": {"b": {"c": [1]}}}', '{"a": {"b.c": 1}}', True),
    ('{"a": ["x"]}', '{"a": "x", "b": "\\ud800"}', True),
    ('{"a": ["x"]}', '{"b": "\\ud800", "a": "y"}', False),
    ('{"i": [1], "i.a": [2]}', '{"i": [1, {"a": 2}]}', True),
    ('{"i": [1], "i.a": [2]}', '{"i": [[1], {"a": 2}]}', False),
    ('{"i": {"a": [{"exists": false}], "b": [1]}}', '{"i": [[[[{"b": 1}]]]]}', True),
    ('{"a": [1]}', '{"a": 1, "z": ' + "[" * 1500 + "]" * 1500 + "}", False),
]


def _all_verdicts(compiled: Filter, record: dict[str, Any]) -> set[bool]:
    return set(verdicts(compiled, record).values())


@pytest.mark.parametrize(("pattern", "body", "verdict"), ROUNDABOUT, ids=range(len(ROUNDABOUT)))
def test_unusual_shapes_are_left_to_the_evaluator(
    pattern: str, body: str, verdict: bool, asked: Asked
) -> None:
    compiled = filterpatterns.compile(in_body(pattern))
    assert is_kept(compiled, {"body": body}) is verdict
    if len(body) < 3000:  # of a deeper one Python 3.12 and later know by themselves
        assert asked
    assert _all_verdicts(compiled, sqs_record(body)) == {verdict}
    with_others = [sqs_record(text) for text in ("{}", body, "x", body, '{"a": 5}')]
    assert compiled.mask(with_others)[1::2] == [verdict] * 2


@pytest.mark.parametrize(
    "name",
    ['q"q', "q\\q", "q\nq", "q\x00q", "\x1f", "\ud800", 'a"', '"', "\\", "\x7f", "é", "'", "{}"],
)
def test_names_of_every_kind_are_found(name: str) -> None:
    for pattern, event in (
        ({name: ["x"]}, {name: "x"}),
        ({"a": {name: ["x"], "b": [1]}}, {"a": [{name: "x", "b": 1}]}),
        ({name: {name: ["x"]}}, {name: {name: "x"}}),
        ({name: [{"exists": False}], "b": [1]}, {"b": 1}),
    ):
        text = json.dumps(pattern)
        in_sqs = filterpatterns.compile(in_body(text))
        events = filterpatterns.compile(text, source="event")
        assert _all_verdicts(in_sqs, sqs_record(json.dumps(event))) == {True}
        assert _all_verdicts(events, event) == {True}
        changed = json.loads(json.dumps(event).replace('"x"', '"y"').replace("1", "2"))
        assert _all_verdicts(in_sqs, sqs_record(json.dumps(changed))) == {False}
        assert _all_verdicts(events, changed) == {False}


DICTS: list[tuple[str, dict[str, Any], bool, bool]] = [
    # pattern, event, verdict, whether the evaluator is asked
    ('{"a": ["x"], "b": {"c": [1]}}', {"a": "x", "b": {"c": 1}}, True, False),
    ('{"a": ["x"]}', {"a": ["y", "x"]}, True, False),
    ('{"i": {"a": [1], "b": [2]}}', {"i": [{"a": 1}, 5, {"a": 1, "b": 2}]}, True, False),
    ('{"a": [{"exists": false}], "b": [1]}', {"b": 1.0}, True, False),
    ('{"a": [{"exists": true}]}', {"a": None}, True, False),
    ('{"a": ["x"]}', {"a": object()}, False, True),
    ('{"a": {"b": [1]}}', {"a.b": 1}, True, True),
    ('{"i": {"a": [1]}}', {"i": [[{"a": 1}]]}, True, False),
    ('{"i": {"a": [1], "b": [2]}}', {"i": [[{"a": 1}], [[{"b": 2}], 5]]}, False, False),
    ('{"i": {"a": [1]}}', {"i": ({"a": 1},)}, True, True),
    ('{"i": {"a": [{"exists": false}], "b": [1]}}', {"i": [{"b": 1}, 5, [{}]]}, True, False),
    ('{"i": {"a": [{"exists": false}], "b": [1]}}', {"i": [{"b": 1}, [{"a": 0}]]}, False, False),
    ('{"i": {"a": [{"exists": false}], "b": [1]}}', {"i": [{"b": 1}, ({"a": 0},)]}, False, True),
    ('{"i": {"a": {"b": [{"exists": false}]}}}', {"i": [{}, {"a.b": 0}]}, False, True),
    ('{"i": {"a": {"b": [{"exists": false}]}}}', {"i": [{}, {"a": [{"b": 0}]}]}, False, False),
]


@pytest.mark.parametrize(("pattern", "event", "verdict", "odd"), DICTS, ids=range(len(DICTS)))
def test_dicts_need_no_evaluator_unless_unusual(
    pattern: str, event: dict[str, Any], verdict: bool, odd: bool, asked: Asked
) -> None:
    compiled = filterpatterns.compile(pattern, source="event")
    assert is_kept(compiled, event) is verdict
    assert bool(asked) is odd


@pytest.mark.parametrize("name", ["plain", 'q"q'])
def test_lines_that_hold_records_are_left_to_the_caller(name: str) -> None:
    engine = filterpatterns.compile({name: ["x"]}, source="event")._engine
    match_lines = engine.lines(drops=True)
    assert match_lines is not None
    events = [{name: "x"}, {name: "x", "Records": [{name: "x"}]}, {name: "y"}]
    lines = [json.dumps(event).encode() + b"\n" for event in events]
    kept: list[bytes] = []
    dropped: list[bytes] = []
    slow: list[int] = []
    block = b"".join(lines)
    match_lines(block, 0, kept.append, dropped.append, lambda line, number: slow.append(number))
    if slow != [2]:  # all lines of a block are decoded at once, or none
        assert slow == [1, 2, 3]
        match_lines(lines[1], 0, kept.append, dropped.append, lambda line, number: None)
    assert lines[1] not in kept + dropped
    with_records = filterpatterns.compile({name: ["x"], "Records": ["y"]}, source="event")
    assert with_records._engine.lines(drops=True) is None


def test_only_the_unusual_record_reaches_the_evaluator(asked: Asked) -> None:
    compiled = filterpatterns.compile(in_body('{"a": {"b": [1]}}'))
    records = [sqs_record('{"a": {"b": 1}}') for _ in range(500)]
    odd = sqs_record('{"a.b": 1}')
    records[77] = records[402] = odd
    assert compiled.filter(records) == records
    assert asked == [odd, odd]


# ----------------------------------------------------------------------------------- looking first

SPELLINGS: list[tuple[str, list[str], list[str]]] = [
    # pattern, bodies that satisfy it and bodies that do not, each of which resembles it
    (
        '{"kind": ["refund"]}',
        [
            '{"kind":"refund"}',
            '{"kind":"re\\u0066und"}',
            '{"\\u006bind":"refund"}',
            '{"kind" : [ "a\\/b" , "\\u0072\\u0065\\u0066\\u0075\\u006E\\u0064" ] }',
        ],
        [
            '{"refund":"kind"}',
            '{"kind":"refunds","x":"refund"}',
            '{"kind":"x","refund":1}',
            '{"kind":"\\"refund"}',
            '{"kind":"Refund"}',
            '"refund"',
            '["kind","refund"]',
        ],
    ),
    ('{"a": ["x/y"]}', ['{"a":"x/y"}', '{"a":"x\\/y"}', '{"a":"x\\u002fy"}'], ['{"a":"x\\\\/y"}']),
    (
        '{"a": ["😀!"]}',
        ['{"a":"😀!"}', '{"a":"\\ud83d\\ude00!"}', '{"a":"\\uD83D\\uDE00\\u0021"}'],
        ['{"a":"\\ud83d!"}', '{"a":"😀"}', '{"a":"\\ude00\\ud83d!"}'],
    ),
    ('{"a": ["q\\"q"]}', ['{"a":"q\\"q"}', '{"a":"q\\u0022q"}'], ['{"a":"q"}', '{"a":"qq"}']),
    ('{"a": ["back\\\\slash"]}', ['{"a":"back\\\\slash"}'], ['{"a":"backslash"}', '{"a":"\\\\"}']),
    (
        '{"a": ["tab\\there"]}',
        ['{"a":"tab\\there"}', '{"a":"tab\\u0009here"}'],
        ['{"a":"tabhere"}'],
    ),
    ('{"a": ["\\ud800zz"]}', ['{"a":"\\ud800zz"}'], ['{"a":"zz"}', '{"a":"\\ud801zz"}']),
    (
        '{"a": [{"prefix": "order-"}]}',
        ['{"a":"order-1"}', '{"a":"\\u006frder-"}'],
        ['{"a":"xorder-"}'],
    ),
    (
        '{"a": [{"suffix": "-order"}]}',
        ['{"a":"1-order"}', '{"a":"-orde\\u0072"}'],
        ['{"a":"-orders"}'],
    ),
    (
        '{"a": [{"wildcard": "*needle*in*"}]}',
        ['{"a":"needle in"}', '{"a":"n\\u0065edlein"}'],
        ['{"a":"in needle"}', '{"needle":"in"}'],
    ),
    (
        '{"customer": {"identifier": [5]}}',
        [
            '{"customer":{"identifier":5}}',
            '{"customer.identifier":5}',
            '{"customer":{"\\u0069dentifier":5.0}}',
        ],
        ['{"identifier":5}', '{"customer":"identifier"}'],
    ),
    (
        '{"customer.identifier": [5]}',
        ['{"customer.identifier":5}', '{"customer":{"identifier":5}}'],
        ['{"customer":5}'],
    ),
    (
        '{"name": ["refund", {"prefix": "order-"}]}',
        ['{"name":"refund"}', '{"name":"order-7"}'],
        ['{"name":"x"}', '{"x":"refund"}'],
    ),
    (
        '{"$or": [{"a": ["first!"]}, {"b": ["second!"]}]}',
        ['{"a":"first!"}', '{"b":"second!"}'],
        ['{"b":"first!"}', '{"a":"second!"}'],
    ),
    (
        '{"a": ["refund"], "zz": [{"exists": false}]}',
        ['{"a":"refund"}'],
        ['{"a":"refund","zz":0}', "{}"],
    ),
    ('{"zz": [{"exists": false}]}', ["{}", "5"], ['{"zz":null}', "zz"]),
    (
        '{"addr": ["10.0.0.1"]}',
        ['{"addr":"::ffff:a00:1"}', '{"addr":"10.0.0.1"}'],
        ['{"addr":"10"}'],
    ),
    (
        '{"n": [300], "longname": [null]}',
        ['{"n":3e2,"longname":null}'],
        ['{"n":300,"longname":""}'],
    ),
]


@pytest.mark.parametrize("case", SPELLINGS, ids=lambda case: case[0])
def test_searching_before_decoding_changes_no_verdict(
    case: tuple[str, list[str], list[str]],
) -> None:
    pattern, matching, others = case
    compiled = filterpatterns.compile(in_body(pattern))
    for bodies, verdict in ((matching, True), (others, False)):
        for body in bodies:
            assert _all_verdicts(compiled, sqs_record(body)) == {verdict}, body


def _batches(hits: int) -> Iterable[tuple[str, bool]]:
    """Bodies of which so many in a hundred pass a look, in a mix that changes on the way."""
    shapes = [
        ('{"kind":"refund","n":1}', True),
        ('{"kind":"re\\u0066und"}', True),
        ('{"refund":"kind"}', False),
        ('{"kind":"refund"', False),
    ]
    rare = [('{"kind":"order","n":[1,2,3]}', False), ("text", False), ('{"kind":5}', False)]
    chosen = itertools.cycle(shapes)
    for n in range(25_000):
        early = n < 12_000
        passing = n % 100 < (hits if early else 100 - hits)
        yield next(chosen) if passing else rare[n % 3]


@pytest.mark.parametrize("hits", [0, 3, 50, 100])
@pytest.mark.parametrize("clock", ["looking pays", "looking costs", "as measured"])
def test_a_long_batch_gets_the_same_verdicts_with_and_without_a_search(
    hits: int, clock: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if clock != "as measured":
        times = itertools.count()
        sign = 1 if clock == "looking pays" else -1
        # Each chunk seems to take more (or less) time than the one before.
        ticks = (step**3 if sign > 0 else -(step**3) for step in times)
        monkeypatch.setattr("filterpatterns.engine.engine.perf_counter", lambda: float(next(ticks)))
    compiled = filterpatterns.compile(in_body('{"kind": ["refund"]}'))
    bodies = list(_batches(hits))
    records: list[Any] = [{"body": body} for body, _ in bodies]
    expected = [verdict for _, verdict in bodies]
    assert compiled.mask(records) == expected
    assert compiled.mask(iter(records)) == expected
    kept, dropped = compiled.partition(records)
    assert len(kept) == sum(expected)
    assert len(kept) + len(dropped) == len(records)
    texts = [json.dumps(record) for record in records[10_000:15_000]]
    assert compiled.mask(texts) == expected[10_000:15_000]


# ----------------------------------------------------------------------------- tracebacks, lifetime


def _fresh(pattern: str) -> Filter:
    """A Filter that nothing remembers but the caller."""
    _compiled.clear()
    compiled = filterpatterns.compile(pattern)
    _compiled.clear()
    return compiled


def _generated_files() -> set[str]:
    return {name for name in linecache.cache if name.startswith("<filterpatterns ")}


def test_a_traceback_shows_the_generated_lines() -> None:
    compiled = _fresh('{"body": {"a": [1]}}')
    with pytest.raises(RecordError) as caught:
        compiled.matches("nonsense")
    frames = [
        frame
        for frame in traceback.extract_tb(caught.value.__traceback__)
        if frame.filename.startswith("<filterpatterns ")
    ]
    assert frames
    lines = compiled.source_code.split("\n")
    for frame in frames:
        assert frame.line
        assert frame.line in {line.strip() for line in lines}
    linecache.checkcache()
    assert frames[0].filename in linecache.cache


def test_every_line_of_every_function_is_known() -> None:
    before = _generated_files()
    compiled = _fresh(in_body('{"i": {"a": ["x"], "b": [{"exists": false}]}, "c": ["refund"]}'))
    source = compiled.source_code
    mine = _generated_files() - before
    assert mine
    known = "".join(line for name in mine for line in linecache.getlines(name))
    for line in source.split("\n"):
        assert line in known
    functions = re.findall(r"^def (\w+)\(", source, re.MULTILINE)
    assert len(functions) == len(set(functions))


def test_filters_of_one_shape_have_code_of_their_own() -> None:
    one, other = (_fresh(in_body(f'{{"a": ["{value}"]}}')) for value in "xy")
    record, unlike = sqs_record('{"a": "x"}'), sqs_record('{"a": "y"}')
    assert (one.matches(record), one.matches(unlike)) == (True, False)
    assert (other.matches(record), other.matches(unlike)) == (False, True)
    assert one.source_code == other.source_code
    codes = [each._engine.single().__code__ for each in (one, other)]
    assert codes[0] is not codes[1]
    assert codes[0].co_filename != codes[1].co_filename


def test_generated_lines_are_freed_with_their_filter() -> None:
    gc.collect()
    before = _generated_files()
    compiled = _fresh('{"body": {"a": [1], "b": ["refund"]}}')
    assert compiled.source_code
    compiled.mask([{"body": '{"a": 1}'}])
    assert _generated_files() > before
    engine = weakref.ref(compiled._engine)
    del compiled
    gc.collect()
    assert engine() is None
    assert _generated_files() <= before


def test_generated_code_of_unused_filters_is_freed() -> None:
    gc.collect()
    before = len(_generated_files())
    for n in range(30):
        assert _fresh(f'{{"body": {{"a": [{n}]}}}}').matches({"body": f'{{"a": {n}}}'})
    gc.collect()
    assert len(_generated_files()) <= before


def test_code_is_generated_when_it_is_needed_and_once() -> None:
    gc.collect()
    before = _generated_files()
    compiled = _fresh('{"body": {"a": [1], "b": ["refund"]}}')
    assert _generated_files() == before, "compiling generates nothing"
    records = [{"body": "{}"}]
    asks: list[Callable[[], Any]] = [
        lambda: compiled.matches(records[0]),
        lambda: compiled.mask(records),
        lambda: compiled.filter(records),
        lambda: compiled.partition(records),
        lambda: compiled.source_code,
    ]
    for ask in asks:
        first = ask()
        count = len(_generated_files())
        assert ask() == first
        assert len(_generated_files()) == count


def test_functions_are_written_when_they_are_first_called() -> None:
    compiled = _fresh(in_body('{"i": {"a": ["x"]}, "n": [{"numeric": [">", 1]}]}'))
    assert compiled.matches(sqs_record('{"i": {"a": "x"}, "n": 2}'))
    before = _generated_files()
    for body, files in (
        ('{"i": {"a": "x"}, "n": 3}', 0),
        ('{"i": [{"a": "x"}], "n": 2}', 1),
        ('{"i": [{"a": "x"}], "n": 3}', 1),
        ('{"i": {"a": ["y", "x"]}, "n": [1, 2.5]}', 3),
    ):
        assert compiled.matches(sqs_record(body))
        assert len(_generated_files() - before) >= files
        assert files or _generated_files() == before


@pytest.mark.parametrize("order", list(itertools.permutations(("dict", "text", "bytes"))))
def test_a_filter_has_code_for_the_kinds_of_records_that_it_has_seen(
    order: tuple[str, ...], asked: Asked
) -> None:
    compiled = _fresh(in_body('{"a": ["x"]}'))
    before = _generated_files()
    matches = compiled._engine.single()
    kinds = set()
    for kind in order * 2:
        for body, verdict in (('{"a": "x"}', True), ('{"a": "y"}', False)):
            record = sqs_record(body)
            text = json.dumps(record)
            given = {"dict": record, "text": text, "bytes": text.encode()}[kind]
            assert compiled.matches(given) is matches(given) is verdict
        kinds.add(kind == "dict")
        assert len(_generated_files() - before) == len(kinds)
    assert compiled._engine.single() is matches
    assert asked == []


def test_the_source_code_does_not_depend_on_earlier_calls() -> None:
    pattern = in_body('{"i": {"a": ["x"]}, "c": ["refund"]}')
    one, other = _fresh(pattern), _fresh(pattern)
    other.mask([sqs_record("{}")])
    other.matches(json.dumps(sqs_record("{}")))
    defined = [
        sorted(
            re.findall(
                r"^def (matches\w*|filter\w*|mask\w*|partition\w*)\(", each.source_code, re.M
            )
        )
        for each in (one, other)
    ]
    assert defined[0] == defined[1]
    assert {"matches", "filter_dict", "mask_text"} <= set(defined[0])


def test_generation_that_ran_out_of_stack_is_repeated(asked: Asked) -> None:
    """A first call far down the stack may fail; generated code serves the next one."""

    def deeper(frames: int, ask: Callable[[], Any]) -> Any:
        return ask() if frames <= 0 else deeper(frames - 1, ask)

    record = {"body": '{"i": [{"a": 1, "b": {"c": [{"d": 2}]}}]}'}
    pattern = '{"body": {"i": {"a": [1], "b": {"c": {"d": [2]}}}}}'
    depth = len(traceback.extract_stack())
    for left in range(4, 90, 2):
        compiled = _fresh(pattern)
        with contextlib.suppress(RecursionError):
            deeper(sys.getrecursionlimit() - depth - left, partial(compiled.matches, record))
        asked.clear()
        assert compiled.matches(record) is True
        assert compiled.mask([record]) == [True]
        assert asked == [], left


# ------------------------------------------------------------------------------- stopping early


@pytest.mark.parametrize("body", ['{"a": 1}', '{"a": 2}', "hello", "[", {"a": 1}, 5, None])
def test_a_payload_is_not_decoded_if_the_metadata_decide(asked: Asked, body: Any) -> None:
    compiled = _fresh('{"messageId": ["1"], "body": {"a": [1]}}')
    for record in ({"messageId": "2", "body": body}, {"body": body}):
        for given in (record, json.dumps(record)):
            assert is_kept(compiled, given) is False
    assert [each for each in asked if not isinstance(each, str)] == []
    for holding in ({"messageId": "1", "body": body}, {"messageId": ["2", "1"], "body": body}):
        assert is_kept(compiled, holding) is compiled._engine.evaluate(holding)


def test_alternatives_with_their_own_metadata_are_each_evaluated() -> None:
    pattern = json.dumps(
        {
            "$or": [
                {"messageId": ["1"], "body": {"a": [1]}},
                {"messageId": ["2"], "body": {"a": [2]}},
                {"messageId": ["3"], "body": ["hello"]},
            ]
        }
    )
    compiled = _fresh(pattern)
    for message_id, body, expected in (
        ("1", '{"a": 1}', True),
        ("2", '{"a": 1}', False),
        ("2", '{"a": 2}', True),
        ("3", "hello", True),
        ("1", "hello", False),
        ("4", '{"a": 1}', False),
    ):
        record = {"messageId": message_id, "body": body}
        assert is_kept(compiled, record) is expected
        assert is_kept(compiled, json.dumps(record)) is expected


NUMBERS = [
    *(
        "0",
        "-0",
        "0.0",
        "5",
        "5.0",
        "5e0",
        "50e-1",
        "-5",
        "7.25",
        "123456789012345",
        "99.99999999999999",
    ),
    *("5.000000000000000", "5.0000000000000001", "7.2500000000000001", "1234567890123456"),
    *("9007199254740992", "9007199254740993", "12345678901234567890", "1e22", "1e23", "1e308"),
    *("1e-290", "1e-291", "5e-324", "4e-324", "1e-323", "2.5e-310", "123456789012e-320"),
    *('"5"', '"x"', "null", "true", "[5]", "[5.5, 6]", "[]", "{}", '{"n": 5}', "[[5]]", ""),
]
"""Numbers as they may be written, and other values; an empty one means that there is no member."""

RULES: list[Any] = [
    [{"numeric": [">", 4]}],
    [{"numeric": ["<", 8]}],
    [{"numeric": [">=", 0]}],
    [{"numeric": [">", 0, "<=", 7.25]}],
    [{"numeric": ["=", 0]}],
    [{"numeric": [">=", 1e22]}],
    [5, 7.25, 1e23],
    [5, "x"],
    [{"anything-but": [5, 7.25]}],
]


@pytest.mark.parametrize("rules", RULES, ids=str)
@pytest.mark.parametrize("fields", ["n", "o.n", "n and s"])
def test_long_payloads_whose_numbers_decide_agree_with_the_evaluator(
    rules: Any, fields: str
) -> None:
    pattern: Any = {"o": {"n": rules}} if fields == "o.n" else {"n": rules}
    if fields == "n and s":
        pattern["s"] = ["yes", {"prefix": "y"}]
    compiled = _fresh({"body": pattern})

    def body(number: str, padding: int) -> str:
        member = f'"n": {number}, ' if number else ""
        inner = f'"o": {{{member}"m": 1}}' if fields == "o.n" else f'{member}"m": 1'
        return f'{{{inner}, "s": "yes", "padding": "{"p" * padding}"}}'

    for padding in (10, 300, 3_000):
        for kept in ("5.5", "7.25", "5.0", "0.0"):
            for number in NUMBERS:
                bodies = [body(kept, padding), body(number, padding), body(number, padding)]
                records = [sqs_record(text) for text in bodies]
                verdicts = [compiled._engine.evaluate(record) for record in records]
                assert compiled.mask(records) == verdicts, number
                assert list(map(compiled.matches, records)) == verdicts, number
                texts = [json.dumps(record).encode() for record in records]
                assert compiled.mask(texts) == verdicts, number
