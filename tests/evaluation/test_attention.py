from __future__ import annotations

import numpy as np
import pytest

from assay.evaluation import Battles
from assay.evaluation.arena import arena
from assay.evaluation.attention import attention, drawn, specifications
from assay.evaluation.design import Spreads
from assay.evaluation.hierarchical import hierarchical


def crowd(rng, *, clickers=0, people=30, votes=40, models=4, seconds=False):
    """Votes on 20 prompts by people who read, and by some who click without reading."""
    theta_M = np.linspace(-1.5, 1.5, models)
    who_N = np.repeat(np.arange(people), votes)
    a_N = rng.integers(0, models, len(who_N))
    b_N = (a_N + rng.integers(1, models, len(who_N))) % models
    chance_N = np.where(who_N < clickers, 0.5, 1 / (1 + np.exp(theta_M[b_N] - theta_M[a_N])))
    score_N = (rng.random(len(who_N)) < chance_N).astype(float)
    items_N = rng.integers(0, 20, len(who_N))
    models_, people_ = tuple(f"m{m}" for m in range(models)), tuple(f"r{r:02d}" for r in range(people))
    prompts = tuple(f"i{i:02d}" for i in range(20))
    found = Battles(a_N, b_N, score_N, who_N, models_, people_, item_N=items_N, items=prompts)
    if seconds:
        frame = found.to_frame()
        took_N = np.where(who_N < clickers, 1.0, 30.0) * np.exp(rng.normal(0, 0.3, len(who_N)))
        return Battles.from_frame(frame.with_columns(seconds=took_N))
    return found


def test_clicks_of_people_who_do_not_read_count_less_and_nothing_is_taken_out():
    rng = np.random.default_rng(0)
    battles = crowd(rng, clickers=9)

    found = attention(arena(battles, rng), rng)

    clicked_N = battles.rater_N < 9
    assert found.read_N[clicked_N].mean() < 0.6
    assert found.read_N[~clicked_N].mean() > 0.85
    assert found.seen == len(battles)
    assert (found.effective_M_S <= found.votes_M[:, None]).all()
    assert found.effective_M_S[:, 0].sum() == pytest.approx(2 * found.read_N.sum())


def test_where_everybody_reads_every_set_of_assumptions_says_so():
    rng = np.random.default_rng(1)

    found = attention(arena(crowd(rng), rng), rng)

    assert found.share_S.min() > 0.85
    assert "other assumptions" in found.sentences()[0]


def test_the_range_over_assumptions_is_said_and_holds_the_first():
    rng = np.random.default_rng(2)
    found = attention(arena(crowd(rng, clickers=9), rng), rng)

    frame = found.to_frame()

    assert (frame["read_least"] <= frame["read"]).all()
    assert (frame["read"] <= frame["read_most"]).all()
    assert f"{found.share_S.min():.0%}" in found.sentences()[0]


def test_times_tell_clicks_from_reading_and_may_be_left_out():
    rng = np.random.default_rng(3)
    battles = crowd(rng, clickers=9, seconds=True)

    found = attention(arena(battles, rng), rng)

    clicked_N = battles.rater_N < 9
    assert "without times" in found.names
    assert found.read_N[clicked_N].mean() < 0.4


def test_prompts_with_many_votes_let_models_differ_by_prompt():
    rng = np.random.default_rng(4)

    dense = specifications(crowd(rng), times=False)
    sparse = specifications(crowd(rng, people=10, votes=8), times=False)

    assert "models alike on every prompt" in dense
    assert "models alike on every prompt" not in sparse


def test_the_prior_moves_what_is_said_of_few_votes_and_hardly_what_many_show():
    rng = np.random.default_rng(5)
    priors = Spreads(item=0, item_tie=0, skill=0)

    def apart(battles):
        low, high = (
            hierarchical(battles, careless=True, reads=reads, spreads=priors).attention_N.mean()
            for reads in (1, 4)
        )
        return high - low

    few, many = apart(crowd(rng, people=12, votes=5)), apart(crowd(rng, people=40, votes=80))

    assert few > 0.1
    assert many < few / 2


def test_votes_that_repeat_each_other_are_worth_less_than_their_number():
    rng = np.random.default_rng(6)
    battles = crowd(rng, people=15, votes=25)
    again = battles.take(np.repeat(np.arange(len(battles)), 4))

    once, fourfold = (attention(arena(each, rng), rng).independent_M.sum() for each in (battles, again))

    assert fourfold < 1.6 * once


def test_of_many_votes_whole_people_are_drawn():
    battles = crowd(np.random.default_rng(7))

    some = drawn(battles, np.random.default_rng(0), most=500)

    assert 400 <= len(some) <= 500
    assert set(np.bincount(some.rater_N)) <= {0, 40}


def test_too_few_people_cannot_be_told_from_taste():
    rng = np.random.default_rng(8)

    assert attention(arena(crowd(rng, people=6), rng), rng) is None
