"""Code of a world runs alone: it reaches nothing, ends in time, and passes only where its tests did."""

from __future__ import annotations

import pytest

from assay.environments.sandbox import available, run_tests

pytestmark = pytest.mark.skipif(not available(), reason="wants `unshare -n`")

TEST = "import unittest\nimport it\nclass T(unittest.TestCase):\n    def test_it(self):\n        {}\n"


def test_tests_that_pass_have_passed_and_others_have_not():
    good = run_tests({"it.py": "x = 1", "test_it.py": TEST.format("self.assertEqual(it.x, 1)")})
    bad = run_tests({"it.py": "x = 2", "test_it.py": TEST.format("self.assertEqual(it.x, 1)")})

    assert good.passed
    assert not bad.passed
    assert "AssertionError" in bad.says


@pytest.mark.parametrize(
    "code",
    [
        "import os\nos._exit(0)",
        "import sys\nsys.exit(0)",
        "import atexit, os\natexit.register(os._exit, 0)\nx = 2",
        "raise SystemExit",
        "while True: pass",
        "x = [0] * 10**9",
    ],
)
def test_code_that_ends_the_run_or_eats_the_machine_has_not_passed(code: str):
    ran = run_tests({"it.py": code, "test_it.py": TEST.format("self.assertEqual(it.x, 1)")})

    assert not ran.passed


def test_code_reaches_no_network_and_no_file_beside():
    reaches = "import socket\nsocket.create_connection(('127.0.0.1', 22), 2)\nx = 1"

    ran = run_tests({"it.py": reaches, "test_it.py": TEST.format("self.assertEqual(it.x, 1)")})

    assert not ran.passed
    assert "unreachable" in ran.says or "refused" in ran.says
    assert not run_tests({"../it.py": "x = 1"}).passed


def test_two_runs_say_the_same():
    files = {"it.py": "x = 1", "test_it.py": TEST.format("self.assertEqual(it.x, 1)")}

    assert {run_tests(files).says.partition("in ")[0] for _ in range(2)} == {
        run_tests(files).says.partition("in ")[0]
    }
