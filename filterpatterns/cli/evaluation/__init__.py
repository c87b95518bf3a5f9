"""Evaluates records and cases one by one, for several commands."""
