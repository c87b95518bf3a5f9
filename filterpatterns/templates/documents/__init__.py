"""Parses template texts, in any of the languages, into values with positions."""
