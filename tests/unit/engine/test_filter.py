"""Filters on single records and on batches."""

from __future__ import annotations

import array
import collections
import copy
import gc
import itertools
import json
import multiprocessing
import pickle
import sys
import threading
import tracemalloc
import types
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import filterpatterns
from filterpatterns import Filter, RecordError
from filterpatterns.engine import engine
from filterpatterns.engine.sized_cache import CacheInfo, SizedCache

PATTERN = '{"body": {"a": [1]}}'


def record(n: int) -> dict[str, Any]:
    return {"messageId": str(n), "body": json.dumps({"a": n % 3, "n": n})}


def kept(n: int) -> bool:
    return n % 3 == 1


SHAPES: list[Callable[[list[Any]], Any]] = [
    list,
    tuple,
    iter,
    collections.deque,
    lambda records: (each for each in records),
    lambda records: itertools.chain(records),
    lambda records: dict(enumerate(records)).values(),
    collections.UserList,
]


@pytest.mark.parametrize("shape", SHAPES, ids=range(len(SHAPES)))
@pytest.mark.parametrize("count", [0, 1, 2, 127, 128, 129, 256, 257, 1023, 1024, 1025, 3000])
@pytest.mark.parametrize("text", [False, True])
def test_a_batch_gives_the_same_objects_in_order(
    shape: Callable[[list[Any]], Any], count: int, text: bool
) -> None:
    compiled = filterpatterns.compile(PATTERN)
    records: list[Any] = [record(n) for n in range(count)]
    if text:
        records = [json.dumps(each) for each in records]
    expected = [kept(n) for n in range(count)]
    assert compiled.mask(shape(records)) == expected
    wanted = [id(each) for n, each in enumerate(records) if kept(n)]
    unwanted = [id(each) for n, each in enumerate(records) if not kept(n)]
    assert [id(each) for each in compiled.filter(shape(records))] == wanted
    for found, ids in zip(compiled.partition(shape(records)), (wanted, unwanted), strict=True):
        assert type(found) is list
        assert [id(each) for each in found] == ids


def test_a_batch_is_read_once_and_only_as_far_as_it_goes() -> None:
    asked = []

    def records() -> Iterator[Any]:
        for n in range(2000):
            asked.append(n)
            yield record(n)
        raise KeyError("the caller's own")

    with pytest.raises(KeyError, match="the caller's own"):
        filterpatterns.compile(PATTERN).filter(records())
    assert asked == list(range(2000))


def test_a_record_error_of_the_callers_own_iterator_is_left_alone() -> None:
    def records() -> Iterator[Any]:
        yield record(0)
        raise RecordError("from somewhere else", 99)

    with pytest.raises(RecordError) as caught:
        filterpatterns.compile(PATTERN).mask(records())
    assert caught.value.index == 99


def test_records_are_not_changed() -> None:
    original = {"Body": '{"a": 1}', "MessageId": "1", "MessageAttributes": {"k": {"DataType": "x"}}}
    given = json.loads(json.dumps(original))
    pattern = '{"body": {"a": [1]}, "messageAttributes": {"k": {"dataType": ["x"]}}}'
    assert filterpatterns.compile(pattern).filter([given]) == [original]
    assert given == original


BAD: list[tuple[Any, str]] = [
    (None, "NoneType"),
    (5, "int"),
    (1.5, "float"),
    (True, "bool"),
    ([], "list"),
    ([{"body": "{}"}], "list"),
    (("body", "{}"), "tuple"),
    ({"body"}, "set"),
    (object(), "object"),
    ("", "not JSON"),
    ("x", "not JSON"),
    ("{", "not JSON"),
    ('{"body": 1,}', "not JSON"),
    ("{}{}", "not JSON"),
    ("\ufeff{}", "not JSON"),
    ('{"body": "\ud800"}', "not JSON"),
    (b"", "not JSON"),
    (b"\xff", "not UTF-8"),
    (b'{"body": "\xe9"}', "not UTF-8"),
    (bytearray(b"{"), "not JSON"),
    (memoryview(b"x"), "not JSON"),
    ("[]", "an array"),
    ("5", "a number"),
    ("1e400", "a number"),
    ("true", "true"),
    ("null", "null"),
    ('"{}"', "a string"),
    (b" [1] ", "an array"),
]

PATTERNS = [PATTERN, '{"messageId": ["1"]}', '{"body": ["x"]}', '{"Filters": []}']


