"""What a pattern says: from text to conditions, with every error and warning."""
