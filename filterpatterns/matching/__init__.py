"""What a pattern means for a record: all `$or` combinations of patterns, evaluated at once."""
