"""Repositories of a world are git's own: ids, history, merges, clones that git works with, and back again."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha1
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from assay.cli import program
from assay.environments import clones
from assay.environments.apps.code import APP
from assay.environments.auditing.grading import Grader, copied
from assay.environments.errors import WorldError
from assay.environments.git import Entry, Repository, oid_of, wrong_branch, wrong_path
from assay.environments.lines import diff_of, merged_text
from assay.environments.playing import Oracle, play
from assay.environments.sandbox import available, checked, run_tests
from assay.environments.schema import HIDDEN, SURFACES
from assay.environments.startup.stories import STORIES
from assay.environments.startup.templates import failing_test
from assay.environments.tasks import Action
from assay.environments.universe import OpenEpisode, Universe

wants_git = pytest.mark.skipif(shutil.which("git") is None, reason="wants the git binary")
wants_sandbox = pytest.mark.skipif(not available(), reason="wants `unshare -n`")

REPOSITORIES = tuple(STORIES)


def git(folder: Path, *command: str, told: str | None = None) -> str:
    ran = subprocess.run(
        ["git", *command],
        cwd=folder,
        input=told,
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "Ann",
            "GIT_AUTHOR_EMAIL": "ann@helio.example",
            "GIT_COMMITTER_NAME": "Ann",
            "GIT_COMMITTER_EMAIL": "ann@helio.example",
        },
    )
    assert ran.returncode == 0, ran.stderr + ran.stdout
    return ran.stdout


def held(episode: OpenEpisode, name: str) -> Repository:
    return Repository(name, episode.world.hidden)


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
    clones.clone(held(episode, "exports"), tmp_path / "clone")
    return tmp_path / "clone"


# -- what stands in the world ----------------------------------------------------------------------------


@wants_git
def test_objects_have_the_ids_that_git_gives_them(tmp_path: Path):
    git(tmp_path, "init", "-q")
    for text in ("", "a\n", "ä ö\n\n", "x" * 5_000):
        assert oid_of("blob", text) == git(tmp_path, "hash-object", "--stdin", told=text).strip()


@wants_git
@pytest.mark.parametrize("name", REPOSITORIES)
def test_a_clone_is_one_that_git_finds_nothing_wrong_with(episode: OpenEpisode, tmp_path: Path, name: str):
    clones.clone(held(episode, name), tmp_path / name)

    clone = tmp_path / name
    git(clone, "fsck", "--strict", "--full")
    assert git(clone, "status", "--porcelain") == ""
    log = episode.call("code_log", {"repo": name}).answer["found"]
    told = git(clone, "log", "--format=%H %s", "--topo-order").splitlines()
    assert set(told) == {f"{each['id']} {each['title']}" for each in log}
    for commit in git(clone, "rev-list", "--all").split():
        git(clone, "checkout", "-q", commit)
    branches = episode.call("code_branches", {"repo": name}).answer
    for branch, oid in branches["branches"].items():
        assert git(clone, "rev-parse", branch).strip() == oid
    assert git(clone, "tag").split() == sorted(branches["tags"])


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


@wants_sandbox
@pytest.mark.parametrize("name", REPOSITORIES)
def test_the_tests_of_every_commit_of_the_past_pass(episode: OpenEpisode, name: str):
    repository = held(episode, name)
    for tip in repository.refs().values():
        for oid in repository.log(tip):
            ran = run_tests(repository.texts(oid))
            assert ran.passed, (repository.commit(oid)["title"], ran.says)


@wants_sandbox
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_the_guilty_commit_is_the_first_that_is_wrong_and_its_tests_pass(universe: Universe, seed: int):
    task = universe.task("guilty-commit", seed)
    tried = [step.arguments for step in task.oracle if step.tool == "code_test"]
    with universe.episode(task) as episode:
        guilty = episode.world.hidden("SELECT value FROM truth WHERE key = 'guilty'")[0]["value"]
        answers = [
            episode.call("code_test", {"repo": "ledger", "branch": oid, "test": tried[0]["test"]}).answer
            for oid in reversed(held(episode, "ledger").log(held(episode, "ledger").branch("main")))
            if "ledger/fees.py" in held(episode, "ledger").files(oid)
        ]
        plain = episode.call("code_test", {"repo": "ledger", "branch": guilty}).answer

    states = [answer["status"] for answer in answers]
    first = states.index("failed")
    assert answers[first]["commit"] == guilty
    assert set(states[:first]) == {"passed"}
    assert set(states[first:]) == {"failed"}
    assert plain["status"] == "passed"


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


@wants_sandbox
def test_commits_reverts_and_merges_give_the_same_state_in_three_processes_under_three_hash_seeds():
    said = {
        subprocess.run(
            [sys.executable, "-c", PLAY],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("0", "1", "4242")
    }

    assert len(said) == 1
    assert said.pop().startswith("1.0 ")


# -- tools -----------------------------------------------------------------------------------------------


def test_a_file_is_read_as_it_was_and_what_changed_is_told(play_on: Callable[..., Any]):
    log = play_on("code_log", repo="exports", path="exports/invoice.py")["found"]
    first, second = log[-1]["id"], log[-2]["id"]

    before = play_on("code_read", repo="exports", path="exports/invoice.py", branch=first[:8])["text"]
    shown = play_on("code_show", repo="exports", commit=second)
    diff = play_on("code_diff", repo="exports", base=first, branch=second, path="exports/invoice.py")

    assert "prorated" not in before
    assert shown["changed"] == ["exports/invoice.py", "test_invoice.py"]
    assert diff["diff"] in shown["diff"]
    assert "+def prorated(cents, days):" in diff["diff"]
    assert shown["message"].startswith(log[-2]["title"])
    assert play_on("code_files", repo="exports", branch="v1.0")["found"] == [
        "README.md",
        "exports/__init__.py",
        "exports/invoice.py",
        "exports/table.py",
        "test_invoice.py",
        "test_table.py",
    ]


def test_each_line_is_blamed_on_the_commit_that_wrote_it(episode: OpenEpisode):
    repository = held(episode, "exports")
    head = repository.branch("main")
    assert head
    for path in repository.files(head):
        for oid, line in repository.blame(head, path):
            parents = repository.commit(oid)["parents"]
            assert line in repository.text(repository.files(oid)[path].oid)
            if parents != "[]":
                assert f"+{line.rstrip()}" in repository.diff(parents[2:42], oid)[path]


@wants_git
def test_blame_says_what_git_says(episode: OpenEpisode, cloned: Path):
    lines = episode.call("code_blame", {"repo": "exports", "path": "exports/invoice.py"}).answer["lines"]
    told = git(cloned, "blame", "-l", "--root", "exports/invoice.py").splitlines()

    assert [line[:10] for line in lines] == [line.lstrip("^")[:10] for line in told]


def test_several_files_are_one_commit_and_a_branch_stays_its_own(play_on: Callable[..., Any]):
    commit = play_on(
        "code_commit",
        repo="api",
        branch="two",
        title="Two files\n\nBecause one was not enough.",
        paths=["api/one.py", "deep/er/two.py"],
        texts=["one = 1\n", "two = 2\n"],
        removed=["README.md"],
    )["commit"]

    shown = play_on("code_show", repo="api", commit="two")
    assert shown["id"] == commit
    assert shown["changed"] == ["README.md", "api/one.py", "deep/er/two.py"]
    assert shown["message"].endswith("one was not enough.")
    assert "deep/er/two.py" not in play_on("code_files", repo="api")["found"]
    assert play_on("code_search", query="two = 2")["found"] == []


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"branch": "main"}, "forbidden"),
        ({"path": "../x.py"}, "bad_arguments"),
        ({"path": ".git/hooks/x"}, "bad_arguments"),
        ({"path": "a/.GIT/x"}, "bad_arguments"),
        ({"path": "/etc/passwd"}, "bad_arguments"),
        ({"path": "api"}, "conflict"),
        ({"path": "README.md/x"}, "conflict"),
        ({"branch": "a..b"}, "bad_arguments"),
        ({"branch": "v2.0"}, "conflict"),
        ({"branch": "main/x"}, "conflict"),
        ({"branch": "deadbeef"}, "bad_arguments"),
        ({"text": "\0"}, "bad_arguments"),
        ({"text": "\ud800"}, "bad_arguments"),
        ({"title": " \n "}, "bad_arguments"),
        ({"title": "x" * 201}, "bad_arguments"),
        ({"repo": "no-such"}, "not_found"),
    ],
)
def test_what_git_could_not_hold_is_refused_and_changes_nothing(
    episode: OpenEpisode, given: dict[str, str], code: str
):
    whole = {"repo": "api", "branch": "mine", "path": "api/x.py", "text": "x = 1\n", "title": "X"} | given

    assert episode.call("code_write", whole).code == code
    assert episode.world.changes() == []


def test_a_commit_that_changes_nothing_is_none(episode: OpenEpisode, play_on: Callable[..., Any]):
    text = play_on("code_read", repo="api", path="README.md")["text"]

    again = {"repo": "api", "branch": "mine", "path": "README.md", "text": text, "title": "Again"}
    assert episode.call("code_write", again).code == "conflict"


@wants_sandbox
def test_a_merge_keeps_what_both_sides_changed_and_refuses_what_both_changed(
    episode: OpenEpisode, play_on: Callable[..., Any]
):
    text = play_on("code_read", repo="api", path="api/limits.py")["text"]
    head = text.replace("How many", "Just how many")
    end = text + "\n\nWINDOW = 60\n"
    clash = text.replace("How many", "So many")
    for branch, changed in (("head", head), ("end", end), ("clash", clash)):
        play_on("code_write", repo="api", branch=branch, path="api/limits.py", text=changed, title=branch)
    numbers = [
        play_on("pull_open", repo="api", branch=branch, title=branch, body="")["pull_request"]
        for branch in ("head", "end", "clash")
    ]
    for _ in numbers:
        episode.call("wait", {"minutes": 30})
    for number in numbers[:2]:
        play_on("pull_merge", pull_request=number)
    refused = episode.call("pull_merge", {"pull_request": numbers[2]})

    both = play_on("code_read", repo="api", path="api/limits.py")["text"]
    assert both == head + "\n\nWINDOW = 60\n"
    assert refused.code == "conflict"
    assert "api/limits.py" in refused.answer
    assert len(play_on("code_show", repo="api", commit="main")["parents"]) == 2


@wants_sandbox
def test_a_request_is_merged_only_when_its_latest_commit_passed(
    episode: OpenEpisode, play_on: Callable[..., Any]
):
    play_on("code_write", repo="api", branch="mine", path="api/x.py", text="x = 1\n", title="X")
    number = play_on("pull_open", repo="api", branch="mine", title="X", body="")["pull_request"]
    episode.call("wait", {"minutes": 30})
    play_on("code_write", repo="api", branch="mine", path="test_x.py", text="x = (", title="Y")
    between = episode.call("pull_merge", {"pull_request": number})
    episode.call("wait", {"minutes": 30})

    assert between.code == "conflict"
    assert [run["status"] for run in play_on("pull_read", pull_request=number)["tests"]] == [
        "failed",
        "passed",
    ]


@wants_sandbox
def test_a_revert_takes_one_commit_back_and_leaves_what_came_later(universe: Universe):
    task = universe.task("revert-commit", 2)
    with universe.episode(task) as episode:
        repository = held(episode, "api")
        guilty = episode.world.hidden("SELECT value FROM truth WHERE key = 'guilty'")[0]["value"]
        before, main = repository.texts(guilty), repository.texts(repository.branch("main") or "")
        reply = episode.call("code_revert", {"repo": "api", "branch": "back", "commit": guilty[:10]})
        after = repository.texts(reply.answer["commit"])
        message = episode.call("code_show", {"repo": "api", "commit": "back"}).answer["message"]
        first = repository.log(guilty)[-1]
        refused = episode.call("code_revert", {"repo": "api", "branch": "root", "commit": first})

    assert f"This reverts commit {guilty}." in message
    assert after["api/limits.py"].splitlines()[0] == main["api/limits.py"].splitlines()[0]
    assert '"business": 600' in after["api/limits.py"]
    assert '"business": 600' not in before["api/limits.py"]
    assert refused.code == "conflict"


@wants_sandbox
@pytest.mark.parametrize("template", ["failing-test", "revert-commit", "finish-pull"])
def test_who_changes_another_file_as_well_gets_nothing(universe: Universe, template: str):
    task = universe.task(template, 1)
    at = next(place for place, step in enumerate(task.oracle) if step.tool in {"code_write", "code_revert"})
    given = task.oracle[at].arguments
    beside = Action(
        "code_write",
        {"repo": given["repo"], "branch": given["branch"], "path": "other.py", "text": "", "title": "Other"},
    )
    with universe.episode(task) as episode:
        steps = (*task.oracle[: at + 1], beside, *task.oracle[at + 1 :])
        widened = play(episode, Oracle(replace(task, oracle=steps)))

    assert widened.side_effects
    assert widened.reward == 0


# -- merging and comparing as git does -------------------------------------------------------------------


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


@wants_git
def test_what_merges_here_merges_alike_in_git(tmp_path: Path):
    merged = 0
    for seed in range(120):
        for name, text in zip(("base", "ours", "theirs"), texts(seed), strict=True):
            (tmp_path / name).write_text(text)
        ours = merged_text(*texts(seed))
        if ours is not None:
            merged += 1
            assert git(tmp_path, "merge-file", "-p", "ours", "base", "theirs") == ours

    assert 20 < merged < 110


@wants_git
def test_diffs_are_ones_that_git_applies(tmp_path: Path):
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


# -- and back --------------------------------------------------------------------------------------------


@wants_git
@wants_sandbox
def test_a_change_made_in_a_clone_comes_back_is_tested_and_merged(
    episode: OpenEpisode, play_on: Callable[..., Any], cloned: Path, tmp_path: Path
):
    git(cloned, "switch", "-q", "-c", "mine")
    (cloned / "exports" / "deep").mkdir()
    for number in (1, 2):
        (cloned / "exports" / "deep" / "thing.py").write_text(f"x = {number}\n")
        git(cloned, "add", ".")
        git(cloned, "commit", "-q", "-m", f"Thing {number}")

    reply = clones.take_in(episode.world, "exports", cloned, "mine")
    number = play_on("pull_open", repo="exports", branch="mine", title="Things", body="")["pull_request"]
    episode.call("wait", {"minutes": 30})
    play_on("pull_merge", pull_request=number)
    clones.clone(held(episode, "exports"), tmp_path / "again")

    assert reply.fine
    assert reply.answer["head"] == git(cloned, "rev-parse", "mine").strip()
    assert (tmp_path / "again" / "exports" / "deep" / "thing.py").read_text() == "x = 2\n"
    git(tmp_path / "again", "fsck", "--strict")
    assert git(tmp_path / "again", "log", "--format=%s", "-2", "mine").split("\n")[:2] == [
        "Thing 2",
        "Thing 1",
    ]
    assert clones.take_in(episode.world, "exports", cloned, "mine").answer["commits"] == 0


@wants_git
def test_what_has_gone_on_meanwhile_is_not_written_over(
    episode: OpenEpisode, play_on: Callable[..., Any], cloned: Path
):
    git(cloned, "switch", "-q", "-c", "mine")
    git(cloned, "commit", "-q", "--allow-empty", "-m", "Mine")
    play_on("code_write", repo="exports", branch="mine", path="x.py", text="x = 1\n", title="Theirs")

    assert clones.take_in(episode.world, "exports", cloned, "mine").code == "conflict"
    assert clones.take_in(episode.world, "exports", cloned, "main").code == "bad_arguments"


def loose(folder: Path, kind: str, raw: bytes) -> str:
    whole = b"%s %d\0" % (kind.encode(), len(raw)) + raw
    oid = sha1(whole, usedforsecurity=False).hexdigest()
    path = folder / ".git" / "objects" / oid[:2] / oid[2:]
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(zlib.compress(whole))
    return oid


def committed(folder: Path, tree: str, more: str = "") -> None:
    raw = f"tree {tree}\nauthor A <a@x> 1 +0000\ncommitter A <a@x> 1 +0000\n{more}\nX\n"
    oid = loose(folder, "commit", raw.encode())
    (folder / ".git" / "refs" / "heads" / "mine").write_text(f"{oid}\n")


def entry(mode: str, name: str, oid: str) -> bytes:
    return f"{mode} {name}\0".encode() + bytes.fromhex(oid)


def bomb(folder: Path) -> str:
    oid = loose(folder, "tree", entry("100644", "x", loose(folder, "blob", b"x\n")))
    for _ in range(28):
        oid = loose(folder, "tree", entry("40000", "a", oid) + entry("40000", "b", oid))
    return oid


@pytest.mark.parametrize(
    ("tree", "says"),
    [
        (
            lambda f: loose(f, "tree", entry("120000", "x", loose(f, "blob", b"/etc/passwd"))),
            "neither a file",
        ),
        (lambda f: loose(f, "tree", entry("160000", "x", "1" * 40)), "neither a file"),
        (lambda f: loose(f, "tree", entry("100644", "x", loose(f, "blob", b"\xff\xfe"))), "no text"),
        (lambda f: loose(f, "tree", entry("100644", "x", loose(f, "blob", b"a" * 200_000))), "larger|fits"),
        (lambda f: loose(f, "tree", entry("100644", "x", "1" * 40)), "pack or is missing"),
        (lambda f: loose(f, "tree", entry("100644", ".git", loose(f, "blob", b"x"))), "cannot be in a tree"),
        (lambda f: loose(f, "tree", entry("100644", "..", loose(f, "blob", b"x"))), "cannot be in a tree"),
        (lambda f: loose(f, "tree", entry("100644", "a/b", loose(f, "blob", b"x"))), "cannot be in a tree"),
        (lambda f: loose(f, "tree", 2 * entry("100644", "x", loose(f, "blob", b"x"))), "a name twice"),
        (lambda f: loose(f, "blob", b"no tree"), "neither here nor pushed"),
        (bomb, "more than 2000 files"),
    ],
)
def test_hostile_clones_are_refused_and_change_nothing(
    episode: OpenEpisode, cloned: Path, tree: Callable[[Path], str], says: str
):
    committed(cloned, tree(cloned))

    try:
        said = str(clones.take_in(episode.world, "exports", cloned, "mine").answer)
    except WorldError as wrong:
        said = str(wrong)

    assert [part for part in says.split("|") if part in said], said
    assert episode.world.changes() == []


def test_objects_that_are_not_what_they_are_called_and_links_are_not_read(
    episode: OpenEpisode, cloned: Path, tmp_path: Path
):
    blob = loose(cloned, "blob", b"x\n")
    path = cloned / ".git" / "objects" / blob[:2] / blob[2:]
    committed(cloned, loose(cloned, "tree", entry("100644", "x", blob)))
    path.write_bytes(zlib.compress(b"blob 2\0y\n"))
    with pytest.raises(WorldError, match="spoilt"):
        clones.take_in(episode.world, "exports", cloned, "mine")
    (tmp_path / "elsewhere").write_bytes(zlib.compress(b"blob 2\0x\n"))
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(WorldError, match="missing"):
        clones.take_in(episode.world, "exports", cloned, "mine")
    committed(cloned, loose(cloned, "tree", b""), more="gpgsig x\n")
    with pytest.raises(WorldError, match="without a signature"):
        clones.take_in(episode.world, "exports", cloned, "mine")


def test_agents_push_nothing_by_themselves_and_a_clone_needs_an_empty_folder(
    episode: OpenEpisode, cloned: Path
):
    assert "code_push" not in {tool.name for tool in APP.tools}
    assert episode.call("code_push", {}).code == "not_found"
    with pytest.raises(WorldError, match="has something in it"):
        clones.clone(held(episode, "exports"), cloned)


def test_a_repository_is_cloned_from_a_shell(tmp_path: Path):
    def asked(*more: str) -> Result:
        return CliRunner().invoke(program, ["universe", "clone", "startup", *more])

    made = asked(str(tmp_path / "api"), "--task", "revert-commit")
    unknown = asked(str(tmp_path / "other"), "--repository", "no-such")
    again = asked(str(tmp_path / "api"))

    assert made.exit_code == 0, made.output
    assert (tmp_path / "api" / "api" / "limits.py").read_text().startswith('"""How many calls')
    assert "there are api, exports, ledger" in str(unknown.exception)
    assert not (tmp_path / "other").exists()
    assert "has something in it" in str(again.exception)


