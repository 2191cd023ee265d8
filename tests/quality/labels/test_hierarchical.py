from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import digamma, gammaln

from assay.quality import Columns, dawid_skene, hierarchical, hierarchical_two, majority
from assay.quality.labels import hierarchical as module


def votes_of(columns):
    return list(zip(columns.item_N.tolist(), columns.rater_N.tolist(), columns.label_N.tolist(), strict=True))


def shares(columns):
    votes, labels = votes_of(columns), range(len(columns.labels))
    belief = []
    for item in range(len(columns.items)):
        counts = [sum(i == item and given == k for i, _, given in votes) for k in labels]
        belief.append([count / sum(counts) for count in counts])
    return belief


def counted(columns, belief):
    """Expected counts, counts[rater][right][given]."""
    labels = range(len(columns.labels))
    counts = [[[0.0 for _ in labels] for _ in labels] for _ in columns.raters]
    for item, rater, given in votes_of(columns):
        for k in labels:
            counts[rater][k][given] += belief[item][k]
    return counts


def updated(columns, log_prior, log_theta):
    """The posterior of each item from the logarithms of a prior and of confusion matrices."""
    labels = range(len(columns.labels))
    belief = []
    for item in range(len(columns.items)):
        logs = [
            log_prior[k] + sum(log_theta[r][k][given] for i, r, given in votes_of(columns) if i == item)
            for k in labels
        ]
        odds = [math.exp(value - max(logs)) for value in logs]
        belief.append([value / sum(odds) for value in odds])
    return belief


def plain_hierarchical(columns, rounds):
    """Section by section: expected counts, the crowd's Dirichlet, the posterior."""
    labels, raters = range(len(columns.labels)), range(len(columns.raters))
    base = [[4.0 if k == given else 1.0 for given in labels] for k in labels]
    alpha = [row[:] for row in base]
    belief = shares(columns)
    for turn in range(rounds):
        counts = counted(columns, belief)
        if 0 < turn < 10 or (turn >= 10 and (turn + 1) % 5 == 0):
            for _ in range(2):
                stepped = []
                for k in labels:
                    total = sum(alpha[k])
                    down = sum(digamma(sum(counts[r][k]) + total) - digamma(total) for r in raters)
                    row = [
                        alpha[k][given]
                        * sum(
                            digamma(counts[r][k][given] + alpha[k][given]) - digamma(alpha[k][given])
                            for r in raters
                        )
                        / max(down, 1e-12)
                        for given in labels
                    ]
                    row = [max(value, 1e-3) for value in row]
                    stepped.append([value * min(1, 200 / sum(row)) for value in row])
                alpha = stepped
            n = len(raters)
            alpha = [[(n * alpha[k][x] + 5 * base[k][x]) / (n + 5) for x in labels] for k in labels]
        log_theta = [
            [
                [
                    digamma(counts[r][k][x] + alpha[k][x]) - digamma(sum(counts[r][k]) + sum(alpha[k]))
                    for x in labels
                ]
                for k in labels
            ]
            for r in raters
        ]
        belief = updated(columns, [digamma(sum(row[k] for row in belief) + 1) for k in labels], log_theta)
    return belief


def plain_hierarchical_two(columns, rounds, offsets):
    labels, raters = range(len(columns.labels)), range(len(columns.raters))
    a, b, s, delta = 4.0, 2.0, 8.0, [0.0 for _ in labels]
    belief = shares(columns)
    for turn in range(1, rounds + 1):
        counts = counted(columns, belief)
        agree = [sum(counts[r][k][k] for k in labels) for r in raters]
        n = [sum(map(sum, counts[r])) for r in raters]
        for _ in range(2):
            up_a = sum(digamma(agree[r] + a) - digamma(a) for r in raters)
            up_b = sum(digamma(n[r] - agree[r] + b) - digamma(b) for r in raters)
            down = sum(digamma(n[r] + a + b) - digamma(a + b) for r in raters)
            a, b = (min(max(value, 0.3), 200) for value in (a * up_a / down, b * up_b / down))
        base = [math.log((agree[r] + a) / (n[r] - agree[r] + b)) for r in raters]
        if offsets:
            for _ in range(3):
                moved = []
                for k in labels:
                    chance = [1 / (1 + math.exp(-base[r] - delta[k])) for r in raters]
                    rows = [sum(counts[r][k]) for r in raters]
                    slope = sum(counts[r][k][k] - rows[r] * chance[r] for r in raters) - 5 * delta[k]
                    curve = sum(rows[r] * chance[r] * (1 - chance[r]) for r in raters) + 5
                    moved.append(delta[k] + min(max(slope / curve, -1), 1))
                delta = moved
        mistakes = []
        for k in labels:
            row = [0.0 if x == k else sum(counts[r][k][x] for r in raters) + 0.5 for x in labels]
            mistakes.append([value / sum(row) for value in row])
        mean = []
        for r in raters:
            accuracy = [1 / (1 + math.exp(-base[r] - delta[k])) for k in labels]
            mean.append(
                [
                    [accuracy[k] if x == k else (1 - accuracy[k]) * mistakes[k][x] for x in labels]
                    for k in labels
                ]
            )
        if turn in (3, 6, 11, 21):

            def evidence(s, counts=counts, mean=mean):
                return sum(
                    gammaln(s)
                    - gammaln(s + sum(counts[r][k]))
                    + sum(
                        gammaln(s * mean[r][k][x] + counts[r][k][x]) - gammaln(s * mean[r][k][x])
                        for x in labels
                    )
                    for r in raters
                    for k in labels
                )

            s = max((2.0**power for power in range(-1, 9)), key=evidence)
        log_theta = [
            [
                [
                    digamma(counts[r][k][x] + s * mean[r][k][x]) - digamma(sum(counts[r][k]) + s)
                    for x in labels
                ]
                for k in labels
            ]
            for r in raters
        ]
        size = len(belief) + len(labels)
        belief = updated(
            columns, [math.log((sum(row[k] for row in belief) + 1) / size) for k in labels], log_theta
        )
    return belief


