"""The platform on PostgreSQL: its tests once more, and what only many writers at once can show."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
import cluster  # noqa: E402

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(cluster.lacking()), reason=cluster.lacking()),
    # These tests start the others in a process of its own; there they are left out.
    pytest.mark.skipif("ASSAY_DATABASE" in os.environ, reason="runs beside PostgreSQL, not on it"),
]


@pytest.fixture(scope="module")
def server():
    with cluster.cluster() as address:
        yield address


@pytest.fixture
def run(server, request, tmp_path):
    """Run a program of Python's on a new database, and return what it printed."""
    address = cluster.fresh(server)

    def start(*command):
        return subprocess.run(
            [sys.executable, *map(str, command)],
            capture_output=True,
            text=True,
            timeout=3_600,
            check=False,
            env={**os.environ, "ASSAY_DATABASE": address, "ASSAY_HOME": str(tmp_path)},
        )

    return start


def test_every_test_of_the_platform_passes_on_postgresql(run):
    ran = run("-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not slow and not anywhere", HERE)

    assert ran.returncode == 0, ran.stdout[-4_000:]
    assert " passed" in ran.stdout


def test_128_people_at_once_never_pass_the_cap(run, tmp_path):
    ran = run(HERE / "storm.py", tmp_path, 128)

    told = "judgments 120, distinct 120, most on one work 3, least 3, full 40, errors 0"
    assert ran.stdout.strip() == told, ran.stderr


def test_a_table_of_several_thousand_items_comes_in_and_its_data_set_goes_out(run, tmp_path):
    script = """
import sys
from pathlib import Path
from assay.platform import service
from assay.records import Brief, Item, Judgment, Sample

items = [Item(f"i{n}", "The moon?") for n in range(3_000)]
samples = [Sample(f"{item.id}/{name}", item.id, name, "…") for item in items for name in "xy"]
service.prepare(Path(sys.argv[1]))
slug = service.create_project(Brief("moon", "Delight.", "pairwise"), items, samples)
said = [
    Judgment(f"j{n}", f"i{n}:x|y", f"rater{n % 7}", "pairwise", {"choice": f"i{n}/x"}, 1) for n in range(500)
]
found = service.import_judgments(slug, said), service.projects()[0], len(list(service.export(slug, "jsonl")))
print(found[0], found[1].works, found[1].judgments, found[2])
"""
    ran = run("-c", script, tmp_path)

    assert ran.stdout.strip() == "500 3000 500 500", ran.stderr


def test_nobody_waits_in_a_circle_while_places_come_back(run, tmp_path):
    """PostgreSQL would break a circle of waiting with an error after a second."""
    ran = run(HERE / "storm.py", tmp_path, 24, "late")

    assert ran.stdout.strip().endswith("most on one work 3, least 3, full 40, errors 0"), ran.stderr
    assert "deadlock" not in ran.stderr


def test_budgets_and_taking_back_hold_while_a_dozen_people_write(run, tmp_path):
    ran = run(HERE / "squall.py", tmp_path)

    told = "in force 60, places 60, counted 60, spent 60, twice 0, taken back 1, open 0, unexpected []"
    assert ran.stdout.strip() == told, ran.stderr
    assert "deadlock" not in ran.stderr
