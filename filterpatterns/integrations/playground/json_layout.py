"""Formats a JSON text, preserving the spelling of numbers and repeated names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cached_property

from filterpatterns.jsontext.structure import tokens

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_PYTHON = {"true": "True", "false": "False", "null": "None"}
_ESCAPE = re.compile(r"\\.")
_NOT_IN_HCL = {"\\b": "\\u0008", "\\f": "\\u000c"}
_WIDTH = 72
_LARGEST_EXACT = 1 << 53


class Json:
    """A valid JSON text of an object."""

    def __init__(self, text: str) -> None:
        self._tokens = [_ascii(text[token.start() : token.end()]) for token in tokens(text, _TOKEN)]

    @cached_property
    def minified(self) -> str:
        """The text without white space, and with escapes for everything that is not printable."""
        return "".join(self._tokens)

    @cached_property
    def is_plain(self) -> bool:
        """Whether any program can parse it and write it again without changing its meaning: it only
        has numbers that every language writes in the same way, no repeated or special names, and no
        escapes of surrogates."""
        values: list[object] = []

        def pairs(items: list[tuple[str, object]]) -> dict[str, object]:
            values.extend(name for name, _ in items)
            names = [name for name, _ in items]
            if len(set(names)) < len(names) or "__proto__" in names:
                raise ValueError
            return dict(items)

        def number(text: str) -> object:
            if abs(int(text)) > _LARGEST_EXACT or text == "-0":
                raise ValueError
            return int(text)

        def fraction(text: str) -> object:
            if repr(float(text)) != text or text.endswith(".0") or "e" in text:
                raise ValueError
            return float(text)

        if _SURROGATE.search(self.minified):
            return False
        try:
            json.loads(
                self.minified, object_pairs_hook=pairs, parse_int=number, parse_float=fraction
            )
        except (ValueError, RecursionError):
            return False
        return True

    def laid_out(self, level: int, *, python: bool = False, hcl: bool = False) -> str:
        """Return the text on several lines, with short arrays of scalars on one line.

        Args:
            level: the indentation level of its first line: two spaces each, four in Python code.
            python: write Python's names of constants.
            hcl: escape what Terraform would insert into strings.
        """
        space = "    " if python else "  "
        return "".join(self._laid_out(level, space, python=python, hcl=hcl))

    def _laid_out(self, level: int, space: str, *, python: bool, hcl: bool) -> Iterator[str]:
        flat = 0
        tokens = self._tokens
        for index, token in enumerate(tokens):
            follower = tokens[index + 1] if index + 1 < len(tokens) else ""
            if token in ("{", "["):
                yield token
                if flat or follower in ("}", "]") or self._fits(index):
                    flat += 1
                else:
                    level += 1
                    yield "\n" + space * level
            elif token in ("}", "]"):
                if flat:
                    flat -= 1
                else:
                    level -= 1
                    yield "\n" + space * level
                yield token
            elif token == ",":
                yield ", " if flat else ",\n" + space * level
            elif token == ":":
                yield ": "
            else:
                if python:
                    token = _PYTHON.get(token, token)
                yield _for_hcl(token) if hcl else token

    def _fits(self, index: int) -> bool:
        """Whether the array that begins there is short enough for one line."""
        if self._tokens[index] == "{":
            return False
        depth = length = 0
        for token in self._tokens[index : index + _WIDTH]:
            depth += (token in ("{", "[")) - (token in ("}", "]"))
            length += len(token)
            if not depth:
                return length <= _WIDTH
        return False


def _ascii(token: str) -> str:
    """Return a token with escapes for characters that are not printable."""
    if token[0] != '"' or token.isprintable():
        return token
    return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in token)


def _for_hcl(token: str) -> str:
    return hcl_string(json.loads(token)) if token[0] == '"' else token


def hcl_string(text: str) -> str:
    """Return a text as an HCL string (HCL native syntax, "Templates")."""
    written: str = json.dumps(text, ensure_ascii=False)
    written = _ESCAPE.sub(lambda match: _NOT_IN_HCL.get(match[0], match[0]), written)
    if "$${" in written or "%%{" in written:  # would be parsed as an escape
        return written.replace("${", "\\u0024{").replace("%{", "\\u0025{")
    return written.replace("${", "$${").replace("%{", "%%{")
