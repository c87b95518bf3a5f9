"""Text -> whether it can be a template that has patterns, without reading it as one."""

from __future__ import annotations

import re

_MENTIONS = re.compile(
    r"FilterCriteria|FilterConfiguration|EventPattern|filterPatterns|filter_criteria|event_pattern|eventBridge"
    r"|EventBridgeRule|CloudWatchEvent|\bFilters\b"
)
"""Words, one of which is in every template that has patterns."""


def mentions_patterns(text: str) -> bool:
    """Whether a template with this text can have patterns at all: a quick look."""
    return _MENTIONS.search(text) is not None


def is_bare_pattern(text: str) -> bool:
    """Whether a text that is to have a pattern can only be that pattern itself, as JSON."""
    is_json = text.lstrip().startswith(("{", "["))
    return is_json and not mentions_patterns(text) and "\\u" not in text  # an escape hides words
