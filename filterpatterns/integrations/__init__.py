"""Other people's systems: where records come from and lie, and where filters are to hold."""
