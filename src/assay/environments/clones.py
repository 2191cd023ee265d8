"""Repositories of a world on disk: written out so that `git` works with them, and taken in again.

Nothing here runs `git`. A clone is files: loose objects, refs, an index, the files of main. What is read back
is somebody else's folder and not trusted (`assay.environments.unpacking`), and what goes into the world is
checked as `git fsck --strict` would. Only the branch that is asked for is read, and only what the world has
not got.
"""

from __future__ import annotations

import json
import re
import struct
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha1
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.environments.apps.repositories import new_branch, opened, plain, run_later
from assay.environments.clock import MINUTE
from assay.environments.desk import Desk
from assay.environments.errors import ToolError, WorldError
from assay.environments.git import (
    FOLDER,
    MAIN,
    PLAIN,
    RUNS,
    Repository,
    changed,
    entries_of,
    oid_of,
    raw_of,
    tree_of,
    wrong_branch,
    wrong_path,
)
from assay.environments.tools import LARGEST, App, tool
from assay.environments.unpacking import Outside

if TYPE_CHECKING:
    from assay.environments.world import Reply, World

MOST_OBJECTS = 500
"""Objects that are taken in at once."""

MOST_BYTES = 4
"""Of a character in UTF-8."""

MOST_FILES, DEEPEST = 2_000, 30
"""Files of a commit that is taken in, and folders within folders: small trees can unpack to millions."""


# -- out -------------------------------------------------------------------------------------------------


def clone(held: Repository, folder: Path) -> int:
    """Write a repository into a folder as `git clone` would, main checked out; return how many objects.

    Raises
    ------
    WorldError
        Where the folder has something in it, or the repository no commit.
    """
    refs = held.refs()
    head = held.branch(MAIN)
    if head is None:
        raise WorldError(f"{held.name} has no commit on {MAIN} yet; there is nothing to clone")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise WorldError(f"{folder} has something in it; name a folder that is empty or not there")
    kept = folder / ".git"
    for name in ("objects/info", "objects/pack", "refs/heads", "refs/tags"):
        (kept / name).mkdir(parents=True, exist_ok=True)
    (kept / "HEAD").write_text(f"ref: refs/heads/{MAIN}\n")
    settings = {"repositoryformatversion": 0, "filemode": "true", "bare": "false", "logallrefupdates": "true"}
    lines = "".join(f"\t{name} = {value}\n" for name, value in settings.items())
    (kept / "config").write_text(f"[core]\n{lines}")
    for name, oid in refs.items():
        path = kept / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{oid}\n")
    objects = reachable(held, refs.values())
    for oid, kind in objects.items():
        raw = raw_of(kind, held.text(oid))
        path = kept / "objects" / oid[:2] / oid[2:]
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(zlib.compress(b"%s %d\0" % (kind.encode(), len(raw)) + raw))
    files = held.files(head)
    for name, entry in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(held.text(entry.oid).encode())
        path.chmod(0o755 if entry.mode == RUNS else 0o644)
    (kept / "index").write_bytes(_index(files))
    return len(objects)


def reachable(held: Repository, commits: Iterable[str]) -> dict[str, str]:
    """Return the kind of each object that some commits lead to."""
    found: dict[str, str] = {}
    trees: list[str] = []
    for tip in commits:
        for oid in held.log(tip):
            if oid not in found:
                found[oid] = "commit"
                trees.append(held.commit(oid)["tree"])
    while trees:
        tree = trees.pop()
        if tree not in found:
            found[tree] = "tree"
            for _, kind, oid, _ in entries_of(held.text(tree)):
                if kind == "tree":
                    trees.append(oid)
                else:
                    found[oid] = kind
    return found


def _index(files: Mapping[str, Any]) -> bytes:
    """Return git's index of some files: nothing is known of them on disk, so that git looks."""
    made = struct.pack(">4sII", b"DIRC", 2, len(files))
    for name in sorted(files, key=str.encode):
        raw = name.encode()
        entry = struct.pack(">6I", 0, 0, 0, 0, 0, 0) + struct.pack(
            ">4I20sH", int(files[name].mode, 8), 0, 0, 0, bytes.fromhex(files[name].oid), min(len(raw), 0xFFF)
        )
        entry += raw
        made += entry + b"\0" * (8 - len(entry) % 8)
    return made + sha1(made, usedforsecurity=False).digest()


# -- in --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Taken:
    """What a branch of a clone has and the world has not: the latest commit, and id → kind and text."""

    head: str
    objects: Mapping[str, tuple[str, str]]


