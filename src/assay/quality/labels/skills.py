"""How often each rater is right: against gold where there is some, else against the verdicts without them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import betaincinv

from assay.quality.labels.columns import Codes, Floats
from assay.quality.labels.result import Result

PRIOR_VOTES = 4.0
"""How many votes the crowd's own accuracy weighs in a person's skill: a newcomer starts there."""


@dataclass(frozen=True, eq=False)
class RaterSkills:
    """One entry for each rater of `raters`: posterior mean and 95 % interval of the share of right votes.

    `votes_R` counts the votes that the estimate rests on.
    """

    raters: tuple[str, ...]
    mean_R: Floats
    low_R: Floats
    high_R: Floats
    votes_R: Codes
    against: Literal["gold", "verdicts"]


def skills(result: Result, gold: Mapping[str, str] | None = None) -> RaterSkills:
    """Estimate every rater's accuracy with a beta posterior, shrunk towards the crowd's.

    Against gold, a vote is right or wrong. Against verdicts, a vote is worth the probability of its label
    given everybody else's votes: a rater's own vote is divided out of the posterior, since whoever is judged
    by a verdict they made themselves agrees with it too often. Where the method has no model of raters
    (majority), their vote is taken out of the count instead.

    Parameters
    ----------
    gold
        Item → right label. Used where at least one vote falls on a gold item.

    >>> from assay.quality import Columns, majority
    >>> columns = Columns.from_lists(["i", "i", "j", "j"], ["ann", "ben"] * 2, ["yes", "no", "no", "no"])
    >>> skills(majority(columns), gold={"i": "yes", "j": "no"}).mean_R.round(2).tolist()
    [0.78, 0.61]
    """
    columns = result.columns
    right_N, counted_N, against = _right(result, gold or {})
    n_raters = len(columns.raters)
    counted_N = counted_N * columns.weights_N
    votes_R = np.bincount(columns.rater_N, weights=counted_N, minlength=n_raters)
    right_R = np.bincount(columns.rater_N, weights=right_N * counted_N, minlength=n_raters)
    # The crowd's accuracy, itself held back from 0 and 1 by one vote each way.
    crowd = (right_R.sum() + 1) / (votes_R.sum() + 2)
    alpha_R = right_R + PRIOR_VOTES * crowd
    beta_R = votes_R - right_R + PRIOR_VOTES * (1 - crowd)
    return RaterSkills(
        raters=columns.raters,
        mean_R=alpha_R / (alpha_R + beta_R),
        low_R=betaincinv(alpha_R, beta_R, 0.025),
        high_R=betaincinv(alpha_R, beta_R, 0.975),
        votes_R=np.bincount(columns.rater_N, counted_N > 0, n_raters).astype(np.int64),
        against=against,
    )


def _right(result: Result, gold: Mapping[str, str]) -> tuple[Floats, Floats, Literal["gold", "verdicts"]]:
    """Return for each vote how right it is, and whether it counts."""
    columns = result.columns
    codes = {label: code for code, label in enumerate(columns.labels)}
    # A gold label that nobody ever gave makes every vote on its item wrong.
    gold_I = np.array([codes.get(gold[item], -1) if item in gold else -2 for item in columns.items])
    gold_N = gold_I[columns.item_N]
    if (gold_N != -2).any():
        return (columns.label_N == gold_N).astype(float), (gold_N != -2).astype(float), "gold"
    others_N = np.ones(len(columns))
    if result.confusion_R_K_K is None:
        left_N_K = columns.counts_I_K[columns.item_N].copy()
        left_N_K[np.arange(len(columns)), columns.label_N] -= columns.weights_N
        left_N_K = np.clip(left_N_K, 0, None)
        others_N = (left_N_K.sum(axis=1) > 1e-9).astype(float)
        left_N_K[others_N == 0] = 1
    else:
        evidence_I_K = result.posterior_I_K if result.evidence_I_K is None else result.evidence_I_K
        left_N_K = evidence_I_K[columns.item_N]
        left_N_K /= result.confusion_R_K_K[columns.rater_N, :, columns.label_N] ** columns.weights_N[:, None]
    left_N_K /= left_N_K.sum(axis=1, keepdims=True)
    return left_N_K[np.arange(len(columns)), columns.label_N], others_N, "verdicts"
