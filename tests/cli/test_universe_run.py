"""`assay universe run` and `mcp`: what they write, that they go on where they were, what they say."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request

import pytest

pytest.importorskip("apsw", reason="worlds want apsw (pip install 'assay[worlds]')")

from assay.environments.trajectories import read

ONLY = ("--template", "bad-deploy", "--template", "invoice-dispute")


def test_a_run_writes_episodes_a_page_and_others_formats(run, tmp_path):
    ran = run("universe", "run", "--tasks", 4, *ONLY, "--model", "oracle", "--out", "out")

    assert (ran.code, ran.err) == (0, "")
    assert "oracle did 4 of 4 tasks wholly" in ran.out
    episodes = list(read(tmp_path / "out" / "episodes.jsonl"))
    assert [one.reward for one in episodes] == [1.0] * 4
    page = (tmp_path / "out" / "report.html").read_text()
    for title in ("Reward by kind of task", "Steps and time", "What broke, and what was refused"):
        assert title in page
    assert "http-equiv" in page
    lines = (tmp_path / "out" / "messages.jsonl").read_text().splitlines()
    assert [json.loads(line)["reward"] for line in lines] == [1.0] * 4
    atif = [json.loads(path.read_text()) for path in (tmp_path / "out" / "atif").iterdir()]
    assert {one["schema_version"] for one in atif} == {"ATIF-v1.8"}
    assert all(one["agent"]["tool_definitions"] for one in atif)
    assert not list((tmp_path / "out" / "worlds").glob("*.fork"))


def test_a_run_goes_on_where_it_was_and_other_agents_stand_beside(run, tmp_path):
    path = tmp_path / "out" / "episodes.jsonl"
    run("universe", "run", "--tasks", 2, *ONLY, "--out", "out")
    first = path.read_bytes()
    with path.open("ab") as file:
        file.write(first[:100])  # as a killed process leaves it
    for name in ("t.9-1.fork", "t.9-1.fork-wal"):
        (tmp_path / "out" / "worlds" / name).touch()

    again = run("universe", "run", "--tasks", 4, *ONLY, "--out", "out")
    other = run("universe", "run", "--tasks", 2, *ONLY, "--model", "nothing", "--out", "out")

    assert "2 episodes were played before" in again.out
    assert path.read_bytes().startswith(first)
    assert not list((tmp_path / "out" / "worlds").glob("*.fork*"))
    assert [one.agent for one in read(path)] == ["oracle"] * 4 + ["nothing"] * 2
    assert "nothing did 0 of 2" in other.out
    assert "bad-deploy, nothing" in (tmp_path / "out" / "report.html").read_text()


def test_knobs_are_taken_in_turn_and_drawn(run, tmp_path):
    words = ("--tasks", 4, "--template", "bad-deploy", "--knob", "noise=0,3", "--rollouts", 2)
    ran = run("universe", "run", *words, "--model", "random", "--out", "out")

    assert ran.code == 0, ran.err
    episodes = list(read(tmp_path / "out" / "episodes.jsonl"))
    assert len({one.key for one in episodes}) == 8
    assert {one.knobs["noise"] for one in episodes} == {0, 3}
    assert "noise: 3" in (tmp_path / "out" / "report.html").read_text()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--model", "clever"], "give the address of a server"),
        (["--model", "http://127.0.0.1:9"], "nothing answers at"),
        (["--model", "http://127.0.0.1:9", "--name", "tiny"], "nothing answers at"),
        (["--template", "nonsense"], "there is no template 'nonsense'; there are: "),
        (["--knob", "noise=many"], "write it like noise=2"),
        (["--knob", "luck=2"], "there is no knob 'luck'"),
        (["--knob", "noise=-1"], "the knob noise is a whole number from 0 to 100, not -1"),
    ],
)
def test_what_cannot_be_run_is_said_in_a_sentence(run, words, says):
    ran = run("universe", "run", "--tasks", 1, *words, "--out", "out")

    assert ran.code == 2
    assert says in ran.err
    assert "Traceback" not in ran.err


def test_two_runs_in_one_folder_do_not_disturb_each_other(run, tmp_path):
    import fcntl

    (tmp_path / "out").mkdir()
    with (tmp_path / "out" / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ran = run("universe", "run", "--tasks", 1, "--out", "out")

    assert ran.code == 2
    assert "another run writes to out" in ran.err


def test_episodes_are_served_until_one_ends_it(tmp_path):
    words = ["universe", "mcp", "--template", "bad-deploy", "--port", "0", "--key", "sesame"]
    env = {**os.environ, "COLUMNS": "200"}
    with subprocess.Popen(
        [sys.executable, "-m", "assay", *words], stdout=subprocess.PIPE, text=True, cwd=tmp_path, env=env
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().split()[1]
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).encode()
        with urllib.request.urlopen(urllib.request.Request(address, body), timeout=120) as said:  # noqa: S310
            tools = json.loads(said.read())["result"]["tools"]
        process.send_signal(signal.SIGTERM)
        rest = process.stdout.read()

    assert {"wait", "finish"} <= {tool["name"] for tool in tools}
    assert "reward 0.00" in rest
    assert process.returncode == 0


def test_one_episode_is_played_over_pipes_and_its_score_written(tmp_path):
    calls = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": "2025-06-18"}},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "chat_channels"}},
    ]
    words = ["universe", "mcp", "--stdio", "--template", "bad-deploy", "--out", "score.json"]
    ran = subprocess.run(
        [sys.executable, "-m", "assay", *words],
        input="".join(json.dumps(call) + "\n" for call in calls),
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=True,
    )

    assert [json.loads(line)["id"] for line in ran.stdout.splitlines()] == [1, 2]
    assert json.loads((tmp_path / "score.json").read_text())["steps"] == 1
    assert "reward 0.00" in ran.stderr
