"""The settings of an event source mapping for SQS, checked as AWS checks them.

Lambda developer guide, "Using Lambda with Amazon SQS" and "Configuring scaling behavior for SQS
event source mappings"; Lambda API reference, "CreateEventSourceMapping".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

if TYPE_CHECKING:
    from filterpatterns.integrations.sqs.queue import QueueInfo

DEFAULT_BATCH_SIZE: Final = 10
MAX_BATCH_SIZE: Final = 10_000
MAX_FIFO_BATCH_SIZE: Final = 10
MAX_WINDOW: Final = 300
"""Seconds."""

DEFAULT_CONCURRENCY: Final = 5
"""The number of concurrent batches with which Lambda starts on a standard queue."""

MIN_CONCURRENCY: Final = 2
MAX_CONCURRENCY: Final = 1_000
MAX_TIMEOUT: Final = 900
"""Seconds. Lambda quotas: function timeout."""

MAX_EVENT_BYTES: Final = 6 * 1024 * 1024
"""The size of an event in bytes, with the metadata of all records. Lambda quotas: synchronous
invocation payload."""

REPORT_BATCH_ITEM_FAILURES: Final = "ReportBatchItemFailures"


_RANGES: Final = {
    "BatchSize": ("batch_size", 1, MAX_BATCH_SIZE),
    "MaximumBatchingWindowInSeconds": ("maximum_batching_window", 0, MAX_WINDOW),
    "MaximumConcurrency": ("maximum_concurrency", MIN_CONCURRENCY, MAX_CONCURRENCY),
}
"""AWS's settings that are numbers: the field, the smallest and the largest value."""


class MappingError(ValueError):
    """A setting that AWS would refuse. `setting` is AWS's name for it."""

    def __init__(self, setting: str, message: str) -> None:
        self.setting = setting
        self.message = message
        super().__init__(f"{setting}: {message}")

    def __reduce__(self) -> tuple[type[MappingError], tuple[str, str]]:
        return type(self), (self.setting, self.message)


class EventSourceMapping(Struct, frozen=True, kw_only=True):
    """How messages become events: the settings of an event source mapping, with AWS's defaults.

    `maximum_batching_window` is in seconds; `maximum_concurrency` is None if it is not limited.
    """

    batch_size: int = DEFAULT_BATCH_SIZE
    maximum_batching_window: int = 0
    report_batch_item_failures: bool = False
    maximum_concurrency: int | None = None

    def check(self, queue: QueueInfo, timeout: float | None = None) -> None:
        """Check the settings against each other and against the queue, as AWS does.

        Args:
            queue: the queue that the messages come from.
            timeout: the function's timeout in seconds, if it has one.

        Raises:
            MappingError: AWS would not create this mapping.
        """
        for name, (field, low, high) in _RANGES.items():
            value = getattr(self, field)
            if value is not None:
                _in_range(name, value, low, high)
        if queue.is_fifo:
            if self.batch_size > MAX_FIFO_BATCH_SIZE:
                raise MappingError(
                    "BatchSize",
                    f"must be at most {MAX_FIFO_BATCH_SIZE} for FIFO queues, "
                    f"found {self.batch_size}",
                )
            if self.maximum_batching_window:
                raise MappingError(
                    "MaximumBatchingWindowInSeconds",
                    f"must be 0 for FIFO queues, found {self.maximum_batching_window}",
                )
        elif self.batch_size > DEFAULT_BATCH_SIZE and not self.maximum_batching_window:
            raise MappingError(
                "MaximumBatchingWindowInSeconds",
                f"must be at least 1 if BatchSize is over {DEFAULT_BATCH_SIZE}, "
                f"found 0 with a BatchSize of {self.batch_size}",
            )
        if timeout is None:
            return
        if not 0 < timeout <= MAX_TIMEOUT:
            raise MappingError(
                "Timeout", f"must be between 1 and {MAX_TIMEOUT} seconds, found {timeout:g}"
            )
        if timeout > queue.visibility_timeout:
            raise MappingError(
                "Timeout",
                f"the queue's visibility timeout ({queue.visibility_timeout} s) is less than the "
                f"function's timeout ({timeout:g} s): messages would come back while they are "
                "being handled",
            )


def from_settings(settings: Iterable[tuple[str, Any]]) -> EventSourceMapping:
    """Return the mapping described by settings.

    Args:
        settings: AWS's names (BatchSize, MaximumBatchingWindowInSeconds, FunctionResponseTypes,
            MaximumConcurrency) and their values; None means AWS's default. Numbers may be strings,
            as in CloudFormation.

    Raises:
        MappingError: a value has the wrong type or is out of range.
    """
    found: dict[str, Any] = {}
    for name, value in settings:
        if value is None:
            continue
        if name in _RANGES:
            field, *limits = _RANGES[name]
            found[field] = _in_range(name, _integer(name, value), *limits)
        elif name == "FunctionResponseTypes":
            found["report_batch_item_failures"] = _reports(name, value)
    return EventSourceMapping(**found)


def _integer(name: str, value: Any) -> int:
    if isinstance(value, str) and value.strip().isdecimal():
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise MappingError(name, f"must be an integer, found {value!r}")
    return value


def _in_range(name: str, value: int, low: int, high: int) -> int:
    if not low <= value <= high:
        raise MappingError(name, f"must be between {low:,} and {high:,}, found {value:,}")
    return value


def _reports(name: str, value: Any) -> bool:
    types = [value] if isinstance(value, str) else value
    if not isinstance(types, list) or any(one != REPORT_BATCH_ITEM_FAILURES for one in types):
        raise MappingError(
            name, f'the only type is "{REPORT_BATCH_ITEM_FAILURES}", found {value!r}'
        )
    if len(types) > 1:
        raise MappingError(name, f"must have at most one type, found {len(types)}")
    return bool(types)
