"""`assay universe run --voice`: a model finds the words of colleagues, is recorded, and changes no score."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

pytest.importorskip("apsw", reason="worlds want apsw (pip install 'assay[worlds]')")

from assay.environments.trajectories import Trajectory, read
from assay.environments.universe import Universe

ASKS = ("--template", "lost-permission", "--template", "refund-above-limit", "--tasks", 4)
"""Templates in which colleagues are asked, and do something."""


@contextmanager
def speaking(words: str = "By all means.") -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Serve a model that says the same in other words, and give its address and what it was asked."""
    asked: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send({"data": [{"id": "talker"}]})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append(body)
            lines = body["messages"][-1]["content"].rpartition("You may:\n")[2]
            first = lines.partition("\n")[0].partition(": ")[2]
            said = json.dumps({"choice": 1, "words": f"{words} {first}"})
            self._send({"model": "talker", "choices": [{"message": {"content": said}}]})

        def _send(self, body: object) -> None:
            data = json.dumps(body).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def nobody() -> Iterator[str]:
    """The address of a port at which nobody listens, kept so that nobody else does."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


def heard(episodes: list[Trajectory]) -> list[str]:
    return [text for one in episodes for step in one.steps for text in step.notices if "all means" in text]


def test_scores_are_the_same_with_a_voice_and_a_second_run_says_the_same_without_asking(run, tmp_path):
    run("universe", "run", *ASKS, "--out", "plain")
    with speaking() as (address, asked):
        ran = run("universe", "run", *ASKS, "--voice", address, "--out", "out")
        many = len(asked)
        spoken = list(read(tmp_path / "out" / "episodes.jsonl"))
        (tmp_path / "out" / "episodes.jsonl").unlink()
        again = run("universe", "run", *ASKS, "--voice", address, "--out", "out")

        assert len(asked) == many + 1  # whether anybody answers there

    plain = list(read(tmp_path / "plain" / "episodes.jsonl"))
    replayed = list(read(tmp_path / "out" / "episodes.jsonl"))
    assert "times in the model's words" in ran.out
    assert "times as recorded" in again.out
    assert heard(spoken)
    assert not heard(plain)

    def scores(episodes: list[Trajectory]) -> list[object]:
        return sorted((one.task, one.reward, sorted(one.goals.items())) for one in episodes)

    assert scores(plain) == scores(spoken)
    assert {one.voice for one in spoken} == {"talker"}
    assert {one.task: one.hash for one in replayed} == {one.task: one.hash for one in spoken}
    assert {one.task: one.hash for one in plain} != {one.task: one.hash for one in spoken}


def test_a_voice_that_nobody_answers_for_is_said_once_and_the_script_speaks(run, tmp_path, nobody):
    ran = run("universe", "run", *ASKS, "--voice", nobody, "--out", "out")

    assert ran.code == 0
    assert f"colleagues use the words of the script: nothing answers at {nobody}" in " ".join(ran.err.split())
    assert ran.err.count("The voice") == 1
    assert {one.reward for one in read(tmp_path / "out" / "episodes.jsonl")} == {1.0}


def test_what_was_recorded_is_played_back_where_the_model_is_gone(run, tmp_path, nobody):
    with speaking() as (address, _):
        run("universe", "run", *ASKS, "--voice", address, "--out", "out")
    was = {one.task: one.hash for one in read(tmp_path / "out" / "episodes.jsonl")}
    (tmp_path / "out" / "episodes.jsonl").unlink()

    run("universe", "run", *ASKS, "--voice", nobody, "--voice-name", "talker", "--out", "out")

    assert {one.task: one.hash for one in read(tmp_path / "out" / "episodes.jsonl")} == was


def test_words_that_change_a_number_are_the_scripts_and_a_run_without_the_voice_is_another(run, tmp_path):
    with speaking("It is 99 more:") as (address, _):
        ran = run("universe", "run", *ASKS, "--voice", address, "--out", "out")
        other = run("universe", "run", *ASKS, "--out", "out")

    assert "times in the script's words" in ran.out
    assert "model's words" not in ran.out
    assert "were played before" not in other.out
    episodes = list(read(tmp_path / "out" / "episodes.jsonl"))
    assert [one.voice for one in episodes] == ["talker"] * 4 + [""] * 4
    assert len(list((tmp_path / "out" / "atif").iterdir())) == 8


def test_an_address_that_is_none_says_what_to_give(run):
    ran = run("universe", "run", "--tasks", 1, "--voice", "nonsense", "--out", "out")

    assert ran.code == 2
    assert "--voice nonsense: give the address of a server (http://…), or embedded" in ran.err


def test_colleagues_speak_to_an_agent_over_pipes_and_are_kept_in_a_file(tmp_path):
    def call(number: int, name: str, **given: Any) -> str:
        params = {"name": name, "arguments": given}
        return json.dumps({"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}) + "\n"

    lead = Universe("startup", 7, tmp_path / "worlds").task("bad-deploy", 1).oracle[-2].arguments["commander"]
    words = ["universe", "mcp", "--stdio", "--template", "bad-deploy", "--voices", "said.jsonl"]
    pages = call(1, "incident_open", title="x", severity="1", service="api", commander=lead)
    with speaking() as (address, asked):
        ran = subprocess.run(
            [sys.executable, "-m", "assay", *words, "--voice", address],
            input=pages + call(2, "wait", minutes=60 * 24, event="incident"),
            capture_output=True,
            text=True,
            cwd=tmp_path,
            check=True,
        )

    assert [json.loads(line)["id"] for line in ran.stdout.splitlines()] == [1, 2]
    assert len(asked) == 2  # whether anybody answers there, and what the commander says
    assert "By all means." in (tmp_path / "said.jsonl").read_text()
