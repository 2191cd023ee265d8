"""What tools about code have in common: repositories as somebody at a desk reads and writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from assay.environments import sandbox
from assay.environments.clock import MINUTE
from assay.environments.desk import Desk
from assay.environments.errors import ToolError
from assay.environments.git import MAIN, Conflict, Entry, Flat, Repository, identity, wrong_branch

MOST_SAID = 20_000
"""Characters of diffs that one answer holds."""


def opened(desk: Desk, repo: str) -> Repository:
    """Return a repository as somebody reads and writes it."""
    desk.found("repo", repo, "repository")
    return Repository(repo, desk.rows, desk.put, desk.change)


def commit_named(held: Repository, what: str) -> str:
    """Return the commit of a branch, a tag or the beginning of an id, or answer that there is none."""
    found = held.find(what)
    if found is None:
        raise ToolError("not_found", f"there is no branch, tag or commit {what!r} of {held.name}")
    return found


def file_named(held: Repository, branch: str, path: str) -> Entry:
    """Return a file of a commit, or answer that there is none."""
    found = held.files(commit_named(held, branch)).get(path)
    if found is None:
        raise ToolError("not_found", f"there is no {path!r} on {branch} of {held.name}")
    return found


def diffs_told(diff: Mapping[str, str]) -> dict[str, Any]:
    """Return diffs by file, as far as they go into one answer."""
    told: dict[str, str] = {}
    left = MOST_SAID
    for path, text in diff.items():
        if len(text) <= left:
            told[path] = text
            left -= len(text)
    return {
        "changed": list(diff),
        "diff": "".join(told.values()),
        "complete": len(told) == len(diff),
    }


def new_branch(held: Repository, branch: str) -> None:
    """Refuse what cannot be the name of a new branch."""
    if wrong := wrong_branch(branch):
        raise ToolError("bad_arguments", wrong)
    for ref in held.refs():
        name = ref.partition("/")[2].partition("/")[2]
        if branch == name or branch.startswith(f"{name}/") or name.startswith(f"{branch}/"):
            raise ToolError("conflict", f"{name!r} is there already; take another name")


def head_of(held: Repository, branch: str) -> str:
    """Return the commit that the next one on a branch follows."""
    if branch == MAIN:
        raise ToolError("forbidden", "main is changed by pull requests only; commit on a branch of your own")
    head = held.branch(branch)
    if head is None:
        new_branch(held, branch)
        head = held.branch(MAIN)
    if head is None:
        raise ToolError("not_found", f"{held.name} has no commit yet")
    return head


def commits_ahead(held: Repository, branch: str) -> list[str]:
    """Return the commits of a branch that main has not."""
    behind = set(held.log(held.branch(MAIN)))
    return [oid for oid in held.log(held.branch(branch)) if oid not in behind]


def save(desk: Desk, held: Repository, branch: str, files: Flat, parents: list[str], message: str) -> str:
    """Commit in the name of whoever is at the desk; tests run where a pull request, or main, waits for it."""
    title, _, body = message.partition("\n")
    plain(message)
    person = desk.one("SELECT name, email, zone FROM person WHERE id = ?", desk.who)
    row = person or {"name": desk.who or "CI", "email": "ci@helio.example", "zone": 0}
    try:
        commit = held.save(
            branch,
            files,
            parents,
            f"{title_of(title)}\n\n{body.strip()}",
            who=identity(row["name"], row["email"]),
            moment=desk.now,
            zone=int(row["zone"] or 0),
        )
    except Conflict as wrong:
        raise ToolError("conflict", f"these are files and folders at once: {wrong}") from None
    run_later(desk, held, branch, commit)
    return commit


def run_later(desk: Desk, held: Repository, branch: str, commit: str) -> None:
    """Let the tests of a commit run soon, where a pull request, or main, waits for them."""
    request = desk.one(
        "SELECT 1 AS there FROM pull_request WHERE repo = ? AND branch = ? AND status = 'open'",
        held.name,
        branch,
    )
    if request or branch == MAIN:
        desk.later(desk.now + 4 * MINUTE, "tests", repo=held.name, branch=branch, commit=commit)


def title_of(title: str) -> str:
    """Return a title as one line, or refuse it."""
    said = " ".join(title.split())
    if not said or len(said) > 200:
        raise ToolError("bad_arguments", "say what the commit does in one line, of at most 200 characters")
    return said


def plain(text: str) -> None:
    """Refuse what is no text."""
    if re.search("[\0\ud800-\udfff]", text):
        raise ToolError("bad_arguments", "only text can be committed; take out what is none")


def ran_tests(files: Mapping[str, str]) -> sandbox.Ran:
    """Return how the tests among some files end; the same files are run once."""
    return _ran_once(tuple(sorted(files.items())))


@lru_cache(256)
def _ran_once(files: tuple[tuple[str, str], ...]) -> sandbox.Ran:
    """Run tests once for the same files: a tree that passed, passed."""
    return sandbox.run_tests(dict(files))


def status_of(ran: sandbox.Ran) -> str:
    """Return how a run ended in a word."""
    return "passed" if ran.passed else "failed"


def report_of(ran: sandbox.Ran) -> str:
    """Return what a run printed, without times, which differ from run to run."""
    return re.sub(r"in \d+\.\d+s", "in a while", ran.says)
