"""What people and machines read: lines, tables, plots, findings."""
