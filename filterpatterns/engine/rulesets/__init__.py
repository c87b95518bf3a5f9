"""Rule sets: which of many named patterns match a record, in one pass.

The way of a record: `reading.py` decodes what any rule looks at, `paths.py` gathers the values by
path, `index.py` finds the rules by them. The unit of the index is the clause (`clauses.py`): one of
a rule's conjunctions, in one of the situations that the format table knows.
"""

from filterpatterns.engine.rulesets.errors import RuleError
from filterpatterns.engine.rulesets.ruleset import RuleSet

__all__ = ["RuleError", "RuleSet"]
