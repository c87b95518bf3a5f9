"""Random tests whose examples are seeds."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pytest

from tests.support.paths import THOROUGH

_Test = TypeVar("_Test", bound=Callable[..., None])


def each_seed(quick: int, thorough: int) -> Callable[[_Test], _Test]:
    """A test for each `seed`: some in the README's test command, and more in the thorough run."""

    def decorate(test: _Test) -> _Test:
        seeds = range(thorough if THOROUGH else quick)
        marked: _Test = pytest.mark.properties(pytest.mark.parametrize("seed", seeds)(test))
        return marked

    return decorate
