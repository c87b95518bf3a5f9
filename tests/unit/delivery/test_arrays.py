"""Large arrays of records: one element at a time, in any chunks, and nothing is lost."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filterpatterns.delivery import sizes
from filterpatterns.delivery.reader import Item, Reader
from tests.support.paths import THOROUGH
from tests.unit.cli.test_program import PATTERN, command_line, fp, lines


def read(data: bytes, part: int, held: int = 0) -> tuple[list[Item], bytes]:
    """The items of a file that is read in parts of so many bytes, and what is in no record."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sizes, "HELD_WHOLE", held)
        invalid_lines: list[bytes] = []
        reader = Reader("f", on_invalid=invalid_lines.append)
        found: list[Item] = []
        number = 0
        for line in parts(data, reader, part):
            number += not reader.is_inside
            found += reader.line(number, line)
        found += reader.end()
        return found, b"".join(invalid_lines)


def parts(data: bytes, reader: Reader, size: int) -> Iterator[bytes]:
    """Lines, those in parts that may come so, as `Stream.read_lines` gives them."""
    for line in (data.rstrip(b"\n") + b"\n").split(b"\n")[:-1]:
        left = line + b"\n"
        while left:
            taken = size
            while taken < len(left) and taken < reader.longest(left[:taken]):
                taken += size
            yield left[:taken]
            left = left[taken:]


def reported(found: list[Item]) -> list[Any]:
    return [json.loads(i.record) if i.record is not None else (i.line, i.error) for i in found]


RECORDS: list[dict[str, Any]] = [
    {"messageId": "a", "body": '{"n": [1, {"x": "}"}]}'},
    {"messageId": "b", "body": 'plain ]}[{ "\\ text'},
    {},
    {"messageId": "c", "attributes": {"é": ["\u2028", [[], {}], "\U0001f600"]}, "n": 1e-5},
]

LAYOUTS = {
    "one line": json.dumps(RECORDS),
    "compact": json.dumps(RECORDS, separators=(",", ":"), ensure_ascii=False),
    "pretty": json.dumps(RECORDS, indent=2),
    "without indent": json.dumps(RECORDS, indent=0),
    "crlf": json.dumps(RECORDS, indent=1).replace("\n", "\r\n"),
    "commas first": "[" + "\n,".join(map(json.dumps, RECORDS)) + "\n]",
    "element a line": "\ufeff[\n" + ",\n".join(map(json.dumps, RECORDS)) + "\n]\n",
    "event": json.dumps({"Records": RECORDS, "more": [{"]": "}"}]}),
    "pretty event": "\n\n" + json.dumps({"Records": RECORDS, "more": {"x": []}}, indent=3),
    "two arrays": json.dumps(RECORDS[:2]) + "\n" + json.dumps(RECORDS[2:]),
    "two pretty arrays": json.dumps(RECORDS[:2], indent=2) + "\n" + json.dumps(RECORDS[2:]),
    "arrays in one line": json.dumps(RECORDS[:2]) + " " + json.dumps(RECORDS[2:], indent=1),
    "array and records": json.dumps(RECORDS[:2]) + "\n" + lines(*RECORDS[2:]),
    "of events": json.dumps([{"Records": RECORDS[:2]}, {"Records": RECORDS[2:]}]),
}


