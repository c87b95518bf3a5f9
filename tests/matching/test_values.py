"""Which values satisfy which rules, and which paths lead where: every way to a verdict agrees."""

from __future__ import annotations

import itertools
import json
import sys
from decimal import Decimal
from typing import Any

import pytest

import filterpatterns
from filterpatterns.language.operators.text import matched_length, variants
from tests.support.helpers import everywhere, refused
from tests.support.paths import sqs_record

# a rule, values (as JSON text) that satisfy it, values that do not
RULES: dict[str, tuple[str, list[str], list[str]]] = {
    "an integer": (
        "300",
        ["300", "300.0", "3.0e2", "3E2", "3000e-1", "300.000000000000000000", "[1, 300]"],
        [
            "300.00000000000000001",
            "301",
            "300.5",
            '"300"',
            "true",
            "null",
            "[]",
            "{}",
            '{"b": 300}',
            "-300",
        ],
    ),
    "a decimal": ("0.1", ["0.1", "1e-1", "0.10"], ["0.10000000000000002", '"0.1"', "0"]),
    "a number in scientific notation": ("3.0e2", ["300", "300.0"], ["3", '"3.0e2"']),
    "zero": (
        "0",
        ["0", "-0", "0.0", "-0.0", "0e5", "0E-400"],
        ["1e-400", "false", "null", '""', "[]", '"0"'],
    ),
    "minus zero": ("-0.0", ["0", "-0", "0.0", "-0.0"], ["false", "1"]),
    "one": ("1", ["1", "1.0"], ["true", '"1"', '"true"']),
    "a negative number": ("-5", ["-5", "-5.0", "-0.5e1"], ["5", '"-5"']),
    "beyond 64 bits": (
        "18446744073709551616",
        ["18446744073709551616", "[0, 18446744073709551616]"],
        [
            *("18446744073709551615", "18446744073709551617", "-18446744073709551616"),
            *("18446744073709551616.0", "1.8446744073709551616e19", "18446744073709552000"),
        ],
    ),
    "a decimal with too many digits": (
        "37.807807921694092",
        ["37.807807921694092", "[37.80780792169409, 37.807807921694092]"],
        [
            "37.80780792169409",
            "37.8078079216940920",
            "3.7807807921694092e1",
            '"37.807807921694092"',
        ],
    ),
    "the same with as many as its double has": (
        "37.80780792169409",
        ["37.80780792169409", "3.780780792169409e1", "37.807807921694090"],
        ["37.807807921694092", "37.8078079216940901"],
    ),
    "an integer that no double holds": (
        "9007199254740993",
        ["9007199254740993"],
        ["9007199254740992", "9007199254740994", "9007199254740992.0", "9.007199254740993e15"],
    ),
    "a large integer that no double holds": (
        "123456789012345678901234567890",
        ["123456789012345678901234567890"],
        [
            "123456789012345678901234567891",
            "123456789012345680000000000000",
            "1.2345678901234568e29",
        ],
    ),
    "an integer next to one that no double holds": (
        "9007199254740992",
        ["9007199254740992", "9007199254740992.0"],
        ["9007199254740993", "-9007199254740992"],
    ),
    "ten to the 23rd": (
        "1e23",
        ["1e23", "1" + "0" * 23, "1.0E23"],
        ["99999999999999991611392"[:-1]],
    ),
    "ten to the 23rd, written out": ("1" + "0" * 23, ["1e23", "1" + "0" * 23], ["1" + "0" * 22]),
    "the largest double": (
        "1.7976931348623157e308",
        ["1.7976931348623157e308"],
        ["1e400", "1e308"],
    ),
    "an integer as large as a double": ("1" + "0" * 308, ["1" + "0" * 308, "1e308"], ["9" * 309]),
    "beyond all doubles": (
        "1e400",
        ["1e400"],
        ["1E400", "10e399", "-1e400", "9" * 400, "9" * 5000, "0", '"1e400"'],
    ),
    "an integer of 400 digits": ("9" * 400, ["9" * 400], ["1e400", "9" * 5000]),
    "a smallest number": ("5e-324", ["5e-324"], ["4.9e-324", "0", "1e-323"]),
    "below all doubles": ("1e-400", ["1e-400"], ["0", "0.0", "1E-400", "1e-401"]),
    "a string": (
        '"x"',
        ['"x"', '["y", "x"]', '"\\u0078"'],
        ['"X"', '"x "', '""', "5", "null", "{}"],
    ),
    "the empty string": ('""', ['""', '["", 1]'], ["null", "[]", "{}", "0", "false", '" "']),
    "a string of digits": ('"1"', ['"1"'], ["1", "1.0", "true", '"1.0"']),
    "a string that says null": ('"null"', ['"null"'], ["null", "[]", "{}"]),
    "a string that says true": ('"true"', ['"true"'], ["true", "1"]),
    "null": ("null", ["null", "[null]", '["x", null]'], ['"null"', "0", '""', "false", "[]", "{}"]),
    "true": ("true", ["true", "[false, true]"], ["1", "1.0", '"true"', "false", "null"]),
    "false": ("false", ["false"], ["0", "-0.0", '""', '"false"', "true", "null", "[]"]),
    "a composed letter": ('"\\u00e9"', ['"é"', '"\\u00E9"'], ['"e\\u0301"', '"É"', '"e"']),
    "a decomposed letter": ('"e\\u0301"', ['"e\\u0301"'], ['"é"']),
    "an astral character": ('"\\ud83d\\ude00"', ['"😀"', '"\\uD83D\\uDE00"'], ['"\\ud83d"', '"x"']),
    "half a surrogate pair": (
        '"\\ud83d"',
        ['"\\ud83d"', '"\\uD83D"'],
        ['"\\ude00"', '"😀"', '"?"'],
    ),
    "a string with a NUL": ('"a\\u0000b"', ['"a\\u0000b"'], ['"a"', '"ab"']),
    "a solidus": ('"a/b"', ['"a/b"', '"a\\/b"'], ['"a\\\\/b"']),
    "IPv4": (
        '"10.0.0.1"',
        [
            *('"10.0.0.1"', '"10.0.0.01"', '"010.0.0.1"', '"10.00.000.0001"', '"::FFFF:0A00:1"'),
            *('"0:0:0:0:0:ffff:a00:1"', '"a00:1::"', '"0A00:0001:2::3"'),
        ],
        [
            *('"::ffff:10.0.0.1"', '"10.0.0.2"', '" 10.0.0.1"', '"10.0.0.1\\n"', '"::10.0.0.1"'),
            *('"167772161"', "167772161", '"10.0.1"', '"１０.0.0.1"', '"10.0.0.256"', '"a00:2::"'),
            *('"0x0a.0.0.1"', '"10.0.0.1.1"'),
        ],
    ),
    "IPv4 with a leading zero": ('"10.0.0.01"', ['"10.0.0.01"', '"10.0.0.1"'], ['"10.0.0.2"']),
    "IPv4 with digits of a number": (
        '"18.52.86.120"',
        ["12345678", "12345678.5", "123456789012345678901234567890", '"1234:5678::"'],
        ["1234567", "-12345678", "1234567e1", '"12345678"', '"1234:5679::"', "true"],
    ),
    "IPv4 with digits of a number in scientific notation": (
        '"30.80.0.0"',
        ["1E500000", "1E5000001", '"1e50::"'],
        ["1e500000", "1E50000", "1E+500000"],
    ),
    "IPv6": (
        '"::1"',
        ['"::1"', '"0:0:0:0:0:0:0:1"', '"0000:0000::0001"', '"::00001"'],
        ['"::2"', '":1"', '"::1%lo"', '"[::1]"', '"0.0.0.1"', '"1::"', '"::0.0.0.1"', "1"],
    ),
    "IPv6 in capitals": (
        '"2001:DB8::A"',
        ['"2001:db8::a"', '"2001:0DB8:0::000A"'],
        ['"2001:db8::b"'],
    ),
    "IPv6 that is IPv4": (
        '"::ffff:102:304"',
        ['"1.2.3.4"', '"::ffff:102:304"', '"01.2.3.4"', '"102:304::"'],
        ['"1.2.3.5"', '"::ffff:1.2.3.4"'],
    ),
    "IPv6 with a dotted tail, a plain string": (
        '"::ffff:1.2.3.4"',
        ['"::ffff:1.2.3.4"'],
        ['"1.2.3.4"', '"::ffff:102:304"', '"::FFFF:1.2.3.4"'],
    ),
    "IPv6 with a zone, a plain string": (
        '"fe80::1%e"',
        ['"fe80::1%e"'],
        ['"fe80::1"', '"FE80::1%e"'],
    ),
    "exactly": ('{"exactly": "::1"}', ['"::1"'], ['"0:0:0:0:0:0:0:1"', "1", "null"]),
    "exactly an empty string": ('{"exactly": ""}', ['""'], ['" "', "null"]),
    "a block": (
        '{"cidr": "10.0.0.0/24"}',
        ['"10.0.0.0"', '"10.0.0.255"', '"10.0.0.01"', '"::ffff:a00:9"', '["x", "10.0.0.7"]'],
        [
            '"10.0.1.0"',
            '"9.255.255.255"',
            '"::ffff:10.0.0.9"',
            '"10.0.0"',
            '"10.0.0.1/24"',
            '"::a00:1"',
            "10",
        ],
    ),
    "a block whose host bits are set": (
        '{"cidr": "10.0.0.129/25"}',
        ['"10.0.0.128"', '"10.0.0.255"'],
        ['"10.0.0.127"'],
    ),
    "all of IPv4": (
        '{"cidr": "0.0.0.0/0"}',
        [
            *('"0.0.0.0"', '"255.255.255.255"', '"::"', '"::1"', '"2001:db8::"'),
            *("1", "5", "1.5", "9e9", "0E5", "37.807807921694092"),
        ],
        ['"::ffff:1.2.3.4"', '"x"', "0", "-0", "0.0", "-5", '"5"', "true", "null"],
    ),
    "all of IPv6": (
        '{"cidr": "::/0"}',
        ['"::"', '"2001:db8::1"', '"1.2.3.4"', "5"],
        ['"0.0.0.0"', '"255.255.255.255"', '"::ffff:1.2.3.4"', "0"],
    ),
    "a block of which numbers go to the end": (
        '{"cidr": "18.52.86.120/31"}',
        ["12345678", "123456785", "12345679.5", '"1234:5679::"', '"18.52.86.121"'],
        ["12345677", "1234567", "12345680", "0.12345678"],
    ),
    "a block of IPv6": (
        '{"cidr": "2001:db8::/33"}',
        ['"2001:db8::1"', '"2001:0DB8:7fff::"'],
        ['"2001:db8:8000::"', '"fe80::1%eth0"'],
    ),
    "a block of two": ('{"cidr": "10.0.0.3/31"}', ['"10.0.0.2"', '"10.0.0.3"'], ['"10.0.0.4"']),
    "exists": (
        '{"exists": true}',
        ["null", "0", '""', "false", "[null]", "[[1]]", "[{}, 1]", "1e400", "9" * 5000],
        ["{}", "[]", "[[]]", "[[], [[]]]", "[{}]", '{"b": 1}', '[{"b": 1}]'],
    ),
    "exists not": (
        '{"exists": false}',
        ["{}", "[]", "[[]]", "[{}]", '{"b": 1}', '[{"b": 1}, []]'],
        ["null", "0", '""', "[null]", "[[1]]", "[{}, 1]", "1e400"],
    ),
    "prefix": (
        '{"prefix": "ab"}',
        ['"ab"', '"abc"', '"ab\\u0000"', '["x", "abx"]', '"ab😀"'],
        ['"a"', '"Ab"', '"xab"', '""', "5", "null", '"ac"', '"aa\\uffff"'],
    ),
    "an empty prefix": ('{"prefix": ""}', ['""', '"x"'], ["5", "null", "true", "[]"]),
    "a prefix that ends in the last character": (
        '{"prefix": "a\\udbff\\udfff"}',
        ['"a\\udbff\\udfff"', '"a\\udbff\\udfffx"'],
        ['"a"', '"b"'],
    ),
    "a prefix that ends before the surrogates": (
        '{"prefix": "\\ud7ff"}',
        ['"\\ud7ffx"'],
        ['"\\ue000"'],
    ),
    "suffix": (
        '{"suffix": ".png"}',
        ['".png"', '"a.png"', '["x", "b.png"]'],
        ['"a.PNG"', '"a.pngx"', '"png"', '""', "null", "5"],
    ),
    "an empty suffix": ('{"suffix": ""}', ['""', '"x"'], ["5", "null"]),
    "ignoring case": (
        '{"equals-ignore-case": "New York"}',
        ['"new york"', '"NEW YORK"', '"nEW yORK"'],
        ['"new  york"', '"new yor\\u212a"', '"new yor"', "5"],
    ),
    "an empty string ignoring case": ('{"equals-ignore-case": ""}', ['""'], ['" "', "null"]),
    "sharp s": (
        '{"equals-ignore-case": "straße"}',
        ['"straße"', '"STRASSE"', '"StraSSe"', '"STRAßE"'],
        ['"strasse"', '"straSse"', '"STRAẞE"'],
    ),
    "double s": ('{"equals-ignore-case": "ss"}', ['"ss"', '"SS"', '"sS"'], ['"ß"', '"ẞ"', '"ſs"']),
    "capital sharp s": ('{"equals-ignore-case": "ẞ"}', ['"ẞ"', '"ß"'], ['"ss"', '"SS"']),
    "k": ('{"equals-ignore-case": "k"}', ['"k"', '"K"'], ['"\\u212a"']),
    "the Kelvin sign": ('{"equals-ignore-case": "\\u212a"}', ['"k"', '"\\u212a"'], ['"K"']),
    "an accent": ('{"equals-ignore-case": "é"}', ['"é"', '"É"'], ['"e"', '"E"', '"e\\u0301"']),
    "i": ('{"equals-ignore-case": "i"}', ['"i"', '"I"'], ['"ı"', '"İ"', '"i\\u0307"']),
    "dotless i": ('{"equals-ignore-case": "ı"}', ['"ı"', '"I"'], ['"i"', '"İ"']),
    "dotted I": (
        '{"equals-ignore-case": "İ"}',
        ['"İ"', '"i\\u0307"'],
        ['"i"', '"I"', '"I\\u0307"'],
    ),
    "a digraph in title case": ('{"equals-ignore-case": "ǅ"}', ['"ǆ"', '"Ǆ"'], ['"ǅ"', '"dž"']),
    "a digraph": ('{"equals-ignore-case": "ǆ"}', ['"ǆ"', '"Ǆ"'], ['"ǅ"']),
    "a ligature": ('{"equals-ignore-case": "ﬁ"}', ['"ﬁ"', '"FI"'], ['"fi"', '"Fi"']),
    "final sigma": ('{"equals-ignore-case": "ς"}', ['"ς"', '"Σ"'], ['"σ"']),
    "sigma": ('{"equals-ignore-case": "ΑΣ"}', ['"ΑΣ"', '"ασ"', '"αΣ"'], ['"ας"']),
    "an astral letter": (
        '{"equals-ignore-case": "𐐀x"}',
        [],
        ['"𐐀x"', '"𐐨X"', '"𐐨x"', '"𐐁x"', '"x"'],
    ),
    "an emoji": ('{"equals-ignore-case": "😀a"}', [], ['"😀a"', '"😀A"', '"a"']),
    "a prefix with an emoji": ('{"prefix": {"equals-ignore-case": "😀"}}', [], ['"😀"', '"😀a"']),
    "anything but an emoji": (
        '{"anything-but": {"equals-ignore-case": "😀a"}}',
        ['"😀a"', '"😀A"', "null"],
        ["[]", "{}"],
    ),
    "anything but an emoji or a letter": (
        '{"anything-but": {"equals-ignore-case": ["😀", "a"]}}',
        ['"😀"', "1"],
        ['"A"'],
    ),
    "a prefix with a quote": (
        '{"prefix": "ab\\""}',
        ['"ab"', '"ab\\""', '"ab\\"c"', '["x", "ab"]'],
        ['"abc"', '"a"', '"xab"', "null"],
    ),
    "a prefix of a quote": ('{"prefix": "\\""}', ['""', '"\\"x"'], ['"x"', "0"]),
    "a prefix with a quote inside": ('{"prefix": "a\\"b"}', ['"a\\"b"'], ['"a"', '"ab"']),
    "a suffix with a quote": (
        '{"suffix": "\\"ab"}',
        ['"ab"', '"\\"ab"', '"c\\"ab"'],
        ['"cab"', '"b"', '"abx"'],
    ),
    "a suffix that ends in a quote": ('{"suffix": "ab\\""}', ['"ab\\""'], ['"ab"']),
    "anything but a prefix with a quote": (
        '{"anything-but": {"prefix": ["ab\\"", "c"]}}',
        ['"abc"', '"a"', "5"],
        ['"ab"', '"ab\\"c"', '"c"'],
    ),
    "a quote ignoring case": ('{"prefix": {"equals-ignore-case": "a\\""}}', ['"A\\""'], ['"a"']),
    "a wildcard with a quote": ('{"wildcard": "a\\"*"}', ['"a\\"b"'], ['"a"']),
    "half a pair ignoring case": (
        '{"equals-ignore-case": "\\ud801A"}',
        ['"\\ud801a"'],
        ['"𐐨a"', '"a"'],
    ),
    "a prefix ignoring case": (
        '{"prefix": {"equals-ignore-case": "Straß"}}',
        ['"straße"', '"STRASSE"', '"STRASS"', '"straß"'],
        ['"strasse"', '"STRAS"', '""', "null", '"xstraß"'],
    ),
    "a suffix ignoring case": (
        '{"suffix": {"equals-ignore-case": "ßE"}}',
        ['"straße"', '"STRASSE"', '"SSe"', '"ßE"'],
        ['"strasse"', '"SE"', '"e"', '""', "null", '"ßex"'],
    ),
    "a suffix of two characters in lower case": (
        '{"suffix": {"equals-ignore-case": "xİ"}}',
        ['"axİ"', '"Xi\\u0307"', '"axi\\u0307"'],
        ['"xi"', '"i\\u0307"', '"xI"', '"x\\u0307i"'],
    ),
    "an astral suffix ignoring case": (
        '{"suffix": {"equals-ignore-case": "a𐐀"}}',
        [],
        ['"A𐐨"', '"xa𐐀"', '"a𐐀"', '"𐐨"'],
    ),
    "an empty prefix ignoring case": (
        '{"prefix": {"equals-ignore-case": ""}}',
        ['""', '"x"'],
        ["5"],
    ),
    "an empty suffix ignoring case": (
        '{"suffix": {"equals-ignore-case": ""}}',
        ['""', '"x"'],
        ["5"],
    ),
    "a star alone": (
        '{"wildcard": "*"}',
        ['""', '"x"', '"*"', '"a\\nb"'],
        ["5", "null", "[]", "{}"],
    ),
    "no star": ('{"wildcard": "ab"}', ['"ab"'], ['"abc"', '"xab"', '"*"', '"AB"']),
    "an empty wildcard": ('{"wildcard": ""}', ['""'], ['"x"', "null"]),
    "a star at the end": ('{"wildcard": "ab*"}', ['"ab"', '"abc"'], ['"a"', '"xab"']),
    "a star at the start": ('{"wildcard": "*ab"}', ['"ab"', '"xab"', '"abab"'], ['"b"', '"abx"']),
    "a star in the middle": (
        '{"wildcard": "ab*ba"}',
        ['"abba"', '"abxba"'],
        ['"aba"', '"ab"', '"abb"'],
    ),
    "stars around": ('{"wildcard": "*b*"}', ['"b"', '"abc"', '"bb"'], ['"a"', '""', '"B"', "5"]),
    "many stars": (
        '{"wildcard": "a*b*c*a"}',
        ['"abca"', '"aXbXcXa"', '"abcabca"'],
        ['"acba"', '"abc"', '"abcab"'],
    ),
    "overlapping parts": ('{"wildcard": "*aa*aa*"}', ['"aaaa"', '"aaxaa"'], ['"aaa"', '"aa"']),
    "an escaped star": ('{"wildcard": "a\\\\*b"}', ['"a*b"'], ['"ab"', '"axb"', '"a\\\\*b"']),
    "an escaped star and a star": (
        '{"wildcard": "\\\\**\\\\*"}',
        ['"**"', '"*x*"'],
        ['"*"', '"x"', '"\\\\**"'],
    ),
    "an escaped backslash": (
        '{"wildcard": "a\\\\\\\\*"}',
        ['"a\\\\"', '"a\\\\b"'],
        ['"a*"', '"a"'],
    ),
    "a wildcard of regex characters": ('{"wildcard": "(.*)[a]+?"}', ['"(.x)[a]+?"'], ['"(x)[a]"']),
    "equal": (
        '{"numeric": ["=", 300]}',
        ["300", "3.0e2", "300.0"],
        ['"300"', "301", "null", "true"],
    ),
    "below": (
        '{"numeric": ["<", 1]}',
        ["0", "-1e300", "0.9999999999999999", "-9007199254740992"],
        ["1", "1.0", '"0"', "true", "null", "-9007199254740993", "-1e400", "-" + "9" * 400],
    ),
    "at most": ('{"numeric": ["<=", 1]}', ["1", "1.0", "-5"], ["1.0000000000000002", "false"]),
    "above": (
        '{"numeric": [">", 1e300]}',
        ["1.1e300", "1.7976931348623157e308", "1" + "0" * 301],
        ["1e300", "1e400", "9" * 400, "9" * 5000, '"1e301"', "1", "12345" * 61],
    ),
    "at least": (
        '{"numeric": [">=", 0]}',
        ["0", "-0.0", "0.0", "0e9", "37.80780792169409", "9007199254740992"],
        [
            "1e-400",
            "37.807807921694092",
            "0.1000000000000000055511151231257827",
            "-5e-324",
            "9007199254740993",
            "18446744073709551617",
            "1e400",
            "true",
        ],
    ),
    "between": (
        '{"numeric": [">", 0, "<=", 5]}',
        ["5", "5.0", "0.1", "5e-324"],
        ["0", "-0.0", "5.1", '"3"', "[]"],
    ),
    "between large bounds": (
        '{"numeric": [">=", 1e22, "<", 1e24]}',
        ["1e22", "1e23", "1" + "0" * 23],
        ["1e24", "12345678901234567890123", "1e21"],
    ),
    "equal to ten to the 23rd": ('{"numeric": ["=", 1' + "0" * 23 + "]}", ["1e23"], ["1e22"]),
    "equal to minus zero": ('{"numeric": ["=", -0.0]}', ["0", "-0", "0.0"], ["false", "1"]),
    "anything but a string": (
        '{"anything-but": "x"}',
        ['"y"', '""', "null", "true", "false", "5", "1e400", '["x", "y"]', '["x", null]', '"X"'],
        ['"x"', '["x", "x"]', "{}", "[]", "[[]]", '{"b": "y"}'],
    ),
    "anything but strings": (
        '{"anything-but": ["x", "y"]}',
        ['"z"', "null", "5"],
        ['"x"', '"y"', "[]"],
    ),
    "anything but many strings": (
        '{"anything-but": ["a", "b", "c", "d", "e"]}',
        ['"f"', "null", "true"],
        ['"a"', '"e"', "{}"],
    ),
    "anything but a number": (
        '{"anything-but": 5}',
        [
            *("6", '"5"', "null", "true", "1e400", "9" * 5000, "9007199254740993"),
            *("5.00000000000000000001", "4.99999999999999999999e0", "5.5"),
        ],
        ["5", "5.0", "0.5e1", "[5]", "{}"],
    ),
    "anything but many numbers": (
        '{"anything-but": [0, 1, 2, 3, 1e23]}',
        ["true", "false", '"1"', "4", "null", "1e400", "1e-400", "1.5"],
        ["0", "0.0", "1.0e0", "-0.0", "1.0", "3", "1" + "0" * 23],
    ),
    "anything but a prefix": (
        '{"anything-but": {"prefix": "ab"}}',
        ['"a"', "null", "5", '["abc", "x"]'],
        ['"ab"', '"abc"', "[]"],
    ),
    "anything but prefixes": (
        '{"anything-but": {"prefix": ["a", "b"]}}',
        ['"c"', '""'],
        ['"ax"', '"b"'],
    ),
    "anything but a suffix": ('{"anything-but": {"suffix": "z"}}', ['"zy"', "0"], ['"yz"', "{}"]),
    "anything but ignoring case": (
        '{"anything-but": {"equals-ignore-case": ["ß", "k"]}}',
        ['"ss"', '"\\u212a"', "null"],
        ['"SS"', '"ß"', '"K"'],
    ),
    "anything but a wildcard": (
        '{"anything-but": {"wildcard": ["a*z", "*m*"]}}',
        ['"a"', "5", '"az "'],
        ['"az"', '"xmx"'],
    ),
    "anything but an address, a plain string": (
        '{"anything-but": "::1"}',
        ['"0:0:0:0:0:0:0:1"', '"::2"'],
        ['"::1"'],
    ),
    "several rules": (
        '"x", 5, null, {"prefix": "ab"}, {"numeric": [">", 100]}',
        ['"x"', "5", "null", '"abc"', "101", '["z", 5]'],
        ['"z"', "6", "true", "[]", "{}", '"5"'],
    ),
    "many strings": ('"a", "b", "c", "d", "::1"', ['"a"', '"d"', '"0::1"'], ['"e"', "null", '"A"']),
    "a rule or absence": (
        '"x", {"exists": false}',
        ['"x"', "{}", "[]", '["y", "x"]'],
        ['"y"', "null"],
    ),
}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_holds_for_some_values_and_not_for_others(name: str) -> None:
    rule, holds, fails = RULES[name]
    for value in holds:
        assert everywhere(f'{{"a": [{rule}]}}', f'{{"a": {value}}}'), value
    for value in fails:
        assert not everywhere(f'{{"a": [{rule}]}}', f'{{"a": {value}}}'), value


