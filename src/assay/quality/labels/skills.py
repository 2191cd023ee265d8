"""How often each rater is right: against gold where they met some, and against the verdicts without them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import betaincinv

from assay.quality.labels.calibration import DEFAULT_POWER, tempered
from assay.quality.labels.columns import Codes, Floats
from assay.quality.labels.result import Result

PRIOR_VOTES = 4.0
"""How many votes the crowd's own accuracy weighs in a person's skill: a newcomer starts there."""

SHARED_ERROR = 0.5
"""Standard deviation, in log-odds, of how far a model's verdicts may all err in one direction for a person.

Chosen on simulated crowds whose people share mistakes (items differ in difficulty, wrong answers have a
favourite): there the intervals of the default method hold the true share for 95 % of people."""

SHARED_ERROR_OF_SHARES = 1.0
"""The same where a method has no model of people and the others' plain shares are the only yardstick; chosen
on the same crowds."""

SIGMAS = 1.96
"""Standard deviations that half a 95 % interval is long."""


@dataclass(frozen=True, eq=False)
class RaterSkills:
    """One entry for each rater of `raters`: posterior mean and 95 % interval of the share of right votes.

    `votes_R` counts the votes that the estimate rests on, `gold_votes_R` those of them that fell on gold;
    `against` is `gold` where there are any.
    """

    raters: tuple[str, ...]
    mean_R: Floats
    low_R: Floats
    high_R: Floats
    votes_R: Codes
    gold_votes_R: Codes
    against: Literal["gold", "verdicts"]


@dataclass(frozen=True, eq=False)
class Rightness:
    """How right each vote is by everybody else's, and how sure that is.

    Attributes
    ----------
    right_N
        Probability that the label given is right, the own vote taken out.
    sure_N
        The same probability, as modest as verdicts are: a model's flattened by the default power.
    plain_N
        The share of the others' votes that say the same; 0 where nobody else voted.
    others_N
        Whether anybody else voted: 1 or 0.
    counted_N
        Whether the vote can be compared: a model always can, plain shares where others voted.
    modelled
        Whether `right_N` is from a model of raters, or `plain_N` itself.
    """

    right_N: Floats
    sure_N: Floats
    plain_N: Floats
    others_N: Floats
    counted_N: Floats
    modelled: bool


def skills(result: Result, gold: Mapping[str, str] | None = None) -> RaterSkills:
    """Estimate every rater's accuracy with a beta posterior, shrunk towards the crowd's.

    Against gold, a vote is right or wrong. Against verdicts, a vote is worth the probability of its label
    given everybody else's votes: a rater's own vote is divided out of the posterior, since whoever is judged
    by a verdict they made themselves agrees with it too often. Where the method has no model of raters
    (majority), their vote is taken out of the count instead.

    The interval knows that verdicts err, and err together. To the variance of so many votes it adds what
    follows if the log-odds of everything a person is measured by were off by one common amount
    (`SHARED_ERROR`), and it reaches as far as the interval by the others' plain shares, a yardstick that
    errs in other ways. Against gold it is the interval of the beta posterior.

    With some gold both are pooled. What verdicts say of a person is a beta with the mean and the width of
    the above, worth so many votes fewer as the interval is wider than one that only counts votes; their votes
    on gold are added one by one. So a single vote on gold moves one person a little, and many on gold leave
    verdicts no say. Where all votes fell on gold, verdicts have none.

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
    known = against_gold(result, gold or {})
    found = rightness(result)
    counted_N, right_N, on_gold_N = found.counted_N, found.right_N, np.zeros(len(columns))
    if known is not None:
        gold_right_N, on_gold_N = known
        counted_N = np.maximum(counted_N, on_gold_N)
        right_N = np.where(on_gold_N > 0, gold_right_N, right_N)
    weight_N = counted_N * columns.weights_N
    crowd = _crowd(right_N, weight_N)

    judged_N = weight_N * (1 - on_gold_N)
    mean_R, votes_R = _pooled(result, right_N, judged_N, crowd)
    # The slope of a probability in its log-odds is p (1 - p): by so much do shared errors move a share.
    slope_R = _mean(result, found.sure_N * (1 - found.sure_N), judged_N)
    error_R = slope_R * (SHARED_ERROR if found.modelled else SHARED_ERROR_OF_SHARES)
    low_R, high_R = interval(mean_R, votes_R, error_R)
    if found.modelled:
        plain_weight_N = judged_N * found.others_N
        plain_R, others_R = _pooled(
            result, found.plain_N, plain_weight_N, _crowd(found.plain_N, plain_weight_N)
        )
        plain_low_R, plain_high_R = interval(plain_R, others_R, np.zeros_like(plain_R))
        # Who cast no vote to compare is where the crowd is, by either yardstick.
        compared_R = votes_R > PRIOR_VOTES
        low_R = np.where(compared_R, np.minimum(low_R, plain_low_R), low_R)
        high_R = np.where(compared_R, np.maximum(high_R, plain_high_R), high_R)

    rater_N, n_raters = columns.rater_N, len(columns.raters)
    if known is not None:
        gold_R: Floats = np.bincount(rater_N, weight_N * on_gold_N, n_raters).astype(np.float64)
        right_R: Floats = np.bincount(rater_N, weight_N * on_gold_N * right_N, n_raters).astype(np.float64)
        mean_R, low_R, high_R = _with_gold((mean_R, low_R, high_R), votes_R, right_R, gold_R)
    return RaterSkills(
        raters=columns.raters,
        mean_R=mean_R,
        low_R=low_R,
        high_R=high_R,
        votes_R=np.bincount(rater_N, weight_N > 0, n_raters).astype(np.int64),
        gold_votes_R=np.bincount(rater_N, on_gold_N > 0, n_raters).astype(np.int64),
        against="verdicts" if known is None else "gold",
    )


