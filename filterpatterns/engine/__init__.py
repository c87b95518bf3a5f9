"""Pattern texts to what evaluates records: the Filter, its engines, and rule sets."""
