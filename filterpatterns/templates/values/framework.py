"""Variables of the Serverless Framework: `${self:custom.x}`, `${opt:stage, 'dev'}`, `${file(x)}`.

Serverless Framework documentation, "Variables".
"""

from __future__ import annotations

import re

from filterpatterns.language.nodes import Span
from filterpatterns.templates.documents import json_document, yaml_document
from filterpatterns.templates.documents.positions import located, part_of
from filterpatterns.templates.documents.values import (
    List,
    Literal,
    Object,
    TemplateValue,
    Text,
    Unknown,
    child,
    joined,
    text_of,
)
from filterpatterns.templates.errors import TemplateError
from filterpatterns.templates.values.files import Files
from filterpatterns.templates.values.intrinsics import Intrinsics
from filterpatterns.templates.values.moving import placed
from filterpatterns.templates.values.resolving import Budget, Known, placed_text, steps_for

_VARIABLE = re.compile(r"\$\{(?:[a-zA-Z]+(?:\([^{}()]*\))?:(?!:)|file\(|sls:)[^${}]*\}")
"""An innermost variable; `${AWS::Region}` and `${Name}` are CloudFormation's."""

_FILE = re.compile(r"file\(\s*([^()]*?)\s*\)(?::(.*))?")
_QUOTED = re.compile(r"""'([^']*)'|"([^"]*)\"""")
_MAX_NESTING = 20


class Variables:
    """Evaluates the variables of one serverless.yml, and CloudFormation's functions in it."""

    def __init__(self, root: Object, text: str, files: Files, known: Known) -> None:
        self._root = root
        self._text = text
        self._files = files
        self._known = known
        self._functions = Intrinsics(child(root, "resources"), text)
        self._nesting = 0
        self._budget = Budget(steps_for(text))

    def __call__(self, node: TemplateValue) -> TemplateValue:
        """Evaluate a node by one step; return the node itself if there is none."""
        if not isinstance(node, Text) or "${" not in node.value:
            return self._functions(node)
        match = _VARIABLE.search(node.value)
        if match is None:
            if self._is_left_open(node.value):
                return self._unknown(node.value, node.span)
            return self._functions(node)
        if self._nesting > _MAX_NESTING or not self._budget.spend():
            return self._unknown(node.value, node.span)
        self._nesting += 1
        try:
            return self._evaluated(node, match)
        finally:
            self._nesting -= 1

    @staticmethod
    def _is_left_open(text: str) -> bool:
        """Whether a text has a variable in a syntax that we do not know."""
        return re.search(r"\$\{[^}:]*\b(?:self|opt|file|env|sls|param)\b", text) is not None

    def _evaluated(self, node: Text, match: re.Match[str]) -> TemplateValue:
        """A text with its innermost variables replaced by their values."""
        node = located(node, self._text)
        start, end = match.span()
        if match.span() == (0, len(node.value)):
            return self._variable(match[0], node.span)
        whole = node.value
        if whole.count("${", 0, start) > whole.count("}", 0, start):
            # A variable in a variable's name.
            text = self._known_text(self._variable(match[0], node.span))
            if text is None:
                return self._unknown(whole, node.span)
            return placed_text(whole[:start] + text + whole[end:], node.span)
        parts: list[TemplateValue] = []
        position = 0
        following: re.Match[str] | None = match
        while following is not None:
            start, end = following.span()
            if whole.count("${", position, start):  # the rest is evaluated separately
                break
            parts.append(part_of(node, self._text, position, start))
            place = part_of(node, self._text, start, end).span
            parts.append(self._variable(following[0], place))
            position = end
            following = _VARIABLE.search(whole, end)
        parts.append(part_of(node, self._text, position, len(whole)))
        return joined(parts, node.span)

    def _known_text(self, node: TemplateValue) -> str | None:
        for _ in range(_MAX_NESTING):
            if isinstance(node, Unknown):
                given = next(
                    (self._known[name] for name in node.names if name in self._known), None
                )
                if given is not None or node.default is None:
                    return given
                node = node.default
            found = self(node)
            if found is node:
                break
            node = found
        return node.text if isinstance(node, Literal) else text_of(node)

    def _variable(self, written: str, span: Span) -> TemplateValue:
        """The value of a variable; of several alternatives, the first that is known."""
        names: list[str] = []
        default: TemplateValue | None = None
        for source in re.split(r",(?![^()]*\))", written[2:-1]):
            source = source.strip()
            quoted = _QUOTED.fullmatch(source)
            if quoted is not None:
                default = placed_text(quoted[1] if quoted[1] is not None else quoted[2], span)
            elif re.fullmatch(r"-?[0-9]+(?:\.[0-9]+)?|true|false|null", source):
                default = Literal(source, span)
            else:
                names += (source, source.partition(":")[2])
                default = self._looked_up(source, span)
            if default is not None:
                break
        found = self._unknown(written, span)
        kept = tuple(name for name in names if name)
        return Unknown(found.source, span, kept, reason=found.reason, default=default)

    def _looked_up(self, source: str, span: Span) -> TemplateValue | None:
        kind, _, name = source.partition(":")
        if kind == "self":
            found = _under(self._root, name)
            # A scalar has the position of its use, an object or array that of its definition.
            if isinstance(found, Literal) or (isinstance(found, Text) and "${" not in found.value):
                return placed(found, span)
            return found
        if source in ("sls:stage", "opt:stage"):
            return child(self._root, "provider", "stage") or placed_text("dev", span)
        if source == "opt:region":
            return child(self._root, "provider", "region")
        if kind == "param":
            return child(self._root, "params", "default", name)
        match = _FILE.fullmatch(source)
        return None if match is None else self._from_file(match[1], match[2] or "", span)

    def _from_file(self, path: str, name: str, span: Span) -> TemplateValue | None:
        text = self._files.read(path)
        if text is None:
            return None
        try:
            if path.endswith(".json"):
                root: TemplateValue | None = json_document.read(text)
            elif path.endswith((".yml", ".yaml")):
                root = next(iter(yaml_document.read(text)), None)
            else:
                return placed_text(text, span)
            found = _under(root, name) if name else root
            return None if found is None else placed(found, span)
        except (TemplateError, RecursionError):
            return None

    def _unknown(self, source: str, span: Span) -> Unknown:
        return Unknown(source, span, reason=f"{source} is known only to the Serverless Framework")


def _under(node: TemplateValue | None, path: str) -> TemplateValue | None:
    """The value at a dotted path of names and numbers."""
    for name in path.split("."):
        if isinstance(node, List):
            number = int(name[:9]) if name.isdecimal() else -1
            node = node.items[number] if 0 <= number < len(node.items) else None
        else:
            node = child(node, name)
    return node
