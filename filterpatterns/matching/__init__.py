"""Evaluates records: all `$or` combinations of patterns at once."""
