"""Print the rule book."""

from filterpatterns.lint.catalog.catalog import markdown

print(markdown(), end="")
