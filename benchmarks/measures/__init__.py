"""How it is measured: engines side by side, clocks, memory, and how costs grow."""
