from __future__ import annotations

import numpy as np
import pytest

from assay.errors import AssayError
from assay.evaluation.gate import EVERYTHING, Votes, compare, floor, gate, increments, watch


def duel(rng, prompts, rate, *, a=0, b=1, start=0, repeats=1):
    """Votes between two models; everybody says the same of one prompt."""
    score = np.repeat((rng.random(prompts) < rate).astype(float), repeats)
    item = np.repeat(np.arange(start, start + prompts), repeats)
    return Votes(np.full(len(item), a), np.full(len(item), b), score, item)


def joined(*some):
    return Votes(
        *(
            np.concatenate([getattr(one, name) for one in some])
            for name in ("a_N", "b_N", "score_N", "item_N")
        )
    )


def test_a_regression_on_one_slice_is_found_there_and_said_in_a_sentence():
    rng = np.random.default_rng(0)
    votes = joined(duel(rng, 300, 0.52), duel(rng, 200, 0.25, start=300))
    slices = {"prose": votes.item_N < 300, "maths": votes.item_N >= 300}

    found = {each.slice: each for each in gate(votes, 0, 1, ("v2", "v1"), slices=slices)}

    assert found["maths"].believed
    assert not found["prose"].believed
    assert found["maths"].sentence.startswith("v2 regressed on maths: it wins 0.")
    assert found["prose"].sentence.startswith("Nothing is proven on prose")


def test_equal_checkpoints_rarely_close_the_gate():
    rng = np.random.default_rng(1)
    closed = []
    for _ in range(200):
        votes = duel(rng, 200, 0.5)
        slices = {str(each): votes.item_N % 4 == each for each in range(4)}
        found = gate(votes, 0, 1, ("v2", "v1"), slices=slices)
        closed.append(any(each.believed for each in found))

    assert np.mean(closed) <= 0.05


def test_votes_that_repeat_each_other_on_a_prompt_are_one_piece_of_evidence():
    once, often = (duel(np.random.default_rng(2), 40, 0.7, repeats=repeats) for repeats in (1, 25))

    one, other = (compare(votes, 0, 1, ("x", "y"))[0] for votes in (once, often))

    assert one.log_e == pytest.approx(other.log_e)
    assert (one.votes, other.votes) == (40, 1000)


def test_which_side_a_model_stood_on_does_not_matter():
    votes = duel(np.random.default_rng(3), 100, 0.7)
    turned = Votes(votes.b_N, votes.a_N, 1 - votes.score_N, votes.item_N)

    assert compare(votes, 0, 1, ("x", "y")) == compare(turned, 0, 1, ("x", "y"))


def test_checkpoints_that_never_met_are_compared_through_a_third_on_the_same_prompt():
    votes = Votes(np.array([0, 1, 2]), np.array([2, 2, 1]), np.array([1.0, 0, 1.0]), np.array([5, 5, 6]))

    y_N, used = increments(votes, 0, 1)

    assert y_N.tolist() == [1.0]
    assert used == 2


def test_the_watch_names_the_step_at_which_a_run_fell_behind():
    rng = np.random.default_rng(4)
    votes = joined(
        duel(rng, 200, 0.6, a=1, b=0),
        duel(rng, 200, 0.2, a=2, b=1, start=200),
        duel(rng, 200, 0.5, a=3, b=2, start=400),
    )

    found = watch(votes, [(0, "s0"), (1, "s1"), (2, "s2"), (3, "s3")])

    assert [(each.checkpoint, each.before, each.evidence.slice) for each in found] == [
        ("s2", "s1", EVERYTHING)
    ]


def test_a_margin_lets_small_losses_pass():
    votes = duel(np.random.default_rng(5), 3000, 0.46)

    strict, lenient = (gate(votes, 0, 1, ("v2", "v1"), margin=margin)[0] for margin in (0.0, 0.05))

    assert strict.believed
    assert not lenient.believed


def test_models_that_never_met_are_said_to():
    votes = duel(np.random.default_rng(6), 3, 0.5, a=2, b=3)

    assert "never met" in compare(votes, 0, 1, ("x", "y"))[0].sentence


def bad(rng, prompts, share, *, repeats=1):
    said = np.repeat(rng.random(prompts) < share, repeats)
    item = np.repeat(np.arange(prompts), repeats)
    return Votes(np.zeros(len(item), int), np.ones(len(item), int), np.full(len(item), 0.5), item, said)


def test_a_floor_that_is_held_is_rarely_called_broken_and_one_that_is_not_is_found():
    held = [
        floor(bad(np.random.default_rng(seed), 400, 0.1), 0, "v2", most=0.1)[0].believed
        for seed in range(100)
    ]
    broken = floor(bad(np.random.default_rng(0), 400, 0.25), 0, "v2", most=0.1)

    assert np.mean(held) <= 0.05
    assert broken[0].believed
    assert broken[0].low > 0.1


def test_a_prompt_that_many_people_call_bad_is_one_prompt():
    once, often = (bad(np.random.default_rng(1), 30, 0.5, repeats=repeats) for repeats in (1, 50))

    one, many = (floor(votes, 0, "v2", most=0.3)[0] for votes in (once, often))

    assert many.prompts == one.prompts == 30
    assert many.log_e == pytest.approx(one.log_e)


def test_the_floor_says_what_is_missing():
    votes = duel(np.random.default_rng(0), 10, 0.5)

    with pytest.raises(AssayError, match="both_bad"):
        floor(votes, 0, "v2", most=0.1)
    with pytest.raises(AssayError, match="no share"):
        floor(bad(np.random.default_rng(0), 10, 0.5), 0, "v2", most=1.5)
