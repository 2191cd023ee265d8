"""Running code of a world in processes of its own, without network, with limited time, memory and files.

What agents write is hostile. It runs as somebody without rights, in a file system that holds the interpreter
and the code and nothing else, where no other process and no network can be seen, and it ends with all that it
started. Where the system cannot give it such a place it runs where it only has no network; where it cannot
even have that, the run is refused.

There are two ways to run it. `run_tests` is what a company's own tests are: they and the code share a
process, and code that rewrites `unittest` can make them say what it likes. `checked` is what a score relies
on: the code answers calls from behind a pipe, in plain JSON, and what the answers are worth is decided here.
The code never sees what is wanted, and no object of its own reaches the comparison; the only way to pass is
to give the right values.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from assay.environments.errors import WorldError
from assay.environments.git import wrong_path

CPU_S, WALL_S, MEMORY_MB, FILE_MB, PROCESSES, SAID = 10, 20, 512, 16, 64, 20_000
ANSWERS = 1 << 20
"""Bytes of answers at most."""

DEEPEST = 20
"""Lists within lists of an answer."""


@dataclass(frozen=True)
class Ran:
    """How a run ended; `says` is the end of what it printed."""

    passed: bool
    says: str


@dataclass(frozen=True)
class Check:
    """A call of code under test, and what has to come of it.

    Attributes
    ----------
    module, name
        What is called, such as "exports.invoice" and "prorated".
    given
        The arguments, in plain JSON; `None` where the name stands for a value that is only read.
    wanted
        The value, in plain JSON; tuples count as lists, 1 is 1.0 and is not true.
    raises
        The class of the error that has to come instead, such as "ValueError".
    """

    module: str
    name: str
    given: tuple[Any, ...] | None
    wanted: Any = None
    raises: str = ""

    def __post_init__(self) -> None:
        # As they travel: what JSON cannot hold is refused here, and not when a score is taken.
        given = None if self.given is None else tuple(json.loads(json.dumps(self.given)))
        object.__setattr__(self, "given", given)
        object.__setattr__(self, "wanted", json.loads(json.dumps(self.wanted)))


# -- a place to run in -----------------------------------------------------------------------------------

_PLACE = """
set -e
mount -t tmpfs -o size=64m,mode=755 none "$1"
cd "$1"
mkdir code old tmp dev proc
chmod 1777 tmp
mount -t proc none proc
mount --bind "$2" code
for each in $3; do
  if [ -L "$each" ]; then ln -s "$(readlink "$each")" ".$each"
  elif [ -d "$each" ]; then
    mkdir -p ".$each"
    mount -o bind,ro,nosuid,nodev "$each" ".$each" 2>&- || {
      mount --rbind "$each" ".$each"; mount -o remount,bind,ro,nosuid,nodev ".$each" 2>&- || true
    }
  fi
