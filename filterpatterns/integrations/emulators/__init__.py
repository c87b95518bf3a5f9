"""Shared code for emulators of AWS: replacing their functions, and filters for their data."""
