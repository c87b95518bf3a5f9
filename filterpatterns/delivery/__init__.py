"""What AWS delivers and what files hold: sources, formats, envelopes, and reading records."""
