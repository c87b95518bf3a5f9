"""Matchers for columns: what a pattern looks at, and the same pattern for a payload alone."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from filterpatterns.delivery.sources import SOURCES, Encoding, FormatAction, PayloadFormat, Source
from filterpatterns.matching.match_tree import Conjunctions, Matcher, PlacedTest


def placed_tests(matcher: Matcher) -> Iterator[PlacedTest]:
    """The tests of all conjunctions that can hold at all."""
    for pattern in matcher.patterns:
        yield from (placed for placed in pattern.tests if placed.mask & pattern.alive)


def payload_keys(matcher: Matcher) -> set[str]:
    """The keys of the payloads that a pattern speaks of."""
    return {placed.payload for placed in placed_tests(matcher) if placed.payload is not None}


def payload_key(matcher: Matcher) -> str:
    """The key of the payload that a pattern speaks of.

    Raises:
        ValueError: it speaks of two, and a column has one.
    """
    keys = matcher.source.payload_keys
    spoken_of = payload_keys(matcher)
    named = [key for key in keys if key in spoken_of]
    if len(named) > 1:
        raise ValueError(
            f"the pattern looks at {' and '.join(named)}: give a table that has these columns, "
            "with of='record'"
        )
    return named[0] if named else keys[0]


def with_encoding(matcher: Matcher, encoding: Encoding) -> Matcher:
    """The matcher for records that hold their payloads in another way."""
    source = _as_source(matcher.source, encoding)
    patterns = tuple(replace(pattern, source=source) for pattern in matcher.patterns)
    return replace(matcher, source=source, patterns=patterns)


def _as_source(source: Source, encoding: Encoding) -> Source:
    """A source whose records hold their payloads in another way.

    Generated code knows boto3's names for texts only; the interpreter knows them in any case.
    """
    if encoding is source.encoding:
        return source
    alias = None if encoding is Encoding.OBJECT else source.payload_alias
    return replace(source, encoding=encoding, payload_alias=alias)


def for_payload(matcher: Matcher, key: str, encoding: Encoding) -> Matcher:
    """The matcher for records that hold nothing but a payload.

    What a pattern wants of other members is decided once: they are absent.
    """
    matcher = with_encoding(matcher, encoding)
    patterns = tuple(_for_payload(pattern, key) for pattern in matcher.patterns)
    return replace(matcher, patterns=patterns)


def _for_payload(pattern: Conjunctions, key: str) -> Conjunctions:
    alive = pattern.alive
    for placed in pattern.tests:
        is_other = placed.payload not in (None, key)
        if is_other or (placed.payload is None and not placed.test.optional):
            alive &= ~placed.mask
    tests = tuple(placed for placed in pattern.tests if placed.payload == key)
    return replace(pattern, alive=alive, tests=tests)


def for_object(matcher: Matcher, key: str) -> Matcher:
    """The matcher for payloads that are objects, each taken for a record.

    So there is no dict around each of them, for the garbage collector to count: it would take
    longer than all the rest.
    """
    alone = for_payload(matcher, key, Encoding.OBJECT)
    drops = matcher.source.formats[PayloadFormat.JSON, PayloadFormat.STRING] is FormatAction.DROP
    source = SOURCES["event"]
    patterns = []
    for pattern in alone.patterns:
        alive = pattern.alive
        tests = []
        for placed in pattern.tests:
            if placed.test.path != key:
                tests.append(_inside(placed))
            elif drops:
                alive &= ~placed.mask
        patterns.append(Conjunctions(source, pattern.count, alive, tuple(tests)))
    return Matcher(source, tuple(patterns), matcher.keep_all)


def _inside(placed: PlacedTest) -> PlacedTest:
    """A test as it is for a payload that is a record itself."""
    test = replace(placed.test, names=placed.names, path=".".join(placed.names))
    return PlacedTest(test, placed.names, None, placed.mask)