def _with_gold(
    by_verdicts: tuple[Floats, Floats, Floats], votes_R: Floats, right_R: Floats, gold_R: Floats
) -> tuple[Floats, Floats, Floats]:
    """Add votes on gold, right or wrong, to what verdicts say (mean, low, high); who has none stays there."""
    mean_R, low_R, high_R = by_verdicts
    none_R = np.zeros_like(mean_R)
    bare_low_R, bare_high_R = interval(mean_R, votes_R, none_R)
    worth_R = votes_R * ((bare_high_R - bare_low_R) / np.maximum(high_R - low_R, 1e-12)) ** 2
    pooled_R = (worth_R * mean_R + right_R) / (worth_R + gold_R)
    pooled_low_R, pooled_high_R = interval(pooled_R, worth_R + gold_R, none_R)
    # Yardsticks that disagree reach further to one side than a beta of this width does: as far as verdicts
    # still have a say, so does the pooled interval.
    own_low_R, own_high_R = interval(mean_R, worth_R, none_R)
    say_R = worth_R / (worth_R + gold_R)
    pooled_low_R = np.maximum(pooled_low_R - say_R * np.maximum(own_low_R - low_R, 0), 0)
    pooled_high_R = np.minimum(pooled_high_R + say_R * np.maximum(high_R - own_high_R, 0), 1)
    met_R = gold_R > 0
    return (
        np.where(met_R, pooled_R, mean_R),
        np.where(met_R, pooled_low_R, low_R),
        np.where(met_R, pooled_high_R, high_R),
    )


def against_gold(result: Result, gold: Mapping[str, str]) -> tuple[Floats, Floats] | None:
    """Return for each vote whether it is right and whether it counts; `None` where none falls on gold."""
    columns = result.columns
    codes = {label: code for code, label in enumerate(columns.labels)}
    # A gold label that nobody ever gave makes every vote on its item wrong.
    gold_I = np.array([codes.get(gold[item], -1) if item in gold else -2 for item in columns.items])
    gold_N = gold_I[columns.item_N]
    if not (gold_N != -2).any():
        return None
    return (columns.label_N == gold_N).astype(float), (gold_N != -2).astype(float)


