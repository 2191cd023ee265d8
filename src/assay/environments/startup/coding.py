"""What tasks about code have in common: files on main, tests kept from tools, a change that is merged."""

from __future__ import annotations

from collections.abc import Mapping

from assay.environments.apps.code import KEPT
from assay.environments.clock import HOUR
from assay.environments.situations import both, is_so
from assay.environments.startup.scene import Scene
from assay.environments.tasks import Action, Allowed, Goal


def write(scene: Scene, repo: str, files: Mapping[str, str], *, branch: str = "main", by: str = "") -> None:
    """Put files onto a branch, over those that are there."""
    for path, text in files.items():
        there = scene.made.rows(
            "SELECT id FROM file WHERE repo = ? AND branch = ? AND path = ?", repo, branch, path
        )
        if there:
            scene.made.change("file", there[0]["id"], text=text)
        else:
            scene.made.put(
                "file", repo=repo, branch=branch, path=path, text=text, by=by, at=scene.begins - HOUR
            )


def keep_tests(scene: Scene, repo: str, text: str) -> None:
    """Keep tests that run with every branch, and that no tool shows."""
    write(scene, repo, {"test_kept.py": text}, branch=KEPT)


def text_of(scene: Scene, repo: str, path: str) -> str:
    """Return a file on main."""
    rows = scene.made.rows(
        "SELECT text FROM file WHERE repo = ? AND branch = 'main' AND path = ?", repo, path
    )
    return str(rows[0]["text"])


def merged(repo: str) -> tuple[Goal, Goal]:
    """Return the goals that a pull request of the agent was merged, and that all tests pass on main since."""
    request = is_so("a pull request is merged", "pull_request", repo=repo, status="merged")
    passed = Goal(
        "tests pass on main",
        "SELECT 1 FROM ci_run JOIN code_commit ON code_commit.id = ci_run.code_commit"
        " JOIN pull_request ON pull_request.merged_as = code_commit.id"
        " WHERE ci_run.repo = ? AND ci_run.branch = 'main' AND ci_run.status = 'passed'"
        " AND ci_run.id = (SELECT max(id) FROM ci_run WHERE repo = ? AND branch = 'main')",
        (repo, repo),
    )
    return request, both("all tests pass on main, the kept ones too", passed, weight=3)


def changing(scene: Scene, repo: str, *paths: str) -> tuple[Allowed, ...]:
    """Return what pull requests that change these files, and no others, change.

    What is updated is known by its number alone: files on main as they stand, on the branch as they come.
    """
    made = scene.made
    kept = [
        row["id"]
        for path in paths
        for row in made.rows(
            "SELECT id FROM file WHERE repo = ? AND branch = 'main' AND path = ?", repo, path
        )
    ]
    last = made.rows("SELECT max(id) AS n FROM file")[0]["n"]
    kept += range(last + 1, last + 1 + 2 * len(paths))
    pulls = made.rows("SELECT coalesce(max(id), 0) AS n FROM pull_request")[0]["n"]
    return (
        *(Allowed("file", "UPDATE", {"id": number}, ("text",)) for number in kept),
        *(Allowed("file", "INSERT", {"repo": repo, "path": path}, most=2) for path in paths),
        Allowed("code_commit", "INSERT", {"repo": repo}, most=12),
        Allowed("pull_request", "INSERT", {"repo": repo}, most=3),
        *(
            Allowed("pull_request", "UPDATE", {"id": pulls + place}, ("status", "merged_as"))
            for place in (1, 2, 3)
        ),
    )


def change(repo: str, branch: str, path: str, text: str, title: str) -> tuple[Action, ...]:
    """Return the steps that write a file, open a pull request (named "pull"), and wait for its tests."""
    given = {"repo": repo, "branch": branch, "path": path, "text": text, "title": title}
    return (
        Action("code_write", given),
        Action("pull_open", {"repo": repo, "branch": branch, "title": title, "body": title}, "pull"),
    )