@pytest.mark.parametrize("name", RULES)
def test_a_rule_holds_in_arrays_of_objects_as_it_does_alone(name: str) -> None:
    rule, holds, fails = RULES[name]
    pattern = f'{{"i": {{"a": [{rule}], "b": [1]}}}}'
    compiled = filterpatterns.compile(pattern, source="event")
    in_body = filterpatterns.compile(f'{{"body": {pattern}}}')
    for values, verdict in ((holds, True), (fails, False)):
        for value in values:
            text = f'{{"i": [5, {{"b": 2, "a": {value}}}, {{"b": 1, "a": {value}}}]}}'
            assert compiled.matches(text) is verdict, text
            assert in_body.matches({"body": text}) is verdict, text


@pytest.mark.parametrize(
    "number",
    [
        *("9007199254740993", "9223372036854775808", "1152921504606846976", "37.807807921694092"),
        *("1e400", "1e-400", "9" * 400, "0.1" + "0" * 30 + "1", "4.9e-324"),
    ],
)
@pytest.mark.parametrize("role", ['{"numeric": [">", %s]}', '{"anything-but": [1, %s]}'])
def test_a_number_that_no_double_holds_is_refused_where_numbers_are_compared(
    number: str, role: str
) -> None:
    assert refused(f'{{"a": [{role % number}]}}').code == "FP011"


