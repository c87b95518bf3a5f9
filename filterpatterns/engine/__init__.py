"""Compiles pattern texts to objects that evaluate records: the Filter, its engines, and rule
sets."""