@pytest.mark.parametrize(("bad", "message"), BAD, ids=range(len(BAD)))
@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_record_that_is_not_an_object_is_refused(bad: Any, message: str, pattern: str) -> None:
    compiled = filterpatterns.compile(pattern)
    with pytest.raises(RecordError) as caught:
        compiled.matches(bad)
    assert caught.value.index is None
    assert message in str(caught.value)
    for ask in (compiled.filter, compiled.partition, compiled.mask):
        with pytest.raises(RecordError) as caught:
            ask([record(1), bad])
        assert caught.value.index == 1
        assert str(caught.value).startswith("record 1: ")
        assert message in caught.value.message


@pytest.mark.parametrize("pattern", PATTERNS)
def test_on_error_drop_discards_what_is_not_an_object(pattern: str) -> None:
    compiled = filterpatterns.compile(pattern)
    good = record(1)
    verdict = compiled.matches(good)
    for bad, _ in BAD:
        records = [good, bad, good]
        assert compiled.mask(records, on_error="drop") == [verdict, False, verdict]
        assert compiled.filter(records, on_error="drop") == ([good, good] if verdict else [])
        _, dropped = compiled.partition(records, on_error="drop")
        assert [id(each) for each in dropped if each is not good] == [id(bad)]


@pytest.mark.parametrize("index", [0, 1, 127, 128, 255, 256, 1500, 2999])
@pytest.mark.parametrize("bad", ["nonsense", b"\xff", 5, "[1]", None])
def test_the_index_of_a_bad_record_is_right_deep_in_a_mixed_batch(index: int, bad: Any) -> None:
    compiled = filterpatterns.compile(PATTERN)
    records: list[Any] = [record(n) for n in range(3000)]
    for n in range(0, 3000, 7):
        records[n] = json.dumps(records[n])
    for n in range(3, 3000, 11):
        records[n] = json.dumps(record(n)).encode()
    records[index] = bad
    for given in (records, iter(records), tuple(records)):
        with pytest.raises(RecordError) as caught:
            compiled.filter(given)
        assert caught.value.index == index
    expected = [kept(n) and n != index for n in range(3000)]
    assert compiled.mask(records, on_error="drop") == expected


@pytest.mark.parametrize("value", ["ignore", "", None, True, "RAISE"])
def test_on_error_is_raise_or_drop(value: Any) -> None:
    compiled = filterpatterns.compile(PATTERN)
    for ask in (compiled.filter, compiled.partition, compiled.mask):
        with pytest.raises(ValueError, match='on_error must be "raise" or "drop"'):
            ask([], on_error=value)


def test_the_traceback_hides_internal_calls() -> None:
    """No "During handling of the above exception, another exception occurred"."""
    compiled = filterpatterns.compile(PATTERN)
    for bad in ("x", "[]", 5, b"\xff"):
        with pytest.raises(RecordError) as caught:
            compiled.matches(bad)
        assert caught.value.__suppress_context__ or caught.value.__context__ is None


class Text(str):
    __slots__ = ()


class Octets(bytes):
    __slots__ = ()


class Slotted(dict[str, Any]):
    """A dict of a class of one's own."""


def test_a_record_may_be_any_mapping_or_text() -> None:
    compiled = filterpatterns.compile(PATTERN)
    for n, verdict in ((1, True), (2, False)):
        given = record(n)
        text = json.dumps(given)
        forms: list[Any] = [
            given,
            Slotted(given),
            collections.OrderedDict(given),
            collections.defaultdict(list, given),
            collections.UserDict(given),
            collections.ChainMap(given),
            types.MappingProxyType(given),
            text,
            f" \n{text}\t",
            Text(text),
            text.encode(),
            Octets(text.encode()),
            bytearray(text.encode()),
            memoryview(text.encode()),
        ]
        for form in forms:
            assert compiled.matches(form) is verdict, type(form)
        assert compiled.mask(forms) == [verdict] * len(forms)
        assert compiled.mask(reversed(forms)) == [verdict] * len(forms)


def test_one_and_many_agree_on_what_a_record_is() -> None:
    compiled = filterpatterns.compile(PATTERN)
    text = json.dumps(record(1)).encode()
    for odd in (array.array("B", text), memoryview(text + text)[::2], [*text]):
        with pytest.raises(RecordError):
            compiled.mask([odd])
        with pytest.raises(RecordError):
            compiled.matches(odd)


RECEIVED = {
    "MessageId": "m-1",
    "ReceiptHandle": "r",
    "MD5OfBody": "d41d8",
    "Body": '{"a": 1}',
    "Attributes": {"SenderId": "s", "ApproximateReceiveCount": "2"},
    "MD5OfMessageAttributes": "d41d9",
    "MessageAttributes": {
        "Kind": {"StringValue": "order", "DataType": "String"},
        "Raw": {"BinaryValue": b"\x00", "DataType": "Binary"},
        "Odd": "no object",
    },
}


