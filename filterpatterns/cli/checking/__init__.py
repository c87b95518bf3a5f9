"""The parts of `fp check`: the search for files, settings, and the check of a file."""