@pytest.mark.parametrize(
    "number", ["1e-9999999999999999999", "0e9999999999999999999", "-1e-4000000000000000000"]
)
@pytest.mark.parametrize("role", ['{"numeric": ["=", %s]}', '{"anything-but": %s}', "%s"])
def test_an_exponent_of_any_length_is_judged(number: str, role: str) -> None:
    pattern = f'{{"a": [{role % number}]}}'
    if role == "%s" or number.startswith("0"):
        # What is not comparable equals itself, and nothing that is.
        compiled = filterpatterns.compile(pattern, source="event")
        assert compiled.matches(f'{{"a": {number}}}') is ("anything-but" not in role)
    else:
        assert refused(pattern).code == "FP011"


@pytest.mark.parametrize("bound", ['[">", %s]', '[">=", %s]', '["<", -%s]', '["<=", -%s]'])
def test_a_bound_beyond_which_no_double_is_left_is_refused(bound: str) -> None:
    largest = "1.7976931348623157e308"
    assert refused(f'{{"a": [{{"numeric": {bound % largest}}}]}}').code == "FP010"
    other = bound.translate(str.maketrans("<>", "><"))
    filterpatterns.compile(f'{{"a": [{{"numeric": {other % largest}}}]}}')


@pytest.mark.parametrize(
    "value", ["37.807807921694092", "[0, 37.807807921694092]", "5.00000000000000001"]
)
@pytest.mark.parametrize("length", [0, 1000])
def test_a_number_with_too_many_digits_is_dropped_in_batches_of_any_kind(
    value: str, length: int
) -> None:
    """Both ways to decode numbers, whichever the batch takes."""
    bodies = [f'{{"a": {each}, "b": "{"x" * length}"}}' for each in (value, "37.8", "5", "0.5")]
    records = [sqs_record(body) for body in bodies] * 200
    compiled = filterpatterns.compile({"body": {"a": [{"numeric": [">", 1]}]}})
    expected = [False, True, True, False] * 200
    assert compiled.mask(records) == expected
    assert compiled.mask([json.dumps(record) for record in records]) == expected
    assert [compiled.matches(record) for record in records] == expected


