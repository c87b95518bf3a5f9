"""Evaluates Terraform's expressions, as far as a module's files define their values.

Terraform language, "Functions", "Input Variables", "Local Values", "The for_each Meta-Argument",
"dynamic Blocks".
"""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec.structs import replace

from filterpatterns.language.nodes import Span
from filterpatterns.templates.documents import hcl_document, json_document
from filterpatterns.templates.documents.positions import interpolated, part_of
from filterpatterns.templates.documents.values import (
    Call,
    Encoded,
    Joined,
    List,
    Literal,
    Object,
    Reference,
    TemplateValue,
    Text,
    Unknown,
    child,
    is_null,
    items,
    known_text,
    members,
)
from filterpatterns.templates.errors import TemplateError
from filterpatterns.templates.values.files import Files
from filterpatterns.templates.values.moving import placed
from filterpatterns.templates.values.resolving import Budget, Known, placed_text, steps_for

_MAX_NESTING = 30
"""The depth of nested expressions that are evaluated."""

_INTERPOLATION = re.compile(r"\$\{([^${}]*)\}")
_JSON_INTERPOLATION = re.compile(r"\$\$\{|%%\{|\$\{((?:[^{}]|\{[^{}]*\})*)\}")
_PATHS = {"path.module": ".", "path.root": "."}


DEFINITIONS = ("locals", "variable")
"""Blocks that define named values."""


class Module:
    """The local values and the defaults of the variables of one module."""

    def __init__(self, body: Object, files: Files) -> None:
        self.files = files
        self._own = _definitions(body)
        self._others: dict[tuple[str, str], TemplateValue] | None = None

    def defined(self, kind: str, name: str, span: Span) -> TemplateValue | None:
        """A local value, or a variable's default; `kind` is `local` or `var`."""
        found = self._own.get((kind, name))
        if found is not None:
            return found
        if self._others is None:
            self._others = {}
            for text in self.files.siblings(".tf"):
                self._others = {**_definitions_of(text), **self._others}
        found = self._others.get((kind, name))
        return None if found is None else placed(found, span)


def _definitions_of(text: str) -> dict[tuple[str, str], TemplateValue]:
    try:
        body = hcl_document.read(text, lambda labels, _start, _end: labels[0] in DEFINITIONS)
    except TemplateError:
        return {}  # the check of that file reports what is wrong
    return _definitions(body)


def _definitions(body: Object) -> dict[tuple[str, str], TemplateValue]:
    """Local values and defaults by kind and name."""
    found = {
        ("local", name.value): value for each in body.all("locals") for name, value in members(each)
    }
    for each in body.all("variable"):
        for name, variable in members(each):
            default = child(variable, "default")
            if default is not None and not is_null(default):
                found["var", name.value] = default
    return found