def test_a_spoilt_object_is_noticed(episode: OpenEpisode):
    repository = held(episode, "api")
    blob: Entry = repository.files(repository.branch("main"))["api/limits.py"]
    episode.world.desk("", 0).change("git_object", blob.oid, text="CALLS = {}\n")

    with pytest.raises(WorldError, match="missing or spoilt"):
        repository.text(blob.oid)


@wants_sandbox
def test_code_that_makes_its_own_tests_pass_is_merged_and_gets_nothing_for_it(
    universe: Universe, tmp_path: Path
):
    task = universe.task("failing-test", 1)
    forged = (
        "import unittest\n\nunittest.TestCase.assertEqual = lambda *each: None\n\n\n"
        "class Same(int):\n    def __eq__(self, other):\n        return True\n\n"
        "    __hash__ = int.__hash__\n\n\n"
        "def total(lines):\n    return Same()\n\n\ndef prorated(*each):\n    return Same()\n"
    )
    steps = tuple(
        replace(step, arguments={**step.arguments, "text": forged}) if step.tool == "code_write" else step
        for step in task.oracle
    )
    with universe.episode(task) as episode, Grader() as grader:
        found = play(episode, Oracle(replace(task, oracle=steps)))
        elsewhere = grader.score(copied(episode.world.path, tmp_path), task)
        runs = episode.world.hidden("SELECT status FROM ci_run ORDER BY id DESC LIMIT 2")

    assert [run["status"] for run in runs] == ["passed", "passed"]
    assert [name for name, held in found.goals.items() if held] == ["the ticket is done"]
    assert elsewhere == found


