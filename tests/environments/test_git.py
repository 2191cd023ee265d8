"""Repositories of a world are git's own: ids, history, merges, differences, blame."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from assay.environments.errors import WorldError
from assay.environments.git import Entry, Repository, oid_of, wrong_branch, wrong_path
from assay.environments.lines import diff_of, merged_text
from assay.environments.sandbox import run_tests
from assay.environments.startup.stories import STORIES
from assay.environments.universe import OpenEpisode, Universe

REPOSITORIES = tuple(STORIES)


def test_objects_have_the_ids_that_git_gives_them(git: Callable[..., str], tmp_path: Path):
    git(tmp_path, "init", "-q")
    for text in ("", "a\n", "ä ö\n\n", "x" * 5_000):
        assert oid_of("blob", text) == git(tmp_path, "hash-object", "--stdin", told=text).strip()


@pytest.mark.parametrize("name", REPOSITORIES)
def test_a_repository_has_a_past_of_weeks_by_several_people_with_a_merge(episode: OpenEpisode, name: str):
    log = episode.call("code_log", {"repo": name}).answer["found"]

    assert len({each["author"] for each in log}) > 1
    assert len({each["at"].split()[1] for each in log}) > 2
    assert log[-1]["parents"] == []
    assert [each["at"] for each in log] == sorted((each["at"] for each in log), key=clock_of, reverse=True)


def clock_of(moment: str) -> tuple[int, int, str]:
    week, day, time = moment.split()
    return int(week[1:]), ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun").index(day), time


@pytest.mark.usefixtures("sandboxed")
@pytest.mark.parametrize("name", REPOSITORIES)
def test_the_tests_of_every_commit_of_the_past_pass(episode: OpenEpisode, name: str):
    repository = Repository(name, episode.world.hidden)
    for tip in repository.refs().values():
        for oid in repository.log(tip):
            ran = run_tests(repository.texts(oid))
            assert ran.passed, (repository.commit(oid)["title"], ran.says)


def test_the_same_seed_gives_the_same_commits_and_another_gives_others(universe: Universe, tmp_path: Path):
    def tips(made: Universe) -> list[dict[str, Any]]:
        with made.episode(made.task("bad-deploy", 1)) as episode:
            return episode.world.hidden("SELECT repo, name, target FROM git_ref ORDER BY id")

    again = Universe("startup", 7, tmp_path / "again")
    other = Universe("startup", 8, tmp_path / "other")

    assert tips(again) == tips(universe)
    assert {row["target"] for row in tips(other)}.isdisjoint(row["target"] for row in tips(universe))


PLAY = """
import sys, tempfile
from pathlib import Path
from assay.environments.playing import Oracle, play
from assay.environments.universe import Universe
with tempfile.TemporaryDirectory() as folder:
    universe = Universe("startup", 11, Path(folder))
    task = universe.task("revert-commit", 3)
    with universe.episode(task) as episode:
        print(play(episode, Oracle(task)).reward, episode.world.state_hash(), episode.world.hash)
"""


@pytest.mark.usefixtures("sandboxed")
def test_commits_reverts_and_merges_give_the_same_state_in_three_processes_under_three_hash_seeds(
    said_under_hash_seeds: Callable[[str], set[str]],
):
    said = said_under_hash_seeds(PLAY)

    assert len(said) == 1
    assert said.pop().startswith("1.0 ")


def test_each_line_is_blamed_on_the_commit_that_wrote_it(episode: OpenEpisode):
    repository = Repository("exports", episode.world.hidden)
    head = repository.branch("main")
    assert head
    for path in repository.files(head):
        for oid, line in repository.blame(head, path):
            parents = repository.commit(oid)["parents"]
            assert line in repository.text(repository.files(oid)[path].oid)
            if parents != "[]":
                assert f"+{line.rstrip()}" in repository.diff(parents[2:42], oid)[path]


def test_blame_says_what_git_says(git: Callable[..., str], episode: OpenEpisode, cloned: Path):
    lines = episode.call("code_blame", {"repo": "exports", "path": "exports/invoice.py"}).answer["lines"]
    told = git(cloned, "blame", "-l", "--root", "exports/invoice.py").splitlines()

    assert [line[:10] for line in lines] == [line.lstrip("^")[:10] for line in told]


def texts(seed: int) -> Iterator[str]:
    draw = random.Random(seed)  # noqa: S311
    base = [f"line {draw.randrange(6)}" for _ in range(draw.randrange(1, 14))]
    yield "".join(f"{line}\n" for line in base)
    for side in ("ours", "theirs"):
        lines = list(base)
        for _ in range(draw.randrange(1, 4)):
            at = draw.randrange(len(lines) + 1)
            lines[at : at + draw.randrange(3)] = [f"{side} {draw.randrange(3)}"] * draw.randrange(3)
        yield "".join(f"{line}\n" for line in lines) + ("" if draw.random() < 0.8 else "no end")


def test_what_merges_here_merges_alike_in_git(git: Callable[..., str], tmp_path: Path):
    merged = 0
    for seed in range(120):
        for name, text in zip(("base", "ours", "theirs"), texts(seed), strict=True):
            (tmp_path / name).write_text(text)
        ours = merged_text(*texts(seed))
        if ours is not None:
            merged += 1
            assert git(tmp_path, "merge-file", "-p", "ours", "base", "theirs") == ours

    assert 20 < merged < 110


def test_diffs_are_ones_that_git_applies(git: Callable[..., str], tmp_path: Path):
    git(tmp_path, "init", "-q")
    for seed in range(60):
        base, ours, _ = texts(seed)
        (tmp_path / "a.txt").write_text(base)
        if base != ours:
            git(tmp_path, "apply", "--unidiff-zero", told=diff_of("a.txt", base, ours))
            assert (tmp_path / "a.txt").read_text() == ours


def test_texts_made_to_take_time_are_compared_in_no_time():
    one, other = "a\nb\n" * 16_000, "b\nc\na\n" * 10_000

    assert diff_of("x", one, other).startswith("--- a/x\n+++ b/x\n@@ -1,")
    assert merged_text(one, f"{one}c\n", f"x\n{one}") == f"x\n{one}c\n"


@pytest.mark.parametrize("path", ["a//b", "a/./b", "a/../b", ".git", "x/.GITmodules", "/a", "a/", "", "a\nb"])
def test_paths_that_lead_elsewhere_are_none(path: str):
    assert wrong_path(path)


@pytest.mark.parametrize("name", ["a..b", "a.lock", "/a", "a/", ".a", "a/.b", "HEAD", "a b", "a~1", "-a", ""])
def test_names_that_git_does_not_take_are_none(name: str):
    assert wrong_branch(name)


def test_a_spoilt_object_is_noticed(episode: OpenEpisode):
    repository = Repository("api", episode.world.hidden)
    blob: Entry = repository.files(repository.branch("main"))["api/limits.py"]
    episode.world.desk("", 0).change("git_object", blob.oid, text="CALLS = {}\n")

    with pytest.raises(WorldError, match="missing or spoilt"):
        repository.text(blob.oid)
