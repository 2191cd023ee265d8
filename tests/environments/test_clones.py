"""Git works with what is cloned, and what comes back is taken in only where it is sound."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from hashlib import sha1
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from assay.cli import program
from assay.environments import clones
from assay.environments.apps.code import APP as CODE
from assay.environments.errors import WorldError
from assay.environments.git import Repository
from assay.environments.startup.stories import STORIES
from assay.environments.universe import OpenEpisode


@pytest.mark.parametrize("name", tuple(STORIES))
def test_a_clone_is_one_that_git_finds_nothing_wrong_with(
    git: Callable[..., str], episode: OpenEpisode, tmp_path: Path, name: str
):
    clones.clone(Repository(name, episode.world.hidden), tmp_path / name)

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


@pytest.mark.usefixtures("sandboxed")
def test_a_change_made_in_a_clone_comes_back_is_tested_and_merged(
    git: Callable[..., str], episode: OpenEpisode, play_on: Callable[..., Any], cloned: Path, tmp_path: Path
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
    clones.clone(Repository("exports", episode.world.hidden), tmp_path / "again")

    assert reply.fine
    assert reply.answer["head"] == git(cloned, "rev-parse", "mine").strip()
    assert (tmp_path / "again" / "exports" / "deep" / "thing.py").read_text() == "x = 2\n"
    git(tmp_path / "again", "fsck", "--strict")
    assert git(tmp_path / "again", "log", "--format=%s", "-2", "mine").split("\n")[:2] == [
        "Thing 2",
        "Thing 1",
    ]
    assert clones.take_in(episode.world, "exports", cloned, "mine").answer["commits"] == 0


def test_what_has_gone_on_meanwhile_is_not_written_over(
    git: Callable[..., str], episode: OpenEpisode, play_on: Callable[..., Any], cloned: Path
):
    git(cloned, "switch", "-q", "-c", "mine")
    git(cloned, "commit", "-q", "--allow-empty", "-m", "Mine")
    play_on("code_write", repo="exports", branch="mine", path="x.py", text="x = 1\n", title="Theirs")

    assert clones.take_in(episode.world, "exports", cloned, "mine").code == "conflict"
    assert clones.take_in(episode.world, "exports", cloned, "main").code == "forbidden"


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
        (lambda f: loose(f, "tree", entry("100644", "x", "1" * 40)), "is missing"),
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
    assert "code_push" not in {tool.name for tool in CODE.tools}
    assert episode.call("code_push", {}).code == "not_found"
    with pytest.raises(WorldError, match="has something in it"):
        clones.clone(Repository("exports", episode.world.hidden), cloned)


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


@pytest.mark.parametrize("name", ["main/x", "v1.0", "mine/x"])
def test_a_branch_that_could_not_stand_beside_the_others_is_not_taken_in(
    git: Callable[..., str], episode: OpenEpisode, play_on: Callable[..., Any], cloned: Path, name: str
):
    play_on("code_write", repo="exports", branch="mine", path="x.py", text="x = 1\n", title="Mine")
    head = git(cloned, "rev-parse", "main").strip()
    (cloned / ".git" / "packed-refs").write_text(f"{head} refs/heads/{name}\n")
    before = episode.world.changes()

    assert clones.take_in(episode.world, "exports", cloned, name).code == "conflict"
    assert episode.world.changes() == before
