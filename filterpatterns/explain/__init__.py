"""Why a record is kept or dropped."""

from filterpatterns.explain.explainer import explain
from filterpatterns.explain.model import (
    Array,
    Choice,
    Combination,
    Element,
    Explanation,
    FilterExplanation,
    Format,
    Found,
    Node,
    Rule,
)

__all__ = [
    "Array",
    "Choice",
    "Combination",
    "Element",
    "Explanation",
    "FilterExplanation",
    "Format",
    "Found",
    "Node",
    "Rule",
    "explain",
]
