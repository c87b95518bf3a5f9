"""The interface of operators, and the error for invalid operands."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Literal, Protocol

from msgspec import Struct

from filterpatterns.errors import printable
from filterpatterns.language import nodes
from filterpatterns.language.wording import describe_value, shorten


class Operator(Protocol):
    """A rule that a value may satisfy. Immutable, hashable, safe to share."""

    def holds(self, value: Any) -> bool:
        """Whether the rule matches a leaf: str, int, float, bool or None (or any other Python
        object, which counts as a value of another type)."""
        ...

    def code(self, value: str, kind: Kind, bind: Bind) -> str:
        """Return the same test as a Python expression over the variable named `value`.

        The variable holds a leaf of that kind (see `Kind`). A constant result is plain "True" or
        "False". The text has names only: whatever comes from the pattern goes through `bind`, which
        returns a name for it.
        """
        ...

    def needle(self) -> str | None:
        """Return what a JSON text without backslashes contains if the rule matches a value in it.

        None if there is no such text. A backslash means "only with an escape".
        """
        ...

    def words(self) -> str:
        """Return the rule in words: `numeric > 100`."""
        ...

    def why_not(self, value: Any) -> str:
        """Return why a leaf does not satisfy the rule: `42 is not > 100`. Printable, and short."""
        ...

    def why_unexpected(self, value: Any) -> str:
        """Return why a leaf satisfies the rule although it does not look like it; usually empty."""
        ...

    def reads_number_text(self) -> bool:
        """Whether the verdict on a number depends on the number, and so perhaps on how it is
        written. Otherwise `code` gets only the kind "number", whatever holds the number, and
        returns a constant for it."""
        ...

    def reads_only_doubles(self) -> bool:
        """Whether the rule matches numbers only, and the double of a comparable number decides."""
        ...

    def compares_addresses(self) -> bool:
        """Whether the rule compares addresses, and with them the digits of numbers."""
        ...

    def weight(self) -> int:
        """Return how long `holds` takes, at most: as long as so many simple rules."""
        ...


class OperatorBase(Struct, frozen=True, gc=False):
    """What is true of most operators; the others override it."""

    def needle(self) -> str | None:
        """None: no text has to be there, or it may be written in several ways (300 as 3e2)."""
        return None

    def reads_number_text(self) -> bool:
        return False

    def reads_only_doubles(self) -> bool:
        return False

    def compares_addresses(self) -> bool:
        return False

    def weight(self) -> int:
        return 1

    def why_unexpected(self, value: Any) -> str:
        return ""


Bind = Callable[[object], str]
"""Binds a value in the generated code's namespace and returns its name there."""

FEW = 3
"""Up to this many strings are compared one by one: a set hashes the value first, and a fresh string
has no hash yet (measured: 11 ns a comparison, 30 ns and more for the set)."""

Kind = Literal["string", "number", "text", "raw", "double", "other"]
"""What a variable holds, as far as the code depends on it:

* "string": a str;
* "number": an int; or a float that was parsed elsewhere;
* "text": the text, as bytes, of a number with a fraction or an exponent. `double_of` returns the
  name of a variable that holds its double;
* "raw": the text, as `msgspec.Raw`, of any number of at most 15 digits; only for `numeric` and a
  number to be equal. `double_of` as above;
* "double": the double of such a number, if its text is not known. The expression is true if the
  rule matches any text of it. If it does not match all texts, it sets `UNSURE`, or at least
  `IF_COMPARABLE`;
* "other": a bool or None.
"""

UNSURE = "(unsure := (must := True))"
"""A true expression: the verdict must be recomputed with the texts of the numbers."""

IF_COMPARABLE = "(unsure := True)"
"""What to set `unsure` to: the verdict stands if a text of at most 15 digits is the number's."""


def double_of(value: str) -> str:
    """Return the name of the variable that holds the double of a number whose text is in
    `value`."""
    return f"{value}d"


class Instead(Struct, frozen=True):
    """The replacement suggested by an operand's error: for the error's `node`, the `operand`, the
    `operator` with its name, or the whole `rule`."""

    text: str
    place: Literal["node", "operand", "operator", "rule"] = "operand"


class OperandError(Exception):
    """An operand that AWS rejects; caught by `conditions.py`, which knows the operator's
    position. `instead` is what the hint says to write."""

    def __init__(
        self,
        code: str,
        node: nodes.Value,
        message: str,
        hint: str,
        instead: Instead | None = None,
    ) -> None:
        super().__init__(message)
        self.instead = instead
        self.code = code
        self.node = node
        self.message = message
        self.hint = hint


def is_number(value: object) -> bool:
    """Whether a leaf is a number: in Python a bool is an int, in JSON it is not. boto3 returns
    DynamoDB's numbers as Decimals, and so does json with `parse_float`."""
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


def describe(node: nodes.Value | nodes.Fields | nodes.Rules | nodes.Operation) -> str:
    """Describe what was found: `the number 5`, `an array`."""
    if isinstance(node, (nodes.Array, nodes.Rules)):
        return "an array" if node.items else "an empty array"
    if isinstance(node, nodes.Object):
        return "an object" if node.members else "an empty object"
    if isinstance(node, (nodes.Fields, nodes.Operation)):
        return "an object"
    excerpt = shorten(node.text, 40)
    if isinstance(node.value, str):
        return f"the string {printable(excerpt)}"
    if node.value is None or isinstance(node.value, bool):
        return node.text
    return f"the number {excerpt}"


def not_a_string(name: str, value: Any) -> str:
    """Return why a leaf that is not a string does not satisfy an operator for strings."""
    return f"{describe_value(value)}; {name} matches only strings"


def not_a_number(name: str, value: Any) -> str:
    """Return why a leaf that is not a number does not satisfy an operator for numbers."""
    return f"{describe_value(value)}; {name} matches only numbers"


def json_needle(text: str) -> str:
    """Return a part of a string as it appears in a JSON text without backslashes, or a
    backslash."""
    return "\\" if any(map(_needs_escape, text)) else text


def _needs_escape(char: str) -> bool:
    """Whether JSON in UTF-8 can have a character only as an escape, like half a surrogate pair."""
    return char in '"\\' or char < " " or "\ud800" <= char <= "\udfff"


def require_string(name: str, operand: nodes.Value) -> str:
    """Return the operand's string.

    Raises:
        OperandError: it is something else.
    """
    if isinstance(operand, nodes.Scalar) and isinstance(operand.value, str):
        return operand.value
    hint = f'write {{"{name}": "..."}}'
    instead = None
    if isinstance(operand, nodes.Scalar):
        hint = f'write {{"{name}": "{operand.text}"}}'
        instead = Instead(f'"{operand.text}"', "node")
    elif isinstance(operand, nodes.Array):
        hint = f'write one rule for each: [{{"{name}": "a"}}, {{"{name}": "b"}}]'
        texts = [
            one.text
            for one in operand.items
            if isinstance(one, nodes.Scalar) and isinstance(one.value, str)
        ]
        if texts and len(texts) == len(operand.items):
            instead = Instead(", ".join(f'{{"{name}": {text}}}' for text in texts), "rule")
    raise OperandError(
        "FP009", operand, f"{name} must be a string, found {describe(operand)}", hint, instead
    )


def json_text(value: object) -> str:
    """Return a value as JSON, for a suggested replacement."""
    return json.dumps(value, ensure_ascii=False)
