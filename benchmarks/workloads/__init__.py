"""What is measured: records, patterns, and what one would write by hand."""
