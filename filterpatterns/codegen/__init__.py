"""The hot path: match tree to Python functions."""
