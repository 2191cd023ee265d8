"""What tests in several folders share."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# In CI Hypothesis draws the same examples each time. Nowhere does it mind that a machine is slow.
settings.register_profile(
    "any machine", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")
SHARED = Path(__file__).parents[2] / "shared" / "data"


def shared(path: str) -> Path:
    """Return a file of the development data, or skip the test and say which file it needs."""
    found = SHARED / path
    if not found.exists():
        pytest.skip(f"needs shared/data/{path}, which is not beside this checkout")
    return found


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Begin with the files that take long, so that no worker is left alone with one at the end."""
    longest = "test_postgres.py"  # runs the tests of the platform once more
    long = {
        item.path for item in items if item.get_closest_marker("slow") or item.get_closest_marker("browser")
    }
    items.sort(key=lambda item: (item.path.name != longest, item.path not in long))


@pytest.fixture(name="shared")
def shared_fixture():
    return shared
