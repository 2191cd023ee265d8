"""What tasks about code have in common: commits of the past, a change that is merged, checks nobody sees.

What the tests of a repository say, an agent can make them say. What a score relies on are checks: calls whose
right answers only the grader knows, made from another process (`assay.environments.sandbox.checked`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

from assay.environments.clock import DAY, HOUR
from assay.environments.git import MAIN
from assay.environments.sandbox import Check
from assay.environments.startup.history import commit, repository
from assay.environments.startup.scene import Scene
from assay.environments.tasks import Action, Allowed, Goal

FRIDAY = 3 * DAY
"""How long before play the last Friday begins to work."""


def write(
    scene: Scene,
    repo: str,
    files: Mapping[str, str | None],
    *,
    title: str,
    by: str = "",
    ago: int = FRIDAY,
    branch: str = MAIN,
) -> str:
    """Let files have been committed some time ago, by the owner if nobody is named; return the commit."""
    owner = str(scene.made.rows("SELECT owner FROM repo WHERE id = ?", repo)[0]["owner"])
    return commit(scene.made, repo, files, title=title, by=by or owner, at=scene.begins - ago, branch=branch)


def text_of(scene: Scene, repo: str, path: str, branch: str = MAIN) -> str:
    """Return a file as it stands on a branch."""
    held = repository(scene.made, repo)
    return held.text(held.files(held.branch(branch))[path].oid)


def calls(module: str, name: str, cases: Iterable[tuple[Sequence[Any], Any]]) -> tuple[Check, ...]:
    """Return checks that a function gives these values for these arguments.

    >>> calls("api.limits", "allowed", [(("team", 59), True)])[0].wanted
    True
    """
    return tuple(Check(module, name, tuple(given), wanted) for given, wanted in cases)


def merged(repo: str, checks: Sequence[Check], *, pull: int | None = None) -> tuple[Goal, Goal]:
    """Return the goals that a pull request was merged, and that main passes its tests and the checks since.

    Parameters
    ----------
    pull
        The number of the request, where it is to be a certain one.
    """
    statement = (
        "SELECT repo, merged_as AS code FROM pull_request WHERE repo = ? AND status = 'merged'"
        " AND ? IN (0, id) AND merged_as IN (SELECT id FROM code_commit WHERE author ="
        " (SELECT value FROM meta WHERE key = 'agent')) ORDER BY id DESC"
    )
    request = Goal("what is merged does what it should", statement, (repo, pull or 0), checks=tuple(checks))
    passed = Goal(
        "main passes its tests, and checks that no tool shows",
        "SELECT git_ref.repo AS repo, target AS code FROM git_ref JOIN ci_run ON code_commit = target"
        " WHERE git_ref.repo = ? AND name = 'refs/heads/main' AND ci_run.status = 'passed'"
        f" AND EXISTS ({statement})",
        (repo, repo, pull or 0),
        weight=3,
        checks=tuple(checks),
    )
    return request, passed


def changing(scene: Scene, repo: str, *paths: str, branch: str = "") -> tuple[Allowed, ...]:
    """Return what pull requests that change these files, and no others, change.

    Parameters
    ----------
    branch
        A branch that is there already and goes on; new ones may begin in any case.
    """
    made = scene.made
    refs = made.rows(
        "SELECT id FROM git_ref WHERE repo = ? AND name IN ('refs/heads/main', ?)",
        repo,
        f"refs/heads/{branch}",
    )
    last = made.rows("SELECT max(id) AS n FROM git_ref")[0]["n"]
    pulls = made.rows("SELECT coalesce(max(id), 0) AS n FROM pull_request")[0]["n"]
    open_ones = made.rows(
        "SELECT id FROM pull_request WHERE repo = ? AND branch = ? AND status = 'open'", repo, branch
    )
    together = [some for many in range(1, len(paths) + 1) for some in combinations(sorted(paths), many)]
    return (
        Allowed("git_object", "INSERT", most=120),
        *(Allowed("code_commit", "INSERT", {"repo": repo, "paths": json.dumps(some)}) for some in together),
        Allowed("git_ref", "INSERT", {"repo": repo}, most=3),
        *(
            Allowed("git_ref", "UPDATE", {"id": number}, ("target",))
            for number in (*(row["id"] for row in refs), last + 1, last + 2, last + 3)
        ),
        Allowed("pull_request", "INSERT", {"repo": repo}, most=3),
        Allowed("review", "INSERT", {"verdict": "comment"}, most=3),
        *(
            Allowed("pull_request", "UPDATE", {"id": number}, ("status", "merged_as", "merged_at"))
            for number in (*(row["id"] for row in open_ones), pulls + 1, pulls + 2, pulls + 3)
        ),
    )


def change(repo: str, branch: str, path: str, text: str, title: str) -> tuple[Action, ...]:
    """Return the steps that write a file, open a pull request (named "pull"), and have its tests run."""
    given = {"repo": repo, "branch": branch, "path": path, "text": text, "title": title}
    return (
        Action("code_write", given),
        Action("pull_open", {"repo": repo, "branch": branch, "title": title, "body": title}, "pull"),
    )


def hours(place: int) -> int:
    """Return how long ago a moment of the last Friday was, by hours of that day's work.

    >>> hours(2) == FRIDAY - 2 * HOUR
    True
    """
    return FRIDAY - place * HOUR
