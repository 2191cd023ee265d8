"""Repositories with real history: branches, diffs, pull requests, reviews, and tests that are really run."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal

from assay.environments import sandbox
from assay.environments.apps import MOST, like, listed, shown
from assay.environments.clock import MINUTE, SECOND
from assay.environments.desk import Desk
from assay.environments.errors import ToolError, WorldError
from assay.environments.git import MAIN, Conflict, Repository, identity, wrong_branch, wrong_path
from assay.environments.tools import App, tool

MOST_SAID = 20_000
"""Characters of diffs that one answer holds."""


@tool(writes=False, costs=10 * SECOND)
def code_files(desk: Desk, repo: str, branch: str = MAIN) -> dict[str, Any]:
    """List the files of a branch, or as they were at a commit.

    Args:
        repo: the repository's id
        branch: a branch, a tag, or the id of a commit
    """
    held = opened(desk, repo)
    return {"found": sorted(held.files(_commit(held, branch))), "complete": True}


@tool(writes=False, costs=20 * SECOND)
def code_read(desk: Desk, repo: str, path: str, branch: str = MAIN) -> dict[str, Any]:
    """Read a file, as it is on a branch or was at a commit.

    Args:
        repo: the repository's id
        path: the file
        branch: a branch, a tag, or the id of a commit
    """
    held = opened(desk, repo)
    return {"path": path, "text": held.text(_file(held, branch, path)[1])}


@tool(writes=False, costs=20 * SECOND)
def code_log(desk: Desk, repo: str, branch: str = MAIN, path: str = "") -> dict[str, Any]:
    """Read the latest commits of a branch, the latest first.

    Args:
        repo: the repository's id
        branch: a branch, a tag, or the id of a commit
        path: only commits that change this file
    """
    held = opened(desk, repo)
    found = desk.rows(
        "SELECT id, title, author, paths, parents, created_at FROM code_commit WHERE repo = ?", repo
    )
    known = {row["id"]: row for row in found}
    rows = [known[oid] for oid in held.log(_commit(held, branch))]
    if path:
        rows = [row for row in rows if path in json.loads(row["paths"])]
    return listed(
        (
            {**row, "paths": json.loads(row["paths"]), "parents": json.loads(row["parents"])}
            for row in rows[:MOST]
        ),
        total=len(rows),
    )


@tool(writes=False, costs=30 * SECOND)
def code_show(desk: Desk, repo: str, commit: str) -> dict[str, Any]:
    """Read one commit: who, when, why, and what it changed against the commit before it.

    Args:
        repo: the repository's id
        commit: its id, or the first seven signs of it and more; or a branch, for the latest one there
    """
    held = opened(desk, repo)
    row = held.commit(_commit(held, commit))
    parents = json.loads(row["parents"])
    told = shown({name: row[name] for name in ("id", "author", "created_at")})
    message = held.text(row["id"]).partition("\n\n")[2]
    diff = held.diff(parents[0] if parents else None, row["id"])
    return {**told, "parents": parents, "message": message.strip(), **_told(diff)}


@tool(writes=False, costs=30 * SECOND)
def code_diff(desk: Desk, repo: str, base: str, branch: str = MAIN, path: str = "") -> dict[str, Any]:
    """Compare two states of the files.

    Args:
        repo: the repository's id
        base: what is compared with: a branch, a tag, or the id of a commit
        branch: what is compared: a branch, a tag, or the id of a commit
        path: only this file
    """
    held = opened(desk, repo)
    diff = held.diff(_commit(held, base), _commit(held, branch))
    return _told({name: text for name, text in diff.items() if path in {"", name}})


@tool(writes=False, costs=30 * SECOND)
def code_blame(desk: Desk, repo: str, path: str, branch: str = MAIN) -> dict[str, Any]:
    """Read a file line by line, each with the commit that it comes from, and whose that is.

    Args:
        repo: the repository's id
        path: the file
        branch: a branch, a tag, or the id of a commit
    """
    held = opened(desk, repo)
    _file(held, branch, path)
    lines = held.blame(_commit(held, branch), path)
    rows = {oid: held.commit(oid) for oid in {oid for oid, _ in lines}}
    return {"lines": [f"{oid[:10]} {rows[oid]['author']}: {line.rstrip()}" for oid, line in lines]}


@tool(writes=False, costs=10 * SECOND)
def code_branches(desk: Desk, repo: str) -> dict[str, Any]:
    """List branches and tags, each with its latest commit.

    Args:
        repo: the repository's id
    """
    refs = opened(desk, repo).refs()
    kinds = {"branches": "refs/heads/", "tags": "refs/tags/"}
    return {
        kind: {name.removeprefix(head): oid for name, oid in refs.items() if name.startswith(head)}
        for kind, head in kinds.items()
    }


@tool(writes=True, costs=20 * SECOND)
def code_branch(desk: Desk, repo: str, branch: str, at: str = MAIN) -> dict[str, Any]:
    """Begin a branch.

    Args:
        repo: the repository's id
        branch: its name
        at: where it begins: a branch, a tag, or the id of a commit
    """
    held = opened(desk, repo)
    _new(held, branch)
    commit = _commit(held, at)
    held.point(f"refs/heads/{branch}", commit)
    return {"branch": branch, "commit": commit}


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
    return {"commit": _commits(desk, repo, branch, {path: text}, title)}


@tool(writes=True, costs=5 * MINUTE)
def code_commit(
    desk: Desk,
    repo: str,
    branch: str,
    title: str,
    paths: list[str],
    texts: list[str],
    removed: list[str] | None = None,
) -> dict[str, Any]:
    """Commit several files at once on a branch of your own; the branch begins with the first commit.

    Args:
        repo: the repository's id
        branch: the branch, not main
        title: what the commit does, in one line; after an empty line, why
        paths: the files that are written
        texts: the whole of each, in the same order
        removed: files that are removed
    """
    if len(paths) != len(texts):
        raise ToolError("bad_arguments", f"there are {len(paths)} paths and {len(texts)} texts")
    wanted: dict[str, str | None] = dict(zip(paths, texts, strict=True))
    return {"commit": _commits(desk, repo, branch, wanted | dict.fromkeys(removed or ()), title)}


@tool(writes=True, costs=3 * MINUTE)
def code_revert(desk: Desk, repo: str, branch: str, commit: str) -> dict[str, Any]:
    """Undo what a commit changed, by a commit on a branch of your own; later changes stay.

    Args:
        repo: the repository's id
        branch: the branch, not main; it begins with this commit if it is not there
        commit: the id of the commit that is undone
    """
    held = opened(desk, repo)
    undone = held.commit(_commit(held, commit))
    if len(parents := json.loads(undone["parents"])) != 1:
        raise ToolError("conflict", "only a commit with one parent is reverted; a merge or the first has not")
    head = _head(held, branch)
    try:
        files = held.merged(undone["id"], head, parents[0])
    except Conflict as wrong:
        raise ToolError(
            "conflict", f"later commits changed the same lines: {wrong}; write the files yourself"
        ) from None
    title = f'Revert "{undone["title"]}"\n\nThis reverts commit {undone["id"]}.'
    return {"commit": _save(desk, held, branch, files, [head], title)}


@tool(writes=False, costs=4 * MINUTE)
def code_test(desk: Desk, repo: str, branch: str = MAIN, test: str = "") -> dict[str, Any]:
    """Check out a branch or a commit on your machine, and run its tests; nothing is kept.

    Args:
        repo: the repository's id
        branch: a branch, a tag, or the id of a commit
        test: the text of a test file with `unittest`, run instead of the tests of the repository
    """
    held = opened(desk, repo)
    commit = _commit(held, branch)
    files = held.texts(commit)
    if test:
        _plain(test)
        files = {path: text for path, text in files.items() if not _is_test(path)} | {"test_asked.py": test}
    try:
        ran = _ran(files)
    except WorldError as wrong:
        raise ToolError("unavailable", str(wrong)) from None
    return {"commit": commit, "status": _status(ran), "report": _report(ran)}


@tool(writes=True, costs=3 * MINUTE)
def pull_open(desk: Desk, repo: str, branch: str, title: str, body: str) -> dict[str, Any]:
    """Open a pull request from a branch to main, and have its tests run.

    Args:
        repo: the repository's id
        branch: the branch
        title: in one line
        body: what it changes, and why
    """
    held = opened(desk, repo)
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
        {"id": oid, "title": held.commit(oid)["title"]} for oid in _ahead(held, row["branch"])[:MOST]
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
def pull_merge(desk: Desk, pull_request: int) -> dict[str, Any]:
    """Merge a pull request whose latest commit passed its tests.

    Args:
        pull_request: its number
    """
    row = desk.found("pull_request", pull_request, "pull request")
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
    try:
        files = held.merged(held.base(main, head), main, head)
    except Conflict as wrong:
        raise ToolError(
            "conflict", f"main changed the same lines since: {wrong}; write them anew on a branch from main"
        ) from None
    title = f"Merge pull request #{pull_request}: {_title(row['title'])}"
    commit = _save(desk, held, MAIN, files, [main, head], title)
    desk.change("pull_request", pull_request, status="merged", merged_as=commit)
    return {"merged_as": commit}


@tool(writes=False, costs=15 * SECOND)
def code_search(desk: Desk, query: str) -> dict[str, Any]:
    """Find files on main that hold a text.

    Args:
        query: the text
    """
    rows = desk.rows("SELECT id FROM git_object WHERE kind = 'blob' AND +text LIKE ? ESCAPE '!'", like(query))
    holding = {row["id"] for row in rows}
    found = []
    for row in desk.rows("SELECT id FROM repo ORDER BY id") if holding else ():
        held = Repository(row["id"], desk.rows)
        files = held.files(held.branch(MAIN))
        found += [{"repo": row["id"], "path": path} for path in sorted(files) if files[path].oid in holding]
    return listed(found[:MOST], total=len(found))


# -- what tools share ------------------------------------------------------------------------------------


def opened(desk: Desk, repo: str) -> Repository:
    """Return a repository as somebody reads and writes it."""
    desk.found("repo", repo, "repository")
    return Repository(repo, desk.rows, desk.put, desk.change)


def tests(desk: Desk, payload: dict[str, Any]) -> None:
    """Run the tests of a commit, and let who opened the pull request know."""
    repo, branch, commit = payload["repo"], payload["branch"], payload["commit"]
    ran = _ran(opened(desk, repo).texts(commit))
    desk.put("ci_run", repo=repo, branch=branch, code_commit=commit, status=_status(ran), report=_report(ran))
    says = f"tests of {repo}/{branch} {_status(ran)}"
    desk.put("notice", source="tests", about=f"{repo}/{branch}", text=says, seen=0)


def _commit(held: Repository, what: str) -> str:
    found = held.find(what)
    if found is None:
        raise ToolError("not_found", f"there is no branch, tag or commit {what!r} of {held.name}")
    return found


def _file(held: Repository, branch: str, path: str) -> tuple[str, str]:
    found = held.files(_commit(held, branch)).get(path)
    if found is None:
        raise ToolError("not_found", f"there is no {path!r} on {branch} of {held.name}")
    return found


def _told(diff: Mapping[str, str]) -> dict[str, Any]:
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


def _new(held: Repository, branch: str) -> None:
    """Refuse what cannot be the name of a new branch."""
    if wrong := wrong_branch(branch):
        raise ToolError("bad_arguments", wrong)
    for ref in held.refs():
        name = ref.partition("/")[2].partition("/")[2]
        if branch == name or branch.startswith(f"{name}/") or name.startswith(f"{branch}/"):
            raise ToolError("conflict", f"{name!r} is there already; take another name")


def _head(held: Repository, branch: str) -> str:
    """Return the commit that the next one on a branch follows."""
    if branch == MAIN:
        raise ToolError("forbidden", "main is changed by pull requests only; commit on a branch of your own")
    head = held.branch(branch)
    if head is None:
        _new(held, branch)
        head = held.branch(MAIN)
    if head is None:
        raise ToolError("not_found", f"{held.name} has no commit yet")
    return head


def _ahead(held: Repository, branch: str) -> list[str]:
    """Return the commits of a branch that main has not."""
    behind = set(held.log(held.branch(MAIN)))
    return [oid for oid in held.log(held.branch(branch)) if oid not in behind]


def _commits(desk: Desk, repo: str, branch: str, texts: Mapping[str, str | None], message: str) -> str:
    held = opened(desk, repo)
    head = _head(held, branch)
    before = held.files(head)
    for path, text in texts.items():
        if wrong := wrong_path(path):
            raise ToolError("bad_arguments", wrong)
        if text is None and path not in before:
            raise ToolError("not_found", f"there is no {path!r} on {branch} of {repo}")
        _plain(text or "")
    files = held.with_texts(before, texts)
    if files == before:
        raise ToolError("conflict", "the commit would change nothing")
    return _save(desk, held, branch, files, [head], message)


def _save(
    desk: Desk, held: Repository, branch: str, files: Mapping[str, Any], parents: list[str], message: str
) -> str:
    """Commit in the name of whoever is at the desk; tests run where a pull request, or main, waits for it."""
    title, _, body = message.partition("\n")
    _plain(message)
    person = desk.one("SELECT name, email, zone FROM person WHERE id = ?", desk.who)
    row = person or {"name": desk.who or "CI", "email": "ci@helio.example", "zone": 0}
    try:
        commit = held.save(
            branch,
            files,
            parents,
            f"{_title(title)}\n\n{body.strip()}",
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


def _title(title: str) -> str:
    said = " ".join(title.split())
    if not said or len(said) > 200:
        raise ToolError("bad_arguments", "say what the commit does in one line, of at most 200 characters")
    return said


def _plain(text: str) -> None:
    """Refuse what is no text."""
    if re.search("[\0\ud800-\udfff]", text):
        raise ToolError("bad_arguments", "only text can be committed; take out what is none")


def _is_test(path: str) -> bool:
    return path.rpartition("/")[2].startswith("test")


def _ran(files: Mapping[str, str]) -> sandbox.Ran:
    return _ran_once(tuple(sorted(files.items())))


@lru_cache(256)
def _ran_once(files: tuple[tuple[str, str], ...]) -> sandbox.Ran:
    """Run tests once for the same files: a tree that passed, passed."""
    return sandbox.run_tests(dict(files))


def _status(ran: sandbox.Ran) -> str:
    return "passed" if ran.passed else "failed"


def _report(ran: sandbox.Ran) -> str:
    # Times that tests print differ from run to run.
    return re.sub(r"in \d+\.\d+s", "in a while", ran.says)


APP = App(
    "code",
    "code-host",
    (
        code_files,
        code_read,
        code_log,
        code_show,
        code_diff,
        code_blame,
        code_branches,
        code_search,
        code_test,
        code_branch,
        code_write,
        code_commit,
        code_revert,
        pull_open,
        pull_read,
        pull_list,
        pull_review,
        pull_merge,
    ),
    {"tests": tests},
)
