"""What the values in templates come to, as far as the template and its user say."""
