"""Lightweight aggregation: one pass over the items as they are finished, learning the raters on the way."""

from __future__ import annotations

import numpy as np

from assay.quality.labels.columns import Columns, Floats
from assay.quality.labels.result import Result
from assay.quality.labels.wawa import hard_counts, shares

PRIOR_RIGHT, PRIOR_WRONG = 1.0, 1.0
"""Votes that everybody is given in advance: a newcomer is right half of the time."""


def la(columns: Columns) -> Result:
    """Judge items one after the other, each with what is known of its raters so far.

    Model: rater w is right with probability a_w = c_w / n_w, a beta posterior that starts at 1 of 2. Each
    item is voted on with the weights a_w; then n_w grows by one for each of its raters and c_w by one for
    those who gave the chosen label (labels that tie share the one). Nothing is ever revisited: O(votes) time,
    memory for the raters only.

    **The result depends on the order of the votes.** An item is judged when its last vote has come in, so the
    rows of the table are read as the order of arrival; sort by time before building `Columns`.

    Source: Yang et al., "A lightweight, effective, and efficient model for label aggregation in
    crowdsourcing", ACM TKDD 18 (2024), arXiv 2212.00007.

    Parameters
    ----------
    columns
        Votes on one question, in the order in which they were given. Weights multiply; a known item counts
        its right label instead of the chosen one; history is what was known of a rater before the first item.

    Returns
    -------
    Result with `posterior_I_K` (items × labels) and `counts_R_K_K`.

    >>> votes = [(item, rater, label) for item in "abc" for rater, label in zip("uvw", "xxy")]
    >>> la(Columns.from_lists(*zip(*votes, ("d", "u", "x"), ("d", "w", "y")))).verdicts["d"]
    'x'
    """
    *_, posterior_I_K = _pass(columns)
    return _result(columns, posterior_I_K, "la")


def la_two_pass(columns: Columns) -> Result:
    """Judge items as `la` does, then vote once more with what was learned of everybody by the end.

    The second vote weighs rater w by K·a_w − 1, as `iwmv` does: a coin weighs nothing, and who is worse than
    chance counts against the label they gave. It mends the early items, judged when nobody was known, and
    depends on the order of the votes less than one pass does, but still depends on it.

    Source, parameters and result as for `la`.

    >>> votes = [("d", "w", "y"), ("d", "u", "x")]
    >>> votes += [(item, rater, label) for item in "abc" for rater, label in zip("uvw", "xxy")]
    >>> la_two_pass(Columns.from_lists(*zip(*votes))).verdicts["d"]
    'x'
    """
    right_R, votes_R, _ = _pass(columns)
    posterior_I_K = shares(columns, len(columns.labels) * right_R / votes_R - 1)
    return _result(columns, posterior_I_K, "la-two-pass")


def _result(columns: Columns, posterior_I_K: Floats, method: str) -> Result:
    return Result(
        columns=columns,
        posterior_I_K=posterior_I_K,
        method=method,
        assumed=(
            "the rows stand in the order in which the votes were given",
            "a rater is equally good on every item and every label",
            "most raters are right more often than wrong",
        ),
        iterations=1 + (method == "la-two-pass"),
        counts_R_K_K=hard_counts(columns, posterior_I_K),
        order_matters=True,
    )


def _pass(columns: Columns) -> tuple[Floats, Floats, Floats]:
    """Return right votes and votes of each rater at the end, and the posterior of each item when judged."""
    n_labels = len(columns.labels)
    right = [PRIOR_RIGHT] * len(columns.raters)
    total = [PRIOR_RIGHT + PRIOR_WRONG] * len(columns.raters)
    if columns.history_R_K_K is not None:
        right = (PRIOR_RIGHT + np.trace(columns.history_R_K_K, axis1=1, axis2=2)).tolist()
        total = (PRIOR_RIGHT + PRIOR_WRONG + columns.history_R_K_K.sum(axis=(1, 2))).tolist()
    known = [-1] * len(columns.items) if columns.gold_I is None else columns.gold_I.tolist()

    by_item = np.argsort(columns.item_N, kind="stable")
    rater, label = columns.rater_N[by_item].tolist(), columns.label_N[by_item].tolist()
    weight = columns.weights_N[by_item].tolist()
    end = np.cumsum(np.bincount(columns.item_N, minlength=len(columns.items))).tolist()
    last_I = np.zeros(len(columns.items), dtype=np.int64)
    np.maximum.at(last_I, columns.item_N, np.arange(len(columns)))

    scores = [[0.0] * n_labels for _ in columns.items]
    for item in np.argsort(last_I).tolist():
        votes = range(end[item - 1] if item else 0, end[item])
        score = scores[item]
        for vote in votes:
            score[label[vote]] += weight[vote] * right[rater[vote]] / total[rater[vote]]
        top = max(score) - 1e-9
        chosen = [known[item]] if known[item] >= 0 else [k for k in range(n_labels) if score[k] >= top]
        for vote in votes:
            total[rater[vote]] += weight[vote]
            if label[vote] in chosen:
                right[rater[vote]] += weight[vote] / len(chosen)
    score_I_K = np.array(scores)
    posterior_I_K = columns.clamped(score_I_K / score_I_K.sum(axis=1, keepdims=True))
    return np.array(right), np.array(total), posterior_I_K
