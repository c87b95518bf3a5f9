"""Other people's systems: where records come from, and where filters are to hold."""
