"""Records and cases evaluated one by one, as several commands do it."""
