"""Compiles pattern texts to a matcher, errors and warnings: the stages from text to tree, in
order."""

from __future__ import annotations

import math
from collections.abc import Callable

from msgspec import Struct

from filterpatterns.delivery.sources import Source
from filterpatterns.errors import Diagnostic, PatternError
from filterpatterns.language import fast_parser, nodes, parser
from filterpatterns.language.conditions import AllOf, count_combinations
from filterpatterns.language.conditions import check as check_tree
from filterpatterns.language.diagnostics import Reporter
from filterpatterns.language.inputs import PatternText
from filterpatterns.limits import MAX_FILTERS, MAX_JOINT_COMBINATIONS, MAX_RAISED_FILTERS
from filterpatterns.lint.linter import DIALECTS, lint, lint_together
from filterpatterns.lint.subscribers import is_refused_array, refuse_operators, scope_errors, scoped
from filterpatterns.matching import match_tree

_Parse = Callable[[str, Reporter], "nodes.Pattern | None"]


class Options(Struct, frozen=True):
    """How strictly patterns are compiled."""

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
    """Patterns compiled for a source: usable only if there are no errors."""

    matcher: match_tree.Matcher
    errors: tuple[Diagnostic, ...]
    warnings: tuple[Diagnostic, ...]


def compile_patterns(
    patterns: tuple[PatternText, ...], source: Source, options: Options
) -> CompiledPatterns:
    """Compile patterns for a source.

    Nearly all patterns are valid and need no positions, so they are first parsed without positions
    (measured: 1 ms instead of 60 for the first pattern of a process, mostly due to lark).
    """
    found = _compile_patterns(patterns, source, options, fast_parser.parse)
    if found.errors or found.warnings:
        found = _compile_patterns(patterns, source, options, parser.parse)
    return found


def matcher_of(
    patterns: tuple[PatternText, ...], source: Source, options: Options
) -> match_tree.Matcher:
    """Return the matcher of `compile_patterns` without warnings, at half the cost.

    Raises:
        PatternError: AWS would reject one of the patterns.
    """
    found = _compile_patterns(patterns, source, options, fast_parser.parse, errors_only=True)
    if found.errors:
        raise PatternError(_compile_patterns(patterns, source, options, parser.parse).errors)
    return found.matcher


def _compile_patterns(
    patterns: tuple[PatternText, ...],
    source: Source,
    options: Options,
    parse: _Parse,
    *,
    errors_only: bool = False,
) -> CompiledPatterns:
    errors = _too_many(patterns, options)
    if errors:
        return CompiledPatterns(match_tree.Matcher(source, ()), tuple(errors), ())
    conjunctions: list[match_tree.Conjunctions] = []
    checked: list[tuple[AllOf, Reporter]] = []
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
                "the Pattern is an object; AWS expects its JSON as a string",
                hint='write "Pattern": "{\\"body\\": ...}", or jsonencode, or a block of text',
            )
        conditions = _conditions(pattern, source, reporter, parse)
        if not reporter.errors:
            lint(
                conditions,
                source.name,
                options.dialect,
                reporter,
                text=pattern.text,
                strict=options.strict,
                advice=options.advice,
                errors_only=errors_only,
            )
            conjunctions.append(match_tree.build(conditions, source, reporter))
        checked.append((conditions, reporter))
    errors = scope_errors(patterns, source)
    errors += [error for _, reporter in checked for error in reporter.errors]
    if source.scopes and not errors:
        conjunctions = _all_together([conditions for conditions, _ in checked], source, errors)
    if not (source.scopes or errors_only):
        lint_together(checked)
    warnings = [warning for _, reporter in checked for warning in reporter.warnings]
    matcher = match_tree.Matcher(source, tuple(conjunctions), keep_all=not patterns)
    return CompiledPatterns(matcher, tuple(errors), tuple(warnings))


def _too_many(patterns: tuple[PatternText, ...], options: Options) -> list[Diagnostic]:
    """FP020: more filters than the service accepts. Pipes has no quota to raise."""
    is_pipe = options.dialect == "pipes" and options.max_filters <= MAX_RAISED_FILTERS
    most = min(options.max_filters, MAX_FILTERS) if is_pipe else options.max_filters
    if len(patterns) <= most:
        return []
    reporter = Reporter("")
    reporter.error(
        "FP020",
        None,
        f"{len(patterns)} filters; AWS allows at most {most}",
        hint="merge filters with $or; a pipe allows no more, whatever the quota"
        if is_pipe
        else "merge filters with $or; with a raised quota, pass max_filters=10 "
        "(fp: --max-filters 10)",
    )
    return reporter.errors


def _conditions(pattern: PatternText, source: Source, reporter: Reporter, parse: _Parse) -> AllOf:
    """Return the conditions of one pattern, which are only usable without errors; in a subscriber's
    filter, they apply to the whole event."""
    length = len(pattern.text) - sum(hole.end - hole.start for hole in pattern.holes)
    is_within = parser.within_limits(pattern.text, reporter, length)
    if not is_within or is_refused_array(pattern, reporter):
        return ()
    try:
        conditions = _checked(pattern, reporter, parse)
    except RecursionError:
        reporter.error("FP018", None, "the pattern is nested too deeply for the caller's stack")
        return ()
    if pattern.scope is None or pattern.scope not in source.scopes:
        return conditions  # reported with the filter
    refuse_operators(conditions, pattern.scope, reporter)
    return scoped(conditions, source.scopes[pattern.scope])


def _checked(pattern: PatternText, reporter: Reporter, parse: _Parse) -> AllOf:
    if not pattern.holes:
        syntax_tree = parse(pattern.text, reporter)
        return () if syntax_tree is None else check_tree(syntax_tree, reporter)
    from filterpatterns.language import unknown_parts  # only templates have them

    syntax_tree = unknown_parts.parse(pattern, reporter)
    if syntax_tree is None:
        return ()
    return check_tree(syntax_tree, reporter, unknown_parts.read_operand)


def _all_together(
    filters: list[AllOf], source: Source, errors: list[Diagnostic]
) -> list[match_tree.Conjunctions]:
    """Return the conjunctions of filters that must all match."""
    combinations = math.prod(count_combinations(conditions) for conditions in filters)
    if combinations > MAX_JOINT_COMBINATIONS:
        reporter = Reporter("")
        reporter.error(
            "FP016",
            None,
            f"the $or alternatives of the filters multiply out to {combinations:,} combinations; "
            f"at most {MAX_JOINT_COMBINATIONS:,} are supported in all filters together",
            hint="merge alternatives that differ in only one field: list their values in its array",
        )
        errors += reporter.errors
        return []
    together = tuple(member for conditions in filters for member in conditions)
    # Everything was reported for each filter separately.
    return [match_tree.build(together, source, Reporter(""))]
