"""When a batch is complete, and which messages wait for others."""

from __future__ import annotations

import pytest

from filterpatterns.integrations.sqs.batching import Batch, Batching
from filterpatterns.integrations.sqs.records import Message


def message(name: str, *, size: int = 100, group: str | None = None) -> Message:
    return Message(name, f"r-{name}", {}, size, group)


def messages(count: int, *, size: int = 100) -> list[Message]:
    return [message(f"m{index}", size=size) for index in range(1, count + 1)]


def grouped(*names: str) -> list[Message]:
    return [message(name, group=name[0]) for name in names]


def ids(batch: Batch | None) -> list[str] | None:
    return None if batch is None else list(batch.ids)


def test_without_a_window_there_is_a_batch_as_soon_as_there_is_a_message() -> None:
    batching = Batching(10)
    assert batching.next_batch(0) is None
    batching.add(messages(3), 0)
    assert ids(batching.next_batch(0)) == ["m1", "m2", "m3"]
    assert batching.next_batch(0) is None


def test_a_batch_has_at_most_batch_size_messages_in_order() -> None:
    batching = Batching(2)
    batching.add(messages(5), 0)
    found = [ids(batching.next_batch(0)) for _ in range(4)]
    assert found == [["m1", "m2"], ["m3", "m4"], ["m5"], None]


def test_a_window_collects_messages_until_it_ends() -> None:
    batching = Batching(100, window=5)
    batching.add(messages(3), 10)
    assert batching.next_batch(10) is None
    assert batching.wake_at(10) == 15
    batching.add([message("m4")], 14.9)
    assert batching.next_batch(14.9) is None
    assert ids(batching.next_batch(15)) == ["m1", "m2", "m3", "m4"]


def test_a_full_batch_does_not_wait_for_the_end_of_the_window() -> None:
    batching = Batching(3, window=300)
    batching.add(messages(4), 0)
    assert ids(batching.next_batch(0)) == ["m1", "m2", "m3"]
    assert batching.next_batch(0) is None


def test_the_next_window_opens_with_the_next_request_for_a_batch() -> None:
    batching = Batching(100, window=5)
    batching.add(messages(1), 0)
    assert batching.next_batch(0) is None
    assert ids(batching.next_batch(5)) == ["m1"]
    batching.add([message("m2")], 6)  # while the function runs, until 20
    assert batching.next_batch(20) is None
    assert batching.wake_at(20) == 25


def test_flush_does_not_wait_for_the_window() -> None:
    batching = Batching(100, window=300)
    batching.add(messages(2), 0)
    assert ids(batching.next_batch(0, flush=True)) == ["m1", "m2"]


def test_the_size_of_an_event_is_limited_including_its_envelope() -> None:
    around = len('{"Records":[]}')
    batching = Batching(10, window=300, max_bytes=around + 3 * 100 + 2)
    batching.add(messages(7), 0)
    found = batching.next_batch(0)
    assert found is not None
    assert ids(found) == ["m1", "m2", "m3"], "two commas between three records"
    assert found.size == around + 302
    assert ids(batching.next_batch(0)) == ["m4", "m5", "m6"]
    tight = Batching(10, window=300, max_bytes=around + 301)
    tight.add(messages(3), 0)
    assert ids(tight.next_batch(0)) == ["m1", "m2"]


def test_a_message_larger_than_the_limit_is_sent_alone() -> None:
    batching = Batching(10, max_bytes=1000)
    batching.add([message("m1"), message("m2", size=5000), message("m3")], 0)
    assert [ids(batching.next_batch(0)) for _ in range(3)] == [["m1"], ["m2"], ["m3"]]


def test_waiting_bytes_are_those_of_waiting_messages() -> None:
    batching = Batching(2)
    batching.add(messages(3), 0)
    assert (len(batching), batching.waiting_bytes) == (3, 300)
    batching.next_batch(0)
    assert (len(batching), batching.waiting_bytes) == (1, 100)
    assert ids(Batch(tuple(batching.take_all()), 0)) == ["m3"]
    assert (len(batching), batching.waiting_bytes) == (0, 0)