def test_no_mapping_of_a_character_begins_another_of_its_own() -> None:
    """What lets matching ignoring case take the first mapping that fits and never look back."""
    for code in range(sys.maxunicode + 1):
        ((lower, upper),) = variants(chr(code))
        if lower != upper:
            assert not lower.startswith(upper)
            assert not upper.startswith(lower)
            assert not lower.endswith(upper)
            assert not upper.endswith(lower)


def test_every_character_ignoring_case_holds_for_its_mappings_and_no_other() -> None:
    for code in itertools.chain(range(0x3000), range(0xA640, 0xAC00), range(0x10400, 0x10500)):
        char = chr(code)
        spelling = variants(f"a{char}b")
        for form in {char.lower(), char.upper()}:
            assert matched_length(spelling, f"A{form}B") == len(form) + 2
        for other in {char.title(), char.casefold()} - {char.lower(), char.upper()}:
            assert matched_length(spelling, f"A{other}B") != len(other) + 2


# a pattern, events that satisfy it, events that do not
PATHS: list[tuple[str, list[str], list[str]]] = [
    # dots
    *(
        (
            pattern,
            ['{"a": {"b": 1}}', '{"a.b": 1}', '{"a": [{"b": 1}]}', '{"a": {"b": [2, 1]}}'],
            ['{"a": {"b": 2}}', '{"a": {"c": 1}}', '{"a.b.c": 1}', '{"a": 1}', '{"b": 1}', "{}"],
        )
        for pattern in ('{"a": {"b": [1]}}', '{"a.b": [1]}')
    ),
    *(
        (
            pattern,
            [
                '{"a": {"b": {"c": 1}}}',
                '{"a.b.c": 1}',
                '{"a.b": {"c": 1}}',
                '{"a": {"b.c": 1}}',
                '{"a": {"b": 2}, "a.b": {"c": 1}}',
                '{"a": [{"b.c": 2}, {"b": {"c": 1}}]}',
            ],
            [
                '{"a": {"b": {"c": 2}}}',
                '{"a": {"b": 1}}',
                '{"a.b": 1, "c": 1}',
                '{"a.b.c": {"d": 1}}',
            ],
        )
        for pattern in (
            '{"a": {"b": {"c": [1]}}}',
            '{"a.b": {"c": [1]}}',
            '{"a": {"b.c": [1]}}',
            '{"a.b.c": [1]}',
        )
    ),
    ('{"": [1]}', ['{"": 1}'], ['{"": 2}', '{"a": 1}', "{}"]),
    ('{"": {"a": [1]}}', ['{"": {"a": 1}}', '{".a": 1}'], ['{"a": 1}', '{"": {"": {"a": 1}}}']),
    ('{"a": {"": [1]}}', ['{"a": {"": 1}}', '{"a.": 1}'], ['{"a": 1}', '{".a": 1}']),
    ('{".": [1]}', ['{".": 1}', '{"": {"": 1}}'], ['{"": 1}', '{"..": 1}']),
    (
        '{"a": [1], "a.b": [2]}',
        ['{"a": 1, "a.b": 2}', '{"a": [1, {"b": 2}]}'],
        ['{"a": {"b": 2}}', '{"a": 1}', '{"a": [2, {"b": 1}]}'],
    ),
    # the last of one path counts
    ('{"a": [1], "a": [2]}', ['{"a": 2}'], ['{"a": 1}', "{}"]),
    ('{"a": {"b": [1]}, "a": {"c": [2]}}', ['{"a": {"c": 2}}'], ['{"a": {"b": 1}}']),
    ('{"a": {"b": [1]}, "a.b": [2]}', ['{"a": {"b": 2}}'], ['{"a": {"b": 1}}']),
    (
        '{"a": {"b": [1]}, "a.b": [2], "a": {"b": [3]}}',
        ['{"a": {"b": 3}}'],
        ['{"a": {"b": 2}}', '{"a.b": 1}'],
    ),
    (
        '{"$or": [{"a": [1]}, {"a": [2]}], "$or": [{"b": [1]}, {"b": [2]}]}',
        ['{"b": 1}'],
        ['{"a": 1}'],
    ),
    (
        '{"a": [1], "$or": [{"a": [2]}, {"b": [3]}]}',
        ['{"a": 2}', '{"a": 1, "b": 3}'],
        ['{"a": 1}', '{"b": 3}', '{"a": 2.5, "b": 3}'],
    ),
    ('{"$or": [{"a": [2]}, {"b": [3]}], "a": [1]}', ['{"a": 1}', '{"a": 1, "b": 3}'], ['{"a": 2}']),
    # alternatives
    (
        '{"c": [0], "$or": [{"a": [1]}, {"b": [2]}]}',
        ['{"c": 0, "a": 1}', '{"c": 0, "b": 2, "a": 7}'],
        ['{"a": 1}', '{"c": 0}', '{"c": 0, "b": 1}'],
    ),
    (
        '{"d": {"$or": [{"a": [1]}, {"b": [2]}], "c": [0]}}',
        ['{"d": {"a": 1, "c": 0}}'],
        ['{"a": 1, "d": {"c": 0}}', '{"d": {"a": 1}}'],
    ),
    (
        '{"$or": [{"$or": [{"a": [1]}, {"b": [1]}]}, {"c": [1], "d": [1]}]}',
        ['{"a": 1}', '{"b": 1}', '{"c": 1, "d": 1}'],
        ['{"c": 1}', '{"d": 1}', "{}"],
    ),
    ('{"\\u0024or": [{"a": [1]}, {"b": [2]}]}', ['{"a": 1}', '{"b": 2}'], ['{"$or": 1}']),
    (
        '{"i": {"$or": [{"a": [1], "b": [1]}, {"c": [1]}]}}',
        ['{"i": [{"a": 1, "b": 1}]}'],
        ['{"i": [{"a": 1}, {"b": 1}]}', '{"i": [1]}'],
    ),
    # names that mean something elsewhere
    ('{"a": [{"pre\\u0066ix": "x"}]}', ['{"a": "xy"}'], ['{"a": {"prefix": "x"}}', '{"a": "y"}']),
    ('{"a": [{"\\u0065xists": false}]}', ["{}"], ['{"a": 1}']),
    ('{"prefix": ["x"]}', ['{"prefix": "x"}'], ['{"prefix": "xy"}']),
    ('{"exists": {"numeric": [5]}}', ['{"exists": {"numeric": 5}}'], ['{"exists": true}']),
    ('{"a": {"anything-but": ["x"]}}', ['{"a": {"anything-but": "x"}}'], ['{"a": "y"}']),
    ('{"a": ["$or", "prefix"]}', ['{"a": "$or"}', '{"a": "prefix"}'], ['{"a": "x"}']),
    (
        '{"__class__": ["x"], "get": [1], "self": [null]}',
        ['{"__class__": "x", "get": 1, "self": null}'],
        ['{"__class__": "x"}', "{}"],
    ),
    ('{"n0": [1], "f0": [2], "text0": [3]}', ['{"n0": 1, "f0": 2, "text0": 3}'], ['{"n0": 1}']),
    # names are as they are
    ('{"A": [1]}', ['{"A": 1}', '{"\\u0041": 1}'], ['{"a": 1}']),
    ('{"é": [1]}', ['{"é": 1}', '{"\\u00e9": 1}'], ['{"e\\u0301": 1}', '{"É": 1}']),
    ('{"a\\"b\\\\c\\nd\\u0000": [1]}', ['{"a\\"b\\\\c\\nd\\u0000": 1}'], ['{"a": 1}']),
    ('{"\\ud800": ["x"]}', ['{"\\ud800": "x"}'], ['{"\\ud801": "x"}', "{}"]),
    # of a name that is repeated in an event the last value counts
    ('{"a": [1]}', ['{"a": 2, "a": 1}', '{"a": [[{}]], "a": 1}'], ['{"a": 1, "a": 2}']),
    ('{"a": {"b": [1]}}', ['{"a": {"b": 2}, "a": {"b": 1}}'], ['{"a": {"b": 1}, "a": {"c": 1}}']),
    # one element of an array must do for all
    (
        '{"i": {"a": [1], "b": [2]}}',
        [
            '{"i": [{"a": 1, "b": 2}]}',
            '{"i": {"a": 1, "b": 2}}',
            '{"i": [{"a": 1}, {"b": 2, "a": 1}]}',
            '{"i": [[{"a": 1, "b": 2}]]}',
            '{"i": [3, {"a": [0, 1], "b": [2]}]}',
        ],
        [
            '{"i": [{"a": 1}, {"b": 2}]}',
            '{"i": [[{"a": 1}], [{"b": 2}]]}',
            '{"i": [[{"a": 1}, {"b": 2}]]}',
        ],
    ),
    (
        '{"i": {"j": {"a": [1], "b": [2]}}}',
        [
            '{"i": [{"j": [{"a": 1, "b": 2}]}]}',
            '{"i": [{"j": [{"a": 1}]}, {"j": [{"b": 2, "a": 1}]}]}',
        ],
        ['{"i": [{"j": [{"a": 1}, {"b": 2}]}]}', '{"i": [{"j": {"a": 1}}, {"j": {"b": 2}}]}'],
    ),
    (
        '{"i": {"a": [1]}, "j": {"b": [2]}}',
        ['{"i": [{"a": 0}, {"a": 1}], "j": [{"b": 2}, {"b": 0}]}'],
        ['{"i": [{"a": 1}], "j": [{"b": 1}]}'],
    ),
    (
        '{"i": {"a": {"x": [1]}, "b": {"y": [2]}}}',
        ['{"i": [{"a": [{"x": 0}, {"x": 1}], "b": [{"y": 2}]}]}'],
        ['{"i": [{"a": [{"x": 1}]}, {"b": [{"y": 2}]}]}'],
    ),
    (
        '{"i": [1], "i.a": [2]}',
        ['{"i": [1, {"a": 2}]}', '{"i": [[1, {"a": 2}]]}'],
        ['{"i": [[1], {"a": 2}]}', '{"i": [[1], [{"a": 2}]]}'],
    ),
    # absence in arrays
    (
        '{"i": {"a": [1], "b": [{"exists": false}]}}',
        ['{"i": [{"a": 1}, {"b": 2}]}', '{"i": [{"a": 1}]}', '{"i": [{"a": 1, "b": 2}, {"a": 1}]}'],
        ['{"i": [{"a": 1, "b": 2}]}', '{"i": [{"a": 1, "b": [{"c": 0}, 3]}, {"b": 2}]}'],
    ),
    (
        '{"i": {"b": [{"exists": false}], "c": [1]}}',
        ['{"i": [{"c": 1}]}', '{"i": [{"b": []}, {"c": 1}]}', '{"i": {"c": 1}}'],
        [
            '{"i": [{"b": 2}, {"c": 1}]}',
            '{"i": [{"b": 2, "c": 1}]}',
            '{"i": [[{"b": 0}], {"c": 1}]}',
        ],
    ),
    (
        '{"i": {"b": [{"exists": false}]}}',
        ["{}", '{"i": []}', '{"i": [{"c": 1}]}', '{"i": 5}'],
        ['{"i": [{}, {"b": 1}]}', '{"i": {"b": null}}', '{"i": [[{"b": 1}]]}'],
    ),
    (
        '{"a": [{"exists": false}], "b": [1]}',
        ['{"b": 1}', '{"a": {}, "b": 1}', '{"a": [[]], "b": 1}'],
        ['{"a": null, "b": 1}', "{}"],
    ),
    # plain order of the joined paths: "a.b c" stands before "a.b.x"
    (
        '{"a": {"b": {"x": [{"exists": false}]}, "b c": [1]}}',
        ['{"a": [{"b c": 1}, {"b": {"x": 2}}]}'],
        ['{"a": [{"b c": 1, "b": {"x": 2}}]}'],
    ),
    (
        '{"a": {"b": {"x": [1]}, "b c": [{"exists": false}]}}',
        ['{"a": [{"b": {"x": 1}}]}'],
        ['{"a": [{"b": {"x": 1}}, {"b c": 2}]}'],
    ),
    (
        '{"a": {"b": {"x": [1]}, "bc": [{"exists": false}]}}',
        ['{"a": [{"b": {"x": 1}}, {"bc": 2}]}'],
        ['{"a": [{"b": {"x": 1}, "bc": 2}]}'],
    ),
    # several spellings of one path at once
    (
        '{"a": {"b": [1], "c": [2]}}',
        [
            '{"a.b": 1, "a": {"c": 2}}',
            '{"a.b": 1, "a": [{"b": 3}, {"c": 2}]}',
            '{"a": {"b": 0}, "a.b": 1, "a.c": 2}',
        ],
        ['{"a.b": 1}', '{"a.b": 2, "a.c": 1}'],
    ),
]