@pytest.mark.parametrize(
    ("pattern", "verdict"),
    [
        ({"body": {"a": [1]}}, True),
        ({"body": {"a": [2]}}, False),
        ({"messageId": ["m-1"]}, True),
        ({"receiptHandle": ["r"]}, True),
        ({"md5OfBody": ["d41d8"], "md5OfMessageAttributes": ["d41d9"]}, True),
        ({"attributes": {"SenderId": ["s"], "ApproximateReceiveCount": ["2"]}}, True),
        ({"messageAttributes": {"Kind": {"stringValue": ["order"]}}}, True),
        ({"messageAttributes": {"Kind": {"dataType": ["String"]}}, "body": {"a": [1]}}, True),
        ({"messageAttributes": {"Raw": {"binaryValue": [{"exists": True}]}}}, True),
        ({"messageAttributes": {"Odd": ["no object"]}}, True),
        ({"messageAttributes": {"Kind": {"StringValue": [{"exists": False}]}}}, True),
        ({"Body": [{"exists": False}], "MessageId": [{"exists": False}]}, True),
        ({"MessageId": ["m-1"]}, False),
        ({"messageAttributes": {"Kind": {"stringValue": ["bill"]}}}, False),
    ],
)
def test_the_result_of_receive_message_has_lambdas_names(
    pattern: dict[str, Any], verdict: bool
) -> None:
    compiled = filterpatterns.compile(pattern)
    as_text = json.dumps(RECEIVED, default=lambda value: value.decode())
    assert compiled.mask([RECEIVED, as_text, as_text.encode()]) == [verdict] * 3
    assert [compiled.matches(each) for each in (RECEIVED, as_text)] == [verdict] * 2


def test_an_event_keeps_its_own_names() -> None:
    compiled = filterpatterns.compile({"MessageId": ["m-1"]}, source="event")
    assert compiled.mask([RECEIVED, {"messageId": "m-1"}]) == [True, False]


def test_a_message_without_a_body_has_none() -> None:
    compiled = filterpatterns.compile('{"body": {"a": [{"exists": false}]}}')
    assert compiled.mask([{"MessageId": "1"}, {}, {"body": None}, {"body": "{}"}]) == [
        *[False] * 3,
        True,
    ]


BODIES: list[tuple[Any, bool, bool, bool]] = [
    # body, {"a": [1]}, {"a": [{"exists": false}]}, ["x"]
    ('{"a": 1}', True, False, False),
    ('{"a": 2}', False, False, False),
    (' \n{"a": 1}\t', True, False, False),
    ("{}", False, True, False),
    ("[]", False, True, False),
    ("5", False, True, False),
    ("null", False, True, False),
    ('"x"', False, True, False),
    ('[{"a": 1}]', True, False, False),
    ("x", False, False, True),
    ("", False, False, False),
    (" x", False, False, False),
    ('\ufeff{"a": 1}', False, False, False),
    ('{"a": 1', False, False, False),
    ('{"a": NaN}', False, False, False),
    (Text('{"a": 1}'), True, False, False),
    (Text("x"), False, False, True),
    (b'{"a": 1}', True, False, False),
    (bytearray(b'{"a": 1}'), True, False, False),
    (memoryview(b'{"a": 1}'), True, False, False),
    (b"x", False, False, True),
    (b"\xff", False, False, False),
    ({"a": 1}, True, False, False),
    ({"a": 2}, False, False, False),
    ({}, False, True, False),
    ([{"a": 1}], True, False, False),
    ([], False, True, False),
    (5, False, True, False),
    (True, False, True, False),
    (types.MappingProxyType({"a": 1}), True, False, False),
    (None, False, False, False),
]


@pytest.mark.parametrize("case", BODIES, ids=range(len(BODIES)))
def test_a_body_is_json_or_a_plain_string_or_already_parsed(
    case: tuple[Any, bool, bool, bool],
) -> None:
    body, *verdicts = case
    patterns = ('{"a": [1]}', '{"a": [{"exists": false}]}', '["x"]')
    for pattern, verdict in zip(patterns, verdicts, strict=True):
        for metadata, there in (("", True), (', "messageId": ["1"]', True), (', "q": [1]', False)):
            compiled = filterpatterns.compile(f'{{"body": {pattern}{metadata}}}')
            given = {"messageId": "1", "body": body}
            assert compiled.matches(given) is (verdict and there)
            assert compiled.mask([given] * 2) == [verdict and there] * 2
            assert compiled._engine.evaluate(given) is (verdict and there)