def take_in(world: World, repo: str, folder: Path, branch: str) -> Reply:
    """Push a branch of a clone into the world in the name of the agent, as one step of the record.

    A pull request is then opened from it with `pull_open`.

    Raises
    ------
    WorldError
        Where the folder is no clone with that branch, or holds what cannot be taken in: links, submodules,
        files that are no text, more than fits into one step, objects that are spoilt or missing.
    """
    world.add(APP)
    known = {
        row["id"]
        for row in world.hidden("SELECT id FROM git_object WHERE kind != 'commit'")
        + world.hidden("SELECT id FROM code_commit WHERE repo = ?", repo)
    }
    found = read(folder, branch, known.__contains__)
    kinds, texts = zip(*found.objects.values(), strict=True) if found.objects else ((), ())
    return world.call(
        "code_push",
        {"repo": repo, "branch": branch, "head": found.head, "kinds": list(kinds), "texts": list(texts)},
    )


def read(folder: Path, branch: str, known: Callable[[str], bool]) -> Taken:
    """Read what leads to the latest commit of a branch, as far as it is not known."""
    if wrong := wrong_branch(branch):
        raise WorldError(f"{wrong}; name the branch of the clone that is to be taken in")
    found: dict[str, tuple[str, str]] = {}
    with Outside(folder) as outside:
        head = outside.branch(branch)
        if head is None:
            raise WorldError(
                f"{folder} is no clone with a branch {branch!r}; make one with `git switch -c {branch}`"
            )
        waiting, left = [head], LARGEST
        while waiting:
            oid = waiting.pop()
            if oid in found or known(oid):
                continue
            kind, raw = outside.object(oid, MOST_BYTES * left)
            found[oid] = kind, _text(oid, kind, raw)
            left -= len(found[oid][1])
            if left < 0 or len(found) > MOST_OBJECTS:
                raise WorldError(
                    f"{branch} changes more than fits into one step ({LARGEST} characters);"
                    " take it in in parts"
                )
            if kind == "commit":
                tree, parents = _heads(found[oid][1])
                waiting += [tree, *parents]
            elif kind == "tree":
                waiting += [entry[2] for entry in entries_of(found[oid][1])]
    return Taken(head, found)


def _text(oid: str, kind: str, raw: bytes) -> str:
    """Return an object as it is kept in a world."""
    if kind == "tree":
        return _tree(raw)
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise WorldError(f"the {kind} {oid} is no text in UTF-8; take it out of the branch") from None


def _tree(body: bytes) -> str:
    entries = []
    while body:
        head, _, rest = body.partition(b"\0")
        mode, _, name = head.partition(b" ")
        entries.append((mode.decode("ascii", "replace"), rest[:20].hex(), name.decode("utf-8", "replace")))
        if entries[-1][0] not in {PLAIN, RUNS, FOLDER}:
            raise WorldError(f"{entries[-1][2]!r} is neither a file nor a folder; take it out of the branch")
        body = rest[20:]
    return tree_of(entries)


_WHO = r"[^<>\n\0]+ <[^<>\n\0]*> (?:0|[1-9]\d{0,11}) [+-]\d{4}\n"
_COMMIT = re.compile(
    rf"tree ([0-9a-f]{{40}})\n((?:parent [0-9a-f]{{40}}\n)*)author {_WHO}committer {_WHO}\n[^\0]*"
)


def _heads(commit: str) -> tuple[str, list[str]]:
    """Return the tree and the parents of a commit."""
    found = _COMMIT.fullmatch(commit)
    if found is None:
        raise WorldError(
            "a commit has more in it than author, committer and message; make it without a signature"
        )
    return found[1], found[2].split()[1::2]


@tool(writes=True, costs=2 * MINUTE)
def code_push(
    desk: Desk, repo: str, branch: str, head: str, kinds: list[str], texts: list[str]
) -> dict[str, Any]:
    """Push a branch of a clone; the branch may only go on from where it is.

    Args:
        repo: the repository's id
        branch: the branch, not main
        head: the id of its latest commit
        kinds: for each new object: blob, tree or commit
        texts: for each new object what is in it; a tree as `git ls-tree` prints it
    """
    held = opened(desk, repo)
    if branch == MAIN:
        raise ToolError("forbidden", "main is changed by pull requests only; take in a branch of your own")
    was = held.branch(branch)
    if was is None:
        new_branch(held, branch)
    if len(kinds) != len(texts):
        raise ToolError("bad_arguments", "say of each object what kind it is")
    objects = {oid_of(kind, text): (kind, text) for kind, text in map(_readable, kinds, texts)}
    for oid, (kind, text) in objects.items():
        _check(desk, objects, kind, text)
        if not desk.one("SELECT 1 AS there FROM git_object WHERE id = ?", oid):
            desk.put("git_object", id=oid, kind=kind, text=text)
    order = _order(desk, repo, objects, head)
    for oid in order:
        tree, parents = _heads(objects[oid][1])
        _small(held, tree, {})
        files = held.paths(tree)
        before = held.files(parents[0]) if parents else {}
        paths = changed(before, files)
        if bad := next(filter(None, map(wrong_path, paths)), None):
            raise ToolError("bad_arguments", bad)
        title = objects[oid][1].partition("\n\n")[2].strip().partition("\n")[0][:200]
        desk.put(
            "code_commit",
            id=oid,
            repo=repo,
            title=title,
            tree=tree,
            parents=json.dumps(parents),
            paths=json.dumps(paths),
        )
    if was is not None and was not in held.log(head):
        raise ToolError("conflict", f"{branch} went on meanwhile to {was[:10]}; clone anew and build on that")
    held.point(f"refs/heads/{branch}", head)
    run_later(desk, held, branch, head)
    return {"branch": branch, "commits": len(order), "head": head}


