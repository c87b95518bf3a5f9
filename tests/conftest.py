"""Settings for every test."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterator
from functools import lru_cache
from types import CodeType
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from filterpatterns.codegen import functions
from filterpatterns.engine import engine

_EXAMPLES = {
    "quick": 30,  # the README's test command
    "brief": 25,  # the other Python versions: differences show in a few examples
    "thorough": 300,  # before a change lands
    "long": 20_000,  # overnight
}
for _name, _count in _EXAMPLES.items():
    settings.register_profile(
        _name, deadline=None, max_examples=_count, suppress_health_check=[HealthCheck.too_slow]
    )
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

# The tests start Python hundreds of times, and what it compiles is kept for the next time.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Background processes of a script ignore Ctrl-C, and so do their children: they would never end.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark hypothesis tests, so that they can be run separately with more examples."""
    for item in items:
        if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker(pytest.mark.properties)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int | None:
    """One worker more than there are cores (`-n auto`): many tests wait for other processes."""
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    return (os.cpu_count() or 1) + 1


def pytest_collection_finish() -> None:
    """Thousands of cases stay in memory, and the garbage collector need not visit them again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 50)


@pytest.fixture(autouse=True, scope="session")
def code_from_the_first_record_on() -> Iterator[None]:
    """Generate code for the first record that `matches` is given: few tests give it more than
    some, and the evaluator has tests of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "EVALUATED_FIRST", 0)
        yield


@lru_cache(maxsize=8192)
def _compile_once(source: str, mode: str) -> CodeType:
    code: CodeType = compile(source, "<generated>", mode)
    return code


@pytest.fixture(scope="module")
def same_source_compiled_once() -> Iterator[None]:
    """Compile generated source once, however many patterns have it.

    Values are bound, so patterns of the same shape have the same source. Half of the time of tests
    that ask every path would go into compiling it again.
    """

    def compile_(source: str, _name: str, mode: Any) -> CodeType:
        return _compile_once(source, mode)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(functions, "compile", compile_, raising=False)
        yield
