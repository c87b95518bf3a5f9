"""Input and output: streams, files, processes."""
