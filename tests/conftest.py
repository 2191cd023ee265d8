"""What tests in several folders share."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).parents[2] / "shared" / "data"


def shared(path: str) -> Path:
    """Return a file of the development data, or skip the test and say which file it needs."""
    found = SHARED / path
    if not found.exists():
        pytest.skip(f"needs shared/data/{path}, which is not beside this checkout")
    return found


@pytest.fixture(name="shared")
def shared_fixture():
    return shared
