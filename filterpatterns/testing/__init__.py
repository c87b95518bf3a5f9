"""For users' tests: assertions about filters, and case files."""

from __future__ import annotations

from filterpatterns.testing.assertions import assert_delivered, assert_dropped, assert_event

__all__ = ["assert_delivered", "assert_dropped", "assert_event"]
