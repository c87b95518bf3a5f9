"""Commands that print reference information for shells, editors and people."""
