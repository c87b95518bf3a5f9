"""Filters as Polars expressions, which run lazily, streaming, and in parallel with the rest of a
query.

>>> import polars as pl
>>> from filterpatterns.integrations.polars import matches
>>> frame.filter(matches(orders, "body"))
>>> frame.filter(pl.col("body").fp.matches(orders))  # the same; the import makes the namespace
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

try:
    import polars as pl
except ImportError:
    raise ImportError("Polars is not installed: pip install polars pyarrow") from None

if TYPE_CHECKING:
    from filterpatterns.engine.columns import Nulls, Of, PayloadEncoding
    from filterpatterns.engine.filter import Filter
    from filterpatterns.engine.rulesets import RuleSet


def matches(
    filter: Filter,  # noqa: A002 - what it is
    column: str | pl.Expr,
    *,
    of: Of = "payload",
    encoding: PayloadEncoding | None = None,
    nulls: Nulls = "null",
) -> pl.Expr:
    """An expression: whether the filter keeps each row of a column.

    Args:
        filter: the result of `filterpatterns.compile`.
        column: its name, or an expression; `pl.struct(...)` of several columns are the members of a
            record, with of="record".
        of: as for `Filter.mask_arrow`.
        encoding: as for `Filter.mask_arrow`.
        nulls: as for `Filter.mask_arrow`.

    Returns:
        A Boolean expression without nulls. Each row is evaluated independently, so Polars may run
        it on parts of the data, also in its streaming engine.
    """

    def mask(series: pl.Series) -> pl.Series:
        found = filter.mask_arrow(series, of=of, encoding=encoding, nulls=nulls)
        return pl.Series(series.name, found, dtype=pl.Boolean)

    return _expression(column).map_batches(mask, return_dtype=pl.Boolean, is_elementwise=True)


def matching(
    rules: RuleSet,
    column: str | pl.Expr,
    *,
    of: Of = "payload",
    encoding: PayloadEncoding | None = None,
    nulls: Nulls = "null",
) -> pl.Expr:
    """An expression: the names of the rules that match each row, as a list; otherwise like
    `matches`."""

    def names(series: pl.Series) -> pl.Series:
        found = rules.matching_arrow(series, of=of, encoding=encoding, nulls=nulls)
        return pl.Series(series.name, found, dtype=_NAMES)

    return _expression(column).map_batches(names, return_dtype=_NAMES, is_elementwise=True)


_NAMES = pl.List(pl.String)


def _expression(column: str | pl.Expr) -> Any:
    return pl.col(column) if isinstance(column, str) else column


@pl.api.register_expr_namespace("fp")
class Namespace:
    """`pl.col("body").fp`: the functions of this module as methods."""

    def __init__(self, expression: pl.Expr) -> None:
        self._expression = expression

    def matches(self, filter: Filter, **options: Any) -> pl.Expr:  # noqa: A002 - as above
        """Like the function `matches`."""
        return matches(filter, self._expression, **options)

    def matching(self, rules: RuleSet, **options: Any) -> pl.Expr:
        """Like the function `matching`."""
        return matching(rules, self._expression, **options)
