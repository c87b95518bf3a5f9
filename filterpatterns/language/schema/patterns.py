"""The JSON Schema of a pattern."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from filterpatterns.delivery.fields import ANY_NAME, FIELDS, RecordField
from filterpatterns.delivery.sources import SOURCES
from filterpatterns.language.conditions import RESERVED_IN_OR
from filterpatterns.language.operators import REFERENCES
from filterpatterns.language.operators.reference import SERVICES

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]


def pattern(dialect: str | None = None, source: str | None = None) -> Schema:
    """The JSON Schema of a pattern.

    Args:
        dialect: "lambda", "pipes" or "eventbridge": accept only the operators, and the operands,
            that the documentation of this service lists. None for everything that AWS's engine
            accepts.
        source: a source, as for `compile`, whose fields are described.
    """
    about = "" if dialect is None else f" for {SERVICES[dialect]}"
    return {
        "$schema": DRAFT,
        "$id": identifier("pattern", dialect, source),
        "title": f"AWS event filter pattern{about}",
        "description": _PATTERN,
        "$ref": "#/$defs/pattern",
        "$defs": definitions(dialect, source),
    }


def identifier(what: str, *parts: str | None) -> str:
    """The `$id` of a schema, which is a name, not an address."""
    return ":".join(("urn:filterpatterns:schema", what, *filter(None, parts)))


_PATTERN = (
    "All fields must match. A field leads to an array of rules, any of which may match, or to an "
    "object one level down."
)
_OR = "Any of these objects must match, in addition to the other fields. At least two."
_FIELD = (
    "An array of rules: the field matches if any of its values satisfies any of them. Or an object "
    "with the fields one level down."
)


def definitions(
    dialect: str | None,
    source: str | None,
    *,
    without: tuple[str, ...] = (),
) -> Schema:
    """The definitions that make up a pattern: `pattern` is the one to refer to.

    Args:
        dialect: as for `pattern`.
        source: as for `pattern`.
        without: operators that are not accepted.
    """
    operators = _operators(dialect, without)
    known = FIELDS.get(source or "", ())
    objects_only = _objects_only(source)
    reserved = {"propertyNames": {"not": {"enum": sorted(RESERVED_IN_OR)}}}
    return {
        "pattern": fields_object("field", "or", known, objects_only),
        "alternative": {
            **fields_object("alternative-field", "or", known, objects_only),
            **reserved,
        },
        "fields": fields_object("field", "nested-or"),
        "alternative-fields": {**fields_object("alternative-field", "nested-or"), **reserved},
        "field": _field("fields"),
        "alternative-field": _field("alternative-fields"),
        "or": _or("alternative"),
        "nested-or": _or("alternative-fields"),
        "rules": {
            "type": "array",
            "minItems": 1,
            "items": {"$ref": "#/$defs/rule"},
            "description": "Any of these rules may match.",
        },
        "rule": {
            "type": ["string", "number", "boolean", "null", "object"],
            "description": "A value that the field's value equals, with the same type; or an "
            "object with one operator.",
            "if": {"type": "object"},
            "then": {
                "minProperties": 1,
                "maxProperties": 1,
                "properties": {name: {"$ref": f"#/$defs/{name}"} for name in operators},
                "additionalProperties": False,
            },
            "defaultSnippets": [
                {"label": name, "body": {name: REFERENCES[name].examples[0]}} for name in operators
            ],
        },
        **operators,
    }


def _operators(dialect: str | None, without: tuple[str, ...]) -> dict[str, Schema]:
    found = {}
    for name, reference in REFERENCES.items():
        operand = reference.operand if dialect is None else reference.documented.get(dialect)
        if operand is None or name in without:
            continue
        services = [SERVICES[one] for one in reference.documented]
        listed = f"Documented for {', '.join(services)}." if services else "Not documented by AWS."
        found[name] = {
            "title": f"{name}: {reference.title}",
            "description": f"{reference.description} {listed}",
            "examples": list(reference.examples),
            **_without(operand, without),
        }
    return found


def _without(schema: Mapping[str, Any], names: tuple[str, ...]) -> Schema:
    """The schema of an operand, whose objects must not have members with these names."""
    found: Schema = {}
    for key, value in schema.items():
        if key == "properties":
            value = {name: one for name, one in value.items() if name not in names}
        found[key] = _without(value, names) if isinstance(value, dict) else value
    return found


def fields_object(
    leads_to: str,
    alternatives: str,
    known: tuple[RecordField, ...] = (),
    objects_only: frozenset[str] = frozenset(),
) -> Schema:
    """An object with fields; the known ones are described.

    Args:
        leads_to: the definition of a field.
        alternatives: the definition of `$or`.
        known: the fields that are known.
        objects_only: the known fields that lead to an object, never to rules.
    """
    target = f"#/$defs/{leads_to}"
    return {
        "type": "object",
        "minProperties": 1,
        "properties": {
            "$or": {"$ref": f"#/$defs/{alternatives}"},
            **{
                field.name: _known(field, target, needs_object=field.name in objects_only)
                for field in known
            },
        },
        "additionalProperties": {"$ref": target},
    }


def _known(field: RecordField, target: str | None, *, needs_object: bool = False) -> Schema:
    """A field of a record: the schema of any field, with its description and the fields inside
    it."""
    found: Schema = {"description": field.description}
    if target is not None:
        found["$ref"] = target
    if needs_object:
        found["type"] = "object"
    inner = {one.name: _known(one, None) for one in field.fields}
    any_name = inner.pop(ANY_NAME, None)
    if inner:
        found["properties"] = inner
    if any_name is not None:
        found["additionalProperties"] = any_name
    return found


def _objects_only(source: str | None) -> frozenset[str]:
    """The payloads of a source that does not accept patterns for plain strings."""
    found = SOURCES.get(source or "")
    if found is None or found.takes_strings:
        return frozenset()
    return frozenset(found.payload_keys)


def _field(fields: str) -> Schema:
    return {
        "type": ["array", "object"],
        "description": _FIELD,
        "if": {"type": "array"},
        "then": {"$ref": "#/$defs/rules"},
        "else": {"$ref": f"#/$defs/{fields}"},
    }


def _or(alternative: str) -> Schema:
    return {
        "type": "array",
        "minItems": 2,
        "description": _OR,
        "items": {"$ref": f"#/$defs/{alternative}"},
    }


def embedded(schema: Mapping[str, Any], **keywords: Any) -> Schema:
    """A string that contains a JSON document."""
    return {
        "type": "string",
        "contentMediaType": "application/json",
        "contentSchema": dict(schema),
        **keywords,
    }
