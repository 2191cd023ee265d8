"""PM: a vote counts by how rarely its rater stood apart from the outcome. Cheap, and well calibrated."""

from __future__ import annotations

import numpy as np

from assay.quality.labels.ballots import TIE, leading, row_sums
from assay.quality.labels.columns import Columns, Floats
from assay.quality.labels.result import Result


def pm(columns: Columns, *, tolerance: float = 0.0, max_iterations: int = 100) -> Result:
    """Weigh votes by −ln of their rater's error rate, over that of the worst, until the outcome is stable.

    e_r = (errors + ½) / (votes + 1) against the present outcome, w_r = −ln(e_r / max e), outcome = the label
    of most weight; where labels tie, each takes an equal part. The posterior is the share of the weight. The
    rater who errs most often weighs nothing; where all err alike, the shares of votes stand.

    Source: Aydin et al., "Crowdsourcing for multiple-choice question answering", AAAI 2014; the same weights
    as CRH (Li et al., "Resolving conflicts in heterogeneous data by truth discovery", SIGMOD 2014). The ½
    and 1 keep a perfect record of few votes from counting without bound; it is the Jeffreys prior's mean.

    Parameters
    ----------
    columns
        N votes; one round costs O(N·K), and few are needed. `history_R_K_K` adds to errors and votes.
    tolerance
        Stop when the outcome changes on no larger share of the items.

    >>> votes = [(i, name, "no" if name == "tired" and i % 2 else "yes") for i in range(8)
    ...          for name in ("ann", "ben", "tired")]
    >>> pm(Columns.from_lists(*zip(*votes))).posterior_I_K[1].tolist()
    [0.0, 1.0]
    """
    ballots, history_R_K_K = columns.ballots, columns.history_R_K_K
    votes_R, past_R = ballots.given_R_G.sum(axis=1), np.zeros(len(columns.raters))
    if history_R_K_K is not None:
        votes_R, past_R = votes_R + history_R_K_K.sum(axis=(1, 2)), history_R_K_K.trace(axis1=1, axis2=2)

    posterior_P_K = ballots.shares_P_K
    outcome_P_K = _outcome(posterior_P_K)
    settled, iteration = False, 0
    while not settled and iteration < max_iterations:
        iteration += 1
        right_R = ballots.own_counts(outcome_P_K).sum(axis=1) + past_R
        rate_R = (np.maximum(votes_R - right_R, 0) + 0.5) / (votes_R + 1)
        weight_R = -np.log(rate_R / rate_R.max())
        posterior_P_K = ballots.own_scores(np.repeat(weight_R, len(columns.labels)))
        total_P = row_sums(posterior_P_K)
        posterior_P_K /= np.maximum(total_P, TIE)[:, None]
        (unheard,) = np.nonzero(total_P <= TIE)
        posterior_P_K[unheard] = ballots.shares_P_K[unheard]
        updated_P_K = _outcome(ballots.clamped(posterior_P_K))
        changed_P = (updated_P_K != outcome_P_K).any(axis=1)
        settled = bool(ballots.times_P[changed_P].sum() <= tolerance * len(columns.items))
        outcome_P_K = updated_P_K

    return Result(
        columns=columns,
        posterior_I_K=ballots.by_item(posterior_P_K),
        method="pm",
        assumed=(
            "everybody errs at one rate, on every item and label",
            "mistakes do not repeat from one rater to the next",
        ),
        converged=settled,
        iterations=iteration,
        counts_R_K_K=ballots.confusions(outcome_P_K).transpose(0, 2, 1),
    )


def _outcome(posterior_P_K: Floats) -> Floats:
    """One on the top label of each row, shared evenly where several tie."""
    tied_P_K = leading(posterior_P_K).astype(float)
    tied_P_K /= row_sums(tied_P_K)[:, None]
    return tied_P_K
