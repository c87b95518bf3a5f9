"""The straight way through a version of a rule set: a generated function for its paths.

It serves records whose payload is JSON, or that have none, and whose objects stand alone, not in
arrays. For all others, and for sets that no code is generated for, `find` gives None, and the plain
way (`reading.py`, `index.py`) decides.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from filterpatterns.delivery.sources import Encoding, decode_base64
from filterpatterns.engine.rulesets.clauses import Clause
from filterpatterns.engine.rulesets.index import Index
from filterpatterns.engine.rulesets.reading import Wanted, decoded, decoder_of, view_of
from filterpatterns.engine.rulesets.types import ObjectType, Unsupported, object_type
from filterpatterns.engine.rulesets.writer import SetWriter

Find = Callable[[Any], "list[Clause] | None"]
"""From a record to the clauses that match, of which one may come twice; or to None."""


def straight(wanted: Wanted, indexes: Sequence[Index], *, keeps_minus_zero: bool) -> Find:
    """The function for records whose payload, if any rule looks at one, is JSON.

    Args:
        wanted: what the rules look at.
        indexes: those of their clauses that may match such records.
        keeps_minus_zero: as for `decoded`.

    Raises:
        Unsupported: there is none.
    """
    keys = [key for key in wanted.roots if key]
    top = object_type(wanted.roots[""])
    if not keys:
        return _of_records(wanted, top, indexes, keeps_minus_zero)
    if len(keys) > 1:
        raise Unsupported
    (key,) = keys
    inner = object_type(wanted.roots[key])
    if wanted.source.encoding is Encoding.OBJECT:
        return _of_objects(wanted, key, (top, inner), indexes)
    return _of_texts(wanted, key, (top, inner), indexes, keeps_minus_zero)


def _of_records(
    wanted: Wanted, top: ObjectType, indexes: Sequence[Index], keeps_minus_zero: bool
) -> Find:
    """For rules that look at no payload."""
    in_dict = SetWriter(indexes).function([(top, False)])
    is_whole = wanted.source.inside is None and wanted.source.payload_alias is None
    if not is_whole:

        def find_in_view(record: Any) -> Any:
            view = view_of(record, wanted)
            return in_dict(view) if view.__class__ is dict else None

        return find_in_view
    in_struct = SetWriter(indexes).function([(top, True)])
    decode, struct = decoder_of(top.struct), top.struct
    view = wanted.source.view

    def find(record: Any) -> Any:
        if record.__class__ is dict:
            return in_dict(view(record))
        if record.__class__ is bytes:
            try:
                record = str(record, "utf-8")
            except UnicodeDecodeError:
                return None
        if record.__class__ is not str:
            return None
        value = decoded(record, decode, keeps_minus_zero=keeps_minus_zero)
        return in_struct(value) if value.__class__ is struct else None

    return find


def _of_objects(
    wanted: Wanted, key: str, types: tuple[ObjectType, ObjectType], indexes: Sequence[Index]
) -> Find:
    """For payloads that are objects in the record."""
    top, inner = types
    function = SetWriter(indexes).function([(top, False), (inner, False)])

    def find(record: Any) -> Any:
        view = view_of(record, wanted)
        payload = view.get(key)
        return function(view, payload) if payload.__class__ is view.__class__ is dict else None

    return find


def _of_texts(
    wanted: Wanted,
    key: str,
    types: tuple[ObjectType, ObjectType],
    indexes: Sequence[Index],
    keeps_minus_zero: bool,
) -> Find:
    """For payloads that are texts, or base64 of these."""
    top, inner = types
    function = SetWriter(indexes).function([(top, False), (inner, True)])
    decode, struct = decoder_of(inner.struct), inner.struct
    is_base64 = wanted.source.encoding is Encoding.BASE64

    def find(record: Any) -> Any:
        view = view_of(record, wanted)
        text = view.get(key)
        if text.__class__ is not str or view.__class__ is not dict:
            return None
        if is_base64:
            try:
                text = str(decode_base64(text), "utf-8")
            except ValueError:
                return None
        value = decoded(text, decode, keeps_minus_zero=keeps_minus_zero)
        return function(view, value) if value.__class__ is struct else None

    return find
