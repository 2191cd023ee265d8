"""Pull requests: opened, read, reviewed, tested, merged."""

from __future__ import annotations

from typing import Any, Literal

from assay.environments.apps import MOST, listed, shown
from assay.environments.apps.repositories import (
    commits_ahead,
    opened,
    ran_tests,
    report_of,
    run_later,
    save,
    status_of,
    title_of,
)
from assay.environments.clock import MINUTE, SECOND
from assay.environments.desk import Desk
from assay.environments.errors import ToolError
from assay.environments.git import MAIN, Conflict, Repository
from assay.environments.tools import tool


@tool(writes=True, costs=3 * MINUTE)
def pull_open(desk: Desk, repo: str, branch: str, title: str, body: str) -> dict[str, Any]:
    """Open a pull request from a branch to main, and have its tests run.

    Args:
        repo: the repository's id
        branch: the branch
        title: in one line
        body: what it changes, and why
    """
    held, title = opened(desk, repo), title_of(title)
    head, main = held.branch(branch), held.branch(MAIN)
    if head is None or main is None or branch == MAIN:
        raise ToolError("not_found", f"there is no commit on {branch!r} of {repo}")
    if head in held.log(main):
        raise ToolError("conflict", f"main has all that is on {branch!r}; commit something first")
    number = desk.put(
        "pull_request", repo=repo, branch=branch, title=title, body=body, status="open", merged_as=None
    )
    run_later(desk, held, branch, head)
    return {"pull_request": number, "tests": "are running"}


@tool(writes=False, costs=20 * SECOND)
def pull_read(desk: Desk, pull_request: int) -> dict[str, Any]:
    """Read a pull request with its commits, its reviews and test runs.

    Args:
        pull_request: its number
    """
    row = desk.found("pull_request", pull_request, "pull request")
    told = shown(row)
    held = opened(desk, row["repo"])
    told["commits"] = [
        {"id": oid, "title": held.commit(oid)["title"]} for oid in commits_ahead(held, row["branch"])[:MOST]
    ]
    told["reviews"] = listed(
        desk.rows(
            "SELECT author, verdict, text, created_at FROM review WHERE pull_request = ? ORDER BY id",
            pull_request,
        )
    )["found"]
    told["tests"] = listed(
        desk.rows(
            "SELECT id, code_commit, status, report, created_at FROM ci_run WHERE repo = ? AND branch = ?"
            " ORDER BY id DESC LIMIT 5",
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
    desk: Desk, pull_request: int, verdict: Literal["approve", "change", "comment"], text: str
) -> dict[str, Any]:
    """Review somebody else's pull request, or comment on any.

    Args:
        pull_request: its number
        verdict: approve it, ask for a change, or only comment
        text: what you found
    """
    row = desk.found("pull_request", pull_request, "pull request")
    if row["author"] == desk.who and verdict != "comment":
        raise ToolError("forbidden", "nobody reviews their own pull request")
    return {"review": desk.put("review", pull_request=pull_request, verdict=verdict, text=text)}


@tool(writes=True, costs=2 * MINUTE)
def pull_merge(
    desk: Desk, pull_request: int, how: Literal["commit", "fast-forward"] = "commit"
) -> dict[str, Any]:
    """Merge a pull request whose latest commit passed its tests.

    Args:
        pull_request: its number
        how: with a commit that says so, or fast-forward: main goes on to the branch's own commit
    """
    row = desk.found("pull_request", pull_request, "pull request")
    desk.require("code:merge")
    if row["status"] != "open":
        raise ToolError("conflict", f"the pull request is {row['status']}")
    held = opened(desk, row["repo"])
    head, main = held.branch(row["branch"]), held.branch(MAIN)
    if head is None or main is None:
        raise ToolError("not_found", f"there is no branch {row['branch']!r} of {row['repo']}")
    run = desk.one(
        "SELECT status FROM ci_run WHERE repo = ? AND code_commit = ? ORDER BY id DESC LIMIT 1",
        row["repo"],
        head,
    )
    if run is None or run["status"] != "passed":
        raise ToolError("conflict", "its tests have not passed; wait for them, or mend what they found")
    if how == "commit":
        commit = _joined(desk, held, main, head, f"Merge pull request #{pull_request}: {row['title']}")
    elif main in held.log(head):
        commit = head
        held.point(f"refs/heads/{MAIN}", head)
        run_later(desk, held, MAIN, head)
    else:
        raise ToolError("conflict", "main went on since the branch began; merge with a commit")
    desk.change("pull_request", pull_request, status="merged", merged_as=commit, merged_at=desk.now)
    return {"merged_as": commit}


def _joined(desk: Desk, held: Repository, main: str, head: str, title: str) -> str:
    """Return a commit on main that has what main and a branch have."""
    try:
        files = held.merged(held.base(main, head), main, head)
    except Conflict as wrong:
        raise ToolError(
            "conflict", f"main changed the same lines since: {wrong}; write them anew on a branch from main"
        ) from None
    return save(desk, held, MAIN, files, [main, head], " ".join(title.split())[:200])


def tests(desk: Desk, payload: dict[str, Any]) -> None:
    """Run the tests of a commit, and let who opened the pull request know."""
    repo, branch, commit = payload["repo"], payload["branch"], payload["commit"]
    ran = ran_tests(opened(desk, repo).texts(commit))
    desk.put(
        "ci_run", repo=repo, branch=branch, code_commit=commit, status=status_of(ran), report=report_of(ran)
    )
    says = f"tests of {repo}/{branch} {status_of(ran)}"
    desk.put("notice", source="tests", about=f"{repo}/{branch}", text=says, seen=0)
