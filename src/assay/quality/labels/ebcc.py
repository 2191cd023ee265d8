"""EBCC: Dawid–Skene for a crowd that makes the same mistakes together."""

from __future__ import annotations

import numpy as np
from scipy.special import digamma

from assay.quality.labels.ballots import (
    Ballots,
    colours,
    mixed,
    normalised,
    over_given,
    product,
    row_sums,
    shifted,
)
from assay.quality.labels.columns import Columns, Floats
from assay.quality.labels.hierarchical import BASE_RIGHT, BASE_WRONG, TOLERANCE, at_rest
from assay.quality.labels.leaps import Leaps
from assay.quality.labels.result import Result
from assay.quality.progress import tell

SUBTYPES = 10
"""Subtypes of each label: the paper's number."""

SUBTYPE_PRIOR = 0.1
"""Votes that all subtypes of a label weigh before the data: the paper's number; few of the ten survive it."""

DEAD = 1e-6
"""Items in a subtype below which it is dropped: it then weighs as little as an empty one, for good."""

WORTH_DROPPING = 0.9
"""Subtypes are dropped once no more than this share of them lives, since dropping copies the rest."""


def ebcc(
    columns: Columns,
    *,
    rng: int = 0,
    subtypes: int = SUBTYPES,
    tolerance: float = TOLERANCE,
    max_iterations: int = 100,
    leaps: bool = False,
) -> Result:
    """Estimate verdicts where raters' mistakes are correlated: each label is a mixture of hidden subtypes.

    An item with label k has a subtype m, shared by all its raters: π_km ~ Dirichlet(0.1/M), labels τ ~
    Dirichlet(1). Rater r answers l with v_rkml, rows ~ Dirichlet(4 on the diagonal, 1 off it). Items that
    fool everybody in one way become a subtype instead of outvoting the label. Mean-field variational Bayes:
    ρ_ikm ∝ exp(E ln τ_k + E ln π_km + Σ E ln v_rkml), and the verdict is Σ_m ρ_ikm.

    ρ starts as vote shares times Dirichlet(1) draws, as in the paper; here a draw depends on who voted with
    whom on the ballot and on `rng`, not on names or order, so renaming changes nothing.

    Source: Li, Y., Rubinstein & Cohn, "Exploiting worker correlation for label aggregation in crowdsourcing",
    ICML 2019; the constants are the paper's.

    Parameters
    ----------
    columns
        N votes; one round costs O(N·K·M), M times a round of `hierarchical`.
    rng
        Seed of the start.
    tolerance
        Stop when no label's probability moves by more, as in `hierarchical`.
    leaps
        Leap ahead in every third round, as in `hierarchical`.

    >>> votes = [(i, name, "no" if name == "tired" and i % 2 else "yes") for i in range(8)
    ...          for name in ("ann", "ben", "tired")]
    >>> set(ebcc(Columns.from_lists(*zip(*votes))).verdicts.values())
    {'yes'}
    """
    ballots = columns.ballots
    n_labels = len(columns.labels)
    label_S = np.repeat(np.arange(n_labels), subtypes)
    belongs_S_K = (label_S[:, None] == np.arange(n_labels)).astype(float)
    prior_G_K = BASE_WRONG + (BASE_RIGHT - BASE_WRONG) * np.eye(n_labels)
    history_R_G_K = None
    if columns.history_R_K_K is not None:
        history_R_G_K = columns.history_R_K_K.transpose(0, 2, 1)

    posterior_P_K = ballots.shares_P_K
    subtype_P_S = _start(ballots, subtypes, np.random.default_rng(rng))
    converged, iteration = False, 0
    leaping = Leaps() if leaps else None
    counts_R_G_S = np.empty(0)
    while not converged and iteration < max_iterations:
        iteration += 1
        tell("ebcc", iteration, max_iterations)
        size_S = ballots.total(subtype_P_S)
        lives_S = size_S > DEAD
        if np.count_nonzero(lives_S) < WORTH_DROPPING * len(lives_S):
            subtype_P_S, label_S, size_S = subtype_P_S[:, lives_S], label_S[lives_S], size_S[lives_S]
            belongs_S_K = belongs_S_K[lives_S]
            if leaping:
                leaping.only(lives_S)
        counts_R_G_S = ballots.counts(subtype_P_S)
        if leaping:
            counts_R_G_S, size_S = leaping.ahead(iteration, counts_R_G_S, size_S)
        size_K = size_S @ belongs_S_K
        log_S = digamma(SUBTYPE_PRIOR / subtypes + size_S)
        log_S += (digamma(1 + size_K) - digamma(SUBTYPE_PRIOR + size_K))[label_S]
        filled_R_G_S = counts_R_G_S + prior_G_K[:, label_S]
        if history_R_G_K is not None:
            filled_R_G_S += history_R_G_K[:, :, label_S] / subtypes
        log_R_G_S = digamma(filled_R_G_S)
        log_R_G_S -= digamma(over_given(filled_R_G_S))[:, None]
        log_P_S = shifted(ballots.scores(log_R_G_S), log_S)
        subtype_P_S = normalised(_only_known(ballots, log_P_S, label_S))
        updated_P_K = product(subtype_P_S, belongs_S_K)
        converged = at_rest(posterior_P_K, updated_P_K, ballots.times_P, tolerance, iteration)
        posterior_P_K = updated_P_K

    posterior_P_K /= row_sums(posterior_P_K)[:, None]
    counts_R_G_K = counts_R_G_S @ belongs_S_K
    if history_R_G_K is not None:
        counts_R_G_K += history_R_G_K
    confusion_R_G_K = counts_R_G_K + prior_G_K
    confusion_R_G_K /= over_given(confusion_R_G_K)[:, None]
    return Result(
        columns=columns,
        posterior_I_K=ballots.by_item(posterior_P_K),
        method="ebcc",
        assumed=(
            "items of one label fall into a few subtypes, and raters answer independently within each",
            "most raters are right more often than wrong",
            "one random start stands for others, which may differ by a few verdicts",
        ),
        converged=converged,
        iterations=iteration,
        confusion_R_K_K=confusion_R_G_K.transpose(0, 2, 1),
        counts_R_K_K=counts_R_G_K.transpose(0, 2, 1),
    )


