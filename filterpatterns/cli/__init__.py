"""The command `fp`."""

from filterpatterns.cli.program import main

__all__ = ["main"]
