"""Rule sets: which of many named patterns match a record, in one pass.

How a record is evaluated: `reading.py` decodes the fields that any rule tests, `paths.py` collects
the values by path, and `index.py` finds the rules by these values. The unit of the index is the
clause (`clauses.py`): one of a rule's conjunctions, for one combination of payload formats.
"""

from filterpatterns.engine.rulesets.errors import RuleError
from filterpatterns.engine.rulesets.ruleset import RuleSet

__all__ = ["RuleError", "RuleSet"]
