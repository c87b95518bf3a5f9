"""Where each kind of template keeps its filters."""