class Expressions:
    """Evaluates the expressions of a module's file."""

    def __init__(self, module: Module, text: str, known: Known) -> None:
        self._module = module
        self._known = known
        self._nesting = 0
        self._budget = Budget(steps_for(text))
        self.repetitions = Budget(2_000)
        """How often blocks may be repeated, in total."""

    def __call__(self, node: TemplateValue) -> TemplateValue:
        """Evaluate a node by one step; return the node itself if there is none."""
        if isinstance(node, Unknown) and not node.reason:
            return replace(node, reason=_reason(node.source))
        if not isinstance(node, (Reference, Call)):
            return node
        if not self._budget.spend():
            return _unknown(node.source, node.span)
        if isinstance(node, Reference):
            return self._reference(node)
        evaluate = _FUNCTIONS.get(node.function)
        found = None
        if evaluate is not None and self._nesting < _MAX_NESTING:
            self._nesting += 1
            try:
                found = evaluate(self, self._arguments(node), node.span)
            finally:
                self._nesting -= 1
        is_string = node.function in _STRINGS
        return found or _unknown(node.source, node.span, (node.source,), is_string=is_string)

    def _arguments(self, node: Call) -> tuple[TemplateValue, ...]:
        if not node.spread or not node.arguments:
            return node.arguments
        last = self.resolved(node.arguments[-1])
        if not isinstance(last, List):
            return (*node.arguments[:-1], _unknown(node.source, node.span))
        return (*node.arguments[:-1], *last.items)

    def resolved(self, node: TemplateValue) -> TemplateValue:
        """The value of a node, as far as it is known."""
        for _ in range(_MAX_NESTING):
            found = self(node)
            if isinstance(found, Unknown):
                given = next((self._known[name] for name in found.names if name in self._known), 0)
                if given != 0 or found.default is None:
                    return found
                found = found.default
            if found is node:
                break
            node = found
        return node

    def known_text(self, node: TemplateValue) -> str | None:
        """The text of a node, if all of it is known."""
        return known_text(node, self.resolved)

    def _reference(self, node: Reference) -> TemplateValue:
        path = node.path
        names = (".".join(path), *path[1:2]) if path[0] in ("var", "local") else (".".join(path),)
        if names[0] in _PATHS:
            return placed_text(_PATHS[names[0]], node.span)
        default = None
        if len(path) > 1 and path[0] in ("local", "var"):
            found = self._module.defined(path[0], path[1], node.span)
            default = None if found is None else self.inside(found, path[2:], node)
        return Unknown(node.source, node.span, names, reason=_reason(node.source), default=default)

    def inside(
        self, node: TemplateValue, path: tuple[str, ...], reference: Reference
    ) -> TemplateValue:
        """The value at a path of names."""
        for name in path:
            node = self.resolved(node)
            found = None
            if isinstance(node, Object):
                found = node.get(name)
            elif isinstance(node, List) and name.isdecimal() and int(name[:9]) < len(node.items):
                found = node.items[int(name[:9])]
            if found is None:
                return _unknown(reference.source, reference.span, (".".join(reference.path),))
            node = found
        # A scalar has the position of its use, an object or array that of its definition.
        return placed(node, reference.span) if isinstance(node, (Text, Literal)) else node

    # Each of these returns None if it does not know.

    def _merge(self, arguments: tuple[TemplateValue, ...], span: Span) -> TemplateValue | None:
        merged: dict[str, tuple[Text, TemplateValue]] = {}
        for argument in arguments:
            found = self.resolved(argument)
            if not isinstance(found, Object):
                return None
            merged |= {name.value: (name, value) for name, value in found.members}
        return Object(tuple(merged.values()), span)

    def _concat(self, arguments: tuple[TemplateValue, ...], span: Span) -> TemplateValue | None:
        found: list[TemplateValue] = []
        for argument in arguments:
            several = self.resolved(argument)
            # An unknown value may be any number of items.
            found += several.items if isinstance(several, List) else (several,)
        return List(tuple(found), span)

    def _flatten(self, arguments: tuple[TemplateValue, ...], span: Span) -> TemplateValue | None:
        given = self.resolved(arguments[0]) if arguments else None
        return self._concat(given.items, span) if isinstance(given, List) else None

    def _same(self, arguments: tuple[TemplateValue, ...], _span: Span) -> TemplateValue | None:
        return arguments[0] if len(arguments) == 1 else None

    def _first_known(
        self, arguments: tuple[TemplateValue, ...], _span: Span
    ) -> TemplateValue | None:
        first = self.resolved(arguments[0]) if arguments else None
        return None if first is None or isinstance(first, Unknown) else first

    def _join(self, arguments: tuple[TemplateValue, ...], span: Span) -> TemplateValue | None:
        if len(arguments) != 2:
            return None
        separator, several = self.known_text(arguments[0]), self.resolved(arguments[1])
        if separator is None or not isinstance(several, List):
            return None
        parts: list[TemplateValue] = []
        for item in several.items:
            if parts and separator:
                parts.append(placed_text(separator, span))
            parts.append(item)
        return Joined(tuple(parts), span)

    def _format(self, arguments: tuple[TemplateValue, ...], span: Span) -> TemplateValue | None:
        text = self.known_text(arguments[0]) if arguments else None
        if text is None or re.search(r"%(?![sdv%])", text):
            return None
        values = list(arguments[1:])
        parts: list[TemplateValue] = []
        for piece in re.split(r"(%[sdv%])", text):
            if piece in ("%s", "%d", "%v"):
                if not values:
                    return None
                parts.append(values.pop(0))
            elif piece:
                parts.append(placed_text(piece.replace("%%", "%"), span))
        return Joined(tuple(parts), span)

    def _lookup(self, arguments: tuple[TemplateValue, ...], _span: Span) -> TemplateValue | None:
        if len(arguments) < 2:
            return None
        given, name = self.resolved(arguments[0]), self.known_text(arguments[1])
        if not isinstance(given, Object) or name is None:
            return None
        found = given.get(name)
        return arguments[2] if found is None and len(arguments) == 3 else found

    def _jsondecode(self, arguments: tuple[TemplateValue, ...], span: Span) -> TemplateValue | None:
        text = self.known_text(arguments[0]) if arguments else None
        given = self.resolved(arguments[0]) if arguments else None
        if isinstance(given, Encoded):
            return given.value
        try:
            return None if text is None else placed(json_document.read(text), span)
        except (TemplateError, RecursionError):
            return None

    def _change_case(
        self, arguments: tuple[TemplateValue, ...], span: Span, *, upper: bool
    ) -> TemplateValue | None:
        text = self.known_text(arguments[0]) if arguments else None
        if text is None:
            return None
        return placed_text(text.upper() if upper else text.lower(), span)

    def _file(self, arguments: tuple[TemplateValue, ...], span: Span) -> TemplateValue | None:
        path = self.known_text(arguments[0]) if arguments else None
        text = None if path is None else self._module.files.read(path)
        return None if text is None else placed_text(text, span)

    def _template_file(
        self, arguments: tuple[TemplateValue, ...], span: Span
    ) -> TemplateValue | None:
        given = self._file(arguments, span)
        variables = self.resolved(arguments[1]) if len(arguments) == 2 else None
        if not isinstance(given, Text):
            return None
        parts: list[TemplateValue] = []
        end = 0
        for match in _INTERPOLATION.finditer(given.value):
            parts.append(placed_text(given.value[end : match.start()], span))
            found = child(variables, match[1].strip())
            parts.append(found or _unknown(match[0], span))
            end = match.end()
        parts.append(placed_text(given.value[end:], span))
        return Joined(tuple(parts), span)

    def values(
        self, node: TemplateValue | None
    ) -> list[tuple[TemplateValue, TemplateValue]] | None:
        """The keys and values that `for_each` iterates over; None if they are not known."""
        given = None if node is None else self.resolved(node)
        if isinstance(given, Object):
            return [(name, value) for name, value in members(given)]
        if isinstance(given, List):
            found = [self.resolved(item) for item in items(given)]
            if not any(isinstance(item, Unknown) for item in found):
                return [(item, item) for item in found]
        return None


