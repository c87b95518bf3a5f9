"""The rules in a template (CloudFormation, Terraform, ...), for `fp route`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from filterpatterns.cli.messages import Failure, counted, diagnosed, located
from filterpatterns.errors import printable
from filterpatterns.templates.errors import TemplateError
from filterpatterns.templates.mentions import mentions_patterns

if TYPE_CHECKING:
    from filterpatterns.templates.mapping import Mapping


class Rules(Protocol):
    """The collector of rules: their name in messages, notes, and their source."""

    name: str
    notes: list[str]
    source: str | None

    def add(self, name: str, pattern: Any, place: str) -> None:
        """Add a rule."""
        ...


def is_template(data: bytes) -> bool:
    """Whether RULES is a template: it is not JSON, or has words that only templates have."""
    if not mentions_patterns(data):
        return False
    if data.lstrip()[:1] != b"{":
        return True
    try:
        names = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
        found = _mappings(data.decode(), "")
    except (Failure, ValueError):
        return False  # parsing it as rules reports what is wrong
    # The output of `aws events list-rules` is read elsewhere, with states and schedules.
    return any(one.kind != "pattern" for one in found) and "Rules" not in names


def add_all(rules: Rules, data: bytes) -> None:
    """Add the rules of a template; if it has none, its mappings and pipes.

    Args:
        rules: where to add them.
        data: the template.

    Raises:
        Failure: it cannot be read, has neither, or AWS would refuse one of them.
    """
    try:
        found = _mappings(data.decode(), rules.name)
    except UnicodeDecodeError as error:
        words = f"error: not UTF-8: {error.reason} at byte {error.start + 1}"
        raise Failure(located(rules.name, words)) from None
    chosen = [one for one in found if one.kind == "rule"]
    if not chosen:
        chosen = [one for one in found if one.kind != "pattern"]
    elif len(chosen) < len(found):
        rules.notes.append(
            f"skipped {counted(len(found) - len(chosen), 'mapping')} or pipes: "
            "fp route uses only the rules of a template that has any"
        )
    _refuse(chosen, rules.name)
    _add(chosen, rules)


def _add(chosen: Sequence[Mapping], rules: Rules) -> None:
    from filterpatterns.templates.finding import names_of

    for name, one in zip(names_of(chosen), chosen, strict=True):
        missing = (*one.skipped, *one.unset)
        for skipped in missing:
            rules.notes.append(
                f'skipped "{printable(name)}" (line {skipped.line}): {skipped.reason}'
            )
        if not missing and one.texts:
            place = f"{rules.name}:{one.line}"
            texts = [text.text for text in one.texts]
            rules.add(name, texts[0] if len(texts) == 1 else texts, place)
    sources = {one.source for one in chosen}
    if len(sources) == 1:
        rules.source = sources.pop()


def _refuse(chosen: Sequence[Mapping], name: str) -> None:
    """Report where in the template mistakes are: a rule set knows only the patterns."""
    lines = [
        diagnosed(name, each) for one in chosen for each in one.check() if each.severity == "error"
    ]
    if lines:
        raise Failure("\n".join(lines))


def _mappings(text: str, name: str) -> list[Mapping]:
    from filterpatterns.templates import finding  # not needed without a template

    try:
        return finding.patterns_in(text, name)
    except TemplateError as error:
        words = f"error: {printable(error.message)}"
        raise Failure(located(name, words, error.line, error.column)) from None
