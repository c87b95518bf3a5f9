"""The JSON Schemas of a FilterCriteria and a FilterConfiguration."""

from __future__ import annotations

from typing import Final

from filterpatterns.delivery.fields import SYSTEM_METADATA
from filterpatterns.delivery.sources import SOURCES
from filterpatterns.language.inputs import LANGUAGE
from filterpatterns.language.operators.reference import SERVICES
from filterpatterns.language.schema.patterns import (
    DRAFT,
    Schema,
    definitions,
    embedded,
    fields_object,
    identifier,
)
from filterpatterns.limits import MAX_FILTERS, MAX_PATTERN_LENGTH, MAX_RAISED_FILTERS

_SCOPES: Final = {
    "DATA": ("pattern", "The data of the event."),
    "METADATA": ("metadata", "The metadata of the event: exact values only."),
    "SYSTEM_METADATA": ("system-metadata", "The metadata that the bus adds to the event."),
}
"""By scope, the definition of its patterns and its description."""


def filter_criteria(dialect: str | None = None, source: str | None = None) -> Schema:
    """The JSON Schema of a FilterCriteria (Lambda API reference; EventBridge Pipes API reference).

    Args:
        dialect: as for `pattern`.
        source: as for `pattern`.
    """
    about = "" if dialect is None else f" for {SERVICES[dialect]}"
    most = MAX_FILTERS if dialect == "pipes" else MAX_RAISED_FILTERS
    allowed = f"AWS allows {MAX_FILTERS}"
    if most > MAX_FILTERS:
        allowed += f", and {most} with a raised quota"
    return {
        "$schema": DRAFT,
        "$id": identifier("filter-criteria", dialect, source),
        "title": f"FilterCriteria{about}",
        "description": "A record is kept if any filter matches it; without filters, always.",
        "type": "object",
        "properties": {
            "Filters": {
                "type": "array",
                "maxItems": most,
                "description": f"Any of them may match. {allowed}.",
                "items": {
                    "type": "object",
                    "required": ["Pattern"],
                    "properties": {"Pattern": _pattern_or_object()},
                    "additionalProperties": False,
                },
            }
        },
        "additionalProperties": False,
        "$defs": definitions(dialect, source),
    }


def _pattern_or_object() -> Schema:
    """A pattern in a string; as an object it compiles, but AWS refuses it (FP103)."""
    reference = {"$ref": "#/$defs/pattern"}
    return {
        "description": "The pattern, as JSON in a string. AWS refuses an object here.",
        "type": ["string", "object"],
        "if": {"type": "object"},
        "then": reference,
        "else": embedded(reference, maxLength=MAX_PATTERN_LENGTH),
    }


def filter_configuration() -> Schema:
    """The JSON Schema of the FilterConfiguration of a subscriber of a Custom Event Bus (EventBridge
    user guide, "Custom Event Bus")."""
    once = [
        {
            "contains": {"properties": {"Scope": {"const": scope}}, "required": ["Scope"]},
            "minContains": 0,
            "maxContains": 1,
        }
        for scope in _SCOPES
    ]
    return {
        "$schema": DRAFT,
        "$id": identifier("filter-configuration"),
        "title": "FilterConfiguration of a subscriber of a Custom Event Bus",
        "description": "An event is delivered if all filters match it.",
        "type": "object",
        "required": ["Filters"],
        "properties": {
            "Filters": {
                "type": "array",
                "minItems": 1,
                "maxItems": len(SOURCES["subscriber"].scopes),
                "description": "All of them must match: at most one for each scope.",
                "items": _scoped_filter(),
                "allOf": once,
            },
            "Language": {"const": LANGUAGE, "description": "The language of the patterns."},
        },
        "additionalProperties": False,
        "$defs": {
            **definitions("eventbridge", None, without=("wildcard",)),
            "metadata": _exact_values("metadata-field"),
            "metadata-field": {
                "type": ["array", "object"],
                "description": "An array of values, any of which may match; or an object.",
                "if": {"type": "array"},
                "then": {
                    "minItems": 1,
                    "items": {"type": ["string", "number", "boolean", "null"]},
                },
                "else": {"$ref": "#/$defs/metadata"},
            },
            "system-metadata": fields_object("field", "or", SYSTEM_METADATA),
        },
    }


def _scoped_filter() -> Schema:
    return {
        "type": "object",
        "required": ["Scope", "Pattern"],
        "properties": {
            "Scope": {
                "enum": list(_SCOPES),
                "description": " ".join(
                    f"`{name}`: {words}" for name, (_, words) in _SCOPES.items()
                ),
            },
            "Pattern": {
                "description": "The pattern, as JSON in a string. AWS refuses an object here.",
                "type": ["string", "object"],
                "maxLength": MAX_PATTERN_LENGTH,
            },
        },
        "additionalProperties": False,
        "allOf": [
            {
                "if": {"properties": {"Scope": {"const": scope}}, "required": ["Scope"]},
                "then": {"properties": {"Pattern": _scoped_pattern(definition)}},
            }
            for scope, (definition, _) in _SCOPES.items()
        ],
    }


def _scoped_pattern(definition: str) -> Schema:
    reference = {"$ref": f"#/$defs/{definition}"}
    return {"if": {"type": "object"}, "then": reference, "else": embedded(reference)}


def _exact_values(field: str) -> Schema:
    return {
        "type": "object",
        "minProperties": 1,
        "properties": {"$or": False},
        "additionalProperties": {"$ref": f"#/$defs/{field}"},
    }