def test_a_group_that_is_being_handled_waits_and_others_do_not() -> None:
    batching = Batching(2, is_fifo=True)
    batching.add(grouped("a1", "a2", "a3", "b4", "b5"), 0)
    first = batching.next_batch(0)
    second = batching.next_batch(0)
    assert (ids(first), ids(second)) == (["a1", "a2"], ["b4", "b5"])
    assert batching.next_batch(0) is None
    assert first is not None
    batching.finished(first)
    assert ids(batching.next_batch(0)) == ["a3"]


def test_after_a_failure_nothing_of_the_group_is_handled_before_the_failed_message() -> None:
    batching = Batching(1, is_fifo=True)
    batching.add(grouped("a1", "a2", "b3"), 0)
    first = batching.next_batch(0)
    assert first is not None
    held_back = batching.failed({first.messages[0]: 30.0}, 1)
    batching.finished(first)
    assert {one.id: until for one, until in held_back.items()} == {"a2": 30.0}
    assert ids(batching.next_batch(1)) == ["b3"], "other groups go on"
    later = grouped("a2", "a4")
    assert batching.add(later, 2) == {later[0]: 30.0, later[1]: 30.0}
    assert batching.next_batch(2) is None
    assert batching.add(grouped("a1", "a2"), 3) == {}, "the failed one is back, and first"
    assert [ids(batching.next_batch(3))] == [["a1"]]


def after_a_failure(receive_count: int, max_receive_count: int | None) -> tuple[Batching, Message]:
    """a1 has failed and should be back at 30, at the latest at 31; a2 is received after it."""
    batching = Batching(1, is_fifo=True, max_receive_count=max_receive_count)
    batching.add(grouped("a1"), 0)
    first = batching.next_batch(0)
    assert first is not None
    batching.failed({first.messages[0]: 30.0}, 1)
    batching.finished(first)
    return batching, Message("a2", "r", {}, 100, "a", receive_count)


def test_a_failed_message_that_does_not_come_back_does_not_block_forever() -> None:
    batching, second = after_a_failure(1, 5)
    assert batching.add([second], 29) == {second: 30.0}
    assert batching.add([second], 30.1) == {second: 30.1}, "some servers deliver it too early"
    assert batching.add([second], 30.2) == {}, "each time counts as a receive"
    assert (batching.next_batch(30.2), batching.wake_at(30.2)) == (None, 31)
    assert ids(batching.next_batch(31)) == ["a2"], "the first one is in the dead-letter queue"


def test_a_message_is_not_returned_into_the_dead_letter_queue() -> None:
    batching, second = after_a_failure(3, 3)
    assert batching.add([second], 29) == {}
    assert (batching.next_batch(30.9), batching.wake_at(30.9)) == (None, 31)
    assert ids(batching.next_batch(31)) == ["a2"]


def test_several_failed_messages_come_back_in_order() -> None:
    batching = Batching(10, is_fifo=True)
    batching.add(grouped("a1", "a2", "a3"), 0)
    batch = batching.next_batch(0)
    assert batch is not None
    batching.failed(dict.fromkeys(batch.messages, 30.0), 1)
    batching.finished(batch)
    assert list(batching.add(grouped("a3"), 5).values()) == [30.0]
    assert batching.add(grouped("a1", "a2", "a3"), 6) == {}
    assert ids(batching.next_batch(6)) == ["a1", "a2", "a3"]


@pytest.mark.parametrize("is_fifo", [False, True])
def test_failures_in_a_standard_queue_block_nothing(is_fifo: bool) -> None:
    batching = Batching(1, is_fifo=is_fifo)
    batching.add(grouped("a1", "a2"), 0)
    first = batching.next_batch(0)
    assert first is not None
    held_back = batching.failed({first.messages[0]: 30.0}, 1)
    assert bool(held_back) is is_fifo