@wants_sandbox
@pytest.mark.parametrize("template", ["failing-test", "new-function", "revert-commit", "finish-pull"])
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_what_is_planted_does_not_pass_and_its_checks_are_not_in_the_world(
    universe: Universe, template: str, seed: int
):
    task = universe.task(template, seed)
    checks = task.goals[0].checks
    with universe.episode(task) as episode:
        given = next(step.arguments for step in task.oracle if step.tool in {"code_write", "code_revert"})
        repository = held(episode, str(given["repo"]))
        head = repository.branch(str(given["branch"])) or repository.branch("main") or ""
        planted = checked(repository.texts(head), checks)
        whole = str([episode.world.hidden(f"SELECT * FROM {table}") for table in (*SURFACES, *HIDDEN)])  # noqa: S608

    assert len(checks) > 5
    assert not planted.passed
    assert "Check(" not in whole
    assert "wanted" not in whole


@pytest.mark.parametrize("seed", range(1, 9))
def test_a_test_that_fails_in_the_task_fails_for_each_mistake(seed: int):
    for step in (2, 3, 25):
        for cents in (step * (4 * seed + 1), step * (4 * seed + 401)):
            due = failing_test.prorated(cents, 15, step)
            for wrong in failing_test.WRONG:
                given = {"cents": cents, "days": 15, "month": 30}
                assert eval(wrong.format(step=step), {}, given) != due  # noqa: S307 -- ours
            right = failing_test.STEPPED.format(step=step, twice=2 * step)
            assert eval(right, {}, given) == due  # noqa: S307 -- ours
