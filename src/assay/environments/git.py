"""Git's object model in the tables of a world: real ids, real trees, real commits, and no `git` needed.

An object is kept as text, under the id that git gives it: a file as it stands, a tree as `git ls-tree` prints
it, a commit as `git cat-file commit` prints it. Ids are SHA-1 over the bytes that git hashes, so that a clone
(`assay.environments.clones`) is one that git itself accepts. Branches and tags are rows of `git_ref`. What a
commit is about, its tree, its parents and the paths that it changed stand beside it in `code_commit`, so that
a log is one question.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha1
from heapq import heapify, heappop, heappush
from types import MappingProxyType
from typing import Any, NamedTuple

from assay.environments.clock import SECOND
from assay.environments.errors import WorldError
from assay.environments.lines import changes_between, diff_of, lines_of, merged_text

MAIN = "main"

EPOCH = 1_767_571_200
"""Seconds from 1970 until the world begins: Monday, 5 January 2026, 00:00 UTC."""

PLAIN, RUNS, FOLDER = "100644", "100755", "40000"
"""Modes: a file, a file that can be run, a folder."""

MOST_FLAT = 2_000
"""Trees whose paths are remembered; what an id stands for never changes."""


class Entry(NamedTuple):
    """A file in a tree: its mode, and the id of its blob."""

    mode: str
    oid: str


Flat = Mapping[str, Entry]
"""Path → file."""


class Conflict(Exception):  # noqa: N818 -- it is an answer, no error
    """Two sides changed the same lines, or one path is a file here and a folder there.

    Attributes
    ----------
    paths
        Where.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        self.paths = tuple(sorted(paths))
        super().__init__(", ".join(self.paths))


# -- objects ---------------------------------------------------------------------------------------------


def oid_of(kind: str, text: str) -> str:
    """Return the id that git gives an object.

    >>> oid_of("blob", "hello\\n")
    'ce013625030ba8dba906f756967f9e9ca394464a'
    >>> oid_of("tree", "")
    '4b825dc642cb6eb9a060e54bf8d69288fbee4904'
    """
    raw = raw_of(kind, text)
    return sha1(b"%s %d\0" % (kind.encode(), len(raw)) + raw, usedforsecurity=False).hexdigest()


def raw_of(kind: str, text: str) -> bytes:
    """Return the bytes of an object as git keeps them, without the header."""
    if kind != "tree":
        return text.encode()
    return b"".join(
        f"{mode} {name}\0".encode() + bytes.fromhex(oid) for mode, _, oid, name in entries_of(text)
    )


def entries_of(tree: str) -> list[tuple[str, str, str, str]]:
    """Return mode, kind, id and name of what lies in a tree.

    >>> entries_of("100644 blob ce013625030ba8dba906f756967f9e9ca394464a\\tgreeting.txt\\n")
    [('100644', 'blob', 'ce013625030ba8dba906f756967f9e9ca394464a', 'greeting.txt')]
    """
    found = []
    for line in tree.split("\n")[:-1]:
        head, _, name = line.partition("\t")
        mode, kind, oid = head.split(" ")
        found.append((mode, kind, oid, name))
    return found


def tree_of(entries: Iterable[tuple[str, str, str]]) -> str:
    """Return a tree of (mode, id, name), in git's order: folders as if their names ended with a slash."""
    ordered = sorted(entries, key=lambda each: (each[2] + "/" * (each[0] == FOLDER)).encode())
    return "".join(
        f"{mode} {'tree' if mode == FOLDER else 'blob'} {oid}\t{name}\n" for mode, oid, name in ordered
    )


def commit_of(tree: str, parents: Iterable[str], who: str, moment: int, zone: int, message: str) -> str:
    """Return a commit.

    Parameters
    ----------
    who
        Name and address, as `Ann Lee <ann@helio.example>`.
    moment
        In simulated microseconds.
    zone
        Hours east of UTC.

    >>> print(commit_of("4b825dc642cb6eb9a060e54bf8d69288fbee4904", [], "Ann <a@x>", 0, 1, "Begin"))
    tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904
    author Ann <a@x> 1767571200 +0100
    committer Ann <a@x> 1767571200 +0100
    <BLANKLINE>
    Begin
    <BLANKLINE>
    """
    stamp = f"{who} {EPOCH + moment // SECOND} {'-' if zone < 0 else '+'}{abs(zone):02}00"
    heads = [f"tree {tree}", *(f"parent {each}" for each in parents)]
    return "\n".join((*heads, f"author {stamp}", f"committer {stamp}", "", message.strip(), ""))


