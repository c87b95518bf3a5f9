"""Hostile patterns and records, of any requested size."""

from __future__ import annotations

import base64
import itertools
import json
import random
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_KB, _MB = 1024, 1024 * 1024


def filled(start: str, item: str, end: str, size: int) -> str:
    """As many items as there is room for, with commas between; # in one is its number."""
    made, number = [start], 0
    room = size - len(start) - len(end)
    while True:
        new = ("," if number else "") + item.replace("#", str(number))
        room -= len(new)
        if room < 0:
            return "".join(made) + end
        made.append(new)
        number += 1


def _tower(size: int) -> str:
    tower = '{"a":[0]}'
    while len(tower) + 22 < min(size, 1800):
        tower = f'{{"$or":[{tower},{{"a":[1]}}]}}'
    return f'{{"body":{tower}}}'


def _thousand() -> str:
    """Members that multiply out to a thousand combinations."""
    ten = ",".join(f'{{"#":[{number}]}}' for number in range(10))
    return ",".join(f'"{name}":{{"$or":[{ten.replace("#", name)}]}}' for name in "xyz")


def _combinations(size: int) -> str:
    return filled('{"body":{' + _thousand() + ",", '"f#":[1]', "}}", size)


def _in_array(size: int) -> str:
    """A thousand combinations of fields in one array."""
    return filled('{"body":{"i":{' + _thousand() + ",", '"f#":[1]', "}}}", size)


