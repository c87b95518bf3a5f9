"""One module per command of `fp`."""
