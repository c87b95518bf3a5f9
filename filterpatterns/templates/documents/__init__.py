"""Template texts to values that know their positions, whatever the language."""
