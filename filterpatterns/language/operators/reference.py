"""The description of an operator, for people and editors, which is part of its class.

The JSON Schemas (`language/schema`), hovers and completions are based on it, and so is the linter's
knowledge of which services document the operator.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

SERVICES: Final = {
    "lambda": "Lambda event source mappings",
    "pipes": "EventBridge Pipes",
    "eventbridge": "EventBridge rules",
}
"""The names of the services, by dialect."""

JsonSchema = Mapping[str, Any]

STRING: Final[JsonSchema] = {"type": "string"}


class OperatorReference(Struct, frozen=True):
    """An operator in words.

    Attributes:
        title: a few words: `begins with`. description: which values satisfy it, and other facts
        about it; Markdown. examples: operands. operand: the JSON Schema (2020-12) of the operands
        that AWS's engine accepts; it may accept more, never less. documented: the services whose
        documentation lists the operator, by the name of the dialect,
            with the JSON Schema of the operands that are documented there (EventBridge user guide,
            "Comparison operators" and "Event filtering in Amazon EventBridge Pipes"; Lambda
            developer guide, "Filter rule syntax").
    """

    title: str
    description: str
    examples: tuple[Any, ...]
    operand: JsonSchema
    documented: Mapping[str, JsonSchema]


def for_all(schema: JsonSchema) -> Mapping[str, JsonSchema]:
    """The same operand is documented for all services."""
    return {"lambda": schema, "pipes": schema, "eventbridge": schema}


def one_or_more(schema: JsonSchema) -> JsonSchema:
    """A value, or an array of such values."""
    return {
        "if": {"type": "array"},
        "then": {"type": "array", "minItems": 1, "items": schema},
        "else": schema,
    }


def only_member(members: Mapping[str, JsonSchema]) -> JsonSchema:
    """An object with exactly one of these members."""
    return {
        "type": "object",
        "properties": members,
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }


def string_or(schema: JsonSchema) -> JsonSchema:
    """A string, or an object that satisfies the schema."""
    return {"type": ["string", "object"], "if": {"type": "object"}, "then": schema}
