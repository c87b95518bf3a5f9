"""Print the rule book."""

from filterpatterns.rulebook import markdown

print(markdown(), end="")
