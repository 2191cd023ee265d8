"""The page about a board: what it says where there is little to say."""

from __future__ import annotations

import numpy as np

from assay.evaluation import Battles
from assay.evaluation.card import card, page
from assay.records import Battle


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


def test_without_the_machines_among_honest_people_the_board_is_fitted_again():
    rng = np.random.default_rng(0)
    honest = [
        Battle(f"i{n}", "mica", "slate", "a" if rng.random() < 0.8 else "b", f"h{n % 9}", order="ab")
        for n in range(400)
    ]
    both = Battles.from_records([*honest, *always_left(1)])

    found = card(both, np.random.default_rng(0))

    assert found.changes[-1] == "Without the people who vote like machines mica still stands first."
