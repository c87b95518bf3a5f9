"""The command `fp`."""

from filterpatterns.cli import interrupts

with interrupts.ending_at_once():
    from filterpatterns.cli.program import main

__all__ = ["main"]
