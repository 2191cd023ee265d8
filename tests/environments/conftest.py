"""Worlds to play in, made once for all tests of this folder, and git beside them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("apsw", reason="worlds want apsw (pip install 'assay[worlds]')")

from assay.environments import clones
from assay.environments.git import Repository
from assay.environments.playing import Oracle
from assay.environments.sandbox import available
from assay.environments.tasks import Action, Task
from assay.environments.universe import OpenEpisode, Universe

# Run by another Python, which has the package that it asks.
collect_ignore = ["agentdojo_verifier.py"]


@pytest.fixture(scope="session")
def universe(tmp_path_factory: pytest.TempPathFactory) -> Universe:
    return Universe("startup", 7, tmp_path_factory.mktemp("worlds"))


@pytest.fixture
def episode(universe: Universe) -> Iterator[OpenEpisode]:
    with universe.episode(universe.task("bad-deploy", 1)) as opened:
        yield opened


def steps_of_the_oracle(episode: OpenEpisode, task: Task) -> list[Action]:
    """Let the oracle play an episode, and return its steps with what it had to look up filled in."""
    oracle, steps = Oracle(task), []
    while (step := oracle.act(episode)) is not None:
        episode.call(step.tool, step.arguments)
        steps.append(step)
    return steps


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def play_on(episode: OpenEpisode) -> Callable[..., Any]:
    """Call a tool that has to succeed, and return what it answered."""

    def call(name: str, **given: Any) -> Any:
        reply = episode.call(name, given)
        assert reply.fine, reply.answer
        return reply.answer

    return call


@pytest.fixture
def cloned(episode: OpenEpisode, tmp_path: Path) -> Path:
    """A clone of the smallest repository."""
    clones.clone(Repository("exports", episode.world.hidden), tmp_path / "clone")
    return tmp_path / "clone"


@pytest.fixture(scope="session")
def git() -> Callable[..., str]:
    """Run git in a folder, in nobody's name, and return what it says."""
    if shutil.which("git") is None:
        pytest.skip("wants the git binary")
    ann = {
        f"GIT_{part}_{what}": said
        for part in ("AUTHOR", "COMMITTER")
        for what, said in (("NAME", "Ann"), ("EMAIL", "ann@helio.example"))
    }

    def run(folder: Path, *command: str, told: str | None = None) -> str:
        ran = subprocess.run(
            ["git", *command],
            cwd=folder,
            input=told,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", **ann},
        )
        assert ran.returncode == 0, ran.stderr + ran.stdout
        return ran.stdout

    return run


@pytest.fixture(scope="session")
def sandboxed() -> None:
    """Skip where code of a world cannot be run."""
    if not available():
        pytest.skip("wants `unshare -n`")


@pytest.fixture(scope="session")
def said_under_hash_seeds() -> Callable[[str], set[str]]:
    """Return what a program says in three processes, each with its own order of hashes."""

    def said(program: str) -> set[str]:
        return {
            subprocess.run(
                [sys.executable, "-c", program],
                env={**os.environ, "PYTHONHASHSEED": seed},
                check=True,
                capture_output=True,
                text=True,
            ).stdout
            for seed in ("0", "1", "4242")
        }

    return said
