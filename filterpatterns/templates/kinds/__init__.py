"""Where each kind of template has its filters."""
