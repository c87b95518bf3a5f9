"""Finds the rules that match a value, for any number of rules."""
