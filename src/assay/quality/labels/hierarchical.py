"""Hierarchical Dawid–Skene: what people confuse is learned for each of them, and from each other.

Bare Dawid–Skene learns K × K numbers from a handful of votes. Here each rater's confusion matrix is drawn
from the crowd's, and the crowd's is learned too: a newcomer starts as a typical member and becomes
themselves with every vote. Two forms: one level (`hierarchical`), and one that also holds an accuracy for
each rater (`hierarchical_two`).
"""

from __future__ import annotations

import numpy as np
from scipy.special import digamma, expit, gammaln, logit

from assay.quality.labels.ballots import column_sums, over_given
from assay.quality.labels.columns import Columns, Floats
from assay.quality.labels.leaps import Leaps
from assay.quality.labels.result import Result
from assay.quality.progress import tell

BASE_RIGHT, BASE_WRONG = 4.0, 1.0
"""Where the crowd's Dirichlet starts, in votes: on the diagonal, and off it (Li, Rubinstein & Cohn, ICML
2019)."""

BASE_RATERS = 5.0
"""How many raters that start counts as, when the crowd's Dirichlet is learned from few."""

STRONGEST = 200.0
"""The most votes that a row of the crowd's Dirichlet may weigh: nobody is ever beyond learning from."""

TOLERANCE = 1e-3
"""Rest: no probability moves by more than this."""

MANY = 100_000
"""Ballots from which rest is judged by a mean, see `at_rest`."""

FEWEST_ROUNDS = 5
"""Rounds before rest counts: the crowd's Dirichlet has to move first."""

EAGER_ROUNDS, EVERY = 10, 5
"""The crowd's Dirichlet moves in each of the first ten rounds but the very first, then in every fifth: it has
nearly come to rest by then, and costs more than all else in a round."""

ASSUMED = (
    "raters answer independently of each other once the right label is known",
    "a rater is equally good on every item with the same right label",
    "raters come from one crowd, so that each resembles the others until their votes say otherwise",
    "most raters are right more often than wrong",
)


