"""JSON Schemas (draft 2020-12) of patterns, FilterCriteria and FilterConfigurations.

They accept everything that `filterpatterns.compile` accepts, and reject structural mistakes. Most
of their descriptions come from the operators' classes and `delivery/fields.py`.
"""

from filterpatterns.language.schema.filters import filter_configuration, filter_criteria
from filterpatterns.language.schema.patterns import pattern

__all__ = ["filter_configuration", "filter_criteria", "pattern"]
