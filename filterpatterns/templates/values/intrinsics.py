"""Evaluates CloudFormation's intrinsic functions, as far as the template alone defines their
values.

CloudFormation user guide, "Intrinsic function reference", "Pseudo parameters reference", "Get
values stored in other services using dynamic references", and "Parameters".
"""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec.structs import replace

from filterpatterns.language.nodes import Span
from filterpatterns.templates.documents.positions import interpolated, part_of
from filterpatterns.templates.documents.values import (
    Choice,
    Encoded,
    Joined,
    List,
    Literal,
    Nothing,
    Object,
    TemplateValue,
    Text,
    Unknown,
    child,
    items,
    joined,
    known_text,
    members,
    text_of,
)
from filterpatterns.templates.values.moving import placed
from filterpatterns.templates.values.resolving import Budget, placed_text, steps_for

_VARIABLE = re.compile(r"\$\{(!?)([^${}]*)\}")
_DYNAMIC = re.compile(r"\{\{resolve:[^{}]*\}\}")
_MAX_NESTING = 50
"""The depth of nested functions whose arguments are evaluated."""


def function(node: TemplateValue | None) -> tuple[str, TemplateValue] | None:
    """The name and the argument of an intrinsic function."""
    if not isinstance(node, Object) or len(node.members) != 1:
        return None
    name, argument = node.members[0]
    if name.value == "Ref" and not isinstance(argument, Text):
        return None  # a field of a pattern with that name
    return (name.value, argument) if name.value == "Ref" or name.value.startswith("Fn::") else None


class Intrinsics:
    """Evaluates the functions of one template.

    `root` has its Parameters and Mappings; `loops` are the names that Fn::ForEach uses for its
    items.
    """

    def __init__(self, root: TemplateValue | None, text: str, loops: tuple[str, ...] = ()) -> None:
        self._text = text
        self._parameters = child(root, "Parameters")
        self._mappings = child(root, "Mappings")
        self._resources = child(root, "Resources")
        self._loops = loops
        self._nesting = 0
        self._budget = Budget(steps_for(text))

    def in_loop(self, name: str) -> Intrinsics:
        """The same inside an Fn::ForEach, in which `${Name}` is an item in any text."""
        found = Intrinsics(None, self._text, (*self._loops, name))
        found._parameters, found._mappings = self._parameters, self._mappings
        found._resources = self._resources
        return found

    def __call__(self, node: TemplateValue) -> TemplateValue:
        """Evaluate a node by one step; return the node itself if there is none."""
        if isinstance(node, Text):
            return self._text_node(node)
        called = function(node)
        if called is None:
            return node
        name, argument = called
        evaluate = _FUNCTIONS.get(name)
        if evaluate is None or self._nesting > _MAX_NESTING or not self._budget.spend():
            return Unknown(_shown(name, argument), node.span)
        self._nesting += 1
        try:
            return evaluate(self, argument, node.span)
        finally:
            self._nesting -= 1

    def _text_node(self, node: Text) -> TemplateValue:
        if self._loops and "${" in node.value:
            return self._substituted(node, None, node.span, loops_only=True)
        if "{{resolve:" not in node.value:
            return node
        return interpolated(
            node,
            self._text,
            _DYNAMIC,
            lambda match, part: Unknown(match[0], part.span, (match[0],), True),
        )

    def _resolved(self, node: TemplateValue) -> TemplateValue:
        """The value of an argument, as far as the template alone defines it."""
        for _ in range(_MAX_NESTING):
            found = self(node)
            if isinstance(found, Unknown) and found.default is not None:
                found = found.default
            if found is node:
                break
            node = found
        return node

    def known_text(self, node: TemplateValue | None) -> str | None:
        """The text of an argument, if all of it is known."""
        return known_text(node, self._resolved)

    def _ref(self, argument: TemplateValue, span: Span) -> TemplateValue:
        return self.variable(text_of(argument) or "", span, f"Ref {text_of(argument)}")

    def variable(self, name: str, span: Span, source: str) -> TemplateValue:
        """The value of `Ref` for a name."""
        if name == "AWS::NoValue":
            return Nothing(span)
        if "." in name:
            return Unknown(source, span, (name,))
        parameter = child(self._parameters, name)
        if parameter is None:
            is_resource = child(self._resources, name) is not None
            is_string = is_resource or (name.startswith("AWS::") and not name.endswith("ARNs"))
            return Unknown(source, span, (name,), is_string)
        kind = text_of(child(parameter, "Type")) or "String"
        default = child(parameter, "Default")
        written = None
        if isinstance(default, Text):
            written = default.value
        elif isinstance(default, Literal) and default.text != "null":
            written = default.text
        is_list = kind.startswith(("List<", "CommaDelimitedList"))
        if written is None or not written or kind.startswith("AWS::SSM::"):
            return Unknown(source, span, (name,), is_string=kind == "String")
        given: TemplateValue = placed_text(written, span)
        if is_list:
            given = List(tuple(placed_text(one.strip(), span) for one in written.split(",")), span)
        return Unknown(source, span, (name,), not is_list, default=given)

    def _sub(self, argument: TemplateValue, span: Span) -> TemplateValue:
        given = items(argument)
        text, variables = (given[0], given[1]) if len(given) == 2 else (argument, None)
        if len(given) == 1:
            text = given[0]
        if not isinstance(text, Text):
            return Unknown("Fn::Sub", span)
        return self._substituted(text, variables, span)

    def _substituted(
        self, text: Text, variables: TemplateValue | None, span: Span, *, loops_only: bool = False
    ) -> TemplateValue:
        """A text with each `${...}` as a separate part."""

        def value(match: re.Match[str], part: Text) -> TemplateValue | None:
            name = match[2].strip()
            if loops_only and name not in self._loops and f"&{name}" not in self._loops:
                return None
            if match[1]:  # ${!Literal} stands for ${Literal}
                ends = ((0, 2), (3, len(part.value)))
                return joined((part_of(part, self._text, *each) for each in ends), part.span)
            found = None if variables is None else child(variables, name)
            return found or self.variable(name, part.span, match[0])

        found = interpolated(text, self._text, _VARIABLE, value)
        return replace(found, span=span) if isinstance(found, Joined) else found

    def _join(self, argument: TemplateValue, span: Span) -> TemplateValue:
        given = items(argument)
        if len(given) != 2:
            return Unknown("Fn::Join", span)
        separator, several = text_of(given[0]), self._resolved(given[1])
        if separator is None or not isinstance(several, List):
            return Unknown("Fn::Join", span, is_string=True)
        between = placed_text(separator, given[0].span)
        parts: list[TemplateValue] = []
        for item in several.items:
            if isinstance(self._resolved(item), Nothing):
                continue
            if parts and separator:
                parts.append(between)
            parts.append(item)
        return Joined(tuple(parts), span)

    def _select(self, argument: TemplateValue, span: Span) -> TemplateValue:
        given = items(argument)
        if len(given) == 2:
            index, several = self.known_text(given[0]), self._resolved(given[1])
            if index is not None and index.isdecimal() and isinstance(several, List):
                number = int(index[:9])
                if number < len(several.items):
                    return several.items[number]
        return Unknown("Fn::Select", span)

    def _split(self, argument: TemplateValue, span: Span) -> TemplateValue:
        given = items(argument)
        if len(given) == 2:
            separator, text = self.known_text(given[0]), self.known_text(given[1])
            if separator and text is not None:
                return List(tuple(placed_text(one, span) for one in text.split(separator)), span)
        return Unknown("Fn::Split", span)

    def _find_in_map(self, argument: TemplateValue, span: Span) -> TemplateValue:
        keys = [self.known_text(item) for item in items(argument)[:3]]
        if len(keys) == 3:
            found = child(self._mappings, *(key or "" for key in keys))
            if isinstance(found, (Text, Literal)):
                return placed(found, span)  # a scalar has the position of its use
            if found is not None:
                return found
            options = members(child(self._mappings, keys[0] or ""))
            values = [child(inner, keys[2] or "") for _, inner in options]
            texts = {text_of(value) for value in values}
            if len(texts) == 1 and None not in texts and values[0] is not None:
                return placed(values[0], span)  # whatever the key, the value is the same
        return Unknown("Fn::FindInMap", span)

    def _if(self, argument: TemplateValue, span: Span) -> TemplateValue:
        given = items(argument)
        condition = text_of(given[0]) if given else None
        if condition is None or len(given) != 3:
            return Unknown("Fn::If", span)
        return Choice(condition, (given[1], given[2]), span)

    def _to_json(self, argument: TemplateValue, span: Span) -> TemplateValue:
        return Encoded(argument, span)

    def _get_att(self, argument: TemplateValue, span: Span) -> TemplateValue:
        name = text_of(argument) or ".".join(text_of(one) or "" for one in items(argument))
        return Unknown(f"Fn::GetAtt {name}", span, (name,))

    def _import(self, argument: TemplateValue, span: Span) -> TemplateValue:
        name = self.known_text(argument)
        names = () if name is None else (name,)
        return Unknown(_shown("Fn::ImportValue", argument), span, names, is_string=True)


