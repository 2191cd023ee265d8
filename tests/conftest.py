"""What tests in several folders share."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

# In CI Hypothesis draws the same examples each time. Nowhere does it mind that a machine is slow.
settings.register_profile(
    "any machine", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")
# A test of tables may come after one in a browser, which leaves a loop behind: nothing here runs in it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
SHARED = Path(__file__).parents[2] / "shared" / "data"


def shared(path: str) -> Path:
    """Return a file of the development data, or skip the test and say which file it needs."""
    found = SHARED / path
    if not found.exists():
        pytest.skip(f"needs shared/data/{path}, which is not beside this checkout")
    return found


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Begin with what takes long, so that no worker is left alone with it at the end.

    Before a browser come the tests of tables, as pytest-django puts them: a browser leaves a loop behind.
    """

    def turn(item: pytest.Item) -> int:
        if item.path.name == "test_postgres.py":  # runs the tests of the platform once more
            return 0
        if "db" in getattr(item, "fixturenames", ()):
            return 1
        return 2 if item.path in long else 3

    long = {
        item.path for item in items if item.get_closest_marker("slow") or item.get_closest_marker("browser")
    }
    items.sort(key=turn)


def yardsticks(call: Callable[[], object], rounds: int = 4) -> float:
    """Return how many times as much processor time a call takes as a known piece of work, each at its best.

    The two take turns, and nothing is said of seconds: on a slow machine, or beside others, both take longer.
    The known work, a loop of Python's and a sort of NumPy's, takes some 15 ms.
    """

    def known() -> None:
        total = 0
        for number in range(150_000):
            total += number % 7
        np.sort(drawn)

    def spent(work: Callable[[], object]) -> float:
        start = time.process_time()
        work()
        return time.process_time() - start

    drawn = np.random.default_rng(0).random(200_000)
    both = [(spent(call), spent(known)) for _ in range(rounds)]
    return min(one for one, _ in both) / min(other for _, other in both)


@pytest.fixture(name="yardsticks")
def yardsticks_fixture():
    return yardsticks


@pytest.fixture(name="shared")
def shared_fixture():
    return shared
