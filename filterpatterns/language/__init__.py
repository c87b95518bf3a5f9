"""Parses pattern texts into conditions."""
