"""Matching by places, for records that spell one path in several ways."""
