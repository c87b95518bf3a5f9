"""Limits, each with its source. Each is checked before the work that it bounds."""

from __future__ import annotations

from typing import Final

MAX_PATTERN_LENGTH: Final = 4096
"""Characters of one pattern. AWS Lambda API reference, `Filter`: Pattern, maximum length 4096."""

MAX_FILTERS: Final = 5
"""Filters of one FilterCriteria. Lambda developer guide, "Control which events Lambda sends to your
function": up to five filters, ten after a quota increase (then pass `max_filters`)."""

MAX_RAISED_FILTERS: Final = 10
"""The same after a quota increase. EventBridge Pipes has no such increase: five filters."""

MAX_COMBINATIONS: Final = 1000
"""The combinations that a pattern's `$or`s multiply out to. EventBridge user guide, "Creating event
patterns": patterns with more than 1,000 `$or` combinations are rejected."""

MAX_JOINT_COMBINATIONS: Final = 100_000
"""The same for filters that must all match (a subscriber's), together. The bound is ours: AWS
counts each filter separately."""

MAX_PATTERN_DEPTH: Final = 200
"""Levels of nesting in a pattern. AWS documents no limit; this one is ours and keeps every later
stage within Python's recursion limit. DynamoDB, the deepest common payload, nests 32 levels."""

MAX_PAYLOAD_DEPTH: Final = 1024
"""Levels of nesting in a JSON text; a deeper text counts as a plain string. Every parser
has such a limit: this makes it independent of the Python version and the caller's stack."""

MAX_GENERATED_LENGTH: Final = 32 * 1024
"""Characters of a text that generated code decodes for an expensive pattern: it looks at each
element of an array once per test, and allocates a slot for each field in each element. The
evaluator, which handles longer texts, does not."""

MAX_SEARCH_STEPS: Final = 1_500_000
"""Steps of a search for one record, each of about the same cost: about a second in total. The
problem is as hard as set cover; only a specially crafted record needs this many."""