def hierarchical(
    columns: Columns, *, tolerance: float = TOLERANCE, max_iterations: int = 100, leaps: bool = False
) -> Result:
    """Estimate verdicts and confusion matrices that are drawn from one learned Dirichlet for each label.

    Each item has a right label k ~ π; rater r answers l with probability θ_rkl, rows θ_rk ~ Dirichlet(α_k),
    α_k shared by the crowd. Rounds of variational Bayes: the posterior over labels from E[ln θ], then the
    expected counts c_rkl, then two fixed-point steps for each α_k on the rows c_rk (Minka 2000), capped at
    200 votes and averaged with a base of 4 votes on the diagonal and 1 off it that counts as 5 raters. From
    the tenth round on only every fifth takes these steps.

    Sources: partial pooling as in Paun et al., "Comparing Bayesian models of annotation", TACL 6 (2018); rows
    from a Dirichlet as in Kim & Ghahramani, "Bayesian classifier combination", AISTATS 2012; the fixed point
    from Minka, "Estimating a Dirichlet distribution" (2000). The base is that of EBCC (Li, Rubinstein & Cohn,
    ICML 2019); the other constants are round numbers: on simulated crowds, half or four times as much moves
    accuracy by less than a point.

    Parameters
    ----------
    columns
        N votes; one round costs O(N·K), as two sparse products over the distinct ballots.
    tolerance
        Stop when no probability moves by more, see `at_rest`.
    leaps
        Leap ahead in every third round, see `Leaps`: the same rest in some three fifths of the rounds.

    >>> rng = np.random.default_rng(7)
    >>> truth = rng.integers(0, 2, 200)
    >>> accuracy = {"ann": 0.9, "ben": 0.9, "cleo": 0.9, "coin": 0.5, "upside-down": 0.2}
    >>> votes = [(item, name, str(truth[item] if rng.random() < p else 1 - truth[item]))
    ...          for item in range(200) for name, p in accuracy.items()]
    >>> result = hierarchical(Columns.from_lists(*zip(*votes)))
    >>> right_R = result.confusion_R_K_K[:, 0, 0]
    >>> sorted(result.columns.raters, key=lambda name: right_R[result.columns.raters.index(name)])[:2]
    ['upside-down', 'coin']
    """
    ballots = columns.ballots
    n_raters, n_labels = len(columns.raters), len(columns.labels)
    base_G_K = np.full((n_labels, n_labels), BASE_WRONG) + (BASE_RIGHT - BASE_WRONG) * np.eye(n_labels)
    crowd_G_K = base_G_K
    leaping = Leaps() if leaps else None

    posterior_P_K = ballots.shares_P_K
    converged, iteration = False, 0
    counts_R_G_K = row_R_K = np.empty(0)
    while not converged and iteration < max_iterations:
        iteration += 1
        tell("hierarchical", iteration, max_iterations)
        counts_R_G_K, total_K = ballots.confusions(posterior_P_K), ballots.total(posterior_P_K)
        if leaping:
            counts_R_G_K, total_K = leaping.ahead(iteration, counts_R_G_K, total_K)
        row_R_K = over_given(counts_R_G_K)
        if crowd_moves(iteration):
            for _ in range(2):
                crowd_G_K = crowd_habits(counts_R_G_K, row_R_K, crowd_G_K)
            crowd_G_K = (n_raters * crowd_G_K + BASE_RATERS * base_G_K) / (n_raters + BASE_RATERS)
        log_R_G_K = expected_logs(counts_R_G_K, row_R_K, crowd_G_K)
        updated_P_K = ballots.posterior(log_R_G_K, digamma(total_K + 1))
        converged = at_rest(posterior_P_K, updated_P_K, ballots.times_P, tolerance, iteration)
        posterior_P_K = updated_P_K

    confusion_R_G_K = (counts_R_G_K + crowd_G_K) / (row_R_K + crowd_G_K.sum(axis=0))[:, None]
    return Result(
        columns=columns,
        posterior_I_K=ballots.by_item(posterior_P_K),
        method="hierarchical",
        assumed=ASSUMED,
        converged=converged,
        iterations=iteration,
        confusion_R_K_K=confusion_R_G_K.transpose(0, 2, 1),
        counts_R_K_K=counts_R_G_K.transpose(0, 2, 1),
        prior_R_K_K=crowd_G_K.T[None],
    )


def expected_logs(counts_R_G_K: Floats, row_R_K: Floats, prior_G_K: Floats) -> Floats:
    """E ln θ of rows with a Dirichlet posterior: (rater, given label, right label)."""
    log_R_G_K: Floats = digamma(counts_R_G_K + prior_G_K)
    log_R_G_K -= digamma(row_R_K + prior_G_K.sum(axis=0))[:, None]
    return log_R_G_K


def at_rest(
    before_P_K: Floats, after_P_K: Floats, times_P: Floats, tolerance: float, iteration: int = FEWEST_ROUNDS
) -> bool:
    """Say whether a posterior has stopped moving: no entry by more than `tolerance`.

    Among many ballots a few always hang in the balance, and nothing hangs on them; from `MANY` on it is
    enough that the root mean square of what moved, over the items, is below a fifth of the tolerance.
    """
    if iteration < FEWEST_ROUNDS:
        return False
    moved_P_K = after_P_K - before_P_K
    if len(moved_P_K) < MANY:
        return bool(np.abs(moved_P_K).max() < tolerance)
    moved_P_K *= moved_P_K
    mean_square = float(column_sums(times_P, moved_P_K).sum() / (times_P.sum() * moved_P_K.shape[1]))
    return mean_square < (tolerance / 5) ** 2


def crowd_moves(iteration: int) -> bool:
    """Say whether the crowd's Dirichlet takes its steps in this round, counted from 1."""
    return 1 < iteration <= EAGER_ROUNDS or (iteration > EAGER_ROUNDS and iteration % EVERY == 0)


