"""The page about a board: what it says where there is little to say."""

from __future__ import annotations

import json

import numpy as np

from assay.evaluation import Battles
from assay.evaluation.card import card, page
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
