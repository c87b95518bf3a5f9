"""Decides whether a text can be a template that has patterns, without parsing it."""

from __future__ import annotations

import re

_MENTIONS = re.compile(
    r"[Ff]ilterCriteria|FilterConfiguration|[Ee]ventPattern|filterPattern|filter_criteria"
    r"|event_pattern|filter_pattern|[Ff]ilterPolicy|filter_policy|eventBridge|EventBridgeRule"
    r"|CloudWatchEvent|\bFilters\b"
)
"""Words; every template that has patterns contains at least one."""


_MENTIONS_IN_BYTES = re.compile(_MENTIONS.pattern.encode())


def mentions_patterns(text: str | bytes) -> bool:
    """Whether a template with this text can have patterns at all: a quick test."""
    if isinstance(text, bytes):
        return _MENTIONS_IN_BYTES.search(text) is not None
    return _MENTIONS.search(text) is not None


def may_hold_patterns(text: str, start: int, end: int) -> bool:
    """The same for a part of a text."""
    return _MENTIONS.search(text, start, end) is not None


def is_bare_pattern(text: str) -> bool:
    """Whether a text that should have a pattern can only be that pattern itself, as JSON."""
    is_json = text.lstrip().startswith(("{", "["))
    return is_json and not mentions_patterns(text) and "\\u" not in text  # an escape hides words