def _readable(kind: str, text: str) -> tuple[str, str]:
    """Return an object, or refuse what is none."""
    if kind not in {"blob", "tree", "commit"}:
        raise ToolError("bad_arguments", f"an object is a blob, a tree or a commit, not {kind!r}")
    plain(text)
    if kind == "tree" and not re.fullmatch(r"(?:\d{5,6} (?:blob|tree) [0-9a-f]{40}\t[^\t\n]+\n)*", text):
        raise ToolError("bad_arguments", "a tree is not as `git ls-tree` prints it")
    return kind, text


def _check(desk: Desk, objects: Mapping[str, tuple[str, str]], kind: str, text: str) -> None:
    """Refuse an object that git would, or that leads to one that is not there."""
    wanted: list[tuple[str, str]] = []
    if kind == "tree":
        entries = entries_of(text)
        if tree_of((mode, oid, name) for mode, _, oid, name in entries) != text:
            raise ToolError("bad_arguments", "a tree is not in git's order")
        if len({name for _, _, _, name in entries}) < len(entries):
            raise ToolError("bad_arguments", "a tree has a name twice")
        for mode, one, oid, name in entries:
            if "/" in name or wrong_path(name) or (mode == FOLDER) != (one == "tree") or mode not in _MODES:
                raise ToolError("bad_arguments", f"{name!r} with mode {mode} cannot be in a tree")
            wanted.append((one, oid))
    elif kind == "commit":
        try:
            wanted.append(("tree", _heads(text)[0]))
        except WorldError as wrong:
            raise ToolError("bad_arguments", str(wrong)) from None
    for one, oid in wanted:
        row = desk.one("SELECT kind FROM git_object WHERE id = ?", oid) or {"kind": None}
        if (objects[oid][0] if oid in objects else row["kind"]) != one:
            raise ToolError("not_found", f"the {one} {oid} is neither here nor pushed")


_MODES = {PLAIN, RUNS, FOLDER}


def _small(held: Repository, tree: str, known: dict[str, int], depth: int = 0) -> int:
    """Return how many files a tree has, and refuse one that unpacks to more than a repository has."""
    if tree not in known:
        if depth > DEEPEST:
            raise ToolError("bad_arguments", f"folders lie more than {DEEPEST} deep")
        entries = entries_of(held.text(tree))
        known[tree] = sum(
            _small(held, oid, known, depth + 1) if kind == "tree" else 1 for _, kind, oid, _ in entries
        )
    if known[tree] > MOST_FILES:
        raise ToolError("bad_arguments", f"there are more than {MOST_FILES} files")
    return known[tree]


def _order(desk: Desk, repo: str, objects: Mapping[str, tuple[str, str]], head: str) -> list[str]:
    """Return the new commits that lead to the head, parents first; their parents have to be there."""
    order: list[str] = []
    waiting = [(head, False)]
    seen: set[str] = set()
    while waiting:
        oid, ready = waiting.pop()
        if ready:
            order.append(oid)
            continue
        if oid in seen:
            continue
        seen.add(oid)
        there = desk.one("SELECT repo FROM code_commit WHERE id = ?", oid)
        if there is not None and there["repo"] == repo:
            continue
        if there is not None or oid not in objects or objects[oid][0] != "commit":
            raise ToolError("not_found", f"the commit {oid} is neither in {repo} nor pushed")
        waiting.append((oid, True))
        waiting += [(parent, False) for parent in _heads(objects[oid][1])[1]]
    return order


APP = App("clones", "code-host", (code_push,))
"""What people with a clone can do; agents do not get it by themselves."""
