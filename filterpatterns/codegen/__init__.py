"""The hot path: compiles match trees to Python functions."""