def identity(name: str, email: str) -> str:
    """Return who somebody is to git, without the signs that it would stumble over.

    >>> identity("Ann <Lee>", "ann@x")
    'Ann Lee <ann@x>'
    """
    clean = [re.sub(r"[<>\x00-\x1f]", "", part).strip(" .,:;\"'") for part in (name, email)]
    return f"{clean[0] or 'somebody'} <{clean[1]}>"


def wrong_path(path: str) -> str:
    """Say what is wrong with the path of a file, nothing where it is fine.

    >>> wrong_path("api/limits.py"), wrong_path("a/../b"), wrong_path(".git/config")
    ('', "'a/../b' is no path within the repository", "'.git/config' is no path within the repository")
    """
    parts = path.split("/")
    fine = re.fullmatch(r"[A-Za-z0-9._][A-Za-z0-9._/-]{0,200}", path) and not any(
        part in {"", ".", ".."} or (part.lower().startswith(".git") and part != ".gitignore")
        for part in parts
    )
    return "" if fine else f"{path!r} is no path within the repository"


def wrong_branch(name: str) -> str:
    """Say what is wrong with the name of a branch, nothing where git takes it.

    >>> wrong_branch("fix/rounding"), wrong_branch("a..b")
    ('', "'a..b' is no name for a branch")
    """
    fine = (
        re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._/-]{0,100}", name)
        and not re.search(r"\.\.|//|/\.|\.lock(/|$)|[./]$", name)
        and not re.fullmatch(r"[0-9a-f]{7,40}", name)
        and name != "HEAD"
    )
    return "" if fine else f"{name!r} is no name for a branch"


# -- repositories ----------------------------------------------------------------------------------------

_flat: dict[str, Flat] = {}


def _no(*_: object, **__: object) -> object:
    raise WorldError("this repository is open for reading only")


