"""Tools about code: what is read, committed, tested, merged and taken back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assay.environments.clones import clone
from assay.environments.git import Repository
from assay.environments.playing import Oracle, play
from assay.environments.universe import OpenEpisode, Universe


def test_a_file_is_read_as_it_was_and_what_changed_is_told(play_on: Callable[..., Any]):
    log = play_on("code_log", repo="exports", path="exports/invoice.py")["found"]
    first, second = log[-1]["id"], log[-2]["id"]

    before = play_on("code_read", repo="exports", path="exports/invoice.py", branch=first[:8])["text"]
    shown = play_on("code_show", repo="exports", commit=second)
    diff = play_on("code_diff", repo="exports", base=first, branch=second, path="exports/invoice.py")

    assert "prorated" not in before
    assert shown["changed"] == ["exports/invoice.py", "test_invoice.py"]
    assert diff["diff"] in shown["diff"]
    assert "+def prorated(cents, days):" in diff["diff"]
    assert shown["message"].startswith(log[-2]["title"])
    assert play_on("code_files", repo="exports", branch="v1.0")["found"] == [
        "README.md",
        "exports/__init__.py",
        "exports/invoice.py",
        "exports/table.py",
        "test_invoice.py",
        "test_table.py",
    ]


def test_several_files_are_one_commit_and_a_branch_stays_its_own(play_on: Callable[..., Any]):
    commit = play_on(
        "code_commit",
        repo="api",
        branch="two",
        title="Two files\n\nBecause one was not enough.",
        paths=["api/one.py", "deep/er/two.py"],
        texts=["one = 1\n", "two = 2\n"],
        removed=["README.md"],
    )["commit"]

    shown = play_on("code_show", repo="api", commit="two")
    assert shown["id"] == commit
    assert shown["changed"] == ["README.md", "api/one.py", "deep/er/two.py"]
    assert shown["message"].endswith("one was not enough.")
    assert "deep/er/two.py" not in play_on("code_files", repo="api")["found"]
    assert play_on("code_search", query="two = 2")["found"] == []


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"branch": "main"}, "forbidden"),
        ({"path": "../x.py"}, "bad_arguments"),
        ({"path": ".git/hooks/x"}, "bad_arguments"),
        ({"path": "a/.GIT/x"}, "bad_arguments"),
        ({"path": "/etc/passwd"}, "bad_arguments"),
        ({"path": "api"}, "conflict"),
        ({"path": "README.md/x"}, "conflict"),
        ({"branch": "a..b"}, "bad_arguments"),
        ({"branch": "v2.0"}, "conflict"),
        ({"branch": "main/x"}, "conflict"),
        ({"branch": "deadbeef"}, "bad_arguments"),
        ({"text": "\0"}, "bad_arguments"),
        ({"text": "\ud800"}, "bad_arguments"),
        ({"title": " \n "}, "bad_arguments"),
        ({"title": "x" * 201}, "bad_arguments"),
        ({"repo": "no-such"}, "not_found"),
    ],
)
def test_what_git_could_not_hold_is_refused_and_changes_nothing(
    episode: OpenEpisode, given: dict[str, str], code: str
):
    whole = {"repo": "api", "branch": "mine", "path": "api/x.py", "text": "x = 1\n", "title": "X"} | given

    assert episode.call("code_write", whole).code == code
    assert episode.world.changes() == []


def test_a_commit_that_changes_nothing_is_none(episode: OpenEpisode, play_on: Callable[..., Any]):
    text = play_on("code_read", repo="api", path="README.md")["text"]

    again = {"repo": "api", "branch": "mine", "path": "README.md", "text": text, "title": "Again"}
    assert episode.call("code_write", again).code == "conflict"


@pytest.mark.usefixtures("sandboxed")
def test_a_merge_keeps_what_both_sides_changed_and_refuses_what_both_changed(
    episode: OpenEpisode, play_on: Callable[..., Any]
):
    text = play_on("code_read", repo="api", path="api/limits.py")["text"]
    head = text.replace("How many", "Just how many")
    end = text + "\n\nWINDOW = 60\n"
    clash = text.replace("How many", "So many")
    for branch, changed in (("head", head), ("end", end), ("clash", clash)):
        play_on("code_write", repo="api", branch=branch, path="api/limits.py", text=changed, title=branch)
    numbers = [
        play_on("pull_open", repo="api", branch=branch, title=branch, body="")["pull_request"]
        for branch in ("head", "end", "clash")
    ]
    for _ in numbers:
        episode.call("wait", {"minutes": 30})
    for number in numbers[:2]:
        play_on("pull_merge", pull_request=number)
    refused = episode.call("pull_merge", {"pull_request": numbers[2]})

    both = play_on("code_read", repo="api", path="api/limits.py")["text"]
    assert both == head + "\n\nWINDOW = 60\n"
    assert refused.code == "conflict"
    assert "api/limits.py" in refused.answer
    assert len(play_on("code_show", repo="api", commit="main")["parents"]) == 2


@pytest.mark.usefixtures("sandboxed")
def test_a_request_is_merged_only_when_its_latest_commit_passed(
    episode: OpenEpisode, play_on: Callable[..., Any]
):
    play_on("code_write", repo="api", branch="mine", path="api/x.py", text="x = 1\n", title="X")
    number = play_on("pull_open", repo="api", branch="mine", title="X", body="")["pull_request"]
    episode.call("wait", {"minutes": 30})
    play_on("code_write", repo="api", branch="mine", path="test_x.py", text="x = (", title="Y")
    between = episode.call("pull_merge", {"pull_request": number})
    episode.call("wait", {"minutes": 30})

    assert between.code == "conflict"
    assert [run["status"] for run in play_on("pull_read", pull_request=number)["tests"]] == [
        "failed",
        "passed",
    ]


@pytest.mark.usefixtures("sandboxed")
def test_a_revert_takes_one_commit_back_and_leaves_what_came_later(universe: Universe):
    task = universe.task("revert-commit", 2)
    with universe.episode(task) as episode:
        repository = Repository("api", episode.world.hidden)
        guilty = episode.world.hidden("SELECT value FROM truth WHERE key = 'guilty'")[0]["value"]
        before, main = repository.texts(guilty), repository.texts(repository.branch("main") or "")
        reply = episode.call("code_revert", {"repo": "api", "branch": "back", "commit": guilty[:10]})
        after = repository.texts(reply.answer["commit"])
        message = episode.call("code_show", {"repo": "api", "commit": "back"}).answer["message"]
        first = repository.log(guilty)[-1]
        refused = episode.call("code_revert", {"repo": "api", "branch": "root", "commit": first})

    assert f"This reverts commit {guilty}." in message
    assert after["api/limits.py"].splitlines()[0] == main["api/limits.py"].splitlines()[0]
    assert '"business": 600' in after["api/limits.py"]
    assert '"business": 600' not in before["api/limits.py"]
    assert refused.code == "conflict"


@pytest.mark.usefixtures("sandboxed")
def test_a_fast_forward_makes_no_commit_and_is_refused_once_main_went_on(
    git: Callable[..., str], episode: OpenEpisode, play_on: Callable[..., Any], tmp_path: Path
):
    heads = [
        play_on("code_write", repo="api", branch=branch, path=f"{branch}.py", text="x = 1\n", title=branch)[
            "commit"
        ]
        for branch in ("one", "other")
    ]
    numbers = [
        play_on("pull_open", repo="api", branch=branch, title=branch, body="")["pull_request"]
        for branch in ("one", "other")
    ]
    for _ in numbers:
        episode.call("wait", {"minutes": 30})

    before = len(play_on("code_log", repo="api")["found"])
    went = play_on("pull_merge", pull_request=numbers[0], how="fast-forward")
    refused = episode.call("pull_merge", {"pull_request": numbers[1], "how": "fast-forward"})
    episode.call("wait", {"minutes": 30})
    tested = episode.world.hidden("SELECT status FROM ci_run WHERE branch = 'main' ORDER BY id DESC LIMIT 1")
    after = play_on("code_log", repo="api")["found"]
    joined = play_on("pull_merge", pull_request=numbers[1])
    clone(Repository("api", episode.world.hidden), tmp_path / "clone")

    assert went == {"merged_as": heads[0]}
    assert (len(after), after[0]["id"]) == (before + 1, heads[0])
    assert refused.code == "conflict"
    assert "main went on since" in refused.answer
    assert tested == [{"status": "passed"}]
    assert git(tmp_path / "clone", "rev-parse", "main", "main^1", "main^2").split() == [
        joined["merged_as"],
        *heads,
    ]
    assert play_on("pull_read", pull_request=numbers[0])["merged_at"].startswith("W3")


@pytest.mark.usefixtures("sandboxed")
def test_a_request_with_the_longest_title_is_merged_and_one_without_a_title_is_none(
    episode: OpenEpisode, play_on: Callable[..., Any]
):
    play_on("code_write", repo="api", branch="mine", path="x.py", text="x = 1\n", title="x" * 200)
    asked = {"repo": "api", "branch": "mine", "body": ""}
    refused = [episode.call("pull_open", asked | {"title": title}).code for title in (" \n", "x" * 201)]
    number = play_on("pull_open", **asked, title="x" * 200)["pull_request"]
    episode.call("wait", {"minutes": 30})

    assert refused == ["bad_arguments", "bad_arguments"]
    assert play_on("pull_merge", pull_request=number)["merged_as"]


@pytest.mark.usefixtures("sandboxed")
@pytest.mark.parametrize("template", ["failing-test", "new-function", "revert-commit"])
def test_who_merges_fast_forward_is_scored_like_others(universe: Universe, template: str):
    task = universe.task(template, 1)
    steps = tuple(
        replace(step, arguments={**step.arguments, "how": "fast-forward"})
        if step.tool == "pull_merge"
        else step
        for step in task.oracle
    )
    with universe.episode(task) as episode:
        found = play(episode, Oracle(replace(task, oracle=steps)))

    assert (found.reward, found.side_effects) == (1.0, ())
