"""Goals say what they mean: whole words, the right person, an order, and nothing that must not be."""

from __future__ import annotations

import pytest

from assay.environments.playing import Episode
from assay.environments.situations import (
    both,
    commented,
    in_order,
    is_so,
    later_than,
    looked,
    mailed,
    posted,
    told,
)
from assay.environments.tasks import Goal
from assay.environments.universe import OpenEpisode


def holds(episode: Episode, goal: Goal) -> bool:
    return bool(episode.world.hidden(goal.statement, *goal.values))


@pytest.fixture
def people(episode: OpenEpisode) -> list[str]:
    rows = episode.world.hidden("SELECT id FROM person WHERE id != 'robin' ORDER BY id LIMIT 2")
    return [str(row["id"]) for row in rows]


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("It is 95 now.", True),
        ("It is 1950 now.", False),
        ("It is 95-a now.", False),
        ("95", True),
        ("It is 95, not 96.", False),
    ],
)
def test_only_whole_words_count_and_none_that_must_not_stand_there(
    episode: OpenEpisode, people: list[str], text: str, counts: bool
):
    episode.call("chat_post", {"channel": f"@{people[0]}", "text": text})

    assert holds(episode, told(people[0], "95", but_not=["96"])) is counts


def test_somebody_is_told_in_their_talk_by_name_or_by_mail_and_nobody_else_is(
    episode: OpenEpisode, people: list[str]
):
    one, other = people
    for tool, given in (
        ("chat_post", {"channel": f"@{one}", "text": "first"}),
        ("chat_post", {"channel": "general", "text": f"@{one} second"}),
        ("mail_send", {"to": [one], "subject": "third", "body": "x"}),
        ("chat_post", {"channel": "general", "text": f"{one} fourth"}),
        ("chat_post", {"channel": "general", "text": f"@{one}x fifth"}),
    ):
        episode.call(tool, given)

    heard = [holds(episode, told(one, word)) for word in ("first", "second", "third", "fourth", "fifth")]
    assert heard == [True, True, True, False, False]
    assert not holds(episode, told(other, "first"))
    assert holds(episode, posted("general", "second"))
    assert holds(episode, mailed(f"{one}@", "third"))


def test_what_was_looked_at_counts_only_where_it_was_answered(episode: OpenEpisode):
    episode.call("doc_read", {"doc": "policy-access"})
    episode.call("doc_read", {"doc": "policy-of-nothing"})

    assert holds(episode, looked("doc_read", doc="policy-access"))
    assert not holds(episode, looked("doc_read", doc="policy-of-nothing"))
    assert not holds(episode, looked("ticket_read", ticket="OPS-1"))


def test_both_holds_where_all_hold_and_none_that_must_never(episode: OpenEpisode):
    episode.call("ticket_comment", {"ticket": "OPS-1", "text": "seen"})
    there, other = is_so("", "ticket", id="OPS-1"), is_so("", "ticket", id="OPS-0")

    assert holds(episode, both("", there, commented("OPS-1", "seen"), never=[other]))
    assert not holds(episode, both("", there, other))
    assert not holds(episode, both("", there, never=[commented("OPS-1", "seen")]))


def test_an_order_is_kept_or_not(episode: OpenEpisode, people: list[str]):
    moment = "SELECT created_at AS at FROM ticket_comment WHERE text = ?"
    episode.call("ticket_comment", {"ticket": "OPS-1", "text": "one"})
    episode.call("chat_post", {"channel": f"@{people[0]}", "text": "between"})
    episode.call("ticket_comment", {"ticket": "OPS-1", "text": "two"})

    assert holds(episode, in_order("", moment, moment, "one", "two"))
    assert not holds(episode, in_order("", moment, moment, "two", "one"))
    assert not holds(episode, in_order("", moment, moment, "one", "three"))
    assert holds(episode, later_than("", told(people[0], "between"), moment, "one"))
    assert not holds(episode, later_than("", told(people[0], "between"), moment, "two"))
