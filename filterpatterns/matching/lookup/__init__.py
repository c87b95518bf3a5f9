"""From values to the rules that match them, for any number of rules."""
