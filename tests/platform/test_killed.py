"""A server that is killed has lost nothing that it had acknowledged."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

CRASH = Path(__file__).parents[2] / "bench" / "platform" / "crash.py"


@pytest.mark.slow
def test_what_was_acknowledged_is_there_once_after_five_kills_under_load(tmp_path):
    ran = subprocess.run(
        [sys.executable, CRASH, tmp_path, "5", "1500"],
        capture_output=True,
        text=True,
        timeout=1_800,
        check=False,
    )

    told = re.fullmatch(r"rounds 5, acknowledged (\d+), lost 0, twice 0, above the cap 0", ran.stdout.strip())
    assert told, ran.stdout + ran.stderr
    assert int(told[1]) > 50, "there was no load to speak of"
