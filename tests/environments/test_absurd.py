"""Whatever an agent asks of a tool, it is answered: nothing that it says ends an episode."""

from __future__ import annotations

import random
from typing import Any

import pytest

from assay.environments import clock
from assay.environments.apps import LONGEST
from assay.environments.tools import Parameter
from assay.environments.universe import OpenEpisode, Universe

TEXTS = (
    "", " ", "\0", "a\0b", "\u202e", "'; DROP TABLE person; --", "%", "_!%", "x" * 60_000, "😀" * 1_000,
    "(a+)+$" * 99, "@", "@@", "@robin", "#", "../../etc/passwd", "-1", "1e400", "null", "{}", "٩", "a@b",
    "a@b, c@d", "x\r\nBcc: y@z", "W1 Mon 09:00", "W99999999999 Mon 09:00", "W0 Mon 00:00", "W2 Wed 24:00",
    "main", "api", "general", "ann", "OPS-1", "C100", "README.md", "runbook-api", "refs/heads/main",
)  # fmt: skip
NUMBERS = (0, -1, 1, 2, 5, 10**6, 2**63 - 1, -(2**63), 10**30)
FRACTIONS = (0.0, -1.0, 0.5, 1e308, float("inf"), float("nan"))
OTHERS = (None, True, [], {}, ["ann"] * 5_000, ["\0"], b"", object())


def value(draw: random.Random, wanted: Parameter) -> Any:
    """Return something for an argument: often of its type, sometimes of none."""
    if draw.random() < 0.05:
        return draw.choice(OTHERS)
    if wanted.among and draw.random() < 0.7:
        return draw.choice(wanted.among)
    one = draw.choice({str: TEXTS, int: NUMBERS, float: FRACTIONS, bool: (True, False)}[wanted.kind])
    return [one] * draw.choice((0, 1, 2, 300)) if wanted.many else one


@pytest.mark.parametrize("template", ["bad-deploy", "everything-down", "finish-pull", "rate-limit"])
def test_absurd_arguments_of_every_tool_are_answered_and_the_base_stays(universe: Universe, template: str):
    draw = random.Random(template)  # noqa: S311
    with universe.episode(universe.task(template, 1), most_steps=10_000) as episode:
        tools = [tool for name, tool in sorted(episode.world.tools.items()) if name != "code_test"]
        replies = []
        for tool in tools * 8:
            asked = [each for each in tool.parameters if each.required or draw.random() < 0.5]
            given = {each.name: value(draw, each) for each in asked}
            replies.append(episode.world.call(tool.name, given))
        texts = [reply.text() for reply in replies]

        assert len(texts) == episode.world.steps
        assert {reply.code for reply in replies} >= {"ok", "bad_arguments", "not_found"}
        assert len(episode.world.state_hash()) == 32
    universe.check()


def test_a_refusal_is_short_however_long_what_was_asked_for(episode: OpenEpisode):
    long = "x" * 60_000
    refused = [
        episode.call(long, {}),
        episode.call("doc_read", {long: 1}),
        episode.call("doc_read", {"doc": long}),
        episode.call("code_read", {"repo": "api", "path": long}),
    ]

    assert not any(reply.fine for reply in refused)
    assert max(len(reply.text()) for reply in refused) < 1_500


@pytest.mark.parametrize(
    "given",
    [
        {"minutes": float("inf")},
        {"minutes": float("nan")},
        {"minutes": 10**40},
        {"minutes": -5},
        {"until": "W99999999999 Mon 09:00"},
        {"until": "x" * 50_000},
        {"until": ["W3 Mon 10:00"]},
        {"until": None, "minutes": None},
        {"minutes": 1, "event": "\0"},
    ],
)
def test_absurd_waits_are_answered(episode: OpenEpisode, given: dict[str, Any]):
    before = episode.world.now

    reply = episode.call("wait", given)

    assert len(reply.text()) < 1_000
    assert before <= episode.world.now <= before + 4 * clock.WEEK


@pytest.mark.parametrize(
    "tool", ["mail_search", "chat_search", "doc_search", "people_search", "customer_search", "code_search"]
)
def test_what_is_searched_for_may_be_long_but_not_a_book(episode: OpenEpisode, tool: str):
    assert episode.call(tool, {"query": "%" * LONGEST}).fine
    refused = episode.call(tool, {"query": "x" * (LONGEST + 1)})

    assert refused.code == "bad_arguments"
    assert "at most 1,000 characters" in refused.answer


@pytest.mark.parametrize(
    "text",
    ["W0 Mon 09:00", "W-5 Mon 09:00", "W99999 Mon 09:00", "W1 Mon 09:61", "W1 Mon 09:-5", "W1 Mon 24:00",
     "W1 Mon 9", "W1 Mon 09:00:99", "W١ Mon 09:00", "W1 Moon 09:00", ""],
)  # fmt: skip
def test_what_is_no_moment_says_how_to_write_one(text: str):
    with pytest.raises(ValueError, match="is no moment; write it like"):
        clock.read(text)


@pytest.mark.parametrize("moment", [0, clock.DAY + 61 * clock.SECOND, 9_998 * clock.WEEK])
def test_moments_that_are_shown_are_read_again(moment: int):
    assert clock.read(clock.shown(moment)) == moment
