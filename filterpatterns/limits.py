"""Limits, each with its source. They are checked before the work that they bound."""

from __future__ import annotations

from typing import Final

MAX_PATTERN_LENGTH: Final = 4096
"""Characters of one pattern. AWS Lambda API reference, `Filter`: Pattern, maximum length 4096."""

MAX_FILTERS: Final = 5
"""Filters of one FilterCriteria. Lambda developer guide, "Control which events Lambda sends to your
function": up to five filters, ten after a quota increase (then say so with `max_filters`)."""

MAX_RAISED_FILTERS: Final = 10
"""The same after a quota increase. EventBridge Pipes has no increase: five filters."""

MAX_COMBINATIONS: Final = 1000
"""Combinations that a pattern's `$or`s multiply out to. EventBridge user guide, "Creating event
patterns": patterns with more than 1,000 `$or` combinations are refused."""

MAX_JOINT_COMBINATIONS: Final = 100_000
"""The same of filters that must all hold, a subscriber's, together. The bound is ours: AWS counts
each filter by itself."""

MAX_PATTERN_DEPTH: Final = 200
"""Levels of nesting in a pattern. AWS documents none; the bound is ours and keeps every later stage
within Python's recursion limit. DynamoDB, the deepest common payload, nests 32 levels."""

MAX_PAYLOAD_DEPTH: Final = 1024
"""Levels of nesting in a JSON text; a deeper one is taken as a plain string. Parsers stop
somewhere: this says where, whatever the Python version and however deep the caller's stack is."""

MAX_GENERATED_LENGTH: Final = 32 * 1024
"""Characters of a text that generated code decodes for a costly pattern: it looks at each element
of an array once for each test, and gives each a place for each field. The evaluator, which takes
longer texts, does not."""

MAX_SEARCH_STEPS: Final = 1_500_000
"""Steps of a search for one record, each of about the same cost: together about a second. The
problem is as hard as set cover; only a record made for it needs this many."""
