"""Filters for Arrow columns: anything that supports the Arrow PyCapsule interface (extra
`arrow`)."""

try:
    import numpy  # noqa: F401 - or the first module that needs it would say so in other words
    import pyarrow  # noqa: F401
except ImportError:
    raise ImportError(
        "Arrow data requires pyarrow and numpy: pip install 'filterpatterns[arrow]'"
    ) from None

from filterpatterns.integrations.arrow.columns import ColumnTypeError
from filterpatterns.integrations.arrow.mask import ColumnOptions, filter_arrow, mask_arrow
from filterpatterns.integrations.arrow.rulesets import matching_arrow

__all__ = ["ColumnOptions", "ColumnTypeError", "filter_arrow", "mask_arrow", "matching_arrow"]