done
: > dev/null; mount --bind /dev/null dev/null
: > dev/urandom; mount --bind /dev/urandom dev/urandom
pivot_root . old
cd /code
PATH=/old/usr/bin:/old/bin:/old/usr/sbin:/old/sbin umount -l /old /proc
shift 3
exec "$@"
"""
"""Makes a file system of its own: an empty root, the code, the interpreter with its libraries."""


_AROUND = {"PATH": "/usr/sbin:/sbin:/usr/bin:/bin", "HOME": "/tmp", "PYTHONHASHSEED": "0"}  # noqa: S108 -- its own
"""The environment of what runs."""


@dataclass(frozen=True)
class _Place:
    """A way to run: the command that takes a process away, and whether it has a file system of its own."""

    command: tuple[str, ...]
    apart: bool

    def started(self, folder: Path, run: Sequence[str]) -> list[str]:
        """Return the command that runs another in a folder with a `code` and an empty `root`."""
        if not self.apart:
            return [*self.command, *run]
        prefix = os.path.realpath(sys.base_prefix)
        needed = " ".join(dict.fromkeys(("/lib", "/lib64", "/usr/lib", "/usr/lib64", prefix)))
        place = ["/bin/sh", "-c", _PLACE, "sh", str(folder / "root"), str(folder / "code"), needed]
        return [*self.command, *place, *run]


@cache
def _place() -> _Place | None:
    """Return the strictest way to run code that this system offers."""
    apart = ("-n", "-m", "-p", "-i", "-f", "--kill-child=KILL", "--")
    root = os.geteuid() == 0
    ways = (
        _Place(("unshare", *(() if root else ("-r",)), *apart), apart=True),
        _Place(("unshare", "-r", *apart), apart=True),
        _Place(("unshare", "-n", "--"), apart=False),
        _Place(("unshare", "-r", "-n", "--"), apart=False),
    )
    for way in ways:
        with contextlib.suppress(OSError, subprocess.SubprocessError), tempfile.TemporaryDirectory() as made:
            folder = Path(made)
            (folder / "code").mkdir()
            (folder / "root").mkdir()
            command = way.started(folder, [*_python(), "print(6 * 7)"])
            tried = subprocess.run(  # noqa: S603 -- a command of ours
                command, capture_output=True, timeout=30, check=False, cwd=folder / "code", env=_AROUND
            )
            if tried.stdout == b"42\n":
                return way
    return None


def _python() -> list[str]:
    """Return the interpreter alone, without the packages that are installed here."""
    return [os.path.realpath(sys.executable), "-I", "-S", "-B", "-c"]


def available() -> bool:
    """Say whether code can be run here."""
    return _place() is not None


def shut_off() -> bool:
    """Say whether code that is run here sees no file but its own."""
    place = _place()
    return place is not None and place.apart


# -- running ---------------------------------------------------------------------------------------------


def run_tests(files: Mapping[str, str]) -> Ran:
    """Run the tests among some files with `unittest`.

    They have passed when the runner says a word at the end that it got at the beginning, not when the process
    ends well: code under test can end it. Code that rewrites `unittest` while it runs can still lie, as it
    can where tests are run in earnest; no score relies on this.

    Raises
    ------
    WorldError
        Where the system offers no way to take a process off the network.
    """
    word = secrets.token_hex(16)
    code, said, printed = _run(files, _RUNNER, f"{word}\n")
    text = _end(printed + said)
    passed = code == 0 and text.endswith(f"{word}\n")
    text = text.replace(f"{word}\n", "")
    return Ran(passed, text + f"\nended after {WALL_S} s" * (code is None))


def checked(files: Mapping[str, str], checks: Sequence[Check]) -> Ran:
    """Call code and compare what it answers, where it cannot reach: in this process.

    `says` is which call went wrong first.

    >>> code = {"it.py": "def double(x):\\n    return 2 * x\\n"}
    >>> checked(code, [Check("it", "double", (4,), 8)]).passed if available() else True
    True
    >>> checked(code, [Check("it", "double", (4,), 9)]).says if available() else "it.double(4) gives 8, not 9"
    'it.double(4) gives 8, not 9'

    Raises
    ------
    WorldError
        Where the system offers no way to take a process off the network.
    """
    asked = [[each.module, each.name, None if each.given is None else list(each.given)] for each in checks]
    _, said, _ = _run(files, _ANSWERER, json.dumps(asked))
    if not checks:
        return Ran(False, "nothing was asked")
    answers: dict[int, Any] = {}
    for line in said[:ANSWERS].split("\n")[:-1]:
        with contextlib.suppress(ValueError, TypeError, KeyError, RecursionError):
            found = json.loads(line)
            if found["n"] in answers:
                return Ran(False, "one call was answered twice")
            answers[int(found["n"])] = found
    for place, each in enumerate(checks):
        called = f"{each.module}.{each.name}"
        if each.given is not None:
            called += f"({', '.join(map(repr, each.given))})"
        if place not in answers:
            return Ran(False, f"{called} was not answered")
        answer = answers[place]
        if "raised" in answer or each.raises:
            if answer.get("raised") != each.raises:
                wanted = each.raises or repr(each.wanted)
                return Ran(False, f"{called} raises {answer.get('raised') or 'nothing'}, not {wanted}")
        elif not same(answer.get("value"), each.wanted):
            return Ran(False, f"{called} gives {str(answer.get('value'))[:200]}, not {each.wanted!r}")
    return Ran(True, "")


def same(one: Any, other: Any) -> bool:
    """Say whether two plain values are the same; tuples count as lists, 1 is 1.0 and is not true.

    >>> same([1, {"a": None}], (1.0, {"a": None})), same(1, True)
    (True, False)
    """
    one, other = (list(each) if isinstance(each, tuple) else each for each in (one, other))
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(each, other[name]) for name, each in one.items())
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _run(files: Mapping[str, str], program: str, told: str) -> tuple[int | None, str, str]:
    """Run a program over some files; return how it ended (`None`: never), and what it said on either way."""
    place = _place()
    if place is None:
        raise WorldError(
            "tests of worlds are not run here: `unshare -n` is wanted, so that they reach no network"
        )
    with (
        tempfile.TemporaryDirectory() as made,
        tempfile.TemporaryFile() as said,
        tempfile.TemporaryFile() as printed,
    ):
        folder = Path(made)
        for name in ("code", "root"):
            (folder / name).mkdir()
        (folder / "code").chmod(0o777)  # whoever it runs as may write there; what is around it is ours alone
        for name, text in files.items():
            if wrong := wrong_path(name):
                return 1, "", wrong
            path = folder / "code" / name
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(text.encode("utf-8", "replace"))
            except OSError as problem:
                return 1, "", f"{name} cannot be written: {problem.strerror}"
        process = subprocess.Popen(  # noqa: S603 -- limited as far as the system can
            place.started(folder, [*_python(), program]),
            cwd=folder / "code",
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=printed,
            start_new_session=True,
            env=_AROUND,
            preexec_fn=_limit,  # noqa: PLW1509 -- no threads hold locks that it needs
        )
        try:
            with contextlib.suppress(BrokenPipeError):
                process.communicate(told.encode(), WALL_S)
            code: int | None = process.wait(WALL_S)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        texts = []
        for file in (said, printed):
            file.seek(0)
            texts.append(file.read().decode("utf-8", "replace").replace(str(folder / "code"), "."))
    return code, texts[0], texts[1]


def _end(text: str) -> str:
    return text[-SAID:].replace("/code/", "./")


_ALONE = """
import os, sys
here = os.getcwd()
if os.geteuid() == 0 and not os.path.exists("/proc/self"):
    try:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    except OSError:
        pass
