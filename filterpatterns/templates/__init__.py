"""Patterns in the places they live in: templates, plans, what AWS's command line prints."""
