"""Reads from records the values by path that a rule set needs, decoding no more than that.

JSON text is decoded into dicts with only the members that lead to a path that any rule tests;
everything else is validated and skipped.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, TypedDict, Union

import msgspec
from msgspec import Struct, field

from filterpatterns.delivery.sources import Encoding, PayloadFormat, Source, decode_base64
from filterpatterns.engine.rulesets.paths import PathNode, UnsupportedRecord, Values, gather, plain
from filterpatterns.engine.rulesets.types import MOST_MEMBERS
from filterpatterns.jsontext.decoding import NOT_JSON
from filterpatterns.jsontext.typed import Decode, decoded, decoder_of
from filterpatterns.matching.verdict import as_record, read_payload


class Wanted(Struct, frozen=True):
    """What a rule set needs: the paths of the record's own members under "", those of each payload
    under its key; and the functions that decode texts for these, created as needed. There is always
    a root for "", and for each payload that any rule names."""

    source: Source
    roots: Mapping[str, PathNode]
    decoders: dict[str, Decode] = field(default_factory=dict)


class Reading:
    """The values of a record, and the format of each of its payloads that is needed."""

    __slots__ = ("formats", "values")

    def __init__(self) -> None:
        self.values = Values()
        self.formats: dict[str, PayloadFormat] = {}


def decode_record(record: Any, wanted: Wanted) -> Reading | None:
    """Return the values that a rule set needs from a record; None if they cannot be collected, so
    that the rules have to be evaluated one by one.

    Raises:
        RecordError: the record is not a JSON object.
    """
    view = view_of(record, wanted)
    try:
        reading = _gathered(view, wanted)
    except UnsupportedRecord:
        try:
            reading = _gathered(plain(wanted.source.view(as_record(record))), wanted)
        except UnsupportedRecord:
            return None
    reading.values.distinct()
    return reading


def _gathered(view: Mapping[str, Any], wanted: Wanted) -> Reading:
    reading = Reading()
    for key, root in wanted.roots.items():
        if not key:
            if root.children:
                gather(root, view, reading.values)
            continue
        found = _payload(view.get(key), key, wanted)
        if found is None:
            continue
        reading.formats[key], value = found
        if found[0] is PayloadFormat.STRING:
            reading.values.leaves[key] = [value]
        elif found[0] is PayloadFormat.JSON and root.children:
            gather(root, value, reading.values)
    return reading


def view_of(record: Any, wanted: Wanted) -> Mapping[str, Any]:
    """Return the record as patterns see it, or at least the part that these rules need.

    Raises:
        RecordError: the record is not a JSON object.
    """
    source = wanted.source
    if record.__class__ is dict:
        return source.view(record)
    text = record
    if record.__class__ is bytes:
        with suppress(UnicodeDecodeError):
            text = record.decode()
    if text.__class__ is str and source.inside is None:
        found = _decoded(text, "", wanted)
        # With the names of another API, a record has no payload under this name.
        if found.__class__ is dict and (
            source.payload_alias is None or source.payload_keys[0] in found
        ):
            return found
    return source.view(as_record(record))


def _payload(payload: Any, key: str, wanted: Wanted) -> tuple[PayloadFormat, Any] | None:
    """Like `read_payload`, but of JSON text only the needed part."""
    text = payload
    if wanted.source.encoding is Encoding.BASE64 and payload.__class__ is str:
        try:
            text = str(decode_base64(payload), "utf-8")
        except ValueError:
            return PayloadFormat.UNREADABLE, payload
    if text.__class__ is not str:
        return read_payload(payload, wanted.source.encoding)
    value = _decoded(text, key, wanted)
    return (PayloadFormat.STRING, text) if value is NOT_JSON else (PayloadFormat.JSON, value)


def _decoded(text: str, key: str, wanted: Wanted) -> Any:
    """The value of a JSON text, with or without the members that no rule needs, or NOT_JSON."""
    decode = wanted.decoders.get(key)
    if decode is None:
        decode = wanted.decoders[key] = _decoder(key, wanted)
    return decoded(text, decode)


def _decoder(key: str, wanted: Wanted) -> Decode:
    if key and not wanted.roots[key].children:
        return msgspec.json.Decoder(msgspec.Raw).decode  # only checks whether it is JSON
    names = _Names()
    payloads: dict[str, Any] = {}
    try:
        if not key:
            payloads = dict.fromkeys(wanted.source.payload_keys, Any)
            if wanted.source.encoding is Encoding.OBJECT:
                payloads = {
                    name: _type(root, {}, names) for name, root in wanted.roots.items() if name
                }
        return decoder_of(_type(wanted.roots[key], payloads, names))
    except (_Unsupported, RecursionError):
        return decoder_of(Any)


class _Unsupported(Exception):
    """The number of names, including other spellings of dotted paths, beyond which no type is
    created."""


class _Names:
    def __init__(self) -> None:
        self._left = MOST_MEMBERS

    def take(self, name: str) -> str:
        self._left -= 1
        # msgspec does not find names that are not ASCII in a TypedDict, and mistakes others for
        # them.
        if self._left < 0 or not name.isascii():
            raise _Unsupported
        return name


def _type(node: PathNode, members: dict[str, Any], names: _Names) -> Any:
    """Return a type for the value at a place: an object with the needed members and the given ones;
    an array of such objects and leaves; or a leaf."""
    if not (node.children or members) or node.path is not None:
        return Any  # numbers decoded as Any keep their texts
    members = dict(members)
    for name, child in node.children.items():
        members[names.take(name)] = _type(child, {}, names)
        # The same paths with dots in names are rare; their values are decoded in full.
        pending = [(name, child)]
        while pending:
            spelt, place = pending.pop()
            for part, following in place.children.items():
                name = names.take(f"{spelt}.{part}")
                members[name] = Any
                pending.append((name, following))
    record: Any = TypedDict("Object", members, total=False)  # type: ignore[misc]
    leaf: Any = Union[record, str, int, float, bool, None]  # noqa: UP007 - known at run time only
    return Union[leaf, list[leaf]]  # noqa: UP007