def rightness(result: Result) -> Rightness:
    """Return how right each vote is by everybody else's.

    >>> from assay.quality import Columns, majority
    >>> votes = Columns.from_lists(["i"] * 3, ["ann", "ben", "cleo"], ["yes", "yes", "no"])
    >>> rightness(majority(votes)).right_N.tolist()
    [0.5, 0.5, 0.0]
    """
    columns = result.columns
    weight_N = columns.weights_N
    same_N = columns.counts_I_K[columns.item_N, columns.label_N] - weight_N
    rest_N = columns.counts_I_K.sum(axis=1)[columns.item_N] - weight_N
    others_N = (rest_N > 1e-9).astype(float)
    plain_N = np.clip(same_N, 0, None) / np.where(others_N > 0, rest_N, 1.0)
    if result.confusion_R_K_K is None:
        return Rightness(plain_N, plain_N, plain_N, others_N, others_N, modelled=False)
    evidence_I_K = result.posterior_I_K if result.evidence_I_K is None else result.evidence_I_K
    left_N_K = evidence_I_K[columns.item_N]
    own_N_K = result.confusion_R_K_K[columns.rater_N, :, columns.label_N]
    if columns.weight_N is None:
        left_N_K /= own_N_K
    else:
        # In logarithms: a vote that counts a thousand times has a probability that no number holds.
        left_N_K = np.log(np.maximum(left_N_K, 1e-300)) - weight_N[:, None] * np.log(own_N_K)
        left_N_K = np.exp(left_N_K - left_N_K.max(axis=1, keepdims=True))
    left_N_K /= left_N_K.sum(axis=1, keepdims=True)
    each = np.arange(len(columns))
    sure_N = tempered(left_N_K, DEFAULT_POWER)[each, columns.label_N]
    right_N = left_N_K[each, columns.label_N]
    return Rightness(right_N, sure_N, plain_N, others_N, np.ones(len(columns)), modelled=True)


def _mean(result: Result, value_N: Floats, weight_N: Floats) -> Floats:
    """Return the weighted mean over each rater's votes, 0 where nothing counts."""
    rater_N, n_raters = result.columns.rater_N, len(result.columns.raters)
    total_R = np.bincount(rater_N, weight_N, n_raters)
    found: Floats = np.bincount(rater_N, value_N * weight_N, n_raters) / np.maximum(total_R, 1e-12)
    return found


def _crowd(right_N: Floats, weight_N: Floats) -> float:
    """Return the crowd's accuracy, itself held back from 0 and 1 by one vote each way."""
    return float((right_N @ weight_N + 1) / (weight_N.sum() + 2))


def _pooled(result: Result, right_N: Floats, weight_N: Floats, crowd: float) -> tuple[Floats, Floats]:
    """Return each rater's share, shrunk towards the crowd's, and how many votes it stands for."""
    rater_N, n_raters = result.columns.rater_N, len(result.columns.raters)
    votes_R: Floats = np.bincount(rater_N, weight_N, n_raters).astype(np.float64)
    right_R: Floats = np.bincount(rater_N, right_N * weight_N, n_raters).astype(np.float64)
    mean_R: Floats = (right_R + PRIOR_VOTES * crowd) / (votes_R + PRIOR_VOTES)
    stands_for_R: Floats = votes_R + PRIOR_VOTES
    return mean_R, stands_for_R


def interval(mean_R: Floats, votes_R: Floats, error_R: Floats | float) -> tuple[Floats, Floats]:
    """Return 95 % of a beta with this mean and so many votes, widened on both sides by an error.

    >>> low_R, high_R = interval(np.array([0.8]), np.array([20.0]), 0.1)
    >>> low_R.round(2).tolist(), high_R.round(2).tolist()
    ([0.52], [1.0])
    """
    alpha_R, beta_R = mean_R * votes_R, (1 - mean_R) * votes_R
    below_R = np.hypot(mean_R - betaincinv(alpha_R, beta_R, 0.025), SIGMAS * error_R)
    above_R = np.hypot(betaincinv(alpha_R, beta_R, 0.975) - mean_R, SIGMAS * error_R)
    low_R: Floats = np.maximum(mean_R - below_R, 0)
    high_R: Floats = np.minimum(mean_R + above_R, 1)
    return low_R, high_R