@pytest.mark.parametrize("part", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_array_has_the_same_items_in_any_chunks(layout: str, part: int) -> None:
    data = LAYOUTS[layout].encode()
    found, invalid_lines = read(data, part)
    assert reported(found) == RECORDS
    assert invalid_lines == b""
    whole, _ = read(data, 1 << 20, held=1 << 20)
    assert [(i.line, i.id) for i in found] == [(i.line, i.id) for i in whole]
    assert [i.as_line().strip() for i in found] == [i.as_line().strip() for i in whole]


def test_invalid_elements_are_reported_and_the_array_continues() -> None:
    data = (
        b'[\n {"id": "1"}, 5, nul,, "x\\"]", [1,\n [{}]],\n {"id": "2" "n": 1},\n'
        b' {"id": "\xff"},\n {"n": ' + b"[" * 2000 + b"]" * 2000 + b'}, {"id": "3"},\n]\n'
    )
    for part in (1, 5, 1000):
        found, invalid_lines = read(data, part)
        assert [(i.line, i.column, i.error) if i.error else i.id for i in found] == [
            "1",
            (2, None, "a record must be a JSON object, found a number"),
            (2, 18, "invalid JSON: expecting value"),
            (2, 22, "invalid JSON: ends too early"),
            (2, None, "a record must be a JSON object, found a string"),
            (2, None, "a record must be a JSON object, found an array"),
            (4, 13, "invalid JSON: expecting ',' delimiter"),
            (5, 10, "not UTF-8: invalid start byte"),
            (6, None, "nested deeper than 1,024 levels"),
            "3",
            (7, 1, "invalid JSON: ends too early"),
        ]
        assert invalid_lines.startswith(b'5\nnul\n\n"x\\"]"\n[1,[{}]]\n{"id": "2" "n": 1}\n')


BROKEN = {
    "never ends": (b'[{"id": "1"}, {"id": "2"}\n', ["1", "2", None], b""),
    "ends in a record": (b'[{"id": "1"},\n{"id": "2', ["1", None], b'\n{"id": "2\n'),
    "ends behind a comma": (b'[{"id": "1"},\n', ["1", None], b""),
    "no comma": (b'[{"id": "1"} {"id": "2"}]\n', [None], b'{"id": "1"} {"id": "2"}]\n'),
    "wrong bracket": (b'[{"id": "1"}, {"id": ]}, 7]\n', ["1", None], b' {"id": ]}, 7]\n'),
    "line feed in a string": (b'[{"id": "1"}, {"id": "\n"}, 7]\n', ["1", None, None], None),
    "broken tail": (b'{"Records": [{"id": "1"}], "x": tru}\n', ["1", None], b', "x": tru}\n'),
    "twice": (b'{"Records": [{"id": "1"}], "Records": [{}]}\n', ["1", None], None),
    "event never ends": (b'{"Records": [{"id": "1"}], "x": [\n', ["1", None], b', "x": [\n'),
}


@pytest.mark.parametrize("name", BROKEN)
def test_records_before_the_error_in_an_array_are_read(name: str) -> None:
    data, ids, invalid_lines = BROKEN[name]
    for part in (1, 3, 8):
        found, found_lost = read(data, part)
        assert [item.id for item in found] == ids
        assert found[-1].error is not None
        if invalid_lines is not None:
            assert found_lost == invalid_lines


def test_a_broken_array_does_not_affect_other_documents() -> None:
    torn = b'[{"id": "1"}, {"id": "2"'
    for part in (1, 6):
        found, _ = read(torn + b'\n{"id": "3"}\n{"id": "4"}\n', part)
        assert [item.id for item in found] == ["1", None, "3", "4"], "of JSON Lines the first"
        pretty = json.dumps([{"id": "1"}, {"id": "2"}], indent=1).encode()
        more = json.dumps({"id": "3"}, indent=1).encode()
        for missing in (2, 4):
            found, _ = read(pretty[:-missing] + b"\n" + pretty + b"\n" + more, part)
            ids = ["1", "2"] if missing == 2 else ["1"]
            assert [item.id for item in found] == [*ids, None, "1", "2", "3"]


_values = st.recursive(
    st.none()
    | st.integers()
    | st.text(max_size=6)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@given(
    st.lists(st.dictionaries(st.text(max_size=3), _values), max_size=5),
    st.sampled_from([None, 0, 1, 4]),
    st.booleans(),
    st.booleans(),
    st.integers(1, 40),
)
def test_any_array_is_read_like_a_whole_document(
    records: list[Any], indent: int | None, is_ascii: bool, is_event: bool, part: int
) -> None:
    document = {"Records": records} if is_event else records
    data = json.dumps(document, indent=indent, ensure_ascii=is_ascii).encode()
    found, invalid_lines = read(data, part)
    whole, lost_whole = read(data, 1 << 20, held=1 << 20)
    assert [(i.record, i.line, i.id, i.error) for i in found] == [
        (i.record, i.line, i.id, i.error) for i in whole
    ]
    assert invalid_lines == lost_whole


@given(st.binary(max_size=60) | st.text('[]{}",\\ \n1aé:', max_size=60).map(str.encode))
def test_no_input_makes_it_fail_or_is_lost(text: bytes) -> None:
    data = b'[{"a":' + text
    for part in (1, 3):
        found, invalid_lines = read(data, part)
        assert found
        assert all((item.record is None) == (item.error is not None) for item in found)
        written = b"".join(i.as_line() for i in found if i.record is not None) + invalid_lines
        assert all(char in b"[], \t\r\n\xef\xbb\xbf" for char in set(data) - set(written))


@pytest.mark.parametrize(
    ("command", "form"),
    [
        ("test -q", "[%s]"),
        ("test -q", "[\n%s\n]"),
        ("filter -c", '{"Records": [%s]}'),
        ("stats", "[%s]"),
        ("route --summary", "[%s]"),
    ],
)
def test_an_array_takes_the_memory_of_an_element(command: str, form: str, tmp_path: Path) -> None:
    path, count = tmp_path / "large.json", 12_000
    record = json.dumps({"messageId": "x", "body": json.dumps({"total": 5, "x": "y" * 900})})
    path.write_text(form % (",\n" if "\n" in form else ", ").join([record] * count))
    name, *options = command.split()
    pattern = f'{{"r": {PATTERN}}}' if name == "route" else PATTERN
    line = command_line(name, *options, pattern, path)
    shell = ["bash", "-c", 'ulimit -v 90000; "$@"', "bash", *line]
    done = subprocess.run(shell, capture_output=True, timeout=120, check=False)
    assert done.stderr in (b"", b"1 of 1 rules matched no record\n")
    assert done.stdout.startswith((b"0\n", f"{count:,} records: 0".encode()))


@pytest.mark.properties
@pytest.mark.parametrize("limit", range(50_000, 90_000, 2_000 if THOROUGH else 10_000))
@pytest.mark.parametrize("command", ["test -q", "filter -c", "route --summary"])
def test_running_out_of_memory_is_reported(command: str, limit: int, tmp_path: Path) -> None:
    """A document that is no array, and a line, are held whole."""
    path = tmp_path / "large.json"
    name, *options = command.split()
    array = ", ".join(['{"x": ["y"]}'] * 80_000)
    if name == "test":
        record = f'{{"messageId": "x", "body": "{{}}", "more": [{array}]}}'
        path.write_text(f"[[{record}]]{record}\n")
    else:
        path.write_text(json.dumps({"messageId": "x", "body": f'{{"total": [{array}]}}'}) + "\n")
    pattern = f'{{"r": {PATTERN}}}' if name == "route" else PATTERN
    line = command_line(name, *options, pattern, path)
    shell = ["bash", "-c", f'ulimit -v {limit}; "$@"', "bash", *line]
    done = subprocess.run(shell, capture_output=True, timeout=60, check=False)
    if done.returncode == 2:
        assert b"fp: error: out of memory" in done.stderr or b"a record must be" in done.stderr
    else:
        assert done.returncode in (0, 1, 127), done


def test_records_of_a_large_array_are_written_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "large.json"
    kept = '{ "body": "{\\"total\\": 1e3}",  "n": 1.10 }'
    rest = json.dumps({"body": "x" * 100_000})
    path.write_text(f"[{kept}, {rest}, {kept}, {rest}, {rest}, {rest}, {kept}]")
    assert fp("filter", PATTERN, path).stdout == f"{kept}\n" * 3
    assert fp("filter", "-v", PATTERN, path).stdout == f"{rest}\n" * 4