_STRINGS = ("join", "format", "lower", "upper", "file", "templatefile", "trimspace", "replace")
"""Functions that return strings."""

_UNCHANGED = (
    *("toset", "tolist", "tomap", "tostring", "sensitive", "nonsensitive", "distinct", "compact"),
    "trimspace",  # a pattern may have white space around it
)
"""Functions that change nothing that is relevant here."""

_FUNCTIONS: dict[
    str, Callable[[Expressions, tuple[TemplateValue, ...], Span], TemplateValue | None]
] = {
    "merge": Expressions._merge,  # noqa: SLF001 - the table of the class above
    "concat": Expressions._concat,  # noqa: SLF001
    "flatten": Expressions._flatten,  # noqa: SLF001
    **dict.fromkeys(_UNCHANGED, Expressions._same),  # noqa: SLF001
    "try": Expressions._first_known,  # noqa: SLF001
    "coalesce": Expressions._first_known,  # noqa: SLF001
    "join": Expressions._join,  # noqa: SLF001
    "format": Expressions._format,  # noqa: SLF001
    "lookup": Expressions._lookup,  # noqa: SLF001
    "jsondecode": Expressions._jsondecode,  # noqa: SLF001
    "lower": lambda self, given, span: self._change_case(given, span, upper=False),
    "upper": lambda self, given, span: self._change_case(given, span, upper=True),
    "file": Expressions._file,  # noqa: SLF001
    "templatefile": Expressions._template_file,  # noqa: SLF001
}


def _reason(source: str) -> str:
    return f"{source} is known only to Terraform"


def _unknown(
    source: str, span: Span, names: tuple[str, ...] = (), *, is_string: bool = False
) -> Unknown:
    return Unknown(source, span, names, is_string, _reason(source))


def json_template(node: Text, text: str) -> TemplateValue:
    """A string in JSON configuration, in which `${...}` is an expression."""
    if "${" not in node.value and "%{" not in node.value:
        return node

    def value(match: re.Match[str], part: Text) -> TemplateValue:
        if match[1] is None:  # $${ stands for ${
            return part_of(part, text, 1, len(part.value))
        return _unknown(match[0], part.span, (match[1].strip(),))

    found = interpolated(node, text, _JSON_INTERPOLATION, value, alone=True)
    return _unknown(node.value, node.span) if found is node else found