@pytest.mark.parametrize("case", PATHS, ids=lambda case: case[0])
def test_paths_lead_where_they_should(case: tuple[str, list[str], list[str]]) -> None:
    pattern, matching, others = case
    for event in matching:
        assert everywhere(pattern, event), event
    for event in others:
        assert not everywhere(pattern, event), event


RESERVED = [
    *("exactly", "equals-ignore-case", "prefix", "suffix", "anything-but", "exists", "wildcard"),
    *("numeric", "cidr", "=", "<", "<=", ">", ">=", "regex", "not-wildcard"),
    *("not-equals-ignore-case", "date-after", "date-on-or-after", "date-before"),
    *("date-on-or-before", "in-date-range", "ip-address-in-range", "ip-address-not-in-range"),
]


@pytest.mark.parametrize("name", RESERVED)
def test_a_field_in_an_alternative_may_not_be_named_like_an_operator(name: str) -> None:
    escaped = f"\\u{ord(name[0]):04x}{name[1:]}"
    for spelt in (name, escaped):
        for inner in (f'{{"{spelt}": ["x"]}}', f'{{"d": {{"{spelt}": {{"e": ["x"]}}}}}}'):
            error = refused(f'{{"$or": [{{"a": [1]}}, {inner}]}}')
            assert error.code == "FP015"
            assert f'"{name}"' in error.message
    pattern = f'{{"$or": [{{"a": [1]}}, {{"b": [1]}}], "{name}": ["x"]}}'
    assert everywhere(pattern, json.dumps({"a": 1, name: "x"}))


