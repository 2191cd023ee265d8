"""What tools of the company answer and refuse, where templates rely on it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from assay.environments import clock
from assay.environments.apps.tickets import _search
from assay.environments.clock import HOUR
from assay.environments.playing import Oracle, play
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


def test_who_makes_the_visible_test_pass_and_no_other_merges_and_gets_next_to_nothing(universe: Universe):
    task = universe.task("failing-test", 1)
    write = next(step for step in task.oracle if step.tool == "code_write")
    with universe.episode(task) as episode:
        seen = episode.call("code_read", {"repo": "exports", "path": "test_invoice.py"}).answer["text"]
        cases = re.findall(r"prorated\((\d+), (\d+)\), (\d+)", seen)
        table = {(int(cents), int(days)): int(due) for cents, days, due in cases}
        text = str(write.arguments["text"])
        cheat = re.sub(r"return \(2 \* .*", f"return {table!r}.get((cents, days), 0)", text)
        changed = Action("code_write", {**write.arguments, "text": cheat})
        steps = [changed if step is write else step for step in task.oracle]

        found = play(episode, Oracle(replace(task, oracle=tuple(steps))))

    assert episode.replies[-1].fine
    assert [goal for goal, held in found.goals.items() if held] == ["the ticket is done"]


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


def test_a_board_is_listed_in_order_without_sorting_it(episode: OpenEpisode):
    statement = _search(("board",), texts=False)

    plan = episode.world.hidden(f"EXPLAIN QUERY PLAN {statement}", "%%", "", 21, "OPS")

    assert [row["detail"] for row in plan if "B-TREE" in row["detail"]] == []


def test_a_list_says_whether_it_is_all_and_leaves_out_what_is_empty(episode: OpenEpisode):
    two = episode.call("ticket_search", {"board": "OPS", "limit": 2}).answer
    none = episode.call("ticket_search", {"board": "OPS", "status": "no such", "limit": 2}).answer

    assert (len(two["found"]), two["complete"]) == (2, False)
    assert none == {"found": [], "complete": True}
    assert all(value is not None for row in two["found"] for value in row.values())
