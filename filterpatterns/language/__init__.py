"""What a pattern says: text to conditions."""
