"""Running code of a world in a process of its own, without network, with limited time, memory and files.

What agents write is hostile. It runs in an empty folder with an empty environment, in a network of its own
with nothing in it (where the system allows one; else the run is refused), and is ended with all that it
started.
"""

from __future__ import annotations

import contextlib
import os
import resource
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

from assay.environments.errors import WorldError

CPU_S, WALL_S, MEMORY_MB, FILE_MB, PROCESSES, SAID = 10, 20, 512, 16, 64, 20_000


@dataclass(frozen=True)
class Ran:
    """How a run ended; `says` is the end of what it printed."""

    passed: bool
    says: str


@cache
def _alone() -> tuple[str, ...]:
    """Return the command that takes a process off the network; empty where the system has none."""
    for command in (("unshare", "-n", "--"), ("unshare", "-r", "-n", "--")):
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            tried = subprocess.run([*command, "true"], capture_output=True, timeout=5, check=False)  # noqa: S603
            if tried.returncode == 0:
                return command
    return ()


def available() -> bool:
    """Say whether code can be run here."""
    return bool(_alone())


def run_tests(files: Mapping[str, str]) -> Ran:
    """Write files into an empty folder and run the tests among them with `unittest`.

    They have passed when the runner says a word at the end that it got at the beginning, not when the process
    ends well: code under test can end it. Code that rewrites `unittest` while it runs could still lie, since
    both share a process.

    Raises
    ------
    WorldError
        Where the system offers no way to take a process off the network.
    """
    if not _alone():
        raise WorldError(
            "tests of worlds are not run here: `unshare -n` is wanted, so that they reach no network"
        )
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            place = PurePosixPath(name)
            if place.is_absolute() or ".." in place.parts or not place.parts:
                return Ran(False, f"{name!r} is no path within the repository")
            path = Path(folder, place)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        command = [*_alone(), sys.executable, "-I", "-c", _RUNNER, folder]
        with tempfile.TemporaryFile() as said:
            process = subprocess.Popen(  # noqa: S603 -- limited as far as the system can
                command,
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=said,
                stderr=said,
                start_new_session=True,
                env={
                    "PATH": "/usr/bin:/bin",
                    "HOME": folder,
                    "PYTHONHASHSEED": "0",
                    "PYTHONDONTWRITEBYTECODE": "1",
                },
                preexec_fn=_limit,  # noqa: PLW1509 -- no threads hold locks that it needs
            )
            word = secrets.token_hex(16)
            try:
                with contextlib.suppress(BrokenPipeError):
                    process.communicate(f"{word}\n".encode(), WALL_S)
                code = process.wait(WALL_S)
            except subprocess.TimeoutExpired:
                code = -1
            finally:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            said.seek(max(said.seek(0, 2) - SAID, 0))
            text = said.read().decode("utf-8", "replace").replace(folder, ".")
    passed = code == 0 and text.endswith(f"{word}\n")
    text = text.replace(f"{word}\n", "")
    if code == -1:
        text += f"\nended after {WALL_S} s"
    return Ran(passed, text)


_RUNNER = """
import sys, unittest
word = sys.stdin.readline()
sys.path.insert(0, sys.argv[1])
found = unittest.defaultTestLoader.discover(sys.argv[1])
if not found.countTestCases():
    sys.exit("there are no tests")
if not unittest.TextTestRunner(stream=sys.stdout, verbosity=1).run(found).wasSuccessful():
    sys.exit(1)
sys.stdout.write(word)
"""


def _limit() -> None:
    for what, most in (
        (resource.RLIMIT_CPU, CPU_S),
        (resource.RLIMIT_AS, MEMORY_MB << 20),
        (resource.RLIMIT_FSIZE, FILE_MB << 20),
        (resource.RLIMIT_NPROC, PROCESSES + _processes()),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))


def _processes() -> int:
    """Return how many processes there are: the limit counts all of the user's."""
    return sum(name.isdigit() for name in os.listdir("/proc")) if Path("/proc").is_dir() else 1000
