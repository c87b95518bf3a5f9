"""Other people's systems: test runners and emulators."""
