"""What a Filter and a RuleSet do with columns of Arrow data, by `integrations.arrow`."""

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
"""How a column holds payloads: the bytes themselves, or base64."""

Nulls = Literal["null", "absent"]
"""What a null member of an object means: JSON's null, or a member that is not there."""

NamesOfEach = Callable[[Iterable[Any]], "list[list[str]]"]
"""From records to the names of the rules that match each."""


def arrow() -> Any:
    """`filterpatterns.integrations.arrow`, which is built on the engine and needs pyarrow: it is
    looked up by name, like any plugin, when it is first asked for.

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
        """Whether each row of Arrow data is kept: what `mask` gives for the equivalent dicts.

        Needs the extra `arrow`.

        Args:
            data: an array, a chunked array or a table of pyarrow, Polars, DuckDB, pandas, or
                anything else with the Arrow PyCapsule interface; or a pandas Series.
            column: the name of a table's column; None if the data is one column, or if the table's
                columns are the members of records.
            of: what a row is: "payload", the source's payload (SQS's `body`) as text, bytes, or
                already parsed (structs, lists, maps); or "record", a whole record as JSON text, as
                a struct, or a table's row. Of the source "event" rows are events in any case.
            encoding: how the payload is held: "raw", the bytes themselves; "base64", as Lambda
                delivers Kinesis, Kafka and MQ payloads; None: as the source's records hold it.
            nulls: what a null member of a struct or a table's row stands for: JSON's "null", or,
                where missing members became nulls, a member that is "absent".
            on_error: as for `filter`, for JSON texts that are no records.

        Returns:
            A BooleanArray without nulls; for chunked data and tables a ChunkedArray, in the same
            chunks. A row that is null is false.

        Raises:
            RecordError: see `on_error`; its index is the row's number.
            TypeError: the data is not Arrow's; or a column that the pattern looks at, which the
                message names, is of a type that JSON does not have (a timestamp, say).
            ValueError: there is no such column; or an argument is none of the words above.
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
        """The rows of Arrow data that are kept, in order.

        The arguments (`table` is `data` there) and what is raised are those of `mask_arrow`.

        Returns:
            pyarrow's object of the same kind; of other libraries' data a pyarrow Table or
            ChunkedArray.
        """
        found = arrow()
        options = found.ColumnOptions(of, encoding, nulls, on_error)
        return found.filter_arrow(self._engine, table, column, options)


class ArrowNames:
    """The method of a RuleSet for Arrow data."""

    __slots__ = ()

    def _names_of_rows(self, on_error: OnError) -> tuple[NamesOfEach, Matcher | None]:
        """What matches records, by the rules as they are now; and what all rules together look at,
        None for records of several sources."""
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
        """The names of the rules that match each row of Arrow data, as lists of strings.

        Needs the extra `arrow`. The arguments and what is raised are those of `Filter.mask_arrow`.

        Returns:
            A ListArray; for chunked data and tables a ChunkedArray. No rule matches a row that is
            null: its list is empty.
        """
        found = arrow()
        options = found.ColumnOptions(of, encoding, nulls, on_error)
        matching, matcher = self._names_of_rows(on_error)
        return found.matching_arrow(matching, matcher, data, column, options)