def test_each_filter_sees_the_payload_in_the_format_it_expects() -> None:
    patterns = ['{"body": ["x"]}', '{"body": {"a": [1]}}', '{"messageId": ["7"]}']
    compiled = filterpatterns.compile(patterns)
    records = [
        {"body": "x"},
        {"body": '{"a": 1}'},
        {"body": "y", "messageId": "7"},
        {"messageId": "7"},
        {"body": "y"},
        {"body": '"x"'},
        {"body": '{"a": 2}'},
    ]
    assert compiled.mask(records) == [True, True, True, True, False, False, False]
    assert compiled.mask(map(json.dumps, records)) == compiled.mask(records)
    assert [compiled.matches(each) for each in records] == compiled.mask(records)


def test_events_have_no_payload() -> None:
    compiled = filterpatterns.compile('{"body": {"a": [1]}}', source="event")
    events = [{"body": {"a": 1}}, {"body": '{"a": 1}'}, {"Body": {"a": 1}}, {}]
    assert compiled.mask(events) == [True, False, False, False]
    assert compiled.mask(map(json.dumps, events)) == [True, False, False, False]
    assert compiled.source == "event"


def test_sqs_is_the_default_source() -> None:
    assert filterpatterns.compile(PATTERN).source == "sqs"
    assert "sqs" in repr(filterpatterns.compile(PATTERN))


def test_one_record_and_a_batch_of_one_get_the_same_verdict() -> None:
    compiled = filterpatterns.compile(PATTERN)
    for n in range(6):
        assert compiled.matches(record(n)) is kept(n)
        assert compiled.mask([record(n)]) == [kept(n)]


def test_compiling_again_gives_a_filter_that_behaves_the_same() -> None:
    for n in range(1200):  # more than are remembered
        pattern = f'{{"body": {{"a": [{n % 600}]}}}}'
        compiled = filterpatterns.compile(pattern)
        if n % 100 == 0:
            bodies = [{"body": f'{{"a": {m}}}'} for m in (n % 600, n % 600 + 1)]
            assert compiled.mask(bodies) == [True, False]


def test_equal_numbers_in_other_types_are_not_mistaken_in_the_cache() -> None:
    for value, verdicts in ((1, [True, False]), (True, [False, True]), ("1", [False, False])):
        compiled = filterpatterns.compile({"a": [value]}, source="event")
        assert compiled.mask([{"a": 1}, {"a": True}]) == verdicts
    assert filterpatterns.compile(PATTERN, source="event").mask([record(1)]) == [False]
    assert filterpatterns.compile(PATTERN, source="sqs").mask([record(1)]) == [True]


def test_the_source_code_is_python_and_says_matches() -> None:
    source = filterpatterns.compile(PATTERN).source_code
    assert "def matches(" in source
    compile(source, "<source>", "exec")


def test_a_filter_without_generated_code_has_empty_source_code() -> None:
    assert filterpatterns.compile('{"Filters": []}').source_code == ""


THREADS = 8


@pytest.fixture
def _eager_threads() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("_eager_threads")
def test_threads_that_compile_and_match_concurrently_agree() -> None:
    barrier = threading.Barrier(THREADS)

    def work(seed: int) -> list[list[bool]]:
        barrier.wait()
        found = []
        for n in range(40):
            pattern = f'{{"body": {{"t{n}": [{n}], "s": [{{"prefix": "a"}}]}}}}'
            compiled = filterpatterns.compile(pattern)
            records = [{"body": json.dumps({f"t{n}": m, "s": "abc"})} for m in (n, n + 1)]
            found.append([compiled.matches(records[0]), *compiled.mask(records)])
        return found

    with ThreadPoolExecutor(THREADS) as pool:
        for found in pool.map(work, range(THREADS)):
            assert found == [[True, True, False]] * 40


@pytest.mark.usefixtures("_eager_threads")
def test_threads_may_share_a_filter_from_its_first_record_on() -> None:
    for round_ in range(20):
        pattern = f'{{"body": {{"a": [1], "r{round_}": [{{"exists": false}}]}}}}'
        shared: Filter = filterpatterns.compile(pattern)
        barrier = threading.Barrier(THREADS)

        def work(number: int, shared: Filter = shared, barrier: threading.Barrier = barrier) -> Any:
            records: list[Any] = [record(n) for n in range(30)]
            if number % 2:
                records = [json.dumps(each) for each in records]
            barrier.wait()
            if number % 3 == 0:
                return [shared.matches(each) for each in records]
            if number % 3 == 1:
                return shared.mask(records)
            wanted, _ = shared.partition(records)
            return [each in wanted for each in records]

        with ThreadPoolExecutor(THREADS) as pool:
            for found in pool.map(work, range(THREADS)):
                assert found == [kept(n) for n in range(30)]


