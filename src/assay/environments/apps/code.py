"""Repositories with real history: branches, diffs, blame, commits, reverts, tests run at any commit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from assay.environments.apps import MOST, like, listed, pulls, shown
from assay.environments.apps.repositories import (
    commit_named,
    diffs_told,
    file_named,
    head_of,
    new_branch,
    opened,
    plain,
    ran_tests,
    report_of,
    save,
    status_of,
)
from assay.environments.clock import MINUTE, SECOND
from assay.environments.desk import Desk
from assay.environments.errors import ToolError, WorldError
from assay.environments.git import MAIN, Conflict, Repository, wrong_path
from assay.environments.tools import App, tool


@tool(writes=False, costs=10 * SECOND)
def code_files(desk: Desk, repo: str, branch: str = MAIN) -> dict[str, Any]:
    """List the files of a branch, or as they were at a commit.

    Args:
        repo: the repository's id
        branch: a branch, a tag, or the id of a commit
    """
    held = opened(desk, repo)
    return {"found": sorted(held.files(commit_named(held, branch))), "complete": True}


@tool(writes=False, costs=20 * SECOND)
def code_read(desk: Desk, repo: str, path: str, branch: str = MAIN) -> dict[str, Any]:
    """Read a file, as it is on a branch or was at a commit.

    Args:
        repo: the repository's id
        path: the file
        branch: a branch, a tag, or the id of a commit
    """
    held = opened(desk, repo)
    return {"path": path, "text": held.text(file_named(held, branch, path)[1])}


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
    rows = [known[oid] for oid in held.log(commit_named(held, branch))]
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
    row = held.commit(commit_named(held, commit))
    parents = json.loads(row["parents"])
    told = shown({name: row[name] for name in ("id", "author", "created_at")})
    message = held.text(row["id"]).partition("\n\n")[2]
    diff = held.diff(parents[0] if parents else None, row["id"])
    return {**told, "parents": parents, "message": message.strip(), **diffs_told(diff)}


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
    diff = held.diff(commit_named(held, base), commit_named(held, branch))
    return diffs_told({name: text for name, text in diff.items() if path in {"", name}})


@tool(writes=False, costs=30 * SECOND)
def code_blame(desk: Desk, repo: str, path: str, branch: str = MAIN) -> dict[str, Any]:
    """Read a file line by line, each with the commit that it comes from, and whose that is.

    Args:
        repo: the repository's id
        path: the file
        branch: a branch, a tag, or the id of a commit
    """
    held = opened(desk, repo)
    file_named(held, branch, path)
    lines = held.blame(commit_named(held, branch), path)
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
    new_branch(held, branch)
    commit = commit_named(held, at)
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
    undone = held.commit(commit_named(held, commit))
    if len(parents := json.loads(undone["parents"])) != 1:
        raise ToolError("conflict", "only a commit with one parent is reverted; a merge or the first has not")
    head = head_of(held, branch)
    try:
        files = held.merged(undone["id"], head, parents[0])
    except Conflict as wrong:
        raise ToolError(
            "conflict", f"later commits changed the same lines: {wrong}; write the files yourself"
        ) from None
    title = f'Revert "{undone["title"]}"\n\nThis reverts commit {undone["id"]}.'
    return {"commit": save(desk, held, branch, files, [head], title)}


@tool(writes=False, costs=4 * MINUTE)
def code_test(desk: Desk, repo: str, branch: str = MAIN, test: str = "") -> dict[str, Any]:
    """Check out a branch or a commit on your machine, and run its tests; nothing is kept.

    Args:
        repo: the repository's id
        branch: a branch, a tag, or the id of a commit
        test: the text of a test file with `unittest`, run instead of the tests of the repository
    """
    held = opened(desk, repo)
    commit = commit_named(held, branch)
    files = held.texts(commit)
    if test:
        plain(test)
        files = {path: text for path, text in files.items() if not _is_test(path)} | {"test_asked.py": test}
    try:
        ran = ran_tests(files)
    except WorldError as wrong:
        raise ToolError("unavailable", str(wrong)) from None
    return {"commit": commit, "status": status_of(ran), "report": report_of(ran)}


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


def _commits(desk: Desk, repo: str, branch: str, texts: Mapping[str, str | None], message: str) -> str:
    held = opened(desk, repo)
    head = head_of(held, branch)
    before = held.files(head)
    for path, text in texts.items():
        if wrong := wrong_path(path):
            raise ToolError("bad_arguments", wrong)
        if text is None and path not in before:
            raise ToolError("not_found", f"there is no {path!r} on {branch} of {repo}")
        plain(text or "")
    files = held.with_texts(before, texts)
    if files == before:
        raise ToolError("conflict", "the commit would change nothing")
    return save(desk, held, branch, files, [head], message)


def _is_test(path: str) -> bool:
    return path.rpartition("/")[2].startswith("test")


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
        pulls.pull_open,
        pulls.pull_read,
        pulls.pull_list,
        pulls.pull_review,
        pulls.pull_merge,
    ),
    {"tests": pulls.tests},
)