def test_the_oddities_of_one_record_do_not_reach_the_next() -> None:
    """A batch of odd and plain values, each next to each other."""
    pattern = '{"body": {"a": [5, "x", {"prefix": "ab"}]}}'
    values: dict[str, bool] = {
        "5": True,
        "1e400": False,
        '"x"': True,
        "[[[5]]]": True,
        '"abc"': True,
        "{}": False,
        '"\\ud800"': False,
        "9" * 5000: False,
        "null": False,
        '["\\ud800", 5]': True,
    }
    pairs = list(itertools.product(values.items(), repeat=2))
    records = [{"body": f'{{"a": {value}}}'} for pair in pairs for value, _ in pair]
    expected = [verdict for pair in pairs for _, verdict in pair]
    compiled = filterpatterns.compile(pattern)
    assert compiled.mask(records) == expected
    assert compiled.mask([json.dumps(record) for record in records]) == expected
    assert [compiled.matches(record) for record in records] == expected


class Number(float):
    """What libraries for numbers hand out."""


PYTHON_VALUES: list[tuple[Any, str, bool]] = [
    (Number(300), "300", True),
    (Number(300), '{"numeric": [">", 1]}', True),
    (Number("nan"), '{"numeric": [">", 1]}', False),
    (float("nan"), '{"exists": true}', True),
    (37.807807921694092, '{"numeric": [">", 1]}', True),
    (Decimal("37.807807921694092"), '{"numeric": [">", 1]}', False),
    (Decimal("37.807807921694092"), "37.807807921694092", True),
    (Decimal("37.80780792169409"), '{"numeric": [">", 1]}', True),
    (1e5, '{"cidr": "::/0"}', True),
    (float("inf"), '{"anything-but": 5}', True),
    (float("inf"), '{"numeric": [">", 1]}', False),
    (10**5000, '{"numeric": [">", 1]}', False),
    (10**5000, '{"anything-but": [5]}', True),
    ((1, 2), "2", True),
    (((), ()), '{"exists": true}', False),
]


@pytest.mark.parametrize(("value", "rule", "verdict"), PYTHON_VALUES, ids=range(len(PYTHON_VALUES)))
def test_values_that_only_python_has_are_judged_as_what_they_are_like(
    value: Any, rule: str, verdict: bool
) -> None:
    compiled = filterpatterns.compile(f'{{"a": [{rule}]}}', source="event")
    assert compiled.matches({"a": value}) is verdict
    assert compiled.mask([{"a": value}]) == [verdict]
    assert compiled._engine.interpret({"a": value}) is verdict