# ------------------------------------------------------------------------ other processes


def test_matches_works_in_other_processes() -> None:
    compiled = filterpatterns.compile([{"body": {"a": [1]}}, {"body": {"b": [2]}}])
    records = [{"body": '{"a": 1}'}, {"body": '{"a": 2}'}, {"body": '{"b": 2}'}]
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        assert pool.map(compiled.matches, records) == [True, False, True]


@pytest.mark.parametrize("source", ["sqs", "auto"])
def test_a_filter_and_its_methods_pickle_and_are_copied(source: Any) -> None:
    compiled = filterpatterns.compile(PATTERN, source=source, strict=False, max_filters=7)
    pickled = pickle.loads(pickle.dumps(compiled))
    for twin in (pickled, copy.copy(compiled), copy.deepcopy(compiled)):
        assert (twin.source, twin.texts) == (compiled.source, compiled.texts)
    for method in (compiled.matches, compiled.filter, compiled.explain):
        assert pickle.loads(pickle.dumps(method)).__name__ == method.__name__


def test_matches_is_a_method_with_a_docstring() -> None:
    assert "Whether the record is kept" in (filterpatterns.Filter.matches.__doc__ or "")
    compiled = filterpatterns.compile(PATTERN)
    for change in ("matches", "_engine", "new"):
        with pytest.raises(AttributeError, match="immutable"):
            setattr(compiled, change, None)


def test_a_filter_shows_its_patterns() -> None:
    one = filterpatterns.compile('{"body": {"a": [1]}}')
    assert repr(one) == """Filter('{"body": {"a": [1]}}', source='sqs')"""
    two = filterpatterns.compile([{"data": {"a": [1]}}] * 2, source="mq")
    assert repr(two) == """Filter(['{"data":{"a":[1]}}', '{"data":{"a":[1]}}'], source='mq')"""
    long = filterpatterns.compile({"body": {"a": ["x" * 3000]}})
    assert len(repr(long)) < 200


def test_an_explanation_is_shown_as_its_tree() -> None:
    explanation = filterpatterns.compile(PATTERN).explain({"body": "{}"})
    assert repr(explanation) == str(explanation)


def test_compiled_filters_are_cached_up_to_a_size() -> None:
    cache: SizedCache[str] = SizedCache(len, entries=3, size=10)
    for key in ("a", "bb", "ccc", "a", "dddd"):
        assert cache.get(key, lambda key=key: key) == key  # type: ignore[misc]
    assert cache.info() == CacheInfo(3, 8)  # "bb" was not used for longest
    cache.get("eeeee", lambda: "eeeee")
    assert cache.info() == CacheInfo(3, 10)  # "ccc" had to go
    cache.get("f" * 11, lambda: "f" * 11)
    assert cache.info() == CacheInfo(3, 10)
    cache.get("g" * 10, lambda: "g" * 10)
    assert cache.info() == CacheInfo(1, 10)


@pytest.mark.parametrize("name", ["fields", "tower of `$or`", "1,000 combinations", "alternatives"])
def test_the_estimated_size_of_a_filter_is_about_right(name: str) -> None:
    from benchmarks.workloads.hostile_cases import PATTERNS as HOSTILE

    filterpatterns.compile(PATTERN).matches(record(1))
    text = HOSTILE[name](4096)
    tracemalloc.start()
    try:
        compiled = filterpatterns.compile(text)
        compiled.matches(record(1))
        gc.collect()
        taken = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert taken / 8 < sys.getsizeof(compiled) < taken * 8


def test_code_is_generated_once_it_pays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "EVALUATED_FIRST", 3)
    kept, dropped = {"body": '{"a": 1}'}, {"body": '{"a": 2}'}
    pattern = '{"body": {"a": [1], "b": [1, {"exists": false}]}}'
    for source in ("sqs", "auto"):
        compiled = filterpatterns.compile(pattern, source=source)
        part = compiled._engine
        sqs = part if isinstance(part, engine.Engine) else part._engine({"eventSource": "aws:sqs"})
        kept["eventSource"] = dropped["eventSource"] = "aws:sqs"
        for number in range(8):
            record, verdict = ((kept, True), (dropped, False))[number % 2]
            assert compiled.matches(record) is verdict
            assert sqs.is_settled is (number >= 3)
    batch = filterpatterns.compile('{"body": {"a": [1], "c": [1, {"exists": false}]}}')
    assert batch.mask([kept, dropped]) == [True, False]
    assert batch._engine.is_settled
