"""The methods of Filter and RuleSet for columns of Arrow data, implemented in
`integrations.arrow`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from filterpatterns.engine.engine import MatchEngine, OnError
from filterpatterns.matching.match_tree import Matcher

if TYPE_CHECKING:
    import pyarrow

Of = Literal["payload", "record"]
"""What a row is: the payload of a record, or a whole record."""

PayloadEncoding = Literal["raw", "base64"]
"""How a column stores payloads: the bytes themselves, or base64."""

Nulls = Literal["null", "absent"]
"""What a null member of an object means: JSON's null, or an absent member."""

NamesOfEach = Callable[[Iterable[Any]], "list[list[str]]"]
"""A function from records to the names of the rules that match each."""


def arrow() -> Any:
    """Return `filterpatterns.integrations.arrow`, which is built on the engine and needs pyarrow.
    It is imported by name, like a plugin, when it is first needed.

    Raises:
        ImportError: pyarrow is not installed.
    """
    return import_module("filterpatterns.integrations.arrow")


class ArrowMethods:
    """The methods of a Filter for Arrow data."""

    _engine: MatchEngine

    def mask_arrow(
        self,
        data: Any,
        *,
        column: str | None = None,
        of: Of = "payload",
        encoding: PayloadEncoding | None = None,
        nulls: Nulls = "null",
        on_error: OnError = "raise",
    ) -> pyarrow.BooleanArray | pyarrow.ChunkedArray:
        """Return whether each row of Arrow data is kept: the result of `mask` for the equivalent
        dicts.

        Needs the extra `arrow`.

        Args:
            data: an array, a chunked array or a table of pyarrow, Polars, DuckDB, pandas, or
                anything else that supports the Arrow PyCapsule interface; or a pandas Series.
            column: the name of a table's column; None if the data is one column, or if the table's
                columns are the members of records.
            of: what a row is: "payload", the source's payload (SQS's `body`) as text, bytes, or
                already parsed (structs, lists, maps); or "record", a whole record as JSON text, as
                a struct, or as a table's row. With the source "event", rows are always events.
            encoding: how the payload is stored: "raw", the bytes themselves; "base64", as Lambda
                delivers Kinesis, Kafka and MQ payloads; None, as in the source's records.
            nulls: what a null member of a struct or a table's row means: JSON's "null", or, if
                missing members became nulls, an "absent" member.
            on_error: as for `filter`, for JSON texts that are not records.

        Returns:
            A BooleanArray without nulls; for chunked data and tables a ChunkedArray with the same
            chunks. A null row yields false.

        Raises:
            RecordError: see `on_error`; its index is the row's number.
            TypeError: the data is not Arrow data; or a column that the pattern needs, which the
                message names, has a type that JSON does not have (such as a timestamp).
            ValueError: there is no such column; or an argument is not one of the values above.
            ImportError: pyarrow is not installed.
        """
        found = arrow()
        options = found.ColumnOptions(of, encoding, nulls, on_error)
        return found.mask_arrow(self._engine, data, column, options)

    def filter_arrow(
        self,
        table: Any,
        *,
        column: str | None = None,
        of: Of = "payload",
        encoding: PayloadEncoding | None = None,
        nulls: Nulls = "null",
        on_error: OnError = "raise",
    ) -> Any:
        """Return the rows of Arrow data that are kept, in order.

        The arguments (`table` is `data` there) and exceptions are those of `mask_arrow`.

        Returns:
            A pyarrow object of the same kind; for other libraries' data, a pyarrow Table or
            ChunkedArray.
        """
        found = arrow()
        options = found.ColumnOptions(of, encoding, nulls, on_error)
        return found.filter_arrow(self._engine, table, column, options)


class ArrowNames:
    """The method of a RuleSet for Arrow data."""

    __slots__ = ()

    def _names_of_rows(self, on_error: OnError) -> tuple[NamesOfEach, Matcher | None]:
        """Return a function that matches records by the current rules, and everything that the
        rules together test, None for records of several sources."""
        raise NotImplementedError

    def matching_arrow(
        self,
        data: Any,
        *,
        column: str | None = None,
        of: Of = "payload",
        encoding: PayloadEncoding | None = None,
        nulls: Nulls = "null",
        on_error: OnError = "raise",
    ) -> pyarrow.ListArray | pyarrow.ChunkedArray:
        """Return the names of the rules that match each row of Arrow data, as lists of strings.

        Needs the extra `arrow`. The arguments and exceptions are those of `Filter.mask_arrow`.

        Returns:
            A ListArray; for chunked data and tables a ChunkedArray. The list of a null row is
            empty.
        """
        found = arrow()
        options = found.ColumnOptions(of, encoding, nulls, on_error)
        matching, matcher = self._names_of_rows(on_error)
        return found.matching_arrow(matching, matcher, data, column, options)
