"""The RULES argument: a folder of patterns, a JSON object of them, or a listing of rules."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import msgspec
from msgspec import Struct, field

from filterpatterns import PatternError, RuleError, RuleSet
from filterpatterns.cli.arguments import template_rules
from filterpatterns.cli.arguments.patterns import INLINE
from filterpatterns.cli.io.streams import STDIN, read_whole
from filterpatterns.cli.messages import Failure, counted, diagnosed, located, reason
from filterpatterns.delivery.sources import SourceName
from filterpatterns.engine import inference
from filterpatterns.errors import printable
from filterpatterns.jsontext import decoding, structure
from filterpatterns.language import inputs

_LARGEST_FILE = 1 << 30
_SHOWN = 3
_MOST_REFUSED = 5

_WANTED = (
    '  hint: RULES is a directory of .json files, {"name": {pattern}, ...}, a template, or what '
    "`aws events list-rules` prints"
)

_FIELDS = frozenset(
    (
        *("body", "attributes", "messageAttributes", "messageId"),
        *("data", "partitionKey", "dynamodb", "eventName", "eventSource", "eventSourceARN"),
        *("key", "value", "topic", "partition", "offset", "headers", "basicProperties"),
        *("source", "detail", "detail-type", "account", "region", "resources"),
        *("$or", "Filters"),
    )
)
"""First keys of patterns: fields of the sources' records, and others that are not names of rules.
"""

_ONE_PATTERN = (
    "hint: this looks like one pattern; RULES is an object of names and patterns: "
    '{"NAME": {...}, ...}'
)


class Rules(Struct):
    """Patterns by the names of their rules, the position of each for messages, what was left out,
    and a hint about a likely mistake."""

    name: str
    patterns: dict[str, Any] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    hint: str = ""
    source: str | None = None

    def add(self, name: str, pattern: Any, place: str) -> None:
        """Add a rule.

        Raises:
            Failure: the name is taken.
        """
        if name in self.patterns:
            words = f'error: two rules are named "{printable(name)}"'
            raise Failure(located(place, words))
        self.patterns[name] = pattern
        self.places[name] = place


def load(argument: str, *, source: str | None, payload: bool = False) -> tuple[Rules, RuleSet]:
    """Return the rule set of a RULES argument. With `payload`, it must be for a single source.

    Raises:
        Failure: it cannot be read, contains no rules, or AWS would refuse some.
    """
    rules = _folder(Path(argument)) if Path(argument).is_dir() else _document(argument)
    if not rules.patterns and not rules.notes:
        raise Failure(located(rules.name, "error: no rules") + f"\n{_WANTED}")
    try:
        source = source or rules.source or _source_of(rules, payload)
        if payload and source == inference.AUTO:
            raise Failure("fp: error: --payload requires --source for this pattern")
        return rules, RuleSet(rules.patterns, source=cast("SourceName", source))
    except RuleError as error:
        raise Failure("\n".join(_refused(rules, error.rules))) from None


def _refused(rules: Rules, errors: Mapping[str, PatternError]) -> Iterator[str]:
    """Yield what is wrong with rules; for many of them, only for the first."""
    for name in [*errors][:_MOST_REFUSED]:
        for each in errors[name].errors:
            yield diagnosed(f'{rules.places[name]}: rule "{printable(name)}"', each)
    if len(errors) > _MOST_REFUSED:
        more = len(errors) - _MOST_REFUSED
        yield located(rules.name, f"error: {counted(more, 'more rule')} with errors")
    if len(errors) == len(rules.patterns) > 1 and Path(rules.name).is_dir():
        words = (
            f"error: none of the {len(errors):,} .json files in this directory is a valid pattern"
        )
        yield located(rules.name, words) + f"\n{_WANTED}"
    if rules.hint:
        yield f"  {rules.hint}"


def _source_of(rules: Rules, payload: bool) -> str:
    """Return the source that the patterns imply."""
    texts: list[str] = []
    for pattern in rules.patterns.values():
        with suppress(PatternError):
            texts += (text.text for text in inputs.patterns(pattern))
    if payload:
        return inference.payload_source(texts) or inference.AUTO
    return inference.source_of_patterns(texts)


def _folder(path: Path) -> Rules:
    rules = Rules(str(path))
    try:
        found = (file for file in path.iterdir() if file.suffix.lower() == ".json")
        # A broken link is a missing rule: reading it reports that.
        files = sorted(file for file in found if file.is_file() or not file.exists())
    except OSError as error:
        raise Failure(located(str(path), f"error: {reason(error)}")) from None
    for file in files:
        rules.add(file.stem, read_whole(str(file), _LARGEST_FILE, "rules"), str(file))
    return rules


def _document(argument: str) -> Rules:
    name, data = argument, b""
    if argument.lstrip().startswith("{"):
        name, data = INLINE, argument.encode(errors="surrogatepass")
    else:
        name = STDIN if argument == "-" else argument
        data = read_whole(name, _LARGEST_FILE, "rules")
    rules = Rules(name)
    if name != INLINE and template_rules.is_template(data):
        template_rules.add_all(rules, data)
        return rules
    try:
        members = list(_members(data))
    except (ValueError, RecursionError) as error:
        words, line, column = _find_error(data, str(error))
        words = f"error: not a JSON object of rules: {printable(words)}"
        raise Failure(located(name, words, line, column) + f"\n{_WANTED}") from None
    listed = _listed(members)
    if listed is not None:
        _take_listing(rules, listed)
        if any(key == "NextToken" for key, _ in members):
            rules.notes.append("the listing is incomplete: it has a NextToken")
        return rules
    for key, raw in members:
        rules.add(key, _pattern(raw), name)
    if members and all(key in _FIELDS and not _begins_with_a_field(raw) for key, raw in members):
        rules.hint = _ONE_PATTERN
    return rules


def _find_error(data: bytes, otherwise: str) -> tuple[str, int | None, int | None]:
    """Return why data is not a JSON object, with line and column."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        return f"not UTF-8: {error.reason} at byte {error.start + 1}", None, None
    value = decoding.parse(text)
    if value is not decoding.NOT_JSON:
        is_object = isinstance(value, dict)
        return otherwise if is_object else f"found {decoding.described(value)}", None, None
    if text.strip() and text.lstrip()[0] not in "{[":
        return "not JSON", None, None
    words, below, column = structure.find_error(text)
    return words, below + 1, column


