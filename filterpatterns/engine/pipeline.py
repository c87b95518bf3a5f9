"""Pattern texts -> matcher, errors and warnings: the stages from text to tree, in order."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from filterpatterns.delivery.sources import Source
from filterpatterns.errors import Diagnostic, PatternError
from filterpatterns.language import fast_parser, nodes, parser
from filterpatterns.language.conditions import AllOf
from filterpatterns.language.conditions import check as check_tree
from filterpatterns.language.diagnostics import Reporter
from filterpatterns.language.inputs import PatternText
from filterpatterns.lint.linter import DIALECTS, default_dialect, lint, lint_together
from filterpatterns.matching import match_tree

_Parse = Callable[[str, Reporter], "nodes.Pattern | None"]


class Options(Struct, frozen=True):
    """How strictly patterns are read."""

    dialect: str | None
    strict: bool
    max_filters: int
    advice: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.dialect not in (None, *DIALECTS):
            raise ValueError(
                f"unknown dialect {self.dialect!r}: choose one of {', '.join(DIALECTS)}"
            )


class CompiledPatterns(Struct, frozen=True):
    """Patterns as read for a source: worth using only without errors."""

    matcher: match_tree.Matcher
    errors: tuple[Diagnostic, ...]
    warnings: tuple[Diagnostic, ...]


def compile_patterns(
    patterns: tuple[PatternText, ...], source: Source, options: Options
) -> CompiledPatterns:
    """Read patterns for a source.

    Nearly all patterns are good, and of these no place is ever asked for: they are read without
    places first (measured: 1 ms instead of 60 for the first one of a process, most of it lark).
    """
    found = _compile_patterns(patterns, source, options, fast_parser.parse)
    if found.errors or found.warnings:
        found = _compile_patterns(patterns, source, options, parser.parse)
    return found


def matcher_of(
    patterns: tuple[PatternText, ...], source: Source, options: Options
) -> match_tree.Matcher:
    """What `read` reads, without the warnings.

    Raises:
        PatternError: AWS would refuse one of the patterns.
    """
    found = _compile_patterns(patterns, source, options, fast_parser.parse)
    if found.errors:
        raise PatternError(_compile_patterns(patterns, source, options, parser.parse).errors)
    return found.matcher


def _compile_patterns(
    patterns: tuple[PatternText, ...], source: Source, options: Options, parse: _Parse
) -> CompiledPatterns:
    dialect = options.dialect or default_dialect(source.name)
    errors: list[Diagnostic] = []
    conjunctions: list[match_tree.Conjunctions] = []
    checked: list[tuple[AllOf, Reporter]] = []
    if len(patterns) > options.max_filters:
        reporter = Reporter("")
        reporter.error(
            "FP020",
            None,
            f"{len(patterns)} filters; AWS takes at most {options.max_filters}",
            hint="merge filters with $or; with a raised quota say so: max_filters=10 "
            "(fp: --max-filters 10)",
        )
        return CompiledPatterns(match_tree.Matcher(source, ()), tuple(reporter.errors), ())
    for pattern in patterns:
        reporter = Reporter(
            pattern.text,
            filter_index=pattern.filter_index,
            positions=pattern.positions,
            place=pattern.place if pattern.outer is not None else None,
        )
        if pattern.is_object:
            reporter.warning(
                "FP103",
                None,
                "the Pattern is an object; AWS wants its JSON as a string",
                hint='write "Pattern": "{\\"body\\": ...}", or jsonencode, or a block of text',
            )
        conditions: AllOf = ()
        if parser.within_limits(pattern.text, reporter):
            try:
                syntax_tree = parse(pattern.text, reporter)
                conditions = () if syntax_tree is None else check_tree(syntax_tree, reporter)
            except RecursionError:
                reporter.error(
                    "FP018", None, "the pattern is nested deeper than the caller's stack has room"
                )
            if not reporter.errors:
                lint(
                    conditions,
                    source.name,
                    dialect,
                    reporter,
                    strict=options.strict,
                    advice=options.advice,
                )
                conjunctions.append(match_tree.build(conditions, source, reporter))
        checked.append((conditions, reporter))
    lint_together(checked)
    for _, reporter in checked:
        errors += reporter.errors
    warnings = [warning for _, reporter in checked for warning in reporter.warnings]
    matcher = match_tree.Matcher(source, tuple(conjunctions), keep_all=not patterns)
    return CompiledPatterns(matcher, tuple(errors), tuple(warnings))
