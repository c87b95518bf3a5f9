"""Filters in Spark: columns, filtered and routed DataFrames, batch and Structured Streaming.

>>> from filterpatterns.integrations import spark as fp
>>> kept = fp.filter(df, orders, column="body")
>>> df.withColumn("is_order", fp.matches(orders, "body"))
>>> fp.route(df, rules, column="body").write.partitionBy("rule").parquet("routed")

The workers need filterpatterns and pyarrow too. The column is matched by an Arrow UDF if Spark
supports it (from 4.1), otherwise by a pandas UDF.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, reduce
from operator import or_
from typing import TYPE_CHECKING, Any

try:
    from pyspark.sql import functions as F  # noqa: N812 - as everybody does
except ImportError:
    raise ImportError("Spark is not installed: pip install 'filterpatterns[spark]'") from None

from pyspark.sql.types import ArrayType, BinaryType, BooleanType, DataType, Row, StringType

import filterpatterns
from filterpatterns.engine.engine import Engine
from filterpatterns.engine.filter import Filter
from filterpatterns.integrations.arrow import ColumnOptions
from filterpatterns.integrations.arrow.payloads import wanted_texts

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from filterpatterns.engine.columns import Nulls, Of, PayloadEncoding
    from filterpatterns.engine.rulesets import RuleSet
    from filterpatterns.language.inputs import PatternInput

_HAS_ARROW_UDFS = hasattr(F, "arrow_udf")


def matches(
    filter: Filter,  # noqa: A002 - what it is
    column: str | Column,
    *,
    of: Of = "payload",
    encoding: PayloadEncoding | None = None,
    nulls: Nulls = "null",
) -> Column:
    """A column: whether the filter keeps each row.

    Args:
        filter: the result of `filterpatterns.compile`.
        column: the column's name, or an expression: strings, binary (Kafka's `value`, with
            encoding="raw"), or structs, for example from `F.struct(...)` of several columns.
        of: as for `Filter.mask_arrow`.
        encoding: as for `Filter.mask_arrow`.
        nulls: as for `Filter.mask_arrow`.

    Returns:
        A Boolean column without nulls.
    """
    mask = partial(filter.mask_arrow, of=of, encoding=encoding, nulls=nulls)
    return _udf(mask, BooleanType())(_column(column))


def matching(
    rules: RuleSet,
    column: str | Column,
    *,
    of: Of = "payload",
    encoding: PayloadEncoding | None = None,
    nulls: Nulls = "null",
) -> Column:
    """A column: the names of the rules that match each row, as an array; otherwise like
    `matches`."""
    names = partial(rules.matching_arrow, of=of, encoding=encoding, nulls=nulls)
    return _udf(names, ArrayType(StringType()))(_column(column))


def filter(  # noqa: A001 - as DataFrame.filter
    df: DataFrame,
    pattern: Filter | PatternInput,
    column: str = "body",
    *,
    of: Of = "payload",
    encoding: PayloadEncoding | None = None,
    nulls: Nulls = "null",
) -> DataFrame:
    """Return the rows of a DataFrame that a pattern keeps.

    If the pattern requires a literal value, Spark itself drops the rows without it before Python
    sees them. This is exact: rows with a backslash, which may spell the value differently, are not
    dropped.

    Args:
        df: a DataFrame, also of Structured Streaming.
        pattern: the result of `filterpatterns.compile`, or an SQS pattern that it accepts.
        column: the name of the column.
        of: as for `Filter.mask_arrow`.
        encoding: as for `Filter.mask_arrow`.
        nulls: as for `Filter.mask_arrow`.

    Raises:
        PatternError: AWS would refuse the pattern.
    """
    compiled = pattern if isinstance(pattern, Filter) else filterpatterns.compile(pattern)
    condition = matches(compiled, column, of=of, encoding=encoding, nulls=nulls)
    options = ColumnOptions(of, encoding, nulls)
    first = _native(compiled, df[column], df.schema[column].dataType, options)
    return df.filter(condition) if first is None else df.filter(first).filter(condition)


def route(
    df: DataFrame,
    rules: RuleSet,
    column: str = "body",
    *,
    name: str = "rule",
    of: Of = "payload",
    encoding: PayloadEncoding | None = None,
    nulls: Nulls = "null",
) -> DataFrame:
    """Return each row once for each rule that matches it, with the rule's name; others are dropped.

    Args:
        df: a DataFrame, also of Structured Streaming.
        rules: the rules.
        column: the name of the column.
        name: the name of the new column; `.write.partitionBy(name)` writes a directory for each
            rule.
        of: as for `Filter.mask_arrow`.
        encoding: as for `Filter.mask_arrow`.
        nulls: as for `Filter.mask_arrow`.
    """
    names = matching(rules, df[column], of=of, encoding=encoding, nulls=nulls)
    return df.withColumn(name, names).withColumn(name, F.explode(name))


def _column(column: str | Column) -> Column:
    return F.col(column) if isinstance(column, str) else column


def _udf(function: Callable[[Any], Any], returns: DataType) -> Callable[[Column], Column]:
    """Return a UDF for a function of Arrow data."""
    if _HAS_ARROW_UDFS:
        import pyarrow as pa

        def on_arrow(values: Any) -> Any:
            return function(values)

        on_arrow.__annotations__ = {"values": pa.Array, "return": pa.Array}
        return _made(F.arrow_udf(on_arrow, returns))
    import pandas as pd

    def on_pandas(values: Any) -> Any:
        found = function(_from_pandas(values))
        return pd.Series(found.to_pylist(), index=values.index)

    on_pandas.__annotations__ = {"values": pd.Series, "return": pd.Series}
    made = _made(F.pandas_udf(on_pandas, returns))
    # A null struct arrives here as a struct of nulls.
    nothing = F.lit(False) if isinstance(returns, BooleanType) else F.array().cast(returns)
    return lambda column: F.when(column.isNotNull(), made(column)).otherwise(nothing)


def _from_pandas(values: Any) -> Any:
    """The argument of a pandas UDF as Arrow data; structs are DataFrames there."""
    import pandas as pd
    import pyarrow as pa

    if isinstance(values, pd.DataFrame):
        return pa.array([_json(row) for row in values.to_dict("records")])
    return pa.array(values, from_pandas=True)


def _json(value: Any) -> Any:
    """Convert nested values from pandas and Spark to JSON values; NaN is pandas' null."""
    if isinstance(value, Row):
        value = value.asDict()
    if isinstance(value, dict):
        return {name: _json(member) for name, member in value.items()}
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list):
        return [_json(item) for item in value]
    return None if value != value else value


def _made(udf: Any) -> Callable[[Column], Column]:
    made: Callable[[Column], Column] = udf
    return made


def _native(
    compiled: Filter, column: Column, kind: DataType, options: ColumnOptions
) -> Column | None:
    """A native Spark condition that all kept rows satisfy."""
    engine = compiled._engine  # noqa: SLF001 - in one package
    if not isinstance(engine, Engine) or not isinstance(kind, (StringType, BinaryType)):
        return None
    texts = wanted_texts(engine.matcher, of=options.of, encoding=options.encoding)
    if texts is None:
        return None
    values = [text if isinstance(kind, BinaryType) else text.decode() for text in texts]
    return reduce(or_, [column.contains(F.lit(value)) for value in values])
