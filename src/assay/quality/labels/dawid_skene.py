"""Dawid–Skene: who confuses what with what, learned together with the verdicts; with a prior, and without."""

from __future__ import annotations

import numpy as np

from assay.quality.labels.ballots import over_given
from assay.quality.labels.columns import Columns
from assay.quality.labels.result import Result
from assay.quality.progress import tell

PRIOR_RIGHT, PRIOR_WRONG = 3.0, 1.0
"""Dirichlet prior on a row of a confusion matrix, in votes: on the diagonal, and on every other cell.

A rater with two votes stays near the crowd's expectation instead of being declared perfect or hopeless;
without it the method falls ten points below majority vote where raters gave two votes each.
"""

LABEL_PRIOR = 1.0
"""Dirichlet prior on the shares of the labels, in items."""

FLOOR = 1e-10
"""Counts and shares stay above it: only where there is no prior does it ever matter."""

ASSUMED = (
    "raters answer independently of each other once the right label is known",
    "a rater is equally good on every item with the same right label",
    "most raters are right more often than wrong",
)


def dawid_skene(
    columns: Columns,
    *,
    right: float = PRIOR_RIGHT,
    wrong: float = PRIOR_WRONG,
    tolerance: float = 1e-3,
    max_iterations: int = 100,
) -> Result:
    """Estimate verdicts and one confusion matrix for each rater by expectation maximisation.

    Each item has a true label k ~ π; rater r answers l with probability θ_rkl, rows θ_rk ~ Dirichlet(`right`
    on the diagonal, `wrong` elsewhere), π ~ Dirichlet(1). Rows are replaced by their posterior means, which
    never reach 0, so that no single vote can be certain.

    Source: Dawid & Skene, "Maximum likelihood estimation of observer error-rates using the EM algorithm",
    Applied Statistics 28 (1979), 20–28; the prior as in Kim & Ghahramani, "Bayesian classifier combination",
    AISTATS 2012.

    Parameters
    ----------
    columns
        N votes; one round costs O(N·K), as two sparse products.
    right, wrong
        Prior strength in votes, both positive.
    tolerance
        Stop when no probability moves by more.

    >>> rng = np.random.default_rng(7)
    >>> truth = rng.integers(0, 2, 200)
    >>> accuracy = {"ann": 0.9, "ben": 0.9, "cleo": 0.9, "coin": 0.5, "upside-down": 0.2}
    >>> votes = [(item, name, str(truth[item] if rng.random() < p else 1 - truth[item]))
    ...          for item in range(200) for name, p in accuracy.items()]
    >>> from assay.quality import majority
    >>> columns = Columns.from_lists(*zip(*votes))
    >>> right = lambda result: sum(result.verdicts[str(item)] == str(truth[item]) for item in range(200))
    >>> right(dawid_skene(columns)) > right(majority(columns))
    True
    """
    return _fitted(columns, "dawid-skene", (right, wrong, LABEL_PRIOR), tolerance, max_iterations)


def dawid_skene_em(columns: Columns, *, tolerance: float = 1e-3, max_iterations: int = 100) -> Result:
    """Estimate verdicts and confusion matrices as Dawid and Skene did: by maximum likelihood, with no prior.

    What other packages call Dawid–Skene, here to compare with: crowd-kit's numbers come out round for round.
    It starts from vote shares. Counts and label shares are kept from 0 by 1e-10, so that no product of them
    vanishes, and nothing else is added; a label that a rater never gives stays at 0 for them.

    Without a prior a few votes are taken at face value. On one public crowd with two votes a rater it is ten
    points below the majority, and its probabilities are far too sure nearly everywhere. Where each rater gave
    one vote, every table says that they always say this, whatever is right: nothing is learned from any vote,
    and all items get the most common label. `dawid_skene` is the same with a prior.

    Source: Dawid & Skene, "Maximum likelihood estimation of observer error-rates using the EM algorithm",
    Applied Statistics 28 (1979), 20–28.

    Parameters
    ----------
    columns
        N votes; one round costs O(N·K). Known items are held, history adds to the counts.
    tolerance
        Stop when no probability moves by more.

    >>> votes = [(i, name, "no" if name == "tired" and i % 2 else "yes") for i in range(8)
    ...          for name in ("ann", "ben", "tired")]
    >>> set(dawid_skene_em(Columns.from_lists(*zip(*votes))).verdicts.values())
    {'yes'}
    """
    return _fitted(columns, "dawid-skene-em", (0.0, 0.0, 0.0), tolerance, max_iterations)


def _fitted(
    columns: Columns, method: str, prior: tuple[float, float, float], tolerance: float, max_iterations: int
) -> Result:
    """Go round until at rest; the prior is in votes on the diagonal, off it, and in items of each label."""
    right, wrong, label_prior = prior
    ballots = columns.ballots
    n_items, n_labels = len(columns.items), len(columns.labels)
    prior_G_K = np.full((n_labels, n_labels), wrong) + (right - wrong) * np.eye(n_labels)

    posterior_P_K = ballots.shares_P_K
    converged, iteration = False, 0
    counts_R_G_K = confusion_R_G_K = np.empty(0)
    while not converged and iteration < max_iterations:
        iteration += 1
        tell("dawid-skene", iteration, max_iterations)
        counts_R_G_K = ballots.confusions(posterior_P_K)
        # What a rater never says stays at 0; where they do say it, no count is quite 0.
        says_R_G_1 = (counts_R_G_K @ np.ones(n_labels) > 0)[:, :, None]
        confusion_R_G_K = np.maximum(counts_R_G_K, FLOOR * says_R_G_1) + prior_G_K
        confusion_R_G_K /= over_given(confusion_R_G_K)[:, None]
        share_K = (ballots.total(posterior_P_K) + label_prior) / (n_items + label_prior * n_labels)
        log_share_K = np.log(np.maximum(share_K, FLOOR))
        updated_P_K = ballots.posterior(np.log(np.maximum(confusion_R_G_K, FLOOR**2)), log_share_K)
        converged = bool(np.abs(updated_P_K - posterior_P_K).max() < tolerance)
        posterior_P_K = updated_P_K

    return Result(
        columns=columns,
        posterior_I_K=ballots.by_item(posterior_P_K),
        method=method,
        assumed=ASSUMED,
        converged=converged,
        iterations=iteration,
        confusion_R_K_K=confusion_R_G_K.transpose(0, 2, 1),
        counts_R_K_K=counts_R_G_K.transpose(0, 2, 1),
    )
