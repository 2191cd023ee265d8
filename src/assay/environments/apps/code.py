"""Repositories with branches, pull requests, reviews and tests that are really run."""

from __future__ import annotations

import json
import re
from hashlib import blake2b
from typing import Any, Literal

from assay.environments import sandbox
from assay.environments.apps import MOST, like, listed, shown
from assay.environments.clock import MINUTE, SECOND
from assay.environments.desk import Desk
from assay.environments.errors import ToolError
from assay.environments.tools import App, tool

MAIN = "main"

KEPT = "@ci"
"""A branch that no tool shows: what lies on it is put over every branch when its tests are run, so that who
changes the tests changes nothing."""


@tool(writes=False, costs=10 * SECOND)
def code_files(desk: Desk, repo: str, branch: str = MAIN) -> dict[str, Any]:
    """List the files of a branch.

    Args:
        repo: the repository's id
        branch: the branch
    """
    return {"found": sorted(files(desk, repo, branch)), "complete": True}


@tool(writes=False, costs=20 * SECOND)
def code_read(desk: Desk, repo: str, path: str, branch: str = MAIN) -> dict[str, Any]:
    """Read a file.

    Args:
        repo: the repository's id
        path: the file
        branch: the branch
    """
    held = files(desk, repo, branch)
    if path not in held:
        raise ToolError("not_found", f"there is no {path!r} on {branch} of {repo}")
    return {"path": path, "text": held[path]}


@tool(writes=False, costs=20 * SECOND)
def code_log(desk: Desk, repo: str, branch: str = MAIN) -> dict[str, Any]:
    """Read the latest commits of a branch, the latest first.

    Args:
        repo: the repository's id
        branch: the branch
    """
    desk.found("repo", repo, "repository")
    return listed(
        desk.rows(
            "SELECT id, title, author, paths, created_at FROM code_commit WHERE repo = ? AND branch"
            " IN (?, 'main')"
            f" ORDER BY rowid DESC LIMIT {MOST}",
            repo,
            branch,
        )
    )


@tool(writes=True, costs=5 * MINUTE)
def code_write(desk: Desk, repo: str, branch: str, path: str, text: str, title: str) -> dict[str, Any]:
    """Commit a file on a branch of your own; the branch begins with the first commit.

    Args:
        repo: the repository's id
        branch: the branch, not main
        path: the file
        text: the whole file
        title: what the commit does, in one line
    """
    desk.found("repo", repo, "repository")
    if branch in (MAIN, KEPT):
        raise ToolError("forbidden", "main is changed by pull requests only; commit on a branch of your own")
    if not re.fullmatch(r"[\w][\w./-]{0,200}", path) or ".." in path:
        raise ToolError("bad_arguments", f"{path!r} is no path within the repository")
    row = desk.one("SELECT id FROM file WHERE repo = ? AND branch = ? AND path = ?", repo, branch, path)
    if row:
        desk.change("file", row["id"], text=text)
    else:
        desk.put("file", repo=repo, branch=branch, path=path, text=text)
    return {"commit": _commit(desk, repo, branch, title, [path])}


@tool(writes=True, costs=3 * MINUTE)
def pull_open(desk: Desk, repo: str, branch: str, title: str, body: str) -> dict[str, Any]:
    """Open a pull request from a branch to main, and have its tests run.

    Args:
        repo: the repository's id
        branch: the branch
        title: in one line
        body: what it changes, and why
    """
    if desk.one("SELECT id FROM code_commit WHERE repo = ? AND branch = ?", repo, branch) is None:
        raise ToolError("not_found", f"there is no commit on {branch!r} of {repo}")
    number = desk.put(
        "pull_request", repo=repo, branch=branch, title=title, body=body, status="open", merged_as=None
    )
    desk.later(desk.now + 4 * MINUTE, "tests", repo=repo, branch=branch)
    return {"pull_request": number, "tests": "are running"}


@tool(writes=False, costs=20 * SECOND)
def pull_read(desk: Desk, pull_request: int) -> dict[str, Any]:
    """Read a pull request with its reviews and test runs.

    Args:
        pull_request: its number
    """
    row = desk.found("pull_request", pull_request, "pull request")
    told = shown(row)
    told["reviews"] = listed(
        desk.rows(
            "SELECT author, verdict, text, created_at FROM review WHERE pull_request = ? ORDER BY id",
            pull_request,
        )
    )["found"]
    told["tests"] = listed(
        desk.rows(
            "SELECT id, status, report, created_at FROM ci_run WHERE repo = ? AND branch = ? ORDER"
            " BY id DESC LIMIT 5",
            row["repo"],
            row["branch"],
        )
    )["found"]
    return told


@tool(writes=False, costs=15 * SECOND)
def pull_list(desk: Desk, repo: str, status: Literal["open", "merged", "closed"] = "open") -> dict[str, Any]:
    """List the pull requests of a repository.

    Args:
        repo: the repository's id
        status: open, merged or closed
    """
    return listed(
        desk.rows(
            "SELECT id, branch, title, status, author, created_at FROM pull_request WHERE repo = ?"
            " AND status = ?"
            f" ORDER BY id DESC LIMIT {MOST}",
            repo,
            status,
        )
    )


