from __future__ import annotations

import numpy as np
import pytest

from assay.evaluation.tells import by_decile, habits, name_authors, phrases

NOUNS = ["river", "stone", "lamp", "garden", "winter", "bread", "signal", "paper", "mountain", "engine"]


def answers(rng, *, tell):
    """Four models on 40 prompts; each begins in its own way where `tell` says so."""
    openings = ["Certainly!", "In short,", "Well —", "Here is"] if tell else ["Here is"] * 4
    texts, authors, prompts = [], [], []
    for prompt in range(40):
        for model in range(4):
            words = " ".join(rng.choice(NOUNS, 12))
            texts.append(f"{openings[model]} {words} about {NOUNS[prompt % 10]}.")
            authors.append(model)
            prompts.append(prompt)
    return texts, np.array(authors), np.array(prompts)


def test_authors_with_a_way_of_their_own_are_named_and_others_are_not():
    rng = np.random.default_rng(0)

    telling, plain = (name_authors(*answers(rng, tell=tell), 4) for tell in (True, False))

    assert telling.accuracy > 0.95
    assert plain.accuracy < 0.4
    assert telling.chance == plain.chance == 0.25
    assert (telling.odds_N > 0).mean() == pytest.approx(telling.accuracy)


def test_prompts_that_only_one_model_answered_give_nobody_away():
    """Each model has its own subject; a reader that had seen the prompt would name all of them."""
    rng = np.random.default_rng(1)
    texts, prompts, authors = [], [], []
    for prompt in range(60):
        for _ in range(3):
            texts.append(f"{prompt:04d} " * 8 + " ".join(rng.choice(NOUNS, 3)))
            prompts.append(prompt)
            authors.append(int(np.random.default_rng(prompt).integers(4)))

    assert name_authors(texts, np.array(authors), np.array(prompts), 4).accuracy < 0.5


def test_the_phrase_that_gives_a_model_away_is_named():
    texts, authors, _ = answers(np.random.default_rng(2), tell=True)

    found = phrases(texts, authors, 4)

    assert "certainly" in found[0][0][0]
    assert all("certainly" not in phrase for phrase, _ in found[1])


def test_a_habit_is_named_with_its_size():
    texts = ["# Title\n\n- one\n- two"] * 10 + ["Title: one and two."] * 10

    found = habits(texts, np.repeat([0, 1], 10), 2)

    assert {name for name, _ in found[0]} & {"headers", "bullets"}
    assert all(size > 0 for name, size in found[0] if name in {"headers", "bullets"})


def test_votes_that_use_the_tell_show_as_a_slope_and_honest_ones_rarely_do():
    rng = np.random.default_rng(3)
    odds, raters = rng.normal(0, 1, 2000), rng.integers(0, 50, 2000)
    honest = [
        abs(by_decile(odds, rng.choice([-0.5, 0.5], 2000), rng.integers(0, 50, 2000))[1]) > 2
        for _ in range(200)
    ]
    rigged = rng.choice([-0.5, 0.5], 2000) + np.where(odds > 1, 0.3, 0.0)

    assert np.mean(honest) < 0.1
    assert by_decile(odds, rigged, raters)[1] > 3


def test_real_models_are_named_far_above_chance(shared):
    import polars as pl

    frame = pl.read_parquet(next(shared("prefs/alpaca_outputs").glob("*.parquet")))
    items = frame["item"].unique(maintain_order=True)[:60]
    some = frame.filter(pl.col("item").is_in(items.implode()), pl.col("response").is_not_null())
    models = sorted(set(some["model"]))
    authors = np.array([models.index(one) for one in some["model"]])

    found = name_authors(some["response"].to_list(), authors, some["item"].rank("dense").to_numpy(), 12)

    assert found.accuracy > 3 * found.chance