@pytest.mark.parametrize("labels", [2, 3])
@pytest.mark.parametrize("rounds", [7, 17])
@pytest.mark.parametrize("seed", range(3))
def test_the_fast_form_agrees_with_the_loops(crowd, seed, rounds, labels):
    columns = crowd(seed, items=20, labels=labels)

    result = hierarchical(columns, tolerance=0, max_iterations=rounds)

    np.testing.assert_allclose(result.posterior_I_K, plain_hierarchical(columns, rounds), atol=1e-9)


def test_the_crowd_comes_to_the_same_rest_as_if_it_moved_in_every_round(crowd, monkeypatch):
    columns = crowd(4, items=200)
    seldom = hierarchical(columns, tolerance=1e-8, max_iterations=2000)
    monkeypatch.setattr(module, "EVERY", 1)

    always = hierarchical(columns, tolerance=1e-8, max_iterations=2000)

    assert seldom.converged
    assert always.converged
    np.testing.assert_allclose(seldom.posterior_I_K, always.posterior_I_K, atol=1e-5)


@pytest.mark.parametrize("labels", [2, 3])
@pytest.mark.parametrize("offsets", [False, True])
@pytest.mark.parametrize("seed", range(2))
def test_the_fast_form_with_two_levels_agrees_with_the_loops(crowd, seed, offsets, labels):
    columns = crowd(seed, items=20, labels=labels)

    result = hierarchical_two(columns, offsets=offsets, tolerance=0, max_iterations=7)

    np.testing.assert_allclose(result.posterior_I_K, plain_hierarchical_two(columns, 7, offsets), atol=1e-9)


def test_where_everybody_gave_two_votes_it_beats_bare_confusion_matrices():
    rng = np.random.default_rng(3)
    hits = {hierarchical: 0, dawid_skene: 0, majority: 0}
    for _ in range(5):
        truth = rng.integers(4, size=150)
        skill = rng.beta(4, 2, size=375)
        cast = [
            (
                str(slot % 150),
                str(slot // 2),
                str(truth[slot % 150] if rng.random() < skill[slot // 2] else rng.integers(4)),
            )
            for slot in range(750)
        ]
        columns = Columns.from_lists(*zip(*cast, strict=True))
        for method in hits:
            verdicts = method(columns).verdicts
            hits[method] += sum(verdicts[str(item)] == str(truth[item]) for item in range(150))

    assert hits[hierarchical] > hits[majority]
    assert hits[hierarchical] >= hits[dawid_skene]


@pytest.mark.parametrize("method", [hierarchical, hierarchical_two])
def test_a_history_tells_whom_to_believe(method):
    columns = Columns.from_lists(["i", "i"], ["ann", "ben"], ["no", "yes"])
    trusted, doubted = np.array([[50.0, 2], [2, 50]]), np.array([[20.0, 20], [20, 20]])

    believed = [
        method(columns.remembering({"ann": first, "ben": second})).verdicts["i"]
        for first, second in ((trusted, doubted), (doubted, trusted))
    ]

    assert believed == ["no", "yes"]


@pytest.mark.parametrize("method", [hierarchical, hierarchical_two])
def test_known_items_teach_who_is_upside_down(method):
    names = ["ann", "ben", "wrong", "wronger", "wrongest"]
    cast = [
        (f"i{n}", name, str(n % 2 if name in names[:2] else 1 - n % 2)) for n in range(40) for name in names
    ]
    columns = Columns.from_lists(*zip(*cast, strict=True))

    blind = method(columns)
    taught = method(columns.knowing({f"i{n}": str(n % 2) for n in range(20)}))

    assert blind.verdicts["i31"] == "0"
    assert taught.verdicts["i31"] == "1"


@pytest.mark.parametrize("method", [hierarchical, hierarchical_two])
def test_matrices_are_the_counts_and_the_prior_over_their_sum(crowd, method):
    result = method(crowd(1))

    filled = result.counts_R_K_K + result.prior_R_K_K
    np.testing.assert_allclose(result.confusion_R_K_K, filled / filled.sum(axis=2, keepdims=True))


@pytest.mark.parametrize("method", [hierarchical, hierarchical_two])
def test_what_was_learned_carries_over_to_new_votes(crowd, method):
    first = method(crowd(1, items=200))
    history = dict(zip(first.columns.raters, first.counts_R_K_K, strict=True))
    new = crowd(2, items=5)

    warm = method(new.remembering(history))

    assert warm.counts_R_K_K.sum() == pytest.approx(first.counts_R_K_K.sum() + len(new))
    assert not np.allclose(warm.posterior_I_K, method(replace(new)).posterior_I_K)
