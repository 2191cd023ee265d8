"""MACE: who answers and who spams, and what the spammers like to say."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.special import digamma, gammaln, logsumexp, softmax

from assay.quality.labels.columns import Columns, Floats
from assay.quality.labels.result import Result
from assay.quality.labels.wawa import hard_counts, sums

KNOWS, SPAMS = 0.5, 0.5
"""Beta prior on how often a rater answers: in the shape of a U, most people either work or do not."""

SPAM_LABEL = 10.0
"""Dirichlet prior on what a rater says when spamming, in votes, the same for each label.

Weak, it lets the model call the frequent label of an honest rater their favourite spam.
"""

TRIAL = 10
"""Rounds after which the starting points are compared and the best one alone goes on."""

SHARPNESS = (1.0, 0.0, 4.0)
"""Starting points that need no dice: vote shares to this power, so from everything open to the majority."""


def mace(
    columns: Columns,
    *,
    rng: np.random.Generator | None = None,
    restarts: int = 10,
    tolerance: float = 1e-3,
    max_iterations: int = 100,
) -> Result:
    """Estimate verdicts, and each rater's share of spam, by variational Bayes.

    Model: rater w knows item i with probability θ_w and then gives its right label; else they spam, and say l
    with probability ξ_wl whatever the item. θ_w ~ Beta(½, ½), ξ_w ~ Dirichlet(10), every label equally
    probable beforehand. With exp(E log ·) in place of each parameter, label k of item i has the log-odds
    Σ_w [l_iw = k] log(1 + θ_w / ((1 − θ_w) ξ_wk)): a vote counts the more the rarer its rater says that when
    spamming. O(votes) a round.

    The likelihood has several peaks. The method climbs from three starting points made of the votes alone and
    keeps the one with the highest evidence bound, so that names and dice decide nothing; with `rng` it tries
    random ones as well.

    Where it fails: there is no rater who is usually right but confuses two labels, and none who is worse than
    chance; on such crowds `dawid-skene` is better.

    Source: Hovy, Berg-Kirkpatrick, Vaswani & Hovy, "Learning whom to trust with MACE", NAACL 2013.

    Parameters
    ----------
    columns
        Votes on one question. Weights multiply, known items are held, history adds right votes to what a
        rater knows and wrong ones to what they spam.
    rng, restarts
        Dice, and how many random starting points to add with them. Results then depend on the order of names.
    tolerance
        Stop when no probability moves by more.

    Returns
    -------
    Result with `posterior_I_K` (items × labels), `confusion_R_K_K` and `counts_R_K_K`.

    >>> rng = np.random.default_rng(1)
    >>> truth = rng.integers(3, size=60)
    >>> votes = [(str(i), r, str(truth[i])) for i in range(60) for r in ("ann", "ben")]
    >>> votes += [(str(i), f"always {r}", "2") for i in range(60) for r in range(4)]
    >>> right = lambda result: sum(result.verdicts[str(i)] == str(truth[i]) for i in range(60))
    >>> right(mace(Columns.from_lists(*zip(*votes))))
    60
    """
    held = _Held(columns)
    log_I_K = np.log(columns.shares_I_K + 1e-9)
    starts = [softmax(power * log_I_K, axis=1) for power in SHARPNESS]
    if rng is not None:
        starts += [rng.dirichlet(np.ones(len(columns.labels)), len(columns.items)) for _ in range(restarts)]
    trials = [
        _climb(held, _Place(columns.clamped(start_I_K), np.ones(len(columns))), tolerance, trial)
        for trial in [min(TRIAL, max_iterations)]
        for start_I_K in starts
    ]
    # Bounds that differ by rounding only are equal: the first starting point wins, on every machine.
    end = max(trials, key=lambda place: round(place.bound, 6))
    end = _climb(held, end, tolerance, max_iterations)

    return Result(
        columns=columns,
        posterior_I_K=end.posterior_I_K,
        method="mace",
        assumed=(
            "raters answer independently of each other once the right label is known",
            "a rater who knows an item is right; one who does not says the same things on every item",
            "every label is equally probable before the votes",
        ),
        converged=end.converged,
        iterations=end.iterations,
        confusion_R_K_K=_confusion(end),
        counts_R_K_K=hard_counts(columns, end.posterior_I_K),
    )


@dataclass(frozen=True, eq=False)
class _Place:
    """Where a climb stands.

    `ratio_N` is how much likelier each vote is known than spammed, were its label right; at the start,
    evenly.
    """

    posterior_I_K: Floats
    ratio_N: Floats
    bound: float = -np.inf
    theta_R_2: Floats = field(default_factory=lambda: np.ones((0, 2)))
    xi_R_K: Floats = field(default_factory=lambda: np.ones((0, 1)))
    converged: bool = False
    iterations: int = 0


class _Held:
    """What stays the same from round to round."""

    def __init__(self, columns: Columns) -> None:
        n_raters, n_labels = len(columns.raters), len(columns.labels)
        self.columns = columns
        self.shape = n_raters, n_labels
        self.cell_N = columns.rater_N * n_labels + columns.label_N
        self.place_N = columns.item_N * n_labels + columns.label_N
        self.given_R_K = sums(self.cell_N, columns.weights_N, n_raters * n_labels).reshape(self.shape)
        self.prior_R_2 = np.tile([KNOWS, SPAMS], (n_raters, 1))
        self.prior_R_K = np.full(self.shape, SPAM_LABEL)
        if columns.history_R_K_K is not None:
            right_R = np.trace(columns.history_R_K_K, axis1=1, axis2=2)
            wrong_R_K = (columns.history_R_K_K * (1 - np.eye(n_labels))).sum(axis=1)
            self.prior_R_2 += np.column_stack([right_R, wrong_R_K.sum(axis=1)])
            self.prior_R_K += wrong_R_K


def _climb(held: _Held, place: _Place, tolerance: float, rounds: int) -> _Place:
    """Go on from a place until the probabilities rest, or `rounds` are reached in all."""
    columns, weight_N, cells = held.columns, held.columns.weights_N, held.given_R_K.size
    while not place.converged and place.iterations < rounds:
        believed_N = place.posterior_I_K[columns.item_N, columns.label_N]
        known_N = weight_N * believed_N * place.ratio_N / (1 + place.ratio_N)
        known_R_K = sums(held.cell_N, known_N, cells).reshape(held.shape)
        spam_R_K = np.clip(held.given_R_K - known_R_K, 0, None)
        theta_R_2 = held.prior_R_2 + np.column_stack([known_R_K.sum(axis=1), spam_R_K.sum(axis=1)])
        xi_R_K = held.prior_R_K + spam_R_K
        log_theta_R_2 = _expected_log(theta_R_2)
        log_spam_R_K = log_theta_R_2[:, 1:] + _expected_log(xi_R_K)
        log_ratio_N = (log_theta_R_2[:, :1] - log_spam_R_K).ravel()[held.cell_N]
        evidence_N = weight_N * np.logaddexp(0, log_ratio_N)
        score_I_K = sums(held.place_N, evidence_N, place.posterior_I_K.size)
        score_I_K = score_I_K.reshape(place.posterior_I_K.shape)
        updated_I_K = columns.clamped(softmax(score_I_K, axis=1))
        place = _Place(
            updated_I_K,
            np.exp(np.minimum(log_ratio_N, 500)),
            _bound(held, score_I_K, log_spam_R_K, theta_R_2, xi_R_K),
            theta_R_2,
            xi_R_K,
            bool(np.max(np.abs(updated_I_K - place.posterior_I_K)) < tolerance),
            place.iterations + 1,
        )
    return place


def _confusion(place: _Place) -> Floats:
    knows_R_1_1 = (place.theta_R_2[:, 0] / place.theta_R_2.sum(axis=1))[:, None, None]
    spam_R_1_K = (place.xi_R_K / place.xi_R_K.sum(axis=1, keepdims=True))[:, None, :]
    confusion_R_K_K: Floats = knows_R_1_1 * np.eye(place.xi_R_K.shape[1]) + (1 - knows_R_1_1) * spam_R_1_K
    return confusion_R_K_K


def _expected_log(counts_R_K: Floats) -> Floats:
    log_R_K: Floats = digamma(counts_R_K) - digamma(counts_R_K.sum(axis=1, keepdims=True))
    return log_R_K


def _bound(held: _Held, score_I_K: Floats, log_spam_R_K: Floats, theta_R_2: Floats, xi_R_K: Floats) -> float:
    """Return the evidence bound: what the votes come to, less what the parameters cost."""
    columns = held.columns
    item_I = logsumexp(score_I_K, axis=1) - np.log(held.shape[1])
    if columns.gold_I is not None:
        known_I = columns.gold_I >= 0
        item_I[known_I] = score_I_K[known_I, columns.gold_I[known_I]]
    votes = float(item_I.sum() + columns.weights_N @ log_spam_R_K.ravel()[held.cell_N])
    return votes - _divergence(theta_R_2, held.prior_R_2) - _divergence(xi_R_K, held.prior_R_K)


def _divergence(after_R_K: Floats, before_R_K: Floats) -> float:
    """Return the Kullback–Leibler divergence of Dirichlet distributions, one a row, summed."""
    constant = gammaln(after_R_K.sum(axis=1)).sum() - gammaln(before_R_K.sum(axis=1)).sum()
    return float(
        constant
        + (gammaln(before_R_K) - gammaln(after_R_K)).sum()
        + ((after_R_K - before_R_K) * _expected_log(after_R_K)).sum()
    )
