"""MiniStack with exact filters: EventBridge's rules, and event source mappings of Lambda.

    python -m filterpatterns.integrations.ministack

starts MiniStack with exact filters, on the loopback interface only. In a process that already runs
it, use `install()`.
"""

from __future__ import annotations

import ipaddress
import json
import os
import sys
from collections.abc import Iterator
from typing import Any

from filterpatterns.errors import PatternError
from filterpatterns.integrations.emulators import filters
from filterpatterns.integrations.emulators.patching import (
    Original,
    Patches,
    Replacement,
    UnsupportedVersionError,
)
from filterpatterns.jsontext import decoding

__all__ = ["UnsupportedVersionError", "exact_filters", "install", "main"]

_FIRST, _LAST = (1, 5, 33), (1, 6)
_LOOPBACK = "127.0.0.1"


def _find() -> Iterator[Replacement]:
    from ministack.services import eventbridge, lambda_svc

    yield Replacement(eventbridge, "_event_pattern_error", _pattern_error)
    yield Replacement(eventbridge, "_matches_pattern_view", _matches_view)
    yield Replacement(lambda_svc, "_create_esm", _create)
    yield Replacement(lambda_svc, "_update_esm", _update)
    yield Replacement(lambda_svc, "_apply_filter_criteria", _apply)
    yield Replacement(lambda_svc, "_run_sqs_batch", _run_sqs_batch)


_patches = Patches("ministack", _FIRST, _LAST, _find)

install = _patches.install
"""Make MiniStack filter exactly, in this process, from now on.

Raises UnsupportedVersionError, and changes nothing, for a version that was not tested.
"""

exact_filters = _patches.installed
"""A context manager within which MiniStack filters exactly. Raises the same as `install`."""


def main() -> None:
    """Start MiniStack, filtering exactly, on a loopback address: that in BIND_HOST or 127.0.0.1.

    MiniStack's other settings (GATEWAY_PORT, ...) and `--stop` work as usual.
    """
    if {"-d", "--detach"} & set(sys.argv[1:]):
        sys.exit("ministack: --detach starts a process that does not filter exactly: leave it out")
    host = os.environ.setdefault("BIND_HOST", _LOOPBACK)
    if not _is_loopback(host):
        sys.exit(f"ministack: BIND_HOST={host} is not a loopback address: use {_LOOPBACK}")
    try:
        install()
    except UnsupportedVersionError as error:
        sys.exit(f"ministack: {error}")
    from ministack.app import main as start

    start()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _pattern_error(original: Original, pattern_str: Any) -> Any:
    if not pattern_str or not isinstance(pattern_str, str):
        return original(pattern_str)
    try:
        filters.rule_filter(pattern_str)
    except PatternError as error:
        return filters.refusal(error)
    return None


def _matches_view(original: Original, pattern_str: Any, view: Any, owner: str = "rule") -> bool:
    if not isinstance(pattern_str, str):
        return bool(original(pattern_str, view, owner))
    try:
        found = filters.rule_filter(pattern_str)
    except PatternError:  # of a rule that an earlier version stored: it matches nothing
        return bool(original(pattern_str, view, owner))
    return found.matches(_event(view))


def _event(view: Any) -> Any:
    """An event as a target receives it; as text if possible, so that numbers are as written."""
    detail = getattr(view, "_raw_detail", None)
    if isinstance(detail, str) and decoding.parse(detail) is not decoding.NOT_JSON:
        envelope = {name: value for name, value in view.envelope().items() if name != "detail"}
        return f'{json.dumps(envelope)[:-1]}, "detail": {detail}}}'
    return view.event_with_detail()


def _create(original: Original, data: dict[str, Any]) -> Any:
    return _refused(data, str(data.get("EventSourceArn", ""))) or original(data)


def _update(original: Original, esm_id: str, data: dict[str, Any]) -> Any:
    from ministack.services import lambda_svc

    mapping = lambda_svc._esms.get(esm_id) or {}
    return _refused(data, str(mapping.get("EventSourceArn", ""))) or original(esm_id, data)


def _refused(data: dict[str, Any], source_arn: str) -> Any:
    """The response to a FilterCriteria that AWS refuses; None if AWS accepts it."""
    try:
        filters.mapping_filter(data.get("FilterCriteria"), source_arn)
    except PatternError as error:
        from ministack.core.responses import error_response_json

        words = f"Invalid filter pattern definition. {filters.refusal(error)}"
        return error_response_json("InvalidParameterValueException", words, 400)
    return None


def _apply(_original: Original, records: list[Any], esm: dict[str, Any]) -> list[Any]:
    found = filters.mapping_filter(esm.get("FilterCriteria"), esm.get("EventSourceArn", ""))
    return records if found is None else found.filter(records)


def _run_sqs_batch(
    original: Original,
    esm: Any,
    func_rec: Any,
    event: Any,
    batch: Any,
    queue_url: str,
    queue_name: str,
) -> Any:
    """Messages that were filtered out are deleted, whatever happens to the others."""
    from ministack.services import sqs

    kept = {record["messageId"] for record in event["Records"]}
    dropped = {each["receipt_handle"] for each in batch if each["id"] not in kept}
    if dropped:
        sqs._delete_messages_for_esm(queue_url, dropped)
    batch = [each for each in batch if each["id"] in kept]
    return original(esm, func_rec, event, batch, queue_url, queue_name)


if __name__ == "__main__":
    main()
