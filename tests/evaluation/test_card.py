"""The page about a board: what it says where there is little to say."""

from __future__ import annotations

import json

import numpy as np
import pytest

from assay.evaluation import Battles, BoardError
from assay.evaluation.arena import arena
from assay.evaluation.audit import audit
from assay.evaluation.card import card, page
from assay.evaluation.panel import panel
from assay.records import Battle
from assay.wording import Words


def always_left(people: int, prompts: int = 80) -> list[Battle]:
    """People who take whatever stands on the left, while sides change from one prompt to the next."""
    return [
        Battle(
            f"i{n}",
            "mica",
            "slate",
            "a" if (n + r) % 2 else "b",
            f"r{r}",
            order="ab" if (n + r) % 2 else "ba",
        )
        for r in range(people)
        for n in range(prompts)
    ]


def test_a_board_on_which_everybody_votes_like_a_machine_says_so_and_does_not_break():
    found = card(Battles.from_records(always_left(4)), np.random.default_rng(0), name="machines")
    told = page(found)

    assert found.panel.suspicion.surely_R.all()
    assert found.changes[-1] == (
        "Everybody here votes like a machine: without them there are no votes, and there is no board."
    )
    assert "4 people vote more like a machine than like anybody who reads the answers" in told
    assert "The answer on the left wins 100.0% of decided votes; model the side." in told


def test_the_page_speaks_the_language_of_a_plain_translator_from_right_to_left_and_keeps_names():
    found = card(Battles.from_records(always_left(2)), np.random.default_rng(0), name="<board>")
    known = {
        "What {name} says about its models": "מה {name} אומר",
        "In short": "בקצרה",
        "The data as a table": "הנתונים כטבלה",
        "model": "מודל",
        "rank": "<דירוג>",
    }

    told = page(found, Words(known.get, tag="he"))

    assert '<html lang="he" dir="rtl">' in told
    assert "<h1>מה &lt;board&gt; אומר</h1>" in told
    assert "<h2>בקצרה</h2>" in told
    assert '<th scope="col">מודל</th>' in told
    assert "<summary>הנתונים כטבלה</summary>" in told
    assert json.dumps("<דירוג>").replace("<", "\\u003c").replace(">", "\\u003e") in told
    assert "<td><bdi>mica</bdi></td>" in told
    assert "160 comparisons of 2 models" in told  # what a translator does not know stays English


def test_a_page_in_english_is_the_one_that_needs_no_translator():
    found = card(Battles.from_records(always_left(2)), np.random.default_rng(0))

    assert page(found) == page(found, Words())
    assert '<html lang="en" dir="ltr">' in page(found)


def test_without_the_machines_among_honest_people_the_board_is_fitted_again():
    rng = np.random.default_rng(0)
    honest = [
        Battle(f"i{n}", "mica", "slate", "a" if rng.random() < 0.8 else "b", f"h{n % 9}", order="ab")
        for n in range(400)
    ]
    both = Battles.from_records([*honest, *always_left(1)])

    found = card(both, np.random.default_rng(0))

    assert found.changes[-1] == "Without the people who vote like machines mica still stands first."


@pytest.mark.parametrize("said", [("tie",), ("both_bad",), ("tie", "both_bad")])
def test_where_nobody_prefers_an_answer_there_is_no_board_and_no_certainty(said):
    votes = [Battle(f"i{n % 40}", "mica", "slate", said[n % len(said)], f"r{n % 9}") for n in range(200)]

    with pytest.raises(BoardError, match="nobody prefers one answer to another"):
        arena(Battles.from_records(votes), np.random.default_rng(0))


def test_one_person_is_not_held_against_themselves():
    rng = np.random.default_rng(1)
    votes = [Battle(f"i{n % 20}", "mica", "slate", str(rng.choice(["a", "b"])), "ann") for n in range(300)]
    board = arena(Battles.from_records(votes), rng)

    with pytest.raises(BoardError, match="one person alone"):
        panel(board, rng)


def test_the_audit_and_the_panel_ask_alike_who_votes_like_a_machine():
    rng = np.random.default_rng(2)
    votes = [
        Battle(f"i{n}", "mica", "slate", "a" if rng.random() < (0.5 if r == 0 else 0.9) else "b", f"r{r}")
        for n in range(150)
        for r in range(6)
    ]
    both = Battles.from_records(votes)

    asked = {each.check: each for each in audit(both, np.random.default_rng(0))}["bots"]
    found = panel(arena(both, rng), np.random.default_rng(0))

    assert found.suspicion.surely_R.tolist() == [True, *[False] * 5]
    assert found.suspicion.reason_R[0] == "coin"
    assert asked.evidence["surely"] == 1


def test_who_likes_a_model_that_always_comes_first_is_not_said_to_like_a_side():
    rng = np.random.default_rng(4)
    votes = [
        Battle(f"i{n}", "mica", "slate", "a" if rng.random() < (0.5 if r == 0 else 0.9) else "b", f"r{r}")
        for n in range(150)
        for r in range(6)
    ]

    found = panel(arena(Battles.from_records(votes), rng), np.random.default_rng(0)).suspicion

    assert "one side" not in found.reason_R
    assert "clock" not in found.reason_R
    assert found.surely_R.tolist() == [True, *[False] * 5]


def test_a_board_on_one_prompt_speaks_of_one_prompt():
    rng = np.random.default_rng(3)
    votes = [Battle("moon", "mica", "slate", str(rng.choice(["a", "b"])), f"r{n % 9}") for n in range(90)]

    notes = arena(Battles.from_records(votes), rng).notes

    assert "what is said holds for this one prompt; people were drawn, the prompt was not" in notes
