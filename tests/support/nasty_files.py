"""Malformed files of records, from a seed."""

from __future__ import annotations

import json
import random
from typing import Any

BOM = b"\xef\xbb\xbf"
SPACES = [b"", b" ", b"\t", b"\r", b" \t\r\r", b"\r "]


def nasty_file(seed: int) -> bytes:
    """A file: JSON Lines with all kinds of lines in it, or documents of many lines, all of them
    good. Which of the two is told by its first line, as the program does."""
    rng = random.Random(seed)
    if rng.random() < 0.7:
        count = rng.choice([0, 1, 3, 10, 40, 200])
        first = rng.choice([_plain(rng), b"{}", b"5", b"nonsense", b"[]", _event(rng)])
        lines = [first, *(_line(rng) for _ in range(count))]
        return b"\n".join(lines) + rng.choice([b"", b"\n", b"\n\n", b"\r\n"])
    documents = [_document(rng, rng.choice([0, 1, 4]))]
    documents += [_document(rng, rng.choice([None, 0, 2])) for _ in range(rng.choice([0, 1, 2, 5]))]
    text = rng.choice([b"\n", b"", b"\n\n \n", b" "]).join(documents)
    if rng.random() < 0.3:
        text = text.replace(b"\n", b"\r\n")
    return rng.choice([b"", b"", BOM, b"\n"]) + text + rng.choice([b"", b"\n"])


def _value(rng: random.Random) -> Any:
    return rng.choice(
        [
            None,
            True,
            5,
            -1.5,
            10**30,
            "plain",
            "é\u2028\x85 \U0001f600",
            '"]}{[,:\\',
            "line\nfeed",
            ["x", "y"],
            [[], {}],
            {"k": "x", "n": {"]": "}"}},
            "x" * rng.choice([1, 100, 5_000]),
        ]
    )


def record(rng: random.Random) -> dict[str, Any]:
    """A record; about half of them have "x" as their member "k"."""
    found = {f"m{n}": _value(rng) for n in range(rng.randrange(4))}
    found["k"] = rng.choice(["x", "x", ["y", "x"], "y", 5, None])
    if rng.random() < 0.1:
        del found["k"]
    members = list(found.items())
    rng.shuffle(members)
    return dict(members)


def _plain(rng: random.Random) -> bytes:
    separators = rng.choice([(",", ":"), (", ", ": "), (" ,\r", "\t:\r ")])
    text = json.dumps(record(rng), ensure_ascii=rng.random() < 0.5, separators=separators).encode()
    if rng.random() < 0.1:  # the last of a repeated name counts
        text = text[:-1].rstrip() + b', "k": "y"}'
    return rng.choice(SPACES) + text + rng.choice(SPACES)


def _event(rng: random.Random) -> bytes:
    records: list[Any] = [record(rng) for _ in range(rng.randrange(4))]
    if records and rng.random() < 0.3:
        records.insert(1, rng.choice([5, "x", None, [], [{}]]))
    more = rng.choice([{}, {"more": {"]": [1]}}])
    return json.dumps({"Records": records, **more}, ensure_ascii=rng.random() < 0.5).encode()


def _array(rng: random.Random) -> bytes:
    records: list[Any] = [record(rng) for _ in range(rng.randrange(4))]
    if rng.random() < 0.3:
        records.insert(0, rng.choice([5, "x", None, [], [{"k": "x"}], {"Records": [record(rng)]}]))
    return json.dumps(records).encode()


def _broken(rng: random.Random) -> bytes:
    text = rng.choice([_plain, _event, _array])(rng)
    place = rng.randrange(len(text) + 1)
    return rng.choice(
        [
            text[:place],
            text[place:],
            text[:place] + rng.choice([b'"', b"}", b"]", b"{", b"[", b",", b"\xff"]) + text[place:],
            text[:place] + b"\0" + text[place:],
            text + b",",
            text + b"}",
        ]
    )


def _line(rng: random.Random) -> bytes:
    draw = rng.random()
    if draw < 0.5:
        return _plain(rng)
    if draw < 0.6:
        return BOM + _plain(rng)
    if draw < 0.75:
        return _broken(rng)
    return rng.choice(
        [
            _event(rng),
            _array(rng),
            _plain(rng) + b" " + _plain(rng),
            _array(rng) + _plain(rng).strip(),
            b"",
            b" \t\r",
            b"\xff\xfe",
            b"\x00",
            b"\x0b{}",
            b"null",
            b'"k"',
            b"5\r",
            b"{",
            b"}",
            b"[",
            b"]",
            b'{"k": "x", "n": 1e400}',
            b'{"k": "x", "n": NaN}',
            b'{"k": "x", "n": 01}',
            b'{"k": "x", "n": "\\ud800"}',
            b'{"\\u006b": "\\u0078"}',
            b'{"k": "x", "n": ' + b"[" * 1023 + b"]" * 1023 + b"}",
            b'{"k": "x", "n": ' + b"[" * 1500 + b"]" * 1500 + b"}",
            b'{"Records": 5, "k": "x"}',
            b'{"Records": [5], "k": "x"}',
            b'{"messages": "none", "k": "x"}',
            b"x" * 70_000,
            b'{"k": "x", "n": "' + b"y" * 70_000 + b'"}',
        ]
    )


def _document(rng: random.Random, indent: int | None) -> bytes:
    """A document; of several lines unless the indentation is None."""
    many = rng.choice([1, 2, 5, 30])
    records: list[Any] = [record(rng) for _ in range(many)]
    if rng.random() < 0.2:
        records.insert(1, rng.choice([5, "x", None, [], [{"k": "x"}]]))
    document = rng.choice([records, records, {"Records": records, "more": [{}]}, records[0]])
    return json.dumps(document, indent=indent, ensure_ascii=rng.random() < 0.5).encode()
