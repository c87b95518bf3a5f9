"""Case files: patterns, records, and what is expected of them.

JSON Lines or an array, with one case per line or element:

    {"pattern": {...}, "record": {...}, "matches": true}
    {"pattern": {...}, "events": [{...}, {...}], "matches": [true, false]}
    {"pattern": {...}, "valid": false}

YAML, with the cases of one pattern:

    pattern: template.yaml#Orders
    cases:
      - {id: large, matches: true, body: {total: 250}}
      - {id: recorded, matches: false, record: {file: small.json}}

File names are relative to the case file's directory.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct, field

from filterpatterns.delivery import reader
from filterpatterns.delivery.reader import Item
from filterpatterns.errors import RecordError
from filterpatterns.jsontext import decoding
from filterpatterns.matching.verdict import as_record
from filterpatterns.templates.documents.values import List, Object, TemplateValue
from filterpatterns.templates.errors import TemplateError, Unresolved, line_and_column

SUFFIXES = (".cases.yaml", ".cases.yml", ".cases.jsonl")
"""The suffixes of case files, for searches."""

_YAML = (".yaml", ".yml")
_NAMES = ("name", "id")
LARGEST_FILE = 1 << 26
"""The size in bytes of a YAML file, or of a file that a case names."""

_LONGEST_VALUE = 1 << 20
"""Characters of a record: with YAML aliases, a record of a few lines may be larger than any
memory."""

_COMMON = ("pattern", "source", "parameters", "comment", "cases")
_FILES = ("body", "record", "event")


class Case(Struct, frozen=True):
    """A case as written. `line` is None for a whole file.

    `folder` is the directory of the files that it names; `error` says why it cannot be read. If
    `is_yaml`, a pattern that is not an object is the name of a file.
    """

    file: str
    line: int | None
    name: str
    members: Mapping[str, Any] = field(default_factory=dict)
    folder: str = ""
    error: str = ""
    is_yaml: bool = False


def is_yaml(file: str) -> bool:
    """Whether a case file is YAML, by its name."""
    return file.lower().endswith(_YAML)


def read(file: str) -> Iterator[Case]:
    """Return the cases of a file; if there are none, a single case with an error that says so.

    Errors in the file, or a missing file, do not raise: they are cases with an error.
    """
    try:
        if is_yaml(file):
            with open(file, "rb") as opened:
                yield from from_yaml(opened.read(LARGEST_FILE + 1), file)
        else:
            with open(file, "rb") as opened:
                yield from from_items(reader.items(opened, file), file)
    except (OSError, ValueError) as error:
        words = getattr(error, "strerror", None) or str(error)
        yield Case(file, None, "", error=words[:1].lower() + words[1:])


def from_items(items: Iterable[Item], file: str) -> Iterator[Case]:
    """Yield the cases of a JSON Lines file; `file` is used if there are none."""
    found = False
    for item in items:
        found = True
        folder = os.path.dirname(item.file)
        if item.error is not None:
            error = item.error.replace("a record must", "a case must", 1)
            yield Case(item.file, item.line, "", error=error)
            continue
        try:
            members = as_record(item.record)
        except RecordError as refusal:
            yield Case(item.file, item.line, "", error=str(refusal))
        else:
            yield Case(item.file, item.line, _name(members), members, folder)
    if not found:  # a suite without cases must not pass
        yield Case(file, None, "", error="no cases")


def from_yaml(data: bytes, file: str) -> Iterator[Case]:
    """The cases of a YAML file."""
    from filterpatterns.templates.documents import yaml_document  # not needed for JSON

    found = False
    try:
        if len(data) > LARGEST_FILE:
            raise TemplateError("too large for a case file")
        text = data.decode("utf-8-sig")
        for root in yaml_document.read(text):
            for case in _document(root, text, file):
                found = True
                yield case
    except UnicodeDecodeError as error:
        words = f"not UTF-8: {error.reason} at byte {error.start + 1}"
        yield Case(file, None, "", error=words)
    except TemplateError as error:
        yield Case(file, error.line, "", error=error.message)
    else:
        if not found:
            yield Case(file, None, "", error="no cases")


def _document(root: TemplateValue, text: str, file: str) -> Iterator[Case]:
    """The cases of a YAML document: under `cases`, or a list, or a single case."""
    common: dict[str, TemplateValue] = {}
    items: Iterable[TemplateValue] = (root,)
    if isinstance(root, List):
        items = root.items
    elif isinstance(root, Object) and root.get("cases") is not None:
        for key, value in root.members:
            if key.value not in _COMMON:
                line, _ = line_and_column(text, key.span.start)
                words = f'unknown member "{key.value}" beside "cases": the members are '
                yield Case(file, line, "", error=words + ", ".join(_COMMON))
                return
            common[key.value] = value
        cases = common.pop("cases")
        items = cases.items if isinstance(cases, List) else (cases,)
    for item in items:
        line, _ = line_and_column(text, item.span.start)
        if not isinstance(item, Object):
            yield Case(file, line, "", error="a case must be an object")
            continue
        try:
            nodes = {**common, **{key.value: value for key, value in item.members}}
            members = {name: _value(name, node, text) for name, node in nodes.items()}
        except Unresolved as error:
            yield Case(file, line, "", error=error.reason)
            continue
        folder = os.path.dirname(file)
        yield Case(file, line, _name(members), members, folder, is_yaml=True)


def _value(name: str, node: TemplateValue, text: str) -> Any:
    """The value of a case's member. A pattern or record stays text, so that numbers are unchanged.

    Raises:
        Unresolved: JSON cannot express it.
    """
    from filterpatterns.templates.values.pattern_text import written_out

    found = written_out(node, text, lambda each: each, longest=_LONGEST_VALUE)
    for unknown in found.unknown:
        raise Unresolved(f"{unknown.source} is not supported in case files", unknown.span)
    written = found.text
    value = decoding.parse(written)
    if isinstance(value, dict) and (name == "pattern" or name in _FILES):
        file = value.get("file")
        return value if len(value) == 1 and isinstance(file, str) else written
    return value


def _name(case: Mapping[str, Any]) -> str:
    """Return the name of a case; empty if it has none."""
    for name in _NAMES:
        value = case.get(name)
        if isinstance(value, (str, int)) and not isinstance(value, bool) and value != "":
            return str(value)
    return ""
