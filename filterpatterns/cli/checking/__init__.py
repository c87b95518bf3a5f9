"""What `fp check` works with: the search for files, settings, and the findings of a file."""