PATTERNS: Mapping[str, Callable[[int], str]] = {
    "rules for one field": lambda size: filled('{"body":{"a":[', '"s#"', "]}}", size),
    "prefixes for one field": lambda size: filled('{"body":{"a":[', '{"prefix":"#"}', "]}}", size),
    "excluded wildcards": lambda size: filled(
        '{"body":{"a":[{"anything-but":{"wildcard":[', '"*#*"', "]}}]}}", size
    ),
    "fields": lambda size: filled('{"body":{', '"f#":[#]', "}}", size),
    "optional fields": lambda size: filled('{"body":{', '"f#":[{"exists":false},#]', "}}", size),
    "alternatives": lambda size: filled('{"body":{"$or":[', '{"f#":[#]}', "]}}", size),
    "alternatives for one field": lambda size: filled('{"body":{"$or":[', '{"a":[#]}', "]}}", size),
    "tower of `$or`": _tower,
    "1,000 combinations": _combinations,
    "1,000 combinations in an array": _in_array,
    "200 levels": lambda size: '{"body":' + '{"a":' * (size // 21) + "[1]" + "}" * (size // 21 + 1),
    "100,000 levels": lambda size: '{"a":' * (size * 100_000 // 4096),
    "name of dots": lambda size: '{"body":{"' + "." * (size - 30) + '":[1]}}',
    "wildcard `*a*a*a`": lambda size: (
        '{"body":{"a":[{"wildcard":"' + "*a" * (size // 2 - 20) + '"}]}}'
    ),
    "`\\u` escapes": lambda size: '{"body":{"' + "\\u0061" * (size // 6 - 5) + '":[1]}}',
    "long number": lambda size: '{"body":{"a":[' + "1" * (size - 30) + "]}}",
    "mistakes": lambda size: filled('{"body":{"a":[', '{"prefix":#}', "]}}", size),
    "text after the pattern": lambda size: '{"body":{"a":[1]}}' + " }" * (size // 2 - 20),
    "unterminated string": lambda size: '{"body":{"a":["' + 'x\\"' * (size // 3 - 10),
}


@dataclass(frozen=True)
class RecordCase:
    """A pattern, and records for it of about so many bytes."""

    pattern: str
    record: Callable[[int], Any]
    size: int = _MB
    source: str = "sqs"


def _body(text: str) -> dict[str, Any]:
    return {"messageId": "1", "body": text}


def _objects(item: str, end: str = "") -> Callable[[int], Any]:
    return lambda size: _body(filled('{"i":[', item, end + "]}", size))


def _repeated(start: str, item: str, end: str) -> Callable[[int], Any]:
    return lambda size: _body(start + item * ((size - len(start) - len(end)) // len(item)) + end)


def _parsed(levels: int) -> Any:
    value: Any = {"a": 1}
    for _ in range(levels):
        value = [value]
    return {"body": {"i": value}}


_COVER_FIELDS = [f"p{number:02}" for number in range(20)]
_COVER_WAYS = (
    "a/b/c/d",
    "a.b/c/d",
    "a/b.c/d",
    "a/b/c.d",
    "a.b.c/d",
    "a/b.c.d",
    "a.b/c.d",
    "a.b.c.d",
)


def _cover(size: int) -> Any:
    """One path in eight spellings, each of which leads to an array: choosing from all is a set
    cover."""
    chance = random.Random(1)
    event: dict[str, Any] = {}
    for way in _COVER_WAYS:
        array = [
            {name: 1 for name in _COVER_FIELDS[:-2] if chance.random() < 0.45}
            for _ in range(max(2, size // 600))
        ]
        if way == _COVER_WAYS[0]:  # the last two are never together
            for number, element in enumerate(array):
                element[_COVER_FIELDS[-2 + number % 2]] = 1
        place = event
        *outer, last = way.split("/")
        for name in outer:
            place = place.setdefault(name, {})
        place[last] = array
    return event


def _combined(size: int, spelling: str = "z", value: str = '{"z":9}', rest: str = "") -> Any:
    """A record for 1,000 combinations that has all fields, and is of about so many bytes."""
    fields = ",".join(f'"f{number}":1' for number in range(290))
    start = f'{{"x":{{"x":9}},"y":{{"y":9}},"{spelling}":{value},{fields},{rest}"pad":['
    return _body(filled(start, '"#"', "]}", max(size, len(start) + 10)))


def _nested_spellings(size: int) -> Any:
    """Arrays in arrays, 500 of them, and one more spelling of the path."""
    element = '{"b":#,"c":2}'
    inner = filled("[", element, "]", size - 500 * 14)
    return _body('{"a":' + "[" * 500 + inner + ',[{"b":1}]]' * 500 + ',"a.b":5}')


def _deep_arrays(size: int) -> Any:
    """Nothing but arrays, 200 levels again and again, and another spelling of the path."""
    return _body(filled('{"a":[', "[" * 199 + "]" * 199, '],"a.b":5}', size))


def _distinct_objects(size: int) -> Any:
    """Objects of which no two have the same fields."""
    elements = ",".join(
        f'{{"x":{number % 10},"y":{number // 10 % 10},"f{number % 283}":1,"f{number * 7 % 281}":1}}'
        for number in range(size // 36)
    )
    return _body(f'{{"i":[{elements}]}}')


_MODULUS = sys.hash_info.modulus
_WIDTH = _MODULUS.bit_length()
_PLACES = [f"f{number:03}" for number in range(270)]
"""Fields whose bits in masks have the same hash, at a distance of the width."""


def _integers_of_one_hash(size: int) -> Any:
    return _body(f'{{"i":{json.dumps([_MODULUS * n for n in range(1, size // 25)])}}}')


def _elements_of_one_hash(size: int) -> Any:
    """Objects of seven fields, no two with the same ones."""
    chosen = itertools.product(*(_PLACES[residue::_WIDTH] for residue in range(7)))
    elements = (dict.fromkeys(names, 1) for names in itertools.islice(chosen, size // 66))
    return _body(json.dumps({"i": list(elements)}, separators=(",", ":")))


_ONE = '{"body":{"i":{"a":[1],"b":[2]}}}'
_COVER = json.dumps({"a": {"b": {"c": {"d": {name: [1] for name in _COVER_FIELDS}}}}})

_MANY = _combinations(3418)
_MANY_IN_ARRAY = _in_array(4096)
_FIELDS_IN_ARRAY = filled('{"body":{"i":{', '"f#":[1]', "}}}", 4096)
_NESTED = '{"body":{"a":{"b":[1],"c":[1]}}}'

RECORDS: Mapping[str, RecordCase] = {
    "1,000 combinations, 4 KB": RecordCase(_MANY, _combined, 4 * _KB),
    "1,000 combinations, 1 MB": RecordCase(_MANY, _combined),
    "1,000 combinations, dotted": RecordCase(
        _MANY, lambda size: _combined(size, "z.z", "9", '"z":0,')
    ),
    "1,000 combinations, in arrays": RecordCase(
        _MANY, lambda size: _combined(size, "z.z", '[{"q":1},10]', '"z":[{"z":10},{"z":11}],')
    ),
    "1,000 combinations of an array": RecordCase(_MANY_IN_ARRAY, _distinct_objects),
    "450 fields in an array of `{}`": RecordCase(_FIELDS_IN_ARRAY, _objects("{}")),
    "450 fields in an array": RecordCase(_FIELDS_IN_ARRAY, _distinct_objects),
    "nested arrays, one more spelling": RecordCase(_NESTED, _nested_spellings),
    "`[[[...]]]`, one more spelling": RecordCase(_NESTED, _deep_arrays),
    "empty arrays, one more spelling": RecordCase(
        _NESTED, lambda size: _body(filled('{"a":[', "[]", '],"a.b":5}', size))
    ),
    "objects, the last spelt otherwise": RecordCase(
        '{"body":{"i":{"a":{"b":[2]}}}}', _objects('{"a":{"b":1}}', ',{"a.b":1}')
    ),
    "400 alternatives for an array": RecordCase(
        filled('{"body":{"i":{"$or":[', '{"a":[#]}', "]}}}", 4096),
        _objects('{"a":7#}'),
    ),
    "prefixes for an array": RecordCase(
        filled('{"body":{"i":[', '{"prefix":"z#"}', "]}}", 4096), _objects('"a#"')
    ),
    "suffixes ignoring case for an array": RecordCase(
        filled('{"body":{"i":[', '{"suffix":{"equals-ignore-case":"A#"}}', "]}}", 4096),
        _objects('"#aA"'),
    ),
    "wildcards for an array": RecordCase(
        filled('{"body":{"i":[', '{"wildcard":"*a*a*a*#"}', "]}}", 4096), _objects('"a#aa"')
    ),
    "wildcards with one longest text": RecordCase(
        filled('{"body":{"i":[', '{"wildcard":"*aaaaaaaa*#*z*"}', "]}}", 4096),
        _objects('"aaaaaaaa#y"'),
    ),
    "excluded wildcards for an array": RecordCase(
        filled('{"body":{"i":[{"anything-but":{"wildcard":["a*",', '"*a*#*z*"', "]}}]}}", 4096),
        _objects('"a#y"'),
    ),
    "several `anything-but` for an array": RecordCase(
        filled('{"body":{"i":[', '{"anything-but":{"prefix":["a","b#"]}}', "]}}", 4096),
        _objects('"a#y"'),
    ),
    "one block in many spellings": RecordCase(
        '{"body":{"i":[' + ",".join(f'{{"cidr":"10.{n}.0.1/9"}}' for n in range(128)) + "]}}",
        _objects('"10.200.2.#"'),
    ),
    "blocks of addresses for an array": RecordCase(
        '{"body":{"i":['
        + ",".join(f'{{"cidr":"10.{n}.0.0/{n % 31 + 1}"}}' for n in range(150))
        + "]}}",
        _objects('"11.1.2.#"'),
    ),
    "objects in an array, 256 KB": RecordCase(_ONE, _objects('{"a":1,"b":3}'), 256 * _KB),
    "objects in an array": RecordCase(_ONE, _objects('{"a":1,"b":3}')),
    "optional field first": RecordCase(
        '{"body":{"i":{"a":[{"exists":false}],"b":[2]}}}', _objects('{"b":2}', ',{"a":1}')
    ),
    "arrays of arrays of objects": RecordCase(_ONE, _objects('[[{"a":1}],[{"b":2}]]')),
    "leaves and objects": RecordCase('{"body":{"i":[5],"i.a":[1]}}', _objects('4,{"a":2}')),
    "scalars in an array": RecordCase('{"body":{"i":["x",{"prefix":"y"}]}}', _objects("#")),
    "empty arrays": RecordCase(_ONE, _objects("[]")),
    "dotted spellings": RecordCase(
        '{"body":{"i":{"a.b":[1],"c":[2]}}}', _objects('{"a":{"b":1}},{"a.b":#,"c":#}')
    ),
    "spellings in many arrays": RecordCase(_COVER, _cover, 64 * _KB, source="event"),
    "one name many times": RecordCase(_ONE, _repeated("{", '"i":1,', '"i":1}')),
    "many names": RecordCase(_ONE, lambda size: _body(filled("{", '"n#":#', "}", size))),
    "many names with dots": RecordCase(
        '{"body":{"i":{"a":{"b":[1]}}}}', lambda size: _body(filled("{", '"i.#":#', "}", size))
    ),
    "a long name": RecordCase(_ONE, _repeated('{"', "i", '":1}')),
    "a long number": RecordCase('{"body":{"i":[1]}}', _repeated('{"i":', "9", "}"), 100_000),
    "long numbers": RecordCase(_ONE, _objects("9" * 300)),
    "escapes": RecordCase('{"body":{"i":["x"]}}', _repeated('{"i":"', "\\u0061", '"}')),
    "half surrogate pairs": RecordCase(
        '{"body":{"i":["x"]}}', _repeated('{"i":"', "\\ud83d", '"}')
    ),
    "endless `[`": RecordCase(_ONE, _repeated("", "[", "")),
    'endless `{"i":`': RecordCase(_ONE, _repeated("", '{"i":', "")),
    "quotes": RecordCase(_ONE, _repeated("", '"', "")),
    "backslashes": RecordCase(_ONE, _repeated('{"i":"', "\\", "")),
    "1,024 levels again and again": RecordCase(
        _ONE,
        lambda size: _body('{"i":[' + ",".join(["[" * 1022 + "]" * 1022] * (size // 2045)) + "]}"),
    ),
    "arrays nested 190 levels": RecordCase(
        '{"body":' + '{"a":' * 191 + "[1]" + "}" * 192,
        lambda size: _body(filled('{"a":[' * 190, '{"a":#}', "]}" * 190, size)),
    ),
    "-0 among integers": RecordCase(_ONE, _objects("-0,1")),
    "100,000 levels, parsed": RecordCase(_ONE, _parsed, 100_000),
    "wildcard `*a*a*a*` on `aaaa`": RecordCase(
        '{"body":{"i":[{"wildcard":"' + "*a" * 1900 + '*b"}]}}', _repeated('{"i":"', "a", '"}')
    ),
    "wildcard with long parts": RecordCase(
        '{"body":{"i":[{"wildcard":"*' + "a" * 1900 + "b" + "a" * 1900 + '*"}]}}',
        _repeated('{"i":"', "a", '"}'),
    ),
    "many wildcards": RecordCase(
        filled('{"body":{"i":[', '{"wildcard":"*#x*"}', "]}}", 4096),
        _repeated('{"i":"', "a", '"}'),
    ),
    "ignoring case": RecordCase(
        '{"body":{"i":[{"suffix":{"equals-ignore-case":"' + "ß" * 4000 + '"}}]}}',
        _repeated('{"i":"', "S", '"}'),
    ),
    "base64": RecordCase(
        '{"data":{"i":{"a":[1]}}}',
        lambda size: {
            "kinesis": {
                "data": base64.b64encode(b'{"i":[' + b"1," * (size * 3 // 8) + b"1]}").decode()
            }
        },
        source="kinesis",
    ),
    "a record as text": RecordCase(_ONE, lambda size: json.dumps(_objects('{"a":1}')(size))),
    "integers of one hash": RecordCase('{"body":{"i":[1]}}', _integers_of_one_hash),
    "excluded wildcards for objects": RecordCase(
        filled(
            '{"body":{"i":{"b":[7],"a":[{"anything-but":{"wildcard":["a*",',
            '"*a*#*z*"',
            "]}}]}}}",
            4096,
        ),
        _objects('{"a":"a#y"}'),
    ),
    "`$or` of excluded wildcards": RecordCase(
        filled(
            '{"body":{"i":{"$or":[',
            '{"a":[{"anything-but":{"wildcard":["*a*#*","a*"]}}]}',
            "]}}}",
            4096,
        ),
        _objects('{"a":"a#y"}'),
    ),
    "leaves and objects, 1,000 levels": RecordCase(
        '{"body":{"i":[5],"i.a":[1]}}',
        lambda size: _body(filled('{"i":[', "[4," * 1000 + '{"a":2}' + "]" * 1000, "]}", size)),
    ),
    "elements of one hash": RecordCase(
        json.dumps({"body": {"i": {name: [1] for name in _PLACES}}}, separators=(",", ":")),
        _elements_of_one_hash,
    ),
}


@dataclass(frozen=True)
class RulesCase:
    """A pattern for each of so many rules, and a record for all of them."""

    pattern: Callable[[int], str]
    record: Callable[[int], Any]
    size: int = _MB


def _all_in_an_array() -> Any:
    fields = ",".join(f'"f{number}":1' for number in range(400))
    return _body(f'{{"i":[{{"x":{{"x":9}},"y":{{"y":9}},"z":{{"z":9}},{fields}}}]}}')


def _hard(number: int) -> str:
    """An endless search, and something else that no other rule has."""
    return f'{{"body":{{"$or":[{_COVER},{{"n":[{number}]}}]}}}}'


def _any_of(*rules: str) -> str:
    return f'{{"body":{{"i":[{",".join(rules)}]}}}}'


def _sharp(number: int) -> str:
    return "".join("ß" if number >> bit & 1 else "ss" for bit in range(10))


def _spelt(size: int) -> Any:
    """One text in upper and lower case, again and again."""
    chance = random.Random(1)
    texts = ("".join(chance.choice("sS") for _ in range(20)) for _ in range(size // 23))
    return _body(json.dumps({"i": list(texts)}, separators=(",", ":")))


def _numbered(number: int, item: str, start: str, end: str) -> str:
    """A pattern of full length with names or values that no other has."""
    return filled(start, item.replace("@", f"{number:03}"), end, 4096)


BUILDS: Mapping[str, Callable[[int], str]] = {
    "fields": lambda number: _numbered(number, '"f@#":[#]', '{"body":{', "}}"),
    "rules for one field": lambda number: _numbered(number, '"s@#"', '{"body":{"a":[', "]}}"),
    "alternatives": lambda number: _numbered(number, '{"f@#":[#]}', '{"body":{"$or":[', "]}}"),
    "wildcards": lambda number: _numbered(
        number, '{"wildcard":"*aaaaaaaa*@#*z*"}', '{"body":{"i":[', "]}}"
    ),
    "1,000 combinations of 286 fields": lambda number: _combinations(3400).replace(
        '"f0":[1]', f'"f0":[1,{number + 2}]'
    ),
    "1,000 combinations, in an array": lambda number: _in_array(4080).replace(
        '"f0":[1]', f'"f0":[1,{number + 2}]'
    ),
}
"""Patterns for each of so many rules."""


RULES: Mapping[str, RulesCase] = {
    "two fields of an array": RulesCase(
        lambda number: f'{{"body":{{"i":{{"a":[1],"b":[{number}]}}}}}}', _objects('{"a":1,"b":1#}')
    ),
    "absence in an array": RulesCase(
        lambda number: f'{{"body":{{"i":{{"a":[{{"exists":false}}],"b":[{number}]}}}}}}',
        _objects('{"b":#}'),
    ),
    "prefixes": RulesCase(
        lambda number: f'{{"body":{{"i":[{{"prefix":"a{number}"}}]}}}}', _objects('"a#"')
    ),
    "wildcards with one longest text": RulesCase(
        lambda number: f'{{"body":{{"i":[{{"wildcard":"*aaaaaaaa*{number}*z*"}}]}}}}',
        _objects('"aaaaaaaa#y"'),
    ),
    "145 such wildcards each": RulesCase(BUILDS["wildcards"], _objects('"aaaaaaaa#y"')),
    "several `anything-but` each": RulesCase(
        lambda number: _any_of(
            f'{{"anything-but":{{"wildcard":["*a*","{number}*z"]}}}}',
            '{"anything-but":{"prefix":"a"}}',
        ),
        _objects('"a#y"'),
    ),
    "prefixes of 1,000 lengths": RulesCase(
        lambda number: _any_of(f'{{"prefix":"{"b" * (number + 1)}"}}'), _objects('"a#"')
    ),
    "one text in 1,000 spellings": RulesCase(
        lambda number: _any_of(f'{{"equals-ignore-case":"{_sharp(number)}"}}'), _spelt
    ),
    "1,000 combinations each, in an array": RulesCase(
        BUILDS["1,000 combinations, in an array"], lambda size: _all_in_an_array(), 4 * _KB
    ),
    "1,000 combinations each": RulesCase(
        lambda number: _combinations(3400).replace('"f0":[1]', f'"f0":[1,{number + 2}]'),
        _combined,
        4 * _KB,
    ),
    "an endless search each": RulesCase(
        _hard, lambda size: _body(json.dumps(_cover(size))), 64 * _KB
    ),
}