_FUNCTIONS: dict[str, Callable[[Intrinsics, TemplateValue, Span], TemplateValue]] = {
    "Ref": Intrinsics._ref,  # noqa: SLF001 - the table of the class above
    "Fn::Sub": Intrinsics._sub,  # noqa: SLF001
    "Fn::Join": Intrinsics._join,  # noqa: SLF001
    "Fn::Select": Intrinsics._select,  # noqa: SLF001
    "Fn::Split": Intrinsics._split,  # noqa: SLF001
    "Fn::FindInMap": Intrinsics._find_in_map,  # noqa: SLF001
    "Fn::If": Intrinsics._if,  # noqa: SLF001
    "Fn::ToJsonString": Intrinsics._to_json,  # noqa: SLF001
    "Fn::GetAtt": Intrinsics._get_att,  # noqa: SLF001
    "Fn::ImportValue": Intrinsics._import,  # noqa: SLF001
}


def _shown(name: str, argument: TemplateValue) -> str:
    """A function as named in a message: with its argument, if that is short."""
    written = text_of(argument) or text_of(next(iter(items(argument)), None)) or ""
    return f"{name} {written}" if name == "Fn::ImportValue" and written else name


def reference_text(node: TemplateValue | None) -> str:
    """A template's reference to something: `OrdersTable.StreamArn`, `StreamArn`, an ARN."""
    if isinstance(node, Text):
        return node.value
    called = function(node)
    if called is None:
        return ""
    name, argument = called
    first = text_of(argument) or text_of(next(iter(items(argument)), None)) or ""
    if name == "Fn::GetAtt" and items(argument):
        return ".".join(text_of(one) or "" for one in items(argument))
    if name == "Fn::Join" and len(items(argument)) == 2:
        separator, parts = items(argument)
        return (text_of(separator) or "").join(text_of(part) or "${}" for part in items(parts))
    if name == "Fn::ImportValue" and not first:
        return reference_text(argument)
    if name == "Fn::If" and len(items(argument)) == 3:
        return reference_text(items(argument)[1])
    return first
