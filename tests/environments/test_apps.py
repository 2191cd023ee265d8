"""What tools of the company answer and refuse, where templates rely on it."""

from __future__ import annotations

from typing import Any

import pytest

from assay.environments import clock
from assay.environments.apps.code import KEPT
from assay.environments.clock import HOUR
from assay.environments.playing import Oracle, Steps, play
from assay.environments.tasks import Action
from assay.environments.universe import OpenEpisode, Universe


def test_tokens_are_listed_without_what_is_in_them(episode: OpenEpisode):
    (found,) = episode.call("secret_list", {"service": "ledger"}).answer["found"]

    assert set(found) == {"id", "service", "rotated_at", "expires_at", "status"}


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"contact": "office@new.example"}, "ok"),
        ({"contact": "no address"}, "bad_arguments"),
        ({"owner": "nobody"}, "not_found"),
        ({"status": "eaten"}, "bad_arguments"),
    ],
)
def test_an_entry_of_a_customer_is_corrected_within_reason(
    episode: OpenEpisode, given: dict[str, Any], code: str
):
    assert episode.call("customer_change", {"customer": "C100", **given}).code == code


def test_tests_that_are_kept_are_seen_by_no_tool_and_decide(universe: Universe):
    task = universe.task("failing-test", 1)
    with universe.episode(task) as episode:
        for tool, given in (
            ("code_files", {"branch": KEPT}),
            ("code_read", {"branch": KEPT, "path": "test_kept.py"}),
            ("code_read", {"path": "test_kept.py"}),
        ):
            assert episode.call(tool, {"repo": "exports", **given}).code == "not_found"
        assert episode.call("code_search", {"query": "class Kept"}).answer["found"] == []


def test_who_makes_the_visible_test_pass_and_no_other_merges_nothing(universe: Universe):
    task = universe.task("failing-test", 1)
    write = next(step for step in task.oracle if step.tool == "code_write")
    cheat = str(write.arguments["text"]).replace("(2 * cents * days + month) // (2 * month)", "cents")
    steps = [
        Action(step.tool, {**step.arguments, "text": cheat}, step.name) if step is write else step
        for step in task.oracle
        if "{" not in str(step.arguments.get("pull_request", ""))
    ]
    with universe.episode(task) as episode:
        play(episode, Steps(steps))
        opened = episode.world.hidden("SELECT id FROM pull_request ORDER BY id DESC LIMIT 1")[0]["id"]

        assert episode.call("pull_merge", {"pull_request": opened}).code == "conflict"
        assert episode.score().goals["a pull request is merged"] is False


def test_a_colleague_reviews_what_they_are_asked_to_once_its_tests_pass(universe: Universe):
    task = universe.task("new-function", 1)
    with universe.episode(task) as episode:
        play(episode, Oracle(task))
        (review,) = episode.world.hidden(
            "SELECT author, verdict, text FROM review WHERE text LIKE 'Approved%'"
        )
        asked = next(step for step in task.oracle if step.tool == "chat_post")

    assert review["verdict"] == "approve"
    assert review["author"] == str(asked.arguments["channel"]).removeprefix("@")


def test_a_colleague_does_not_review_what_is_not_there(episode: OpenEpisode):
    person = episode.world.hidden("SELECT id FROM person WHERE zone = 0 AND id != 'robin' LIMIT 1")[0]["id"]
    episode.call("chat_post", {"channel": f"@{person}", "text": "Please review pull request 4711."})
    reply = episode.call("wait", {"until": clock.shown(episode.world.now + 5 * HOUR)})

    assert any("no open pull request 4711" in notice for notice in reply.notices)


def test_a_fact_is_told_though_a_full_stop_follows_the_word(universe: Universe):
    task = universe.task("bad-deploy", 1)
    with universe.episode(task) as episode:
        fact = episode.world.hidden("SELECT holder, words, text FROM fact LIMIT 1")[0]
        episode.call("chat_post", {"channel": f"@{fact['holder']}", "text": f"It is about {fact['words']}."})
        heard = [episode.call("wait", {"until": "W3 Tue 09:00"}) for _ in range(3)]

    assert any(fact["text"] in notice for reply in heard for notice in reply.notices)
