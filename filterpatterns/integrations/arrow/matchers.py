"""Matchers for columns: the paths that a pattern tests, and the same pattern for a payload
alone."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from filterpatterns.delivery.sources import SOURCES, Encoding, FormatAction, PayloadFormat, Source
from filterpatterns.matching.match_tree import Conjunctions, Matcher, PlacedTest


def placed_tests(matcher: Matcher) -> Iterator[PlacedTest]:
    """The tests of all conjunctions that can match at all."""
    for pattern in matcher.patterns:
        yield from (placed for placed in pattern.tests if placed.mask & pattern.alive)


def payload_keys(matcher: Matcher) -> set[str]:
    """The payload keys that a pattern names."""
    return {placed.payload for placed in placed_tests(matcher) if placed.payload is not None}


def payload_key(matcher: Matcher) -> str:
    """The payload key that a pattern names.

    Raises:
        ValueError: it names two, and a column has one.
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
    """The matcher for records that contain their payloads in another way."""
    source = _as_source(matcher.source, encoding)
    patterns = tuple(replace(pattern, source=source) for pattern in matcher.patterns)
    return replace(matcher, source=source, patterns=patterns)


def _as_source(source: Source, encoding: Encoding) -> Source:
    """A source whose records contain their payloads in another way.

    Generated code supports boto3's names for texts only; the evaluator always supports them.
    """
    if encoding is source.encoding:
        return source
    alias = None if encoding is Encoding.OBJECT else source.payload_alias
    return replace(source, encoding=encoding, payload_alias=alias)


def for_payload(matcher: Matcher, key: str, encoding: Encoding) -> Matcher:
    """The matcher for records that contain only a payload.

    Conditions on other members are decided once: the members are absent.
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
    """The matcher for payloads that are objects, each treated as a record.

    So they are not wrapped in dicts, which the garbage collector would have to track: that would
    take longer than everything else.
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
    """Return a test for a payload that is itself a record."""
    test = replace(placed.test, names=placed.names, path=".".join(placed.names))
    return PlacedTest(test, placed.names, None, placed.mask)
