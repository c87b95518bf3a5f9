"""The diagnostic codes for templates, as opposed to those for patterns."""

from __future__ import annotations

UNRESOLVED, ENCRYPTED, NOT_FILTERED = "FP201", "FP202", "FP203"
GENERATED, LARGE, MISPLACED = "FP204", "FP205", "FP206"
NULL_IN_OBJECT, FILTERED_KEY = "FP220", "FP221"
INFERRED, NO_SOURCE, OTHER_LANGUAGE = "FP223", "FP224", "FP225"

TITLES = {
    UNRESOLVED: "known only at deployment",
    ENCRYPTED: "encrypted filters",
    NOT_FILTERED: "filters for a source without filtering",
    GENERATED: "template of another engine",
    LARGE: "file too large for a search",
    MISPLACED: "filterPatterns next to the event",
    NULL_IN_OBJECT: "null in a CloudFormation EventPattern",
    FILTERED_KEY: "key filtered on with a schema registry",
    INFERRED: "event source inferred",
    NO_SOURCE: "event source unknown",
    OTHER_LANGUAGE: "a filter in another language",
}
"""The codes for templates; FP223 and up are notes."""
