"""The words of fuzzed patterns and events: common ones, and those that have broken engines
before."""

from __future__ import annotations

from typing import Any

from tests.support import strategies

HOSTILE = [
    *('"', "\\", "'", "\n", "\r", "\x00", "\x7f", "\x85", "\u2028", "\u202e", "\ufeff", "\ud800"),
    *("\udfff\ud800", "{0}", "{", "}", "%s", "%(a)s", "{a!r:>{b}}", "__import__('os').abort()"),
    *(
        "') or True or ('",
        '"""',
        "k1_",
        "v1_",
        "record",
        "f0",
        "n0",
        "text0",
        "__class__",
        "é" * 50,
    ),
    *("a" * 300, ".", "..", "a.", ".a", "$", "$or.a", "İ", "ı", "ß", "ſ", "ﬁ", "ǆ", "\U0010ffff"),
    *("*", "\\*", "**", "True", "None", "1", "1e400", "NaN", "-0", "10.0.0.1/24", "::", "\t "),
]

NAMES = [*strategies.NAMES, "a", "b", "c", "k", "body", "data", "eventSource", "Records", "$or"]
STRINGS = [*strategies.STRINGS, "INSERT", "order", "refund", "x" * 70, "text"]

NUMBER_TEXTS = [
    *("0", "-0", "-0.0", "1", "1.0", "10e-1", "3e2", "300", "3E+2", "0.1", "0.10", "1.5", "-2.5"),
    *("9007199254740992", "9007199254740993", "-9007199254740993", "9007199254740992.0"),
    *("100000000000000000000000", "1e23", "1e22", "99999999999999999999999999", "1e308", "1e309"),
    *("1e400", "-1e400", "1e-400", "5e-324", "2.4703282292062328e-324", "1e999999999999", "0e9999"),
    *("9" * 310, "9" * 400, "-" + "9" * 5000, "0." + "1" * 400, "1" + "0" * 308, "0.1" + "0" * 50),
    *("0.1000000000000000055511151231257827", "18446744073709551615", "18446744073709551616"),
    *("1.7976931348623157e308", "1.7976931348623159e308", "-9223372036854775809", "1E400"),
]

TOKENS = [
    *"{}[]:,\"\\*. \n\t'/#-+eE",
    *('"a"', '"a.b"', '"$or"', '"\\u0024or"', '"body"', '"data"', '"Filters"', '"Pattern"'),
    *('"FilterCriteria"', '"prefix"', '"suffix"', '"exists"', '"numeric"', '"anything-but"'),
    *('"cidr"', '"wildcard"', '"equals-ignore-case"', '"exactly"', '"="', '">"', '"<="', '"*"'),
    *('"10.0.0.0/8"', '"pre\\u0066ix"', "true", "false", "null", "NaN", "Infinity", "[1]", "[]"),
    *(
        "{}",
        '{"exists":false}',
        '{"$or":[{"a":[1]},{"b":[2]}]}',
        "\\u00",
        "\\ud83d",
        "\\ud83d\\ude00",
    ),
    *("\ufeff", "\u2028", "\x00", "é", "😀", '"é"', "[" * 201, "]" * 201, '{"a":' * 201),
    *("[" * 1025 + "]" * 1025, "//", "/*", "\r\n", "\\\\", '\\"', "0x1", "01", "1.", ".5", "+1"),
    *NUMBER_TEXTS,
]
"""For changing texts: what is likely to mean something to a parser."""

TEMPLATE_TOKENS = [
    *TOKENS,
    *("FilterCriteria:\n  Filters:\n    - Pattern: ", "Type: AWS::Lambda::EventSourceMapping\n"),
    *(
        "Resources:\n",
        "Events:\n",
        "Properties:\n",
        "!Sub ",
        "!Ref X",
        "!If [A, B, C]",
        "!Join",
        "&a ",
    ),
    *(
        "*a",
        "<<: *a\n",
        "- ",
        "? ",
        "|\n",
        ">-\n",
        "'",
        "--- \n",
        "...\n",
        "%YAML 1.1\n",
        "!!binary x",
    ),
    *('resource "aws_lambda_event_source_mapping" "x" {\n', "filter_criteria {\n", "filter {\n"),
    *("pattern = jsonencode({", "})\n", "}\n", "var.x", "${a}", "%{ if x }", "<<EOT\n", "EOT\n"),
    *("functions:\n", "events:\n", "- sqs:\n", "filterPatterns:\n", "  ", "\t", "EventPattern: "),
    *('"EventSourceMappings": [', '"planned_values": {', '"Fn::Sub": ', '"Ref": '),
]


SCALARS: list[Any] = [None, True, False, *strategies.NUMBERS, *STRINGS]
"""Values for events and rules."""
