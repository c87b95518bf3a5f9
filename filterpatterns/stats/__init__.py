"""How many records each condition of a pattern lets through."""
