"""Commands that print what others read: shells, editors, people who want to look something up."""
