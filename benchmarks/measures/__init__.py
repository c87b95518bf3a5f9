"""The measurements: engines side by side, time, memory, and growth."""
