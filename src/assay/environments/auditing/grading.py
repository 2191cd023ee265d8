"""Scoring in a process of its own, on a copy that whoever played never held.

A score that is taken in the process of the agent, from the file of the agent, is the agent's own. The grader
here is another Python with an environment of its own; it reads lines of JSON, each with the path of a copy
and a task as text, and writes lines with scores.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import Any

from assay.environments.errors import WorldError
from assay.environments.tasks import Score, Task, heard, score, told
from assay.environments.world import World


def copied(path: Path, folder: Path) -> Path:
    """Copy a fork as of its last step, byte for byte, into another folder."""
    copy = folder / path.name
    shutil.copyfile(path, copy)
    log = Path(f"{path}-wal")
    if log.exists():
        shutil.copyfile(log, f"{copy}-wal")
    return copy


def bytes_of(path: Path) -> str:
    """Return a hash of a world's file and of its log."""
    found = blake2b(digest_size=16)
    for each in (path, Path(f"{path}-wal")):
        found.update(each.read_bytes() if each.exists() else b"")
        found.update(b"\0")
    return found.hexdigest()


class Grader:
    """A grader in another process. Use as a context manager."""

    def __init__(self, *, hash_seed: int = 0) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "HOME", "TMPDIR") if name in os.environ}
        self._process = subprocess.Popen(  # noqa: S603 -- this same Python, and nothing from outside
            [sys.executable, "-P", "-c", f"from {__name__} import serve; serve()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**kept, "PYTHONHASHSEED": str(hash_seed)},
        )

    def __enter__(self) -> Grader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        if self._process.stdin:
            self._process.stdin.close()
        if self._process.stdout:
            self._process.stdout.close()
        self._process.wait()

    def score(self, path: Path, task: Task) -> Score:
        """Return the score of a copy.

        Raises
        ------
        WorldError
            Where the grader does not answer, or the file is none that it can read.
        """
        asked, said = self._process.stdin, self._process.stdout
        if asked is None or said is None:
            raise WorldError("the grader is not running")
        try:
            asked.write(json.dumps({"path": str(path), "task": told(task)}) + "\n")
            asked.flush()
        except BrokenPipeError:
            raise WorldError("the grader died; run the audit again, and report it if it dies again") from None
        line = said.readline()
        found: dict[str, Any] = json.loads(line) if line else {"wrong": "it died"}
        if "wrong" in found:
            raise WorldError(f"the grader could not score {path.name}: {found['wrong']}")
        return Score(found["reward"], found["goals"], tuple(found["side_effects"]))


def serve() -> None:
    """Answer each line that asks for a score with one that holds it."""
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            with World(Path(asked["path"]), ()) as world:
                found = score(world, heard(asked["task"]))
            said: dict[str, Any] = {
                "reward": found.reward,
                "goals": dict(found.goals),
                "side_effects": list(found.side_effects),
            }
        except Exception as wrong:  # noqa: BLE001 -- whatever it is, whoever asked has to hear of it
            said = {"wrong": f"{type(wrong).__name__}: {wrong}"}
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()