@dataclass(frozen=True)
class Repository:
    """One repository of a world.

    Attributes
    ----------
    rows
        Runs a SELECT, such as `Desk.rows`.
    put, change
        Insert and update a row, such as those of `Desk`; not needed to read.
    """

    name: str
    rows: Callable[..., list[dict[str, Any]]]
    put: Callable[..., object] = _no
    change: Callable[..., object] = _no

    # -- objects and refs

    def text(self, oid: str) -> str:
        """Return an object as text.

        Raises
        ------
        WorldError
            Where there is none, or another one than its id says.
        """
        found = self.rows("SELECT kind, text FROM git_object WHERE id = ?", oid)
        if not found or oid_of(found[0]["kind"], found[0]["text"]) != oid:
            raise WorldError(f"the object {oid} of {self.name} is missing or spoilt")
        return str(found[0]["text"])

    def keep(self, kind: str, text: str) -> str:
        """Keep an object, and return its id."""
        oid = oid_of(kind, text)
        if not self.rows("SELECT 1 AS there FROM git_object WHERE id = ?", oid):
            self.put("git_object", id=oid, kind=kind, text=text)
        return oid

    def refs(self) -> dict[str, str]:
        """Return branches (`refs/heads/…`) and tags (`refs/tags/…`) with the commits that they name."""
        found = self.rows("SELECT name, target FROM git_ref WHERE repo = ? ORDER BY name", self.name)
        return {row["name"]: row["target"] for row in found}

    def branch(self, name: str) -> str | None:
        """Return the latest commit of a branch."""
        found = self.rows(
            "SELECT target FROM git_ref WHERE repo = ? AND name = ?", self.name, f"refs/heads/{name}"
        )
        return str(found[0]["target"]) if found else None

    def point(self, name: str, target: str) -> None:
        """Let a ref (`refs/heads/…`, `refs/tags/…`) name a commit."""
        found = self.rows("SELECT id FROM git_ref WHERE repo = ? AND name = ?", self.name, name)
        if found:
            self.change("git_ref", found[0]["id"], target=target)
        else:
            self.put("git_ref", repo=self.name, name=name, target=target)

    def find(self, what: str) -> str | None:
        """Return the commit that a branch, a tag, or the beginning of an id (7 signs and more) names."""
        found = self.branch(what) or self.refs().get(f"refs/tags/{what}")
        if found is None and re.fullmatch(r"[0-9a-f]{7,40}", what):
            rows = self.rows(
                "SELECT id FROM code_commit WHERE id BETWEEN ? AND ? AND repo = ? LIMIT 2",
                what,
                what.ljust(40, "f"),
                self.name,
            )
            found = rows[0]["id"] if len(rows) == 1 else None
        return found

    # -- reading

    def commit(self, oid: str) -> dict[str, Any]:
        """Return what is known of a commit: title, tree, parents, paths, author, moment."""
        found = self.rows("SELECT * FROM code_commit WHERE id = ? AND repo = ?", oid, self.name)
        if not found:
            raise WorldError(f"{self.name} has no commit {oid}")
        return found[0]

    def files(self, commit: str | None) -> Flat:
        """Return the files of a commit by path; none before the first commit."""
        return self.paths(self.commit(commit)["tree"]) if commit else {}

    def paths(self, tree: str) -> Flat:
        """Return the files of a tree by path."""
        found = _flat.get(tree)
        if found is None:
            made: dict[str, Entry] = {}
            for mode, kind, oid, name in entries_of(self.text(tree)):
                if kind == "tree":
                    made |= {f"{name}/{path}": entry for path, entry in self.paths(oid).items()}
                else:
                    made[name] = Entry(mode, oid)
            if len(_flat) >= MOST_FLAT:
                _flat.clear()
            found = _flat[tree] = MappingProxyType(made)
        return found

    def texts(self, commit: str) -> dict[str, str]:
        """Return the texts of all files of a commit."""
        return {path: self.text(entry.oid) for path, entry in self.files(commit).items()}

    def log(self, *tips: str | None) -> tuple[str, ...]:
        """Return commits and all before them, the latest first, children always before their parents."""
        begins = {tip for tip in tips if tip is not None}
        if not begins:
            return ()
        found = self.rows("SELECT id, parents, created_at FROM code_commit WHERE repo = ?", self.name)
        known = {row["id"]: (-row["created_at"], json.loads(row["parents"])) for row in found}
        reached, waiting, children = set(begins), [*begins], dict[str, int]()
        while waiting:
            for parent in known[waiting.pop()][1]:
                children[parent] = children.get(parent, 0) + 1
                if parent not in reached:
                    reached.add(parent)
                    waiting.append(parent)
        order, heap = list[str](), [(known[tip][0], tip) for tip in begins if tip not in children]
        heapify(heap)
        while heap:
            order.append(heappop(heap)[1])
            for parent in known[order[-1]][1]:
                children[parent] -= 1
                if not children[parent]:
                    heappush(heap, (known[parent][0], parent))
        return tuple(order)

    def base(self, one: str, other: str) -> str | None:
        """Return the latest commit that both have behind them."""
        behind = set(self.log(other))
        return next((each for each in self.log(one) if each in behind), None)

    def diff(self, old: str | None, new: str) -> dict[str, str]:
        """Return path → unified diff of what differs between two commits."""
        before, after = self.files(old), self.files(new)
        return {
            path: diff_of(
                path,
                self.text(before[path].oid) if path in before else None,
                self.text(after[path].oid) if path in after else None,
            )
            for path in changed(before, after)
        }

    def blame(self, commit: str, path: str) -> list[tuple[str, str]]:
        """Return each line of a file with the commit that it comes from."""
        lines = lines_of(self.text(self.files(commit)[path].oid))
        blamed: list[str | None] = [None] * len(lines)
        # Where each line that nobody is blamed for yet stood in the version being looked at.
        places = dict(enumerate(range(len(lines))))
        at, text = commit, lines
        while places:
            parents = json.loads(self.commit(at)["parents"])
            entry = self.files(at)[path]
            # A merge that took the file as one side had it changed nothing: that side is followed.
            parents.sort(key=lambda each: self.files(each).get(path) != entry)
            held = self.files(parents[0]) if parents else {}
            before = lines_of(self.text(held[path].oid)) if path in held else []
            moved: dict[int, int] = {}
            last_old = last_new = 0
            for _, b, c, d in [*changes_between(before, text), (len(before), 0, len(text), 0)]:
                moved |= {last_new + k: last_old + k for k in range(c - last_new)}
                last_old, last_new = b, d
            for line, place in list(places.items()):
                if place in moved:
                    places[line] = moved[place]
                else:
                    blamed[line] = at
                    del places[line]
            if parents:
                at, text = parents[0], before
        return [(blamed[k] or commit, line) for k, line in enumerate(lines)]

    # -- writing

    def save(
        self,
        branch: str,
        files: Flat,
        parents: list[str],
        message: str,
        *,
        who: str,
        moment: int,
        zone: int,
    ) -> str:
        """Commit a whole tree onto a branch, and return the commit's id.

        Raises
        ------
        Conflict
            Where a path is both a file and a folder.
        """
        tree = self._save(files)
        before = self.files(parents[0]) if parents else {}
        oid = self.keep("commit", commit_of(tree, parents, who, moment, zone, message))
        if not self.rows("SELECT 1 AS there FROM code_commit WHERE id = ?", oid):
            self.put(
                "code_commit",
                id=oid,
                repo=self.name,
                title=message.strip().partition("\n")[0],
                tree=tree,
                parents=json.dumps(parents),
                paths=json.dumps(changed(before, files)),
            )
        self.point(f"refs/heads/{branch}", oid)
        return oid

    def _save(self, files: Flat) -> str:
        here: list[tuple[str, str, str]] = []
        below: dict[str, dict[str, Entry]] = {}
        for path, entry in files.items():
            head, slash, rest = path.partition("/")
            if slash:
                below.setdefault(head, {})[rest] = entry
            else:
                here.append((entry.mode, entry.oid, head))
        if both := [name for _, _, name in here if name in below]:
            raise Conflict(both)
        here += [(FOLDER, self._save(held), name) for name, held in below.items()]
        return self.keep("tree", tree_of(here))

    def with_texts(self, files: Flat, texts: Mapping[str, str | None]) -> dict[str, Entry]:
        """Return files with some written anew, and those that are `None` gone."""
        made = dict(files)
        for path, text in texts.items():
            if text is None:
                made.pop(path, None)
            else:
                mode = made[path].mode if path in made else PLAIN
                made[path] = Entry(mode, self.keep("blob", text))
        return made

    def merged(self, base: str | None, ours: str, theirs: str | None) -> dict[str, Entry]:
        """Return the files of `ours` with what changed from `base` to `theirs`.

        With a commit as `base` and its parent as `theirs` this undoes the commit.

        Raises
        ------
        Conflict
            Where both changed the same lines.
        """
        old, mine, other = (self.files(each) for each in (base, ours, theirs))
        made, amiss = dict(mine), []
        for path in changed(old, other):
            was, ours_now, theirs_now = old.get(path), mine.get(path), other.get(path)
            if ours_now == theirs_now:
                continue
            if ours_now == was:
                made.pop(path, None)
                if theirs_now:
                    made[path] = theirs_now
                continue
            text = None
            if was and ours_now and theirs_now:
                text = merged_text(*(self.text(each.oid) for each in (was, ours_now, theirs_now)))
            if text is None or ours_now is None:
                amiss.append(path)
            else:
                made[path] = Entry(ours_now.mode, self.keep("blob", text))
        if amiss:
            raise Conflict(amiss)
        return made


def changed(before: Flat, after: Flat) -> list[str]:
    """Return the paths that differ."""
    return sorted(path for path in {*before, *after} if before.get(path) != after.get(path))
