"""How hard each item is: how often people err on it, with an interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv

from assay.quality.labels.columns import Floats
from assay.quality.labels.result import Result

PRIOR_VOTES = 4.0
"""How many votes the crowd's own share of errors weighs: an item with one vote is as hard as most."""


@dataclass(frozen=True, eq=False)
class Difficulty:
    """For each item the share of votes that are wrong: posterior mean and 95 % interval."""

    items: tuple[str, ...]
    mean_I: Floats
    low_I: Floats
    high_I: Floats


def difficulty(result: Result) -> Difficulty:
    """Estimate how often people err on each item, whoever they are.

    A vote is wrong where it is not the verdict; the share of an item's votes that are has a beta posterior
    around the crowd's share. Unlike doubt about the verdict it does not vanish with many votes: an item can
    be certain and hard. People who err often make an item look harder than it is;
    where that matters compare items judged by the same people.

    >>> from assay.quality import Columns, majority
    >>> votes = Columns.from_lists(list("iiijjj"), ["ann", "ben", "cleo"] * 2, ["a", "a", "a", "a", "b", "a"])
    >>> easy, hard = difficulty(majority(votes)).mean_I
    >>> bool(hard > easy)
    True
    """
    columns = result.columns
    weight_N = columns.weights_N
    # The verdict itself, not its probability: that is kept modest on purpose, and would look like errors.
    wrong_N = weight_N * (columns.label_N != result.choice_I[columns.item_N])
    n_items = len(columns.items)
    wrong_I = np.bincount(columns.item_N, wrong_N, n_items)
    votes_I = np.bincount(columns.item_N, weight_N, n_items)
    crowd = (wrong_N.sum() + 1) / (weight_N.sum() + 2)
    alpha_I = wrong_I + PRIOR_VOTES * crowd
    beta_I = votes_I - wrong_I + PRIOR_VOTES * (1 - crowd)
    return Difficulty(
        items=columns.items,
        mean_I=alpha_I / (alpha_I + beta_I),
        low_I=betaincinv(alpha_I, beta_I, 0.025),
        high_I=betaincinv(alpha_I, beta_I, 0.975),
    )
