from __future__ import annotations

import math

import numpy as np
import pytest

from assay.quality.labels.columns import VotesError
from assay.quality.labels.multilabel import multilabel


def crowd(seed: int, *, items: int = 150, raters: int = 30, labels: int = 12, votes: int = 4):
    """Ticks of raters who overlook things, each in their own measure, on frequent and rare labels."""
    rng = np.random.default_rng(seed)
    share = rng.uniform(0.03, 0.4, labels)
    truth = rng.random((items, labels)) < share
    eye, fancy = rng.beta(4, 2, raters), rng.beta(1, 12, raters)
    ticks, shown = [], []
    for item in range(items):
        for rater in rng.choice(raters, size=votes, replace=False):
            shown.append((f"i{item:03}", f"r{rater:02}"))
            chance = np.where(truth[item], eye[rater], fancy[rater])
            seen = np.flatnonzero(rng.random(labels) < chance)
            ticks += [(f"i{item:03}", f"r{rater:02}", f"l{label:02}") for label in seen]
    return ticks, shown, truth


def f1(found: np.ndarray, truth: np.ndarray) -> float:
    return float(2 * (found & truth).sum() / (found.sum() + truth.sum()))


def plain(ticks, shown, rounds: int, shared: float = 10):
    """The same model in loops over pairs and labels."""
    items, raters = sorted({p[0] for p in shown}), sorted({p[1] for p in shown})
    labels = sorted({t[2] for t in ticks})
    said = set(ticks)
    holds = {}
    for i in items:
        looked = [r for j, r in shown if j == i]
        for k in labels:
            holds[i, k] = (sum((i, r, k) in said for r in looked) + 0.5) / (len(looked) + 1)

    def rates(holds, prior):
        hits = {(r, k): 0.0 for r in raters for k in labels}
        tries = dict(hits)
        for i, r in shown:
            for k in labels:
                tries[r, k] += holds[i, k]
                hits[r, k] += holds[i, k] * ((i, r, k) in said)
        crowd_rate = (sum(hits.values()) + prior[0]) / (sum(tries.values()) + sum(prior))
        found = {}
        for r in raters:
            own = (sum(hits[r, k] for k in labels) + 5 * crowd_rate) / (sum(tries[r, k] for k in labels) + 5)
            for k in labels:
                found[r, k] = (hits[r, k] + shared * own + crowd_rate) / (tries[r, k] + shared + 1)
        return found

    for _ in range(rounds):
        sees = rates(holds, (4, 2))
        fancies = rates({cell: 1 - p for cell, p in holds.items()}, (1, 4))
        moved = {}
        for k in labels:
            share = (sum(holds[i, k] for i in items) + 0.5) / (len(items) + 1)
            for i in items:
                yes, no = share, 1 - share
                for j, r in shown:
                    if j == i:
                        ticked = (i, r, k) in said
                        yes *= sees[r, k] if ticked else 1 - sees[r, k]
                        no *= fancies[r, k] if ticked else 1 - fancies[r, k]
                moved[i, k] = yes / (yes + no)
        holds = moved
    return [[holds[i, k] for k in labels] for i in items]


def test_the_fast_form_agrees_with_the_loops():
    ticks, shown, _ = crowd(1, items=20, raters=6, labels=5)

    result = multilabel(ticks, shown, tolerance=0, max_iterations=5)

    np.testing.assert_allclose(result.posterior_I_L, plain(ticks, shown, rounds=5), atol=1e-9)


def test_pooling_over_labels_beats_votes_and_each_label_alone():
    found = {"votes": [], "alone": [], "pooled": []}
    for seed in range(6):
        ticks, shown, truth = crowd(seed)
        pooled = multilabel(ticks, shown, labels=[f"l{k:02}" for k in range(12)])
        alone = multilabel(ticks, shown, labels=pooled.labels, shared=0)
        share = np.zeros(truth.shape)
        for item, _, label in ticks:
            share[int(item[1:]), int(label[1:])] += 1 / 4
        found["votes"].append(f1(share >= 0.5, truth))
        found["alone"].append(f1(alone.posterior_I_L > 0.5, truth))
        found["pooled"].append(f1(pooled.posterior_I_L > 0.5, truth))

    mean = {name: np.mean(values) for name, values in found.items()}

    assert mean["pooled"] > mean["alone"] + 0.005
    assert mean["pooled"] > mean["votes"] + 0.01


def test_probabilities_mean_what_they_say():
    ticks, shown, truth = crowd(11, items=600)

    posterior_I_L = multilabel(ticks, shown, labels=[f"l{k:02}" for k in range(12)]).posterior_I_L

    bin_I_L = np.minimum((posterior_I_L * 10).astype(int), 9)
    gaps = [abs((truth - posterior_I_L)[bin_I_L == place].sum()) for place in range(10)]
    assert sum(gaps) / truth.size < 0.02


def test_who_looked_and_ticked_nothing_said_no():
    ticks = [("i", "ann", "cat")]
    alone = multilabel(ticks, [("i", "ann")])
    doubted = multilabel(ticks, [("i", "ann"), ("i", "ben"), ("i", "cleo")])

    assert doubted.posterior_I_L[0, 0] < alone.posterior_I_L[0, 0]


def test_known_items_are_held_and_teach():
    ticks, shown, truth = crowd(3)
    gold = {f"i{n:03}": [f"l{k:02}" for k in np.flatnonzero(truth[n])] for n in range(60)}

    blind, taught = multilabel(ticks, shown), multilabel(ticks, shown, gold=gold)

    held = taught.verdicts()
    assert all(held[item] == set(own) for item, own in gold.items())
    rest = slice(60, None)
    assert (
        f1(taught.posterior_I_L[rest] > 0.5, truth[rest])
        >= f1(blind.posterior_I_L[rest] > 0.5, truth[rest]) - 0.01
    )


def test_names_and_order_do_not_matter():
    ticks, shown, _ = crowd(4, items=30)

    before = multilabel(ticks, shown)
    after = multilabel(
        [(f"x{i}", f"y{r}", f"z{k}") for i, r, k in reversed(ticks)], [(f"x{i}", f"y{r}") for i, r in shown]
    )

    np.testing.assert_allclose(before.posterior_I_L, after.posterior_I_L, atol=1e-12)


def test_one_look_is_enough_and_a_label_that_nobody_ticked_hardly_holds():
    result = multilabel([("i", "ann", "cat")], [("i", "ann")], labels=["cat", "dog"])

    assert result.verdicts() == {"i": {"cat"}}
    assert all(math.isfinite(p) for p in result.posterior_I_L.ravel())


def test_a_tick_on_what_was_not_shown_is_refused():
    with pytest.raises(VotesError, match="'ann' ticked 'cat' on 'i', which was not shown to them"):
        multilabel([("i", "ann", "cat")], [("j", "ann")])
    with pytest.raises(VotesError, match="nobody was shown anything"):
        multilabel([], [])
    with pytest.raises(VotesError, match="'cat' is none of: dog"):
        multilabel([("i", "ann", "cat")], [("i", "ann")], labels=["dog"])
