"""The catalog: what each code means, an example of it, and how to fix it.

`python -m filterpatterns.lint.catalog` prints it as Markdown: `docs/reference/rules.md`.
"""
