"""Warns about conditions that AWS accepts silently but that are probably mistakes."""