def _start(ballots: Ballots, subtypes: int, rng: np.random.Generator) -> Floats:
    """Vote shares times Dirichlet(1) draws over the subtypes, drawn from each ballot's place in the votes."""
    ballot_P, label_K = colours(ballots)
    salt_M = rng.integers(0, 2**64, size=subtypes, dtype=np.uint64)
    cell_P_K = mixed(ballot_P[:, None] + mixed(label_K))
    # The top 53 bits make a uniform number in (0, 1]; −ln of it is exponential; exponentials over their sum
    # are Dirichlet(1).
    drawn_C_M = mixed(cell_P_K.reshape(-1, 1) ^ salt_M)
    drawn_C_M >>= np.uint64(11)
    gamma_C_M = drawn_C_M.astype(float)
    gamma_C_M += 1
    gamma_C_M /= 2**53
    np.log(gamma_C_M, out=gamma_C_M)
    gamma_C_M -= 1e-12
    gamma_C_M *= (ballots.shares_P_K.reshape(-1) / row_sums(gamma_C_M))[:, None]
    return gamma_C_M.reshape(len(ballot_P), -1)


def _only_known(ballots: Ballots, log_P_S: Floats, label_S: np.ndarray) -> Floats:
    """Rule out every subtype of a label that is known to be wrong."""
    if ballots.gold_P is not None:
        wrong_P_S = (ballots.gold_P[:, None] >= 0) & (ballots.gold_P[:, None] != label_S)
        log_P_S[wrong_P_S] = -np.inf
    return log_P_S
