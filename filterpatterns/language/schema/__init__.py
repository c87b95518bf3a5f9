"""JSON Schemas (draft 2020-12) of patterns, FilterCriteria and FilterConfigurations.

They accept whatever `filterpatterns.compile` accepts, and refuse what the structure of a document
can refuse. Most of their words come from the operators' classes and `delivery/fields.py`.
"""

from filterpatterns.language.schema.filters import filter_configuration, filter_criteria
from filterpatterns.language.schema.patterns import pattern

__all__ = ["filter_configuration", "filter_criteria", "pattern"]
