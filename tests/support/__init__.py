"""Shared by tests: generators, and an oracle that shares no code with the package."""
