"""Evaluates the values in templates, as far as the template and the user define them."""