sys.path.insert(0, here)
"""
"""Whoever is the machine's own root gives that up first."""

_RUNNER = (
    _ALONE
    + """
import unittest
word = sys.stdin.readline()
os.dup2(1, 2)
found = unittest.defaultTestLoader.discover(here)
if not found.countTestCases():
    sys.exit("there are no tests")
if not unittest.TextTestRunner(stream=sys.stdout, verbosity=1).run(found).wasSuccessful():
    sys.exit(1)
sys.stdout.write(word)
"""
)

_ANSWERER = (
    _ALONE
    + f"""
import importlib, json
asked = json.loads(sys.stdin.read())
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
def plain(value, depth=0):
    if depth > {DEEPEST}:
        raise TypeError("too deep")
    if value is None or type(value) in (bool, int, float, str):
        return value
    if type(value) in (list, tuple):
        return [plain(each, depth + 1) for each in value]
    if type(value) is dict and all(type(name) is str for name in value):
        return {{name: plain(each, depth + 1) for name, each in value.items()}}
    raise TypeError("no plain value")
for number, (module, name, given) in enumerate(asked):
    answer = {{"n": number}}
    try:
        found = getattr(importlib.import_module(module), name)
        answer["value"] = plain(found if given is None else found(*given))
    except Exception as wrong:
        answer["raised"] = type(wrong).__name__
    answers.write(json.dumps(answer) + "\\n")
    answers.flush()
"""
)


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
