"""Finds the resources in plans and states, as printed by `terraform show -json`.

Terraform documentation, "JSON output format".
"""

from __future__ import annotations

from collections.abc import Iterator

from filterpatterns.templates.documents.values import Object, TemplateValue, child, items, text_of


def is_output(root: Object) -> bool:
    """Whether a document is a plan or a state as `terraform show -json` prints it."""
    return roots(root) != ()


def roots(root: Object) -> tuple[TemplateValue, ...]:
    """The root modules of the planned or the current state."""
    places = (child(root, "planned_values", "root_module"), child(root, "values", "root_module"))
    return tuple(one for one in places if isinstance(one, Object))


def modules(module: TemplateValue | None) -> Iterator[TemplateValue]:
    """A module's representation, followed by those of the modules that it calls."""
    pending = [module]
    while pending:
        one = pending.pop(0)
        if one is None:
            continue
        yield one
        pending += items(child(one, "child_modules"))


def references(module: TemplateValue) -> Iterator[tuple[str, TemplateValue]]:
    """The addresses of a module's resources, and the references that their values come from."""
    for resource in items(child(module, "resources")):
        expressions = child(resource, "expressions")
        if expressions is not None:
            yield text_of(child(resource, "address")) or "", expressions