def crowd_habits(counts_R_G_K: Floats, row_R_K: Floats, crowd_G_K: Floats) -> Floats:
    """One fixed-point step for the Dirichlet of each right label, on the rows of all raters (Minka 2000)."""
    n_raters, (n_given, n_labels) = len(counts_R_G_K), crowd_G_K.shape
    one_R = np.ones(n_raters)
    strength_K = crowd_G_K.sum(axis=0)
    up_G_K = (one_R @ digamma(counts_R_G_K + crowd_G_K).reshape(n_raters, -1)).reshape(n_given, n_labels)
    up_G_K -= n_raters * digamma(crowd_G_K)
    down_K = one_R @ digamma(row_R_K + strength_K) - n_raters * digamma(strength_K)
    stepped_G_K = np.maximum(crowd_G_K * up_G_K / np.maximum(down_K, 1e-12), 1e-3)
    strength_K = stepped_G_K.sum(axis=0)
    capped_G_K: Floats = stepped_G_K * (np.minimum(strength_K, STRONGEST) / strength_K)
    return capped_G_K


ACCURACY_RIGHT, ACCURACY_WRONG = 4.0, 2.0
"""Where the beta distribution of accuracies starts, in votes: two in three are right."""

ACCURACY_LOW, ACCURACY_HIGH = 0.3, 200.0
"""Bounds of its two parameters."""

POOLING = tuple(2.0**power for power in range(-1, 9))
"""How many votes the crowd's profile of mistakes may weigh in a rater's: small, everybody confuses in their
own way; large, people differ in how often they err and in nothing else."""

POOLING_START = 8.0
POOLING_ROUNDS = (3, 6, 11, 21)
"""Rounds in which the pooling is chosen anew; later changes would only disturb the rest."""

OFFSET_RIDGE = 5.0
"""Penalty on a label's offset: that of a normal prior with standard deviation 1/√5 on the logit scale."""


def hierarchical_two(
    columns: Columns,
    *,
    offsets: bool = False,
    tolerance: float = TOLERANCE,
    max_iterations: int = 100,
) -> Result:
    """Estimate verdicts with an accuracy for each rater and a profile of mistakes for the crowd.

    Rater r's accuracy a_r ~ Beta(a, b), both learned; the crowd gives l for k, when it errs, with
    probability h_kl; row θ_rk ~ Dirichlet(s·m_rk), m_rk = a_r·e_k + (1 − a_r)·h_k. The strength s is chosen
    from powers of two by marginal likelihood, so that the data say how far people differ in more than
    accuracy.

    Sources: two levels as in Paun et al., TACL 6 (2018), and in Venanzi et al., "Community-based Bayesian
    aggregation models for crowdsourcing", WWW 2014; constants are round numbers, see each above.

    Parameters
    ----------
    columns
        N votes; one round costs O(N·K).
    offsets
        Learn how much harder each label is, logit a_rk = logit a_r + δ_k. Helps where a whole class is
        misread and raters gave many votes; best kept to few labels (up to four).

    >>> votes = [(i, name, "no" if name == "tired" and i % 3 else "yes") for i in range(9)
    ...          for name in ("ann", "ben", "cleo", "tired")]
    >>> result = hierarchical_two(Columns.from_lists(*zip(*votes)))
    >>> set(result.verdicts.values())
    {'yes'}
    """
    ballots = columns.ballots
    n_items, n_labels = len(columns.items), len(columns.labels)
    diagonal = np.arange(n_labels)
    a, b, pooling = ACCURACY_RIGHT, ACCURACY_WRONG, POOLING_START
    offset_K = np.zeros(n_labels)

    posterior_P_K = ballots.shares_P_K
    converged, iteration = False, 0
    counts_R_G_K = row_R_K = prior_R_G_K = np.empty(0)
    while not converged and iteration < max_iterations:
        iteration += 1
        tell("hierarchical-two", iteration, max_iterations)
        counts_R_G_K = ballots.confusions(posterior_P_K)
        row_R_K = over_given(counts_R_G_K)
        right_R_K = counts_R_G_K[:, diagonal, diagonal]
        agree_R, votes_R = right_R_K.sum(axis=1), row_R_K.sum(axis=1)
        for _ in range(2):
            a, b = _beta(agree_R, votes_R, a, b)
        accuracy_R_K = np.repeat(((agree_R + a) / (votes_R + a + b))[:, None], n_labels, axis=1)
        if offsets:
            offset_K = _offsets(right_R_K, row_R_K, accuracy_R_K, offset_K)
            accuracy_R_K = expit(logit(accuracy_R_K) + offset_K)
        mean_R_G_K = (1 - accuracy_R_K)[:, None] * _mistakes(counts_R_G_K)
        mean_R_G_K[:, diagonal, diagonal] += accuracy_R_K
        mean_R_G_K = np.maximum(mean_R_G_K, 1e-9)
        if iteration in POOLING_ROUNDS:
            pooling = _pooling(counts_R_G_K, row_R_K, mean_R_G_K)
        prior_R_G_K = pooling * mean_R_G_K
        log_R_G_K = digamma(counts_R_G_K + prior_R_G_K) - digamma(row_R_K + pooling)[:, None]
        share_K = (ballots.total(posterior_P_K) + 1) / (n_items + n_labels)
        updated_P_K = ballots.posterior(log_R_G_K, np.log(share_K))
        converged = at_rest(posterior_P_K, updated_P_K, ballots.times_P, tolerance, iteration)
        posterior_P_K = updated_P_K

    confusion_R_G_K = counts_R_G_K + prior_R_G_K
    confusion_R_G_K /= over_given(confusion_R_G_K)[:, None]
    return Result(
        columns=columns,
        posterior_I_K=ballots.by_item(posterior_P_K),
        method="hierarchical-two",
        assumed=(*ASSUMED, "people differ most in how often they err, less in which mistakes they make"),
        converged=converged,
        iterations=iteration,
        confusion_R_K_K=confusion_R_G_K.transpose(0, 2, 1),
        counts_R_K_K=counts_R_G_K.transpose(0, 2, 1),
        prior_R_K_K=prior_R_G_K.transpose(0, 2, 1),
    )


