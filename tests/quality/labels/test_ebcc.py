from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import digamma

from assay.quality import Columns, ebcc, hierarchical
from assay.quality.labels.ebcc import _start


def plain_ebcc(columns, rho, subtypes, rounds):
    """The updates of the paper in loops; rho[item][label][subtype] is where they start."""
    labels, kinds, raters = range(len(columns.labels)), range(subtypes), range(len(columns.raters))
    items = range(len(columns.items))
    votes = list(
        zip(columns.item_N.tolist(), columns.rater_N.tolist(), columns.label_N.tolist(), strict=True)
    )
    for _ in range(rounds):
        nu = [1 + sum(rho[i][k][m] for i in items for m in kinds) for k in labels]
        eta = [[0.1 / subtypes + sum(rho[i][k][m] for i in items) for m in kinds] for k in labels]
        mu = [[[[4.0 if k == x else 1.0 for x in labels] for _ in kinds] for k in labels] for _ in raters]
        for item, rater, given in votes:
            for k in labels:
                for m in kinds:
                    mu[rater][k][m][given] += rho[item][k][m]
        new = []
        for item in items:
            logs = [
                [
                    digamma(nu[k])
                    + digamma(eta[k][m])
                    - digamma(sum(eta[k]))
                    + sum(
                        digamma(mu[r][k][m][given]) - digamma(sum(mu[r][k][m]))
                        for i, r, given in votes
                        if i == item
                    )
                    for m in kinds
                ]
                for k in labels
            ]
            top = max(map(max, logs))
            odds = [[math.exp(value - top) for value in row] for row in logs]
            total = sum(map(sum, odds))
            new.append([[value / total for value in row] for row in odds])
        rho = new
    return [[sum(row) for row in own] for own in rho]


@pytest.mark.parametrize("labels", [2, 3])
@pytest.mark.parametrize("seed", range(3))
def test_the_fast_form_agrees_with_the_loops(crowd, seed, labels):
    columns = crowd(seed, items=15, raters=12, labels=labels)
    ballots = columns.ballots
    start = ballots.by_item(_start(ballots, 3, np.random.default_rng(seed))).reshape(15, labels, 3).tolist()

    result = ebcc(columns, rng=seed, subtypes=3, tolerance=0, max_iterations=5)

    np.testing.assert_allclose(result.posterior_I_K, plain_ebcc(columns, start, 3, 5), atol=1e-9)


def test_the_start_is_shares_times_dirichlet_draws(crowd):
    columns = crowd(1, items=400, raters=60)

    start_I_K_M = columns.ballots.by_item(_start(columns.ballots, 4, np.random.default_rng(0))).reshape(
        400, 3, 4
    )

    np.testing.assert_allclose(start_I_K_M.sum(axis=2), columns.shares_I_K)
    drawn = start_I_K_M[columns.shares_I_K > 0] / columns.shares_I_K[columns.shares_I_K > 0][:, None]
    np.testing.assert_allclose(drawn.mean(axis=0), 1 / 4, atol=0.02)
    np.testing.assert_allclose(drawn.std(axis=0), math.sqrt(1 / 4 * 3 / 4 / 5), atol=0.02)


def test_hard_items_on_which_mistakes_go_together_are_told_apart():
    """Four in ten of the "no" items look like "yes" to nearly half of the people, always the same ones."""
    right = {ebcc: 0, hierarchical: 0}
    for seed in range(4):
        rng = np.random.default_rng(seed)
        truth = rng.integers(2, size=900)
        hard = (truth == 0) & (rng.random(900) < 0.4)
        skill = rng.beta(18, 2, 40)
        fooled = np.clip(rng.normal(0.45, 0.25, 40), 0.02, 0.98)
        cast = []
        for item in range(900):
            for rater in rng.choice(40, 9, replace=False):
                usual = skill[rater] if truth[item] else 1 - skill[rater]
                yes = rng.random() < (fooled[rater] if hard[item] else usual)
                cast.append((str(item), str(rater), str(int(yes))))
        columns = Columns.from_lists(*zip(*cast, strict=True))
        for method in right:
            verdicts = method(columns).verdicts
            right[method] += sum(verdicts[str(item)] == str(truth[item]) for item in range(900))

    assert right[ebcc] > right[hierarchical]


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(crowd):
    columns = crowd(4)

    first, again, other = (ebcc(columns, rng=seed, max_iterations=5) for seed in (0, 0, 1))

    assert first.posterior_I_K.tobytes() == again.posterior_I_K.tobytes()
    assert first.posterior_I_K.tobytes() != other.posterior_I_K.tobytes()
