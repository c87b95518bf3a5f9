"""What a pattern says: text to conditions, with every error and warning."""
