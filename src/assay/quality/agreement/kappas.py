"""Chance-corrected agreement on labels: Cohen's, Fleiss' and Gwet's coefficients, plain and weighted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from assay.quality.agreement.ratings import AgreementError, Ratings, patterns
from assay.quality.agreement.result import DRAWS, NOBODY, Agreement, Size, settle, undefined
from assay.quality.labels.columns import Columns, Floats

Disagreement = Literal["plain", "linear", "quadratic"]
"""What two different labels cost: always 1, their distance in the order of the labels, or its square."""


def cohen(
    columns: Columns,
    first: str | None = None,
    second: str | None = None,
    *,
    disagreement: Disagreement = "plain",
    order: Sequence[str] | None = None,
    rng: np.random.Generator | None = None,
    draws: int = DRAWS,
) -> Agreement:
    """Return Cohen's kappa of two raters on the items that both judged.

    Expected disagreement is that of two people who keep their own shares of each label and answer at random:
    κ = 1 − Σ w_kl o_kl / Σ w_kl p_k q_l.

    Source: Cohen, Educational and Psychological Measurement 20 (1960), 37–46; weighted: Psychological
    Bulletin 70 (1968), 213–220.

    Parameters
    ----------
    first, second
        The raters; where the votes have just two they need not be named.
    disagreement
        Cost of two different labels; *linear* and *quadratic* need an `order` where labels are no numbers.

    >>> votes = Columns.from_lists(list("iijjkk"), ["ann", "ben"] * 3, list("aabbab"))
    >>> round(cohen(votes).coefficient, 3)
    0.4
    """
    ratings = Ratings.from_columns(columns, order)
    if first is None or second is None:
        if len(ratings.raters) != 2:
            raise AgreementError(f"name two raters: the votes have {len(ratings.raters)}")
        first, second = ratings.raters
    n_values = len(ratings.values)
    cost_V_V = _cost(ratings, disagreement, order)
    given_2_I = np.full((2, len(ratings.items)), -1)
    for row, name in enumerate((first, second)):
        if name not in ratings.raters:
            raise AgreementError(f"{name!r} has given no votes")
        own_N = ratings.rater_N == ratings.raters.index(name)
        given_2_I[row, ratings.item_N[own_N]] = ratings.value_N[own_N]
    both_I = (given_2_I >= 0).all(axis=0)
    shared = int(both_I.sum())
    size = Size(shared, 2, 2 * shared, int((given_2_I >= 0).sum()) - 2 * shared)
    cell_V2 = np.bincount(given_2_I[0, both_I] * n_values + given_2_I[1, both_I], minlength=n_values**2)

    def measure(drawn_B_C: Floats) -> tuple[Floats, Floats]:
        share_B_V_V = (drawn_B_C / drawn_B_C.sum(axis=1, keepdims=True)).reshape(-1, n_values, n_values)
        observed_B = (share_B_V_V * cost_V_V).sum(axis=(1, 2))
        row_B_V, column_B_V = share_B_V_V.sum(axis=2), share_B_V_V.sum(axis=1)
        return observed_B, ((row_B_V @ cost_V_V) * column_B_V).sum(axis=1)

    name = "Cohen's kappa" if disagreement == "plain" else f"Cohen's kappa, {disagreement} weights"
    # An item's pattern is the cell of the joint table that it falls into.
    return settle(name, size, measure, cell_V2.astype(np.float64), rng=rng, draws=draws)


def fleiss(
    columns: Columns,
    *,
    disagreement: Disagreement = "plain",
    order: Sequence[str] | None = None,
    rng: np.random.Generator | None = None,
    draws: int = DRAWS,
) -> Agreement:
    """Return Fleiss' kappa, also where items have different numbers of votes.

    Observed: the chance that two raters of one item disagree, every item counting the same. Expected: that
    two votes drawn with the crowd's shares of each label disagree; the shares are means over items, those
    with one vote included (Gwet's form for gaps; Fleiss' own where there are none).

    Source: Fleiss, Psychological Bulletin 76 (1971), 378–382; gaps and weights: Gwet, "Handbook of
    Inter-Rater Reliability", 4th ed. (2014), ch. 2–3.

    >>> votes = Columns.from_lists(list("iijjkk"), ["ann", "ben"] * 3, list("aabbab"))
    >>> round(fleiss(votes).coefficient, 3)
    0.333
    """
    return _by_shares("Fleiss' kappa", columns, disagreement, order, rng=rng, draws=draws)


def gwet(
    columns: Columns,
    *,
    disagreement: Disagreement = "plain",
    order: Sequence[str] | None = None,
    rng: np.random.Generator | None = None,
    draws: int = DRAWS,
) -> Agreement:
    """Return Gwet's AC1, or AC2 where labels have weights.

    Kappas fall towards 0 where one label is rare, however much everybody agrees. Here chance agreement is
    that of votes that are hard to give: with π_k the crowd's shares of K labels and agreement weights 1 −
    w_kl, p_e = Σ_kl (1 − w_kl) / (K (K − 1)) · Σ_k π_k (1 − π_k).

    Source: Gwet, British Journal of Mathematical and Statistical Psychology 61 (2008), 29–48; weights and
    gaps: "Handbook of Inter-Rater Reliability", 4th ed. (2014), ch. 3–4.

    >>> votes = Columns.from_lists(list("iijjkk"), ["ann", "ben"] * 3, list("aabaaa"))
    >>> round(gwet(votes).coefficient, 3)
    0.538
    """
    name = "Gwet's AC1" if disagreement == "plain" else f"Gwet's AC2, {disagreement} weights"
    return _by_shares(name, columns, disagreement, order, rng=rng, draws=draws)


def _by_shares(
    name: str,
    columns: Columns,
    disagreement: Disagreement,
    order: Sequence[str] | None,
    *,
    rng: np.random.Generator | None,
    draws: int,
) -> Agreement:
    ratings = Ratings.from_columns(columns, order)
    n_values = len(ratings.values)
    if n_values == 1:
        return undefined(name, ratings.size, "because there is only one label")
    if ratings.size.items == 0:
        return undefined(name, ratings.size, NOBODY)
    cost_V_V = _cost(ratings, disagreement, order)
    counts_P_V, multiplicity_P = patterns(ratings.counts_I_V)
    votes_P = np.asarray(counts_P_V.sum(axis=1)).ravel()
    share_P_V = counts_P_V.toarray() / votes_P[:, None]
    pairable_P = (votes_P > 1).astype(np.float64)
    # A vote costs nothing against itself, so all ordered pairs are those of different raters.
    pairs_P = np.maximum(votes_P * (votes_P - 1), 1)
    within_P = ((share_P_V @ cost_V_V) * share_P_V).sum(axis=1) * votes_P**2 / pairs_P
    agreement_mass = float((1 - cost_V_V).sum()) / (n_values * (n_values - 1))

    def measure(drawn_B_P: Floats) -> tuple[Floats, Floats]:
        pairable_B = drawn_B_P @ pairable_P
        observed_B = drawn_B_P @ within_P / np.maximum(pairable_B, 1)
        share_B_V = drawn_B_P @ share_P_V / drawn_B_P.sum(axis=1, keepdims=True)
        if name.startswith("Gwet"):
            expected_B = 1 - agreement_mass * (share_B_V * (1 - share_B_V)).sum(axis=1)
        else:
            expected_B = ((share_B_V @ cost_V_V) * share_B_V).sum(axis=1)
        # Resamples without any item of two votes have no coefficient.
        return observed_B, np.where(pairable_B > 0, expected_B, 0)

    return settle(name, ratings.size, measure, multiplicity_P, rng=rng, draws=draws)


def _cost(ratings: Ratings, disagreement: Disagreement, order: Sequence[str] | None) -> Floats:
    """Return what each pair of labels costs, from 0 (the same) to 1 (furthest apart)."""
    n_values = len(ratings.values)
    if disagreement == "plain":
        return 1 - np.eye(n_values)
    if disagreement not in ("linear", "quadratic"):
        raise AgreementError(f"there is no {disagreement!r} disagreement; known: plain, linear, quadratic")
    if order is None and ratings.number_V is None:
        raise AgreementError("give the order of the labels, lowest first: they are no numbers")
    # An order given in words wins over the numbers that the labels may also be.
    place_V = np.arange(float(n_values)) if order is not None else ratings.numbers("a weight")
    gap_V_V = np.abs(place_V[:, None] - place_V[None, :]) / max(float(np.ptp(place_V)), 1e-300)
    return gap_V_V if disagreement == "linear" else gap_V_V**2
