"""Output for people and machines: lines, tables, plots, findings."""
