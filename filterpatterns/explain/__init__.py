"""Why a record is kept or dropped."""

from filterpatterns.explain.explainer import explain
from filterpatterns.explain.explanation import Explanation
from filterpatterns.explain.model import (
    Array,
    Choice,
    Combination,
    Element,
    ExplainedField,
    FilterExplanation,
    Format,
    Found,
    RuleOutcome,
)

__all__ = [
    "Array",
    "Choice",
    "Combination",
    "Element",
    "ExplainedField",
    "Explanation",
    "FilterExplanation",
    "Format",
    "Found",
    "RuleOutcome",
    "explain",
]
