from __future__ import annotations

import time
from io import StringIO

import pytest

from assay.cli import screen


@pytest.fixture
def watched(monkeypatch):
    """What a terminal gets on standard error."""
    written = StringIO()
    monkeypatch.setattr(screen, "errors", screen.Screen(file=written, force_terminal=True, width=80))
    return written


def test_long_work_shows_its_stage_and_goes_away(watched):
    with screen.stages("weighing", after=0.01) as told:
        told("rounds [of] ebcc", 3, 10)
        until = time.monotonic() + 60
        while "rounds" not in watched.getvalue() and time.monotonic() < until:
            time.sleep(0.02)

    assert "weighing: rounds [of] ebcc" in watched.getvalue()
    assert watched.getvalue().endswith("\x1b[2K")


def test_work_that_is_done_at_once_shows_nothing(watched):
    with screen.stages("weighing", after=60) as told:
        told("rounds", 3, 10)

    assert watched.getvalue() == ""


def test_nothing_is_shown_where_nobody_watches(monkeypatch):
    piped = StringIO()
    monkeypatch.setattr(screen, "errors", screen.Screen(file=piped))

    with screen.stages("weighing", after=0) as told:
        told("rounds", 3, 10)
        time.sleep(0.05)

    assert piped.getvalue() == ""
