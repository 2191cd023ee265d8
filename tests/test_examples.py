"""Every example runs, and says what its first lines promise."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.py"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_from_anywhere(path, tmp_path):
    ran = subprocess.run(
        [sys.executable, str(path)], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.count("\n") >= 5
    assert list(tmp_path.iterdir()) == []


def test_the_judges_example_shows_that_a_majority_is_not_enough(tmp_path):
    path = next(path for path in EXAMPLES if path.stem == "judge_the_judges")

    said = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, check=True).stdout

    majority, weighed = (int(line.split("in ")[1].rstrip("%")) for line in said.splitlines()[:2])
    assert weighed >= majority + 10
