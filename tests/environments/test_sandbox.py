"""Code of a world runs alone: it reaches nothing, ends in time, and passes only where it answers rightly."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from assay.environments import sandbox
from assay.environments.sandbox import Check, available, checked, run_tests, same, shut_off

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
        "x = [0] * 10**9",
    ],
)
def test_code_that_ends_the_run_or_eats_the_machine_has_not_passed(code: str):
    ran = run_tests({"it.py": code, "test_it.py": TEST.format("self.assertEqual(it.x, 1)")})

    assert not ran.passed


def test_code_that_never_ends_is_ended_and_has_not_passed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sandbox, "CPU_S", 2)  # of ten: the machine has other things to do meanwhile

    ran = run_tests({"it.py": "while True: pass", "test_it.py": TEST.format("self.assertEqual(it.x, 1)")})

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


# -- checks ----------------------------------------------------------------------------------------------

DOUBLES = (Check("it", "double", (4,), 8), Check("it", "double", ([1, "a"],), [1, "a", 1, "a"]))

GOOD = "def double(x):\n    return x * 2\n"

HOSTILE = {
    "rewrites unittest": (
        "import unittest\nunittest.TestCase.assertEqual = lambda *a, **k: None\n"
        "unittest.TestResult.wasSuccessful = lambda self: True\ndef double(x):\n    return 0\n"
    ),
    "exits": "import os\ndef double(x):\n    os._exit(0)\n",
    "exits while it is imported": "raise SystemExit(0)\n",
    "exits with its own answer": (
        'import os\ndef double(x):\n    os.write(1, b\'{"n": 0, "passed": true}\\n\')\n    os._exit(0)\n'
    ),
    "rewrites builtins": (
        "import builtins, json\nbuiltins.all = builtins.any = lambda *a: True\n"
        "builtins.isinstance = lambda *a: True\nbuiltins.type = lambda x: int\n"
        'json.dumps = lambda *a, **k: \'{"n": 0, "passed": true, "value": true}\'\n'
        "def double(x):\n    return 0\n"
    ),
    "prints what a runner prints": (
        'def double(x):\n    print("OK")\n    print(\'{"n": 0, "value": 8}\\n{"n": 1, "value": true}\')\n'
    ),
    "writes answers into every file that is open": (
        "import os\ndef double(x):\n"
        "    for n in range(3, 20):\n"
        '        try:\n            os.write(n, b\'{"n": 1, "value": [1, "a", 1, "a"]}\\n\')\n'
        "        except OSError:\n            pass\n"
        "    return 8\n"
    ),
    "is equal to everything": (
        "class Same:\n    def __eq__(self, other):\n        return True\n    __hash__ = None\n"
        "def double(x):\n    return Same()\n"
    ),
    "is a number that is equal to everything": (
        "class Same(int):\n    def __eq__(self, other):\n        return True\n    __hash__ = None\n"
        "def double(x):\n    return Same(0)\n"
    ),
    "is no number at all": "def double(x):\n    return float('nan')\n",
    "answers endlessly": "def double(x):\n    while True:\n        print('x' * 1000)\n",
    "answers too deep": (
        "def double(x):\n    y = []\n    for _ in range(10**5):\n        y = [y]\n    return y\n"
    ),
    "is not there": "",
    "cannot be read": "def double(",
}


def test_right_answers_pass():
    assert checked({"it.py": GOOD}, DOUBLES) == checked({"it.py": GOOD}, DOUBLES)
    assert checked({"it.py": GOOD}, DOUBLES).passed


@pytest.mark.parametrize("how", HOSTILE)
def test_nothing_but_right_answers_passes(how: str):
    ran = checked({"it.py": HOSTILE[how]}, DOUBLES)

    assert not ran.passed
    assert ran.says


def test_values_and_errors_are_checked_too_and_what_went_wrong_is_said():
    code = {"it.py": 'X = {"a": (1, None)}\ndef none(x):\n    raise KeyError(x)\n'}
    passes = (Check("it", "X", None, {"a": [1, None]}), Check("it", "none", ("b",), raises="KeyError"))

    assert checked(code, passes).passed
    assert checked(code, [Check("it", "none", ("b",), 1)]).says == "it.none('b') raises KeyError, not 1"
    assert checked(code, [Check("it", "X", None, {"a": [1]})]).says.endswith("not {'a': [1]}")
    assert not checked(code, []).passed


@pytest.mark.parametrize(
    ("one", "other", "are"),
    [
        (1, True, False),
        (0, False, False),
        (1, 1.0, True),
        ("1", 1, False),
        ([], {}, False),
        ([1, [2]], (1, (2,)), True),
        ({"a": 1}, {"a": 1, "b": None}, False),
        (None, False, False),
    ],
)
def test_plain_values_are_the_same_or_not(one: object, other: object, are: bool):
    assert same(one, other) is are


@pytest.mark.skipif(not shut_off(), reason="wants a file system of its own (`unshare -m`)")
def test_code_sees_no_file_no_process_and_no_right_of_the_machine(tmp_path: Path):
    (tmp_path / "secret").write_text("42")
    code = {
        "it.py": "import os\n"
        "def there(path):\n    return os.path.exists(path)\n"
        "def processes():\n    return [n for n in os.listdir('/proc') if n.isdigit()]\n"
        "def writes(path):\n    open(path, 'w').write('x')\n"
    }
    secret = str(tmp_path / "secret")
    passes = [
        Check("it", "there", (secret,), False),
        Check("it", "there", ("/etc/passwd",), False),
        Check("it", "there", ("/code/it.py",), True),
        Check("it", "processes", (), []),
        Check("it", "writes", (secret,), raises="FileNotFoundError"),
    ]

    ran = checked(code, passes)

    assert ran.passed, ran.says


@pytest.mark.skipif(not shut_off(), reason="wants processes of its own (`unshare -p`)")
def test_what_it_started_ends_with_it():
    starts = (
        "import os, sys, time\n"
        "me = sys.executable\n"
        "def start():\n"
        "    if os.fork() == 0:\n"
        "        os.setsid()\n"
        "        if os.fork() == 0:\n"
        "            os.execv(me, [me, '-c', 'import time; time.sleep(99)', 'lingers'])\n"
        "        os._exit(0)\n"
        "    time.sleep(0.2)\n"
        "    return 1\n"
    )

    assert checked({"it.py": starts}, [Check("it", "start", (), 1)]).passed
    until = time.monotonic() + 60  # of the 99 seconds that it would sleep
    while _lingering() and time.monotonic() < until:
        time.sleep(0.05)
    assert not _lingering()


def _lingering() -> list[Path]:
    return [
        path for path in Path("/proc").glob("[0-9]*/cmdline") if b"time.sleep(99)\0lingers" in _read(path)
    ]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
