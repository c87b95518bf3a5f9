"""Pattern texts to what answers: the Filter, its engines, and rule sets."""
