"""The diagnostic codes for templates, as opposed to those for patterns."""

from __future__ import annotations

UNRESOLVED, ENCRYPTED, NOT_FILTERED = "FP201", "FP202", "FP203"
GENERATED, LARGE, MISPLACED = "FP204", "FP205", "FP206"
NULL_IN_OBJECT, FILTERED_KEY = "FP220", "FP221"
INFERRED, NO_SOURCE, OTHER_LANGUAGE = "FP223", "FP224", "FP225"
