"""Converts the syntax tree to conditions. Every mistake is found here; conditions without errors
are valid."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec import Struct

from filterpatterns.jsontext.numbers import is_comparable
from filterpatterns.language import nodes
from filterpatterns.language.diagnostics import Reporter, Where
from filterpatterns.language.hints import (
    COMBINERS,
    ask_for_any_value,
    for_operand,
    for_operators,
    for_scalar,
    for_single_alternative,
    for_unknown_operator,
    without_brackets,
    without_quotes,
)
from filterpatterns.language.nodes import Span
from filterpatterns.language.operators import OPERATORS, OperandError, Operator, equality
from filterpatterns.language.operators.base import describe, is_number
from filterpatterns.language.operators.unknown import UnknownRule
from filterpatterns.limits import MAX_COMBINATIONS

RESERVED_IN_OR = frozenset(
    (
        *OPERATORS,
        *("=", "<", "<=", ">", ">="),
        *("regex", "not-wildcard", "not-equals-ignore-case"),
        *("date-after", "date-on-or-after", "date-before", "date-on-or-before", "in-date-range"),
        *("ip-address-in-range", "ip-address-not-in-range"),
    )
)
"""Names that no field inside `$or` may have (EventBridge user guide, "Creating event patterns")."""


class Condition(Struct, frozen=True, gc=False):
    """A field and its rules: any may match.

    `names` is the path as the pattern spells it; `place` is its position in words (`a.$or[1].b`);
    `spans` has the span of each rule. Parts of a template's pattern may be unknown: `certain` says
    how many names are known, from the first on (None: all), and `is_open` that the value may also
    be an object. `name_spans` has the span of each name.
    """

    names: tuple[str, ...]
    rules: tuple[Operator, ...]
    span: Span
    place: str
    spans: tuple[Span, ...]
    certain: int | None = None
    is_open: bool = False
    name_spans: tuple[Span, ...] = ()

    @property
    def path(self) -> str:
        """The names joined with dots: how the engine identifies the field."""
        return ".".join(self.names)

    def at(self, index: int) -> Where:
        """Where one of the rules stands."""
        return Where(self.spans[index], f"{self.place}[{index}]")


class AnyOf(Struct, frozen=True, gc=False):
    """A `$or`: any of the alternatives may match; all members of an alternative must.

    `names` lead to the object that contains it.
    """

    alternatives: tuple[AllOf, ...]
    names: tuple[str, ...]
    span: Span


AllOf = tuple[Condition | AnyOf, ...]


def iter_conditions(conditions: AllOf) -> Iterator[Condition]:
    """Yield all conditions, including those of `$or` alternatives, in the order of the text."""
    for member in conditions:
        if isinstance(member, AnyOf):
            for alternative in member.alternatives:
                yield from iter_conditions(alternative)
        else:
            yield member


ReadOperand = Callable[[Callable[[nodes.Value], Operator], nodes.Value], Operator]
"""Calls an operator's parser with its operand; both may raise OperandError."""


def _read_operand(parse: Callable[[nodes.Value], Operator], operand: nodes.Value) -> Operator:
    return parse(operand)


def check(
    tree: nodes.Pattern, report: Reporter, read_operand: ReadOperand = _read_operand
) -> AllOf:
    """Return the conditions of a pattern, in the order of the text; they are only usable without
    errors.

    `read_operand` is for patterns whose operands may have unknown parts.
    """
    if not isinstance(tree, nodes.Fields):
        hint = 'name the field: {"body": [...]}'
        edit = None
        if isinstance(tree, nodes.Scalar) and str(tree.value).lstrip().startswith("{"):
            hint = "the pattern is encoded twice: remove one layer of quotes and backslashes"
            edit = without_quotes(tree)
        if isinstance(tree, nodes.Rules) and any(
            isinstance(item, nodes.Operation) for item in tree.items
        ):
            hint = "write alternatives with $or, or as several Filters"
        report.error(
            "FP002",
            Where(tree.span),
            f"a pattern must be a JSON object, found {describe(tree)}",
            hint=hint,
            edit=edit,
        )
        return ()
    conditions = _Checker(report, read_operand).fields(tree, (), "", in_or=False)
    if not report.errors and count_combinations(conditions) > MAX_COMBINATIONS:
        report.error(
            "FP016",
            Where(tree.span),
            f"the $or alternatives multiply out to {count_combinations(conditions)} combinations; "
            f"AWS allows at most {MAX_COMBINATIONS}",
            hint="merge alternatives that differ in only one field: list their values in its array",
        )
    return conditions