@tool(writes=True, costs=10 * MINUTE)
def pull_review(
    desk: Desk, pull_request: int, verdict: Literal["approve", "change"], text: str
) -> dict[str, Any]:
    """Review somebody else's pull request.

    Args:
        pull_request: its number
        verdict: approve it, or ask for a change
        text: what you found
    """
    row = desk.found("pull_request", pull_request, "pull request")
    if row["author"] == desk.who:
        raise ToolError("forbidden", "nobody reviews their own pull request")
    return {"review": desk.put("review", pull_request=pull_request, verdict=verdict, text=text)}


@tool(writes=True, costs=2 * MINUTE)
def pull_merge(desk: Desk, pull_request: int) -> dict[str, Any]:
    """Merge a pull request whose latest tests passed.

    Args:
        pull_request: its number
    """
    row = desk.found("pull_request", pull_request, "pull request")
    if row["status"] != "open":
        raise ToolError("conflict", f"the pull request is {row['status']}")
    run = desk.one(
        "SELECT status FROM ci_run WHERE repo = ? AND branch = ? ORDER BY id DESC LIMIT 1",
        row["repo"],
        row["branch"],
    )
    if run is None or run["status"] != "passed":
        raise ToolError("conflict", "its tests have not passed; wait for them, or mend what they found")
    changed = desk.rows(
        "SELECT path, text FROM file WHERE repo = ? AND branch = ?", row["repo"], row["branch"]
    )
    for each in changed:
        there = desk.one(
            "SELECT id FROM file WHERE repo = ? AND branch = 'main' AND path = ?", row["repo"], each["path"]
        )
        if there:
            desk.change("file", there["id"], text=each["text"])
        else:
            desk.put("file", repo=row["repo"], branch=MAIN, path=each["path"], text=each["text"])
    commit = _commit(desk, row["repo"], MAIN, row["title"], [each["path"] for each in changed])
    desk.change("pull_request", pull_request, status="merged", merged_as=commit)
    desk.later(desk.now + 4 * MINUTE, "tests", repo=row["repo"], branch=MAIN)
    return {"merged_as": commit}


@tool(writes=False, costs=15 * SECOND)
def code_search(desk: Desk, query: str) -> dict[str, Any]:
    """Find files on main that hold a text.

    Args:
        query: the text
    """
    rows = desk.rows(
        "SELECT repo, path FROM file WHERE branch = 'main' AND +text LIKE ? ESCAPE '!'"
        f" ORDER BY repo, path LIMIT {MOST + 1}",
        like(query),
    )
    return listed(rows[:MOST], total=len(rows))


def files(desk: Desk, repo: str, branch: str) -> dict[str, str]:
    """Return the files of a branch: those of main, with the branch's own over them."""
    desk.found("repo", repo, "repository")
    if branch == KEPT:
        raise ToolError("not_found", f"there is no branch {branch!r} of {repo}")
    held: dict[str, str] = {}
    for layer in (MAIN, branch):
        held |= {
            row["path"]: row["text"]
            for row in desk.rows("SELECT path, text FROM file WHERE repo = ? AND branch = ?", repo, layer)
        }
    return held


def tests(desk: Desk, payload: dict[str, Any]) -> None:
    """Run the tests of a branch, and let who opened the pull request know."""
    repo, branch = payload["repo"], payload["branch"]
    kept = desk.rows("SELECT path, text FROM file WHERE repo = ? AND branch = ?", repo, KEPT)
    ran = sandbox.run_tests(files(desk, repo, branch) | {each["path"]: each["text"] for each in kept})
    head = desk.one(
        "SELECT id FROM code_commit WHERE repo = ? AND branch = ? ORDER BY rowid DESC LIMIT 1", repo, branch
    )
    status = "passed" if ran.passed else "failed"
    # Times that tests print differ from run to run.
    report = re.sub(r"in \d+\.\d+s", "in a while", ran.says)
    desk.put(
        "ci_run",
        repo=repo,
        branch=branch,
        code_commit=head["id"] if head else None,
        status=status,
        report=report,
    )
    desk.put(
        "notice", source="tests", about=f"{repo}/{branch}", text=f"tests of {repo}/{branch} {status}", seen=0
    )


def _commit(desk: Desk, repo: str, branch: str, title: str, paths: list[str]) -> str:
    parent = desk.one(
        "SELECT id FROM code_commit WHERE repo = ? AND branch IN (?, 'main') ORDER BY rowid DESC LIMIT 1",
        repo,
        branch,
    )
    state = json.dumps([repo, branch, title, paths, desk.now, parent and parent["id"]])
    key = blake2b(state.encode(), digest_size=6).hexdigest()
    desk.put(
        "code_commit",
        id=key,
        repo=repo,
        branch=branch,
        title=title,
        parent=parent["id"] if parent else None,
        paths=json.dumps(paths),
    )
    return key


APP = App(
    "code",
    "code-host",
    (
        code_files,
        code_read,
        code_log,
        code_write,
        code_search,
        pull_open,
        pull_read,
        pull_list,
        pull_review,
        pull_merge,
    ),
    {"tests": tests},
)
