"""The format evaluation in words: what the payload is, what the pattern expects, and the result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from filterpatterns.delivery.sources import FormatAction, PayloadFormat
from filterpatterns.explain.model import Format
from filterpatterns.explain.names import holds_json
from filterpatterns.jsontext.python_values import flatten
from filterpatterns.jsontext.structure import find_error
from filterpatterns.language.wording import kind
from filterpatterns.matching.match_tree import Payload
from filterpatterns.matching.verdict import Payloads, Reason, format_action, mismatch

_NAMES = {
    PayloadFormat.JSON: "json",
    PayloadFormat.STRING: "string",
    PayloadFormat.UNREADABLE: "unreadable",
}
_STEPS = {
    FormatAction.FILTER: "filter",
    FormatAction.METADATA_ONLY: "metadata-only",
    FormatAction.DROP: "drop",
}
_LONGEST_FAULT = 1 << 20
"""Characters of a text that is parsed again to report where it stops being JSON."""


def evaluated(key: str, wanted: Payload, payloads: Payloads) -> Format:
    """Return the format evaluation of the payload `key`, for what a pattern expects of it."""
    names = tuple(_NAMES[form] for form in wanted.formats)
    payload = payloads[key]
    if payload is None:
        words = Reason.NO_PAYLOAD.words(key)
        return Format(key, "absent", names, "drop", words, _no_payload(key, payloads))
    form, value = payload
    follows = format_action(payloads.source, wanted, form)
    words = f"{key} is {form.value}, and the pattern expects "
    words += " and ".join(wish.value for wish in wanted.formats)
    hint = ""
    if follows is FormatAction.FILTER:
        words += ": the filter applies to it"
        if form is PayloadFormat.JSON and holds_json(value):
            hint = f"{key} is a JSON string that holds JSON: it was encoded twice"
    elif follows is FormatAction.DROP:
        words = mismatch(form, value).words(key)
        hint = _mismatch_hint(key, form, value)
    else:
        words += f": for {payloads.source.name}, {key} is then not filtered"
        hint = _mismatch_hint(key, form, value)
    return Format(key, _NAMES[form], names, _STEPS[follows], words, hint)


def _no_payload(key: str, payloads: Payloads) -> str:
    if key in payloads.view:
        return f"{key} is null, which AWS treats as missing"
    for name in payloads.view:
        if isinstance(name, str) and name.casefold() == key.casefold():
            return f'there is "{name}": names are case sensitive'
    return ""


def _mismatch_hint(key: str, form: PayloadFormat, value: Any) -> str:
    if form is PayloadFormat.UNREADABLE:
        return ""
    if form is PayloadFormat.JSON:
        return _not_a_string(key, value)
    return _not_json(value)


def _not_a_string(key: str, value: Any) -> str:
    """Say which rules a JSON payload allows: on its fields, if it is an object or contains
    objects."""
    what = kind(value)
    array = isinstance(value, (list, tuple))
    if isinstance(value, Mapping) or (
        array and any(isinstance(item, Mapping) for item in flatten(value))
    ):
        return f"{key} is {what}: write the pattern's {key} as an object with its fields"
    if not array:
        what += " in JSON"
    elif value:
        what += " without objects"
    rest = 'no rule can test its value; only fields with {"exists": false} match it'
    return f"{key} is {what}: {rest}"


def _not_json(text: str) -> str:
    """Return why a plain string is not JSON, if it looks as if it was meant to be."""
    start = text[:100].lstrip()
    if start.startswith("\ufeff"):
        return "it begins with a byte order mark, which JSON does not allow"
    if start.startswith(("{'", "['", "{u'")):
        return "JSON has double quotes: this looks like Python's str() of a dict; json.dumps it"
    if not start.startswith(("{", "[", '"')) or len(text) > _LONGEST_FAULT:
        return ""
    words, below, column = find_error(text)
    return words if column is None else f"{words} at line {below + 1}, column {column}"
