"""Filters as functions of a DuckDB connection.

>>> import duckdb
>>> from filterpatterns.integrations.duckdb import register
>>> connection = duckdb.connect()
>>> register(connection, "is_order", orders)
>>> connection.sql("SELECT * FROM 'archive/*.parquet' WHERE is_order(body)")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from filterpatterns.engine.columns import Nulls, Of, PayloadEncoding
    from filterpatterns.engine.filter import Filter
    from filterpatterns.engine.rulesets import RuleSet


def register(
    connection: DuckDBPyConnection,
    name: str,
    filter: Filter | RuleSet,  # noqa: A002 - what it is
    *,
    type: Any = "VARCHAR",  # noqa: A002 - DuckDB's word
    of: Of = "payload",
    encoding: PayloadEncoding | None = None,
    nulls: Nulls = "null",
) -> None:
    """Register a filter as an SQL function with one parameter that returns whether a value is kept.

    Args:
        connection: the connection in which to register the function.
        name: the function's name in SQL.
        filter: the result of `filterpatterns.compile`; or a RuleSet, for which the function returns
            the names of the rules that match, as VARCHAR[].
        type: the parameter's type: VARCHAR (or JSON, which DuckDB casts), BLOB, a STRUCT.
        of: as for `Filter.mask_arrow`.
        encoding: as for `Filter.mask_arrow`.
        nulls: as for `Filter.mask_arrow`.

    Raises:
        duckdb.Error: a function of that name already exists, or there is no such type.
    """
    from filterpatterns.engine.filter import Filter as FilterClass

    if isinstance(filter, FilterClass):
        ask, returns = filter.mask_arrow, "BOOLEAN"
    else:
        ask, returns = filter.matching_arrow, "VARCHAR[]"

    connection.create_function(
        name,
        lambda values: ask(values, of=of, encoding=encoding, nulls=nulls),
        [type],
        returns,
        type="arrow",
        null_handling="special",
    )
