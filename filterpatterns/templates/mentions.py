"""Text -> whether it can be a template that has patterns, without reading it as one."""

from __future__ import annotations

import re

_MENTIONS = re.compile(
    r"[Ff]ilterCriteria|FilterConfiguration|[Ee]ventPattern|filterPattern|filter_criteria"
    r"|event_pattern|filter_pattern|[Ff]ilterPolicy|filter_policy|eventBridge|EventBridgeRule"
    r"|CloudWatchEvent|\bFilters\b"
)
"""Words, one of which is in every template that has patterns."""


_MENTIONS_IN_BYTES = re.compile(_MENTIONS.pattern.encode())


def mentions_patterns(text: str | bytes) -> bool:
    """Whether a template with this text can have patterns at all: a quick look."""
    if isinstance(text, bytes):
        return _MENTIONS_IN_BYTES.search(text) is not None
    return _MENTIONS.search(text) is not None


def may_hold_patterns(text: str, start: int, end: int) -> bool:
    """The same of a part of a text."""
    return _MENTIONS.search(text, start, end) is not None


def is_bare_pattern(text: str) -> bool:
    """Whether a text that is to have a pattern can only be that pattern itself, as JSON."""
    is_json = text.lstrip().startswith(("{", "["))
    return is_json and not mentions_patterns(text) and "\\u" not in text  # an escape hides words