def _begins_with_a_field(raw: msgspec.Raw) -> bool:
    """Whether a value can only be a pattern itself, not a field of one."""
    value = decoding.parse(bytes(raw).decode(errors="replace"))
    is_pattern = isinstance(value, dict) and not (_FIELDS - {"$or"}).isdisjoint(value)
    return isinstance(value, str) or is_pattern


def _members(data: bytes) -> Iterator[tuple[str, msgspec.Raw]]:
    """Return the members of a JSON object, each value as text, with repeated names.

    Raises:
        ValueError: it is not a JSON object (including msgspec's errors).
    """
    names: list[str] = []

    def remember(pairs: list[tuple[str, Any]]) -> None:
        names[:] = [name for name, _ in pairs]  # the outermost object is the last one

    # Only the names matter: numbers may have any form.
    json.loads(data, object_pairs_hook=remember, parse_int=len, parse_float=len)
    held = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    for name in names:
        yield name, held[name]


def _listed(members: list[tuple[str, msgspec.Raw]]) -> list[dict[str, Any]] | None:
    """Return the rules of a listing; None if the members are rules themselves."""
    for name, raw in members:
        if name == "Rules" and bytes(raw).lstrip().startswith(b"["):
            found = msgspec.json.decode(raw)
            if all(isinstance(rule, dict) and isinstance(rule.get("Name"), str) for rule in found):
                return found  # type: ignore[no-any-return]
    return None


def _take_listing(rules: Rules, listed: list[dict[str, Any]]) -> None:
    """EventBridge API reference, `ListRules`."""
    rules.source = "event"
    schedules: list[str] = []
    disabled: list[str] = []
    for rule in listed:
        name, pattern = rule["Name"], rule.get("EventPattern")
        if pattern is None:
            schedules.append(name)
        elif rule.get("State") == "DISABLED":
            disabled.append(name)
        else:
            rules.add(name, pattern, rules.name)
    for names, words in ((schedules, "without an EventPattern"), (disabled, "in state DISABLED")):
        if names:
            more = ", ..." if len(names) > _SHOWN else ""
            skipped = ", ".join(map(printable, names[:_SHOWN])) + more
            count = f"{len(names):,} rule{'' if len(names) == 1 else 's'}"
            rules.notes.append(f"skipped {count} {words}: {skipped}")


def _pattern(raw: msgspec.Raw) -> Any:
    """Return a pattern as its own text, so that messages can point into it; or a list of such
    texts."""
    text = bytes(raw)
    if text.startswith(b'"'):
        return msgspec.json.decode(text)
    if text.startswith(b"["):
        return [_pattern(item) for item in msgspec.json.decode(text, type=list[msgspec.Raw])]
    return text