def count_combinations(conditions: AllOf) -> int:
    """Return how many combinations the `$or`s of a pattern multiply out to."""
    product = 1
    for member in conditions:
        if isinstance(member, AnyOf):
            product *= sum(count_combinations(alternative) for alternative in member.alternatives)
    return product


class _Checker:
    def __init__(self, report: Reporter, read_operand: ReadOperand) -> None:
        self._report = report
        self._read_operand = read_operand
        self._name_spans: tuple[Span, ...] = ()
        self._certain: int | None = None
        """Names that are known although an outer name is not."""

    def fields(
        self, fields: nodes.Fields, names: tuple[str, ...], place: str, *, in_or: bool
    ) -> AllOf:
        """Return the conditions of an object. `place` is its position in words: `a.$or[1].b`."""
        if not fields.members:
            self._report.error(
                "FP003",
                Where(fields.span, place),
                "an object without members",
                hint='AWS rejects a pattern without conditions; for "any value" '
                'write [{"exists": true}]; to keep everything, leave the filter out'
                if place
                else 'to keep everything, write no filter: {"Filters": []}',
                edit=ask_for_any_value(fields.span) if place and not place.endswith("]") else None,
            )
        last = {_name(member): member for member in fields.members}
        found: list[Condition | AnyOf] = []
        for member in fields.members:
            name = _name(member)
            if isinstance(member, nodes.Field) and not member.is_known and self._certain is None:
                self._certain = len(names)
                found.extend(self._field(member, names, f"{place}.{name}".lstrip("."), in_or))
                self._certain = None
                continue
            where = f"{place}.{name}" if place else name
            conditions = (
                self._or(member, names, where)
                if isinstance(member, nodes.Or)
                else self._field(member, names, where, in_or)
            )
            if last[name] is member:
                found.extend(conditions)
            else:
                self._report.warning(
                    "FP101",
                    Where(member.name_span, where),
                    f'the name "{name}" is repeated further down: only its last value counts',
                    hint="write all its rules in one array, or all its fields in one object",
                )
        return tuple(found)

    def _field(self, field: nodes.Field, names: tuple[str, ...], place: str, in_or: bool) -> AllOf:
        if in_or and field.name in RESERVED_IN_OR:
            self._report.error(
                "FP015",
                Where(field.name_span, place),
                f'inside $or, a field cannot be named "{field.name}"',
                hint=f'an operator belongs in a field\'s array: "name": [{{"{field.name}": ...}}]',
            )
            return ()
        names = (*names, field.name)
        name_spans = (*self._name_spans, field.name_span)
        value = field.value
        if field.name in COMBINERS and _holds_fields(value):
            self._report.error(
                "FP007",
                Where(field.name_span, place),
                f"unknown operator {field.name}: only $or exists",
                hint=COMBINERS[field.name],
            )
            return ()
        if isinstance(value, nodes.Fields):
            above, self._name_spans = self._name_spans, name_spans
            conditions = self.fields(value, names, place, in_or=in_or)
            self._name_spans = above
            return conditions
        is_open = isinstance(value, nodes.Unknown) and value.pieces is None
        if isinstance(value, nodes.Rules) or is_open:
            found: list[tuple[Operator, Span]] = [(UnknownRule(), value.span)]
            if isinstance(value, nodes.Rules):
                found = self._rules(value, place)
            rules = tuple(rule for rule, _ in found)
            spans = tuple(span for _, span in found)
            certain = self._certain
            return (
                Condition(names, rules, value.span, place, spans, certain, is_open, name_spans),
            )
        hint = for_scalar(field.name, value)
        self._report.error(
            "FP005",
            Where(value.span, place),
            f"a field must be an array of rules or an object, found {describe(value)}",
            hint=hint.words,
            edit=hint.edit,
        )
        return ()

    def _or(self, member: nodes.Or, names: tuple[str, ...], place: str) -> AllOf:
        value = member.value
        if isinstance(value, nodes.Unknown) and value.pieces is None:
            return ()
        if not isinstance(value, nodes.Alternatives):
            self._report.error(
                "FP014",
                Where(value.span, place),
                f"$or must be an array of objects, found {describe(value)}",
                hint='write "$or": [{"a": [1]}, {"b": [2]}]',
            )
            return ()
        if len(value.items) < 2 and not any(isinstance(one, nodes.Unknown) for one in value.items):
            self._report.error(
                "FP014",
                Where(value.span, place),
                f"$or must have at least two alternatives, found {len(value.items) or 'none'}",
                hint="write a single alternative without $or",
                edit=for_single_alternative(member, self._report),
            )
        alternatives = []
        for index, item in enumerate(value.items):
            where = f"{place}[{index}]"
            if isinstance(item, nodes.Unknown) and item.pieces is None:
                continue
            if isinstance(item, nodes.Fields):
                alternatives.append(self.fields(item, names, where, in_or=True))
            else:
                self._report.error(
                    "FP014",
                    Where(item.span, where),
                    f"an alternative of $or must be an object, found {describe(item)}",
                    hint='write {"name": ["value"]}',
                )
        return (AnyOf(tuple(alternatives), names, value.span),)

    def _rules(self, rules: nodes.Rules, place: str) -> list[tuple[Operator, Span]]:
        if not rules.items:
            self._report.error(
                "FP004",
                Where(rules.span, place),
                "an array without rules",
                hint='for "any value" write [{"exists": true}]',
                edit=ask_for_any_value(rules.span),
            )
        found: list[tuple[Operator, Span]] = []
        for index, item in enumerate(rules.items):
            where = f"{place}[{index}]"
            if isinstance(item, nodes.Rules):
                self._report.error(
                    "FP006",
                    Where(item.span, where),
                    "an array inside an array of rules",
                    hint="arrays in events are searched automatically: write the values in one "
                    "flat array",
                    edit=without_brackets("Leave out the brackets", item.span, self._report),
                )
            elif isinstance(item, nodes.Unknown):
                found.append((UnknownRule(), item.span))
            elif isinstance(item, nodes.Scalar):
                found.append((self._equality(item, where), item.span))
            else:
                operator = self._operation(item, where)
                if operator is not None:
                    found.append((operator, item.span))
        return found

    def _equality(self, item: nodes.Scalar, place: str) -> Operator:
        rule = equality(item)
        if is_number(item.value) and not is_comparable(item.text):
            self._report.warning(
                "FP106",
                Where(item.span, place),
                "a double cannot represent this number exactly: it equals only the same text",
                hint="AWS compares numbers as IEEE doubles: at most 15 digits, up to about 1.8e308",
            )
        return rule

    def _operation(self, item: nodes.Operation, place: str) -> Operator | None:
        if len(item.operators) != 1:
            names = ", ".join(operator.name for operator in item.operators) or "none"
            self._report.error(
                "FP008",
                Where(item.span, place),
                f"a rule must have exactly one operator, found {names}",
                hint='write one rule for each, [{"prefix": "a"}, {"suffix": "b"}]: the '
                "field matches if any of them does"
                if item.operators
                else 'write a value, or an operator: {"exists": true}',
                edit=for_operators(item, self._report),
            )
        found = None
        for operator in item.operators:
            parse = OPERATORS.get(operator.name)
            where = f"{place}.{operator.name}"
            if parse is None:
                hint = for_unknown_operator(operator)
                self._report.error(
                    "FP007",
                    Where(operator.name_span, where),
                    f'unknown operator "{operator.name}"',
                    hint=hint.words,
                    edit=hint.edit,
                )
                continue
            try:
                found = self._read_operand(parse, operator.operand)
            except OperandError as error:
                self._report.error(
                    error.code,
                    Where(error.node.span, where),
                    error.message,
                    hint=error.hint,
                    edit=for_operand(error, operator, item),
                )
        return found


def _holds_fields(value: nodes.Fields | nodes.Rules | nodes.Scalar) -> bool:
    """Whether an array has objects with fields in them, where only operators may be."""
    return isinstance(value, nodes.Rules) and any(
        operator.name not in OPERATORS
        for item in value.items
        if isinstance(item, nodes.Operation)
        for operator in item.operators
    )


def _name(member: nodes.Field | nodes.Or) -> str:
    return member.name if isinstance(member, nodes.Field) else "$or"