def _beta(right_R: Floats, votes_R: Floats, a: float, b: float) -> tuple[float, float]:
    """One fixed-point step for the beta distribution of accuracies (Minka 2000)."""
    n_raters = len(right_R)
    up_a = digamma(right_R + a).sum() - n_raters * digamma(a)
    up_b = digamma(votes_R - right_R + b).sum() - n_raters * digamma(b)
    down = max(digamma(votes_R + a + b).sum() - n_raters * digamma(a + b), 1e-12)
    low, high = ACCURACY_LOW, ACCURACY_HIGH
    return float(np.clip(a * up_a / down, low, high)), float(np.clip(b * up_b / down, low, high))


def _mistakes(counts_R_G_K: Floats) -> Floats:
    """What the crowd says, when it errs: a distribution over the given labels for each right one."""
    mistakes_G_K: Floats = counts_R_G_K.sum(axis=0) + 0.5
    np.fill_diagonal(mistakes_G_K, 0)
    mistakes_G_K /= np.maximum(mistakes_G_K.sum(axis=0), 1e-12)
    return mistakes_G_K


def _pooling(counts_R_G_K: Floats, row_R_K: Floats, mean_R_G_K: Floats) -> float:
    """The strength of `POOLING` under which the counts are most probable."""

    def evidence(s: float) -> float:
        rows = gammaln(s) * row_R_K.size - gammaln(s + row_R_K).sum()
        return float(rows + (gammaln(s * mean_R_G_K + counts_R_G_K) - gammaln(s * mean_R_G_K)).sum())

    return max(POOLING, key=evidence)


def _offsets(right_R_K: Floats, row_R_K: Floats, accuracy_R_K: Floats, offset_K: Floats) -> Floats:
    """Three Newton steps for the offsets, each at most 1, with a ridge."""
    base_R_K = logit(accuracy_R_K)
    for _ in range(3):
        chance_R_K = expit(base_R_K + offset_K)
        slope_K = (right_R_K - row_R_K * chance_R_K).sum(axis=0) - OFFSET_RIDGE * offset_K
        curve_K = (row_R_K * chance_R_K * (1 - chance_R_K)).sum(axis=0) + OFFSET_RIDGE
        offset_K = offset_K + np.clip(slope_K / curve_K, -1, 1)
    return offset_K
