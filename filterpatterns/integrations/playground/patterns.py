"""Finds the patterns in the text of the pattern editor, whatever they are wrapped in."""

from __future__ import annotations

from msgspec import Struct

from filterpatterns.engine.filter import check_texts
from filterpatterns.errors import Diagnostic, PatternError
from filterpatterns.integrations.playground import snippet_reader
from filterpatterns.language import inputs
from filterpatterns.language.inputs import PatternText
from filterpatterns.templates import finding
from filterpatterns.templates.errors import Skipped, TemplateError
from filterpatterns.templates.mapping import Mapping
from filterpatterns.templates.mentions import is_bare_pattern

_UNREADABLE = "unreadable"


class Found(Struct, frozen=True):
    """The patterns of a text, and what is known about them.

    `kind` says what the text is, in words; it is empty for a pattern or a FilterCriteria. `names`
    are the mappings, pipes and rules of a template, and `name` is the one that was chosen.
    `diagnostics` are mistakes around the patterns; if `is_usable` is False, the patterns cannot be
    compiled, because of these.
    """

    texts: tuple[PatternText, ...] = ()
    kind: str = ""
    source: str | None = None
    dialect: str | None = None
    names: tuple[str, ...] = ()
    name: str = ""
    diagnostics: tuple[Diagnostic, ...] = ()
    is_usable: bool = True
    mapping: Mapping | None = None

    def check(self, source: str, dialect: str | None) -> list[Diagnostic]:
        """All diagnostics of the patterns and what is around them."""
        found = list(self.diagnostics)
        if self.mapping is not None:
            found += self.mapping.check(source=source, dialect=dialect)
        elif self.is_usable:
            found += check_texts(self.texts, source, dialect)
        return found


def find(text: str, name: str = "") -> Found:
    """Find the patterns in a text.

    Args:
        text: a pattern, a FilterCriteria, a template of any kind that `fp check` reads, a command
            of the AWS CLI, or CDK code with JSON in it.
        name: the mapping, pipe or rule of a template; if there is none with that name, the first.
    """
    snippet = None if is_bare_pattern(text) else snippet_reader.read(text)
    if snippet is not None:
        try:
            texts = snippet.patterns()
        except PatternError as error:
            return _refused(error.errors, snippet.kind)
        return Found(texts, snippet.kind, snippet.source, snippet.dialect)
    if not is_bare_pattern(text):
        try:
            mappings = finding.patterns_in(text)
        except TemplateError as error:
            return _refused([_template_error(error)])
        mappings = [each for each in mappings if not (each.is_misplaced or each.is_other_language)]
        if any(each.kind != "pattern" for each in mappings):
            return _in_template(mappings, name)
        is_json = text.lstrip().startswith(("{", "["))
        if len(mappings) == 1 and not is_json:
            return _in_template(mappings, name)
    try:
        return Found(inputs.patterns(text))
    except PatternError as error:
        return _refused(error.errors)


def _in_template(mappings: list[Mapping], name: str) -> Found:
    names = _names(mappings)
    index = names.index(name) if name in names else 0
    chosen = mappings[index]
    missing = (*chosen.skipped, *chosen.unset)
    has_errors = any(problem.severity == "error" for problem in chosen.problems)
    return Found(
        chosen.texts,
        f"{chosen.kind} {names[index]}" if names[index] else "",
        chosen.source,
        chosen.dialect,
        tuple(names) if len(names) > 1 else (),
        names[index],
        tuple(_left_open(one) for one in missing),
        is_usable=not missing and not has_errors,
        mapping=chosen,
    )


def _names(mappings: list[Mapping]) -> list[str]:
    """Return a name for each mapping; an empty name if the text consists of a single mapping."""
    names = finding.names_of(mappings)
    if len(names) == len(mappings):
        return names
    if len(mappings) == 1:
        return [""]
    return [f"{number} (line {one.line})" for number, one in enumerate(mappings, 1)]


def _refused(errors: list[Diagnostic] | tuple[Diagnostic, ...], kind: str = "") -> Found:
    return Found(kind=kind, diagnostics=tuple(errors), is_usable=False)


def _template_error(error: TemplateError) -> Diagnostic:
    return Diagnostic(
        code=_UNREADABLE,
        severity="error",
        message=error.message,
        line=error.line,
        column=error.column,
    )


def _left_open(missing: Skipped) -> Diagnostic:
    hint = "known only at deployment: write the value here to evaluate the pattern"
    return Diagnostic(
        code=missing.code,
        severity="error",
        message=missing.reason,
        hint=hint,
        filter_index=missing.filter_index,
        line=missing.line,
        column=missing.column,
    )
