"""From values to the rules that hold for them, however many rules there are."""
