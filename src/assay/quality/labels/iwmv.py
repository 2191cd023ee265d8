"""Iterative weighted majority voting: votes weighed by how often their rater agrees with the weighed vote."""

from __future__ import annotations

import numpy as np

from assay.quality.labels.columns import Columns
from assay.quality.labels.result import Result
from assay.quality.labels.wawa import agreement, hard, hard_counts, shares, tally
from assay.quality.progress import tell


def iwmv(columns: Columns, *, max_iterations: int = 50) -> Result:
    """Weigh each rater by K·a_w − 1 until nobody's weight changes.

    Model: rater w is right with probability a_w whatever the label, and errs evenly over the others. The
    weight K·a_w − 1 is the log-odds of such a rater to first order around chance: 0 for a coin, negative for
    somebody who is worse than chance, bounded however perfect somebody looks, so that no two votes make a
    tyrant. Each round: y_i = argmax_k Σ_w (K·a_w − 1)·[l_iw = k], then a_w = the share of w's votes equal to
    y. Starts from the majority; comes to rest in 3 to 10 rounds. Labels that tie share the credit, so names
    decide nothing.

    The posterior is the weighed share of votes, not the model's: it is calibrated far better, since raters
    err together. Its highest label is y_i.

    Source: Li & Yu, "Error rate bounds and iterative weighted majority voting for crowdsourcing", 2014,
    arXiv 1411.4086.

    Parameters
    ----------
    columns
        Votes on one question. Weights multiply, known items are held, history adds to the counts behind a_w.
    max_iterations
        After so many rounds it stops and says that it has not come to rest; a few crowds go in circles.

    Returns
    -------
    Result with `posterior_I_K` (items × labels) and `counts_R_K_K`.

    >>> votes = [("i", "ann", "x"), ("j", "ann", "y"), ("k", "ann", "x"), ("i", "ben", "x")]
    >>> votes += [("j", "ben", "y"), ("i", "coin", "y"), ("j", "coin", "x"), ("k", "coin", "y")]
    >>> columns = Columns.from_lists(*zip(*votes, ("m", "coin", "x")))
    >>> iwmv(columns).verdicts["m"]  # the coin was always wrong: believe the contrary
    'y'
    """
    n_labels = len(columns.labels)
    verdict_I_K = hard(columns.shares_I_K)
    converged, iteration = False, 0
    weight_R = np.ones(len(columns.raters))
    while not converged and iteration < max_iterations:
        iteration += 1
        tell("iwmv", iteration, max_iterations)
        weight_R = n_labels * agreement(columns, verdict_I_K) - 1
        updated_I_K = columns.clamped(hard(tally(columns, weight_R)))
        converged = bool((updated_I_K == verdict_I_K).all())
        verdict_I_K = updated_I_K
    posterior_I_K = shares(columns, weight_R)
    return Result(
        columns=columns,
        posterior_I_K=posterior_I_K,
        method="iwmv",
        assumed=(
            "raters answer independently of each other once the right label is known",
            "a rater is equally good on every item and every label",
            "most raters are right more often than wrong",
        ),
        converged=converged,
        iterations=iteration,
        counts_R_K_K=hard_counts(columns, posterior_I_K),
    )
