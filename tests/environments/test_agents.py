"""Models and policies play: against a real server on loopback that speaks the chat interface."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from assay.environments import agents, runs
from assay.environments.errors import WorldError
from assay.environments.playing import Oracle
from assay.environments.schema import SURFACES
from assay.environments.tasks import read_changes
from assay.environments.trajectories import Trajectory, Writer, atif, messages, read, read_line
from assay.environments.universe import Universe
from assay.inference import Endpoint, InferenceError
from assay.inference.calling import Caller, Turn, _call_in, _fitting

Body = dict[str, Any]
Script = Callable[[Body], Any]
"""Takes a request; gives a message, or (status, headers, body as it is sent)."""


class Stub(ThreadingHTTPServer):
    daemon_threads = True
    asked: list[Body]
    at_once = most_at_once = 0


@contextmanager
def serving(script: Script) -> Iterator[Stub]:
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._send(200, {}, json.dumps({"data": [{"id": "tiny"}]}).encode())

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                server.asked.append(body)
                server.at_once += 1
                server.most_at_once = max(server.most_at_once, server.at_once)
            try:
                said = script(body)
            finally:
                with lock:
                    server.at_once -= 1
            if isinstance(said, tuple):
                self._send(*said)
            else:
                usage = {"prompt_tokens": 11, "completion_tokens": 3}
                whole = {"model": "tiny", "choices": [{"message": said}], "usage": usage}
                self._send(200, {}, json.dumps(whole).encode())

        def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = Stub(("127.0.0.1", 0), Handler)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def calls(*wanted: tuple[str, Any]) -> Body:
    """Return a message that calls tools; arguments that are text are sent as they are."""
    return {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {
                "id": "same",
                "type": "function",
                "function": {
                    "name": name,
                    "arguments": given if isinstance(given, str) else json.dumps(given),
                },
            }
            for name, given in wanted
        ],
    }


FINISH = calls(("finish", {"report": "done"}))


def played(
    universe: Universe, script: Script, *, tasks: int = 1, speech: Any = "tools", **settings: Any
) -> tuple[list[Trajectory], Stub]:
    with serving(script) as server:
        endpoint = Endpoint(f"http://127.0.0.1:{server.server_port}", "tiny", timeout_s=120)

        async def go() -> list[Trajectory]:
            async with Caller(endpoint, speech=speech, attempts=3) as caller:
                return await agents.play_all(
                    universe, universe.tasks(tasks), agents.model(caller), **settings
                )

        return agents.to_the_end(go()), server


def in_turn(*said: Any) -> Script:
    """Return a script that says one thing after the other, by how often the model has spoken."""

    def script(body: Body) -> Any:
        spoken = sum(message["role"] == "assistant" for message in body["messages"])
        return said[min(spoken, len(said) - 1)]

    return script


def test_a_model_that_does_what_the_oracle_does_gets_everything_and_every_step_is_kept(universe: Universe):
    task = universe.tasks(1)[0]
    with universe.episode(task) as episode:
        oracle, steps = Oracle(task), []
        while (step := oracle.act(episode)) is not None:
            episode.call(step.tool, step.arguments)
            steps.append((step.tool, dict(step.arguments)))

    found, server = played(universe, in_turn(*(calls(step) for step in steps), FINISH))

    (one,) = found
    assert (one.reward, one.stopped, one.report) == (1.0, "finished", "done")
    assert [step.tool for step in one.steps] == [*(tool for tool, _ in steps), "finish"]
    assert any(step.changes for step in one.steps)
    assert all(step.ends >= step.begins for step in one.steps)
    assert one.steps[0].text in str(server.asked[1]["messages"])
    assert {tool["function"]["name"] for tool in server.asked[0]["tools"]} >= {"wait", "finish", "chat_post"}
    assert one.turns[0]["tokens_in"] == 11


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (calls(("chat_shout", {})), "there is no tool 'chat_shout'"),
        (calls(("chat_read", "{channel: general")), "the arguments are no JSON"),
        (calls(("chat_read", "[1, 2]")), "no JSON object"),
        (calls(("chat_read", "[" * 100_000)), "bad_arguments"),
        (calls(("chat_read", {"channel": {"a": 1}})), "channel has to be a string"),
        ({"content": "", "tool_calls": [{"id": None, "function": None}]}, "the call names no tool"),
        ({"content": "", "tool_calls": ["nonsense"]}, "the call names no tool"),
        ({"content": [{"text": "I am thinking."}], "tool_calls": "nonsense"}, "Nobody reads this"),
        ({"content": 17}, "Nobody reads this"),
    ],
)
def test_rubbish_of_a_model_is_answered_and_it_goes_on(universe: Universe, said: Body, told: str):
    (one,), server = played(universe, in_turn(said, FINISH))

    assert one.stopped == "finished"
    assert told in json.dumps(server.asked[1]["messages"][2:])
    for body in server.asked:  # what goes back to a server can always be read
        for message in body["messages"]:
            for call in message.get("tool_calls", []):
                assert isinstance(json.loads(call["function"]["arguments"]), dict)


def test_calls_of_one_id_get_ids_of_their_own_and_each_its_answer(universe: Universe):
    both = calls(("chat_channels", {}), ("people_on_call", {"team": "serving"}))

    (one,), server = played(universe, in_turn(both, FINISH))

    answers = [message for message in server.asked[1]["messages"] if message["role"] == "tool"]
    assert [message["tool_call_id"] for message in answers] == ["call-1", "call-2"]
    assert [step.turn for step in one.steps] == [0, 0, 1]


def test_who_only_talks_is_told_so_and_then_the_episode_ends(universe: Universe):
    (one,), server = played(universe, in_turn({"content": "Hello, how are you?"}))

    assert one.stopped == "silent"
    assert len(server.asked) == agents.NUDGES + 1


def test_a_busy_and_a_broken_server_are_asked_again(universe: Universe):
    trouble = iter([(429, {"Retry-After": "0"}, b"{}"), (200, {}, b"<html>no</html>")])

    (one,), server = played(universe, lambda _: next(trouble, FINISH))

    assert one.stopped == "finished"
    assert len(server.asked) == 3


def test_a_server_that_refuses_one_conversation_ends_that_episode_alone(universe: Universe):
    first = universe.tasks(1)[0].text[:40]
    too_long = (400, {}, b'{"error": {"message": "the context is too long"}}')

    found, _ = played(universe, lambda body: too_long if first in str(body["messages"]) else FINISH, tasks=2)

    assert [one.stopped for one in found] == ["failed", "finished"]
    assert "context is too long" in found[0].says
    assert not found[0].done


def test_a_wrong_key_ends_the_run_with_one_sentence(universe: Universe):
    with pytest.raises(InferenceError, match="it wants a key"):
        played(universe, lambda _: (401, {}, b"{}"), tasks=4)


def test_so_many_episodes_are_played_at_once_and_no_more(universe: Universe):
    gate = threading.Barrier(3)

    def script(body: Body) -> Any:
        gate.wait(120)  # only three at once get through
        return FINISH

    found, server = played(universe, script, tasks=6, concurrency=3)

    assert len(found) == 6
    assert server.most_at_once == 3


def test_an_episode_that_was_played_is_not_played_again(universe: Universe):
    found, _ = played(universe, in_turn(FINISH), tasks=2)

    again, server = played(universe, in_turn(FINISH), tasks=3, played=frozenset(one.key for one in found))

    assert len(again) == 1
    assert len(server.asked) == 1


def test_a_model_without_tools_calls_by_writing_json(universe: Universe):
    def script(body: Body) -> Any:
        assert "tools" not in body
        assert all(isinstance(message["content"], str) for message in body["messages"])
        said = [message for message in body["messages"] if message["role"] == "assistant"]
        words = [
            'Sure! {"tool": "chat_channels"}',
            '{"tool": 5',
            '{"tool": "finish", "arguments": {"report": ""}}',
        ]
        return {"content": words[len(said)]}

    (one,), _ = played(universe, script, speech="text")

    assert [step.tool for step in one.steps] == ["chat_channels", "unnamed", "finish"]


def test_oracle_nothing_and_random_go_through_the_same_loop(universe: Universe):
    tasks = universe.tasks(3)
    rewards = {
        agent.name: agents.summary(agents.run(universe, tasks, agent))["reward"]
        for agent in (agents.oracle(), agents.nothing(), agents.random())
    }

    assert rewards["oracle"] == 1.0
    assert rewards["nothing"] == 0.0
    assert rewards["random"] <= 0.05


def test_a_run_works_where_a_loop_runs_already_as_in_a_notebook(universe: Universe):
    async def cell() -> list[Trajectory]:
        return agents.run(universe, universe.tasks(1), agents.oracle())

    (one,) = agents.to_the_end(cell())

    assert one.reward == 1.0


def test_a_run_says_how_faults_were_faced(universe: Universe):
    tasks = [universe.task("everything-down", 1), universe.task("rate-limit", 1)]

    played = agents.run(universe, tasks, agents.oracle())

    (said,) = [each for each in runs.sentences(played) if each.startswith("Where something broke")]
    assert "noticed 100% of the times" in said
    assert "tried again sanely 100% of the times" in said


def test_what_only_the_engine_knows_is_in_no_changeset(universe: Universe):
    with universe.episode(universe.tasks(1)[0]) as episode:
        before = episode.world.hidden("SELECT count(*) AS many FROM heap")
        episode.call("mail_send", {"to": ["ann@example.com"], "subject": "hello", "body": "hello"})
        people = episode.world.hidden("SELECT id FROM person WHERE id != 'robin' ORDER BY id")
        episode.call("chat_post", {"channel": f"@{people[0]['id']}", "text": "hello"})

        assert episode.world.hidden("SELECT count(*) AS many FROM heap") != before
        assert {change.table for change in read_changes(episode.world.changes())} <= set(SURFACES)
        assert episode.world.changes()


def test_the_same_actions_give_the_same_episode(universe: Universe):
    one, two = (agents.run(universe, universe.tasks(2), agents.random(4)) for _ in range(2))

    assert [each.line() for each in one] == [each.line() for each in two]


def test_an_episode_is_read_back_as_it_was_written_and_half_a_line_is_passed_over(
    universe: Universe, tmp_path: Path
):
    path = tmp_path / "episodes.jsonl"
    found = agents.run(universe, universe.tasks(2), agents.oracle())
    with Writer(path) as writer:
        writer.write(found[0])
    with path.open("a", encoding="utf-8") as file:
        file.write(found[1].line()[:300])

    assert [one.line() for one in read(path)] == [found[0].line()]
    with Writer(path) as writer:
        writer.write(found[1])

    assert [one.key for one in read(path)] == [one.key for one in found]
    assert read_line(found[1].line()).steps[0] == read_line(found[1].line()).steps[0]


def test_a_line_that_is_no_episode_is_named(tmp_path: Path):
    path = tmp_path / "episodes.jsonl"
    path.write_text('{"format": 99}\n')

    with pytest.raises(WorldError, match="line 1"):
        list(read(path))


def test_an_episode_is_handed_on_as_a_conversation_and_as_atif(universe: Universe):
    (one,) = agents.run(universe, universe.tasks(1), agents.oracle())
    said, told = messages(one), atif(one)

    roles = [message["role"] for message in said["messages"][:4]]
    assert roles == ["system", "user", "assistant", "tool"]
    assert said["reward"] == 1.0
    assert told["schema_version"] == "ATIF-v1.8"
    assert [step["step_id"] for step in told["steps"]] == list(range(1, len(told["steps"]) + 1))
    known = {"step_id", "timestamp", "source", "model_name", "reasoning_effort", "message"}
    known |= {"reasoning_content", "tool_calls", "observation", "metrics", "extra"}
    for step in told["steps"]:
        assert set(step) <= known
        asked = [call["tool_call_id"] for call in step.get("tool_calls", [])]
        assert [each["source_call_id"] for each in step.get("observation", {}).get("results", [])] == asked
    assert json.loads(json.dumps(told)) == told


def test_a_long_conversation_loses_its_oldest_answers_first_and_never_half_a_turn():
    call = {"id": "c", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    said: list[Body] = [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}]
    for _ in range(20):
        said.append({"role": "assistant", "content": "a" * 50, "tool_calls": [call]})
        said.append({"role": "tool", "tool_call_id": "c", "content": "t" * 500})

    for most in (9_000, 1_000):
        kept = _fitting(said, most)

        assert kept[:2] == said[:2]
        assert kept[-1] == said[-1]
        assert sum(len(message["content"]) for message in kept) <= most
        for before, after in pairwise(kept):
            assert after["role"] != "tool" or before.get("tool_calls")
    assert said[3]["content"] == "t" * 500


@pytest.mark.parametrize("text", ["", "no {json} here", '{"other": 1}', "{" * 5_000])
def test_text_without_a_call_holds_none(text: str):
    assert _call_in(text) is None


def test_the_embedded_model_plays_without_breaking_anything(universe: Universe):
    from assay.inference.embedded import available, embedded

    if reason := available():
        pytest.skip(str(reason))
    with embedded() as endpoint:

        async def go() -> list[Trajectory]:
            async with Caller(endpoint, speech="text", max_tokens=48, most_chars=3_000) as caller:
                return await agents.play_all(
                    universe, universe.tasks(1), agents.model(caller), concurrency=1, most_steps=2
                )

        (one,) = agents.to_the_end(go())

    assert one.done, one.says
    assert one.turns
    assert isinstance(Turn(**one.turns[0]), Turn)


def test_two_universes_in_one_folder_do_not_take_each_others_forks(universe: Universe):
    other = Universe("startup", 7, universe.folder)
    task, same = universe.task("bad-deploy", 1), other.task("bad-deploy", 1)
    with universe.episode(task) as one, other.episode(same) as two:
        one.call("chat_post", {"channel": "general", "text": "hello"})

        assert one.world.path != two.world.path
        assert two.world.changes() == []
