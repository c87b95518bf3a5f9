"""Print the catalog."""

from filterpatterns.lint.catalog.catalog import markdown

print(markdown(), end="")
