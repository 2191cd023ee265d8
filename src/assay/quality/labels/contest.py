"""Which items the trusted raters disagree about: where the brief, or the question, needs a look."""

from __future__ import annotations

import numpy as np

from assay.quality.labels.columns import Columns, Floats
from assay.quality.labels.skills import RaterSkills


def contest(columns: Columns, skills: RaterSkills) -> Floats:
    """Return for each item how split its skilled raters are, from 0 (agreed) to 1 (evenly split).

    The entropy of the votes, each weighted by how far its rater's skill stands above chance (1/K), over the
    entropy of an even split. A posterior cannot say this: it is sure wherever the votes are many. One extra
    half vote, spread evenly, keeps items with a single vote from counting as agreed beyond doubt; where no
    rater stands above chance every vote counts the same.

    Returns
    -------
    Array of length I, each in [0, 1]; 0 where there is only one label.

    >>> from assay.quality import majority, skills
    >>> columns = Columns.from_lists(list("iijj"), ["ann", "ben"] * 2, ["yes", "no", "no", "no"])
    >>> split, agreed = contest(columns, skills(majority(columns)))
    >>> bool(split > agreed)
    True
    """
    n_labels = len(columns.labels)
    if n_labels == 1:
        return np.zeros(len(columns.items))
    chance = 1 / n_labels
    trust_R = np.clip((skills.mean_R - chance) / (1 - chance), 0, None)
    if not trust_R.any():
        trust_R = np.ones_like(trust_R)
    cell_N = columns.item_N * n_labels + columns.label_N
    weight_I_K = np.bincount(
        cell_N, weights=trust_R[columns.rater_N] * columns.weights_N, minlength=len(columns.items) * n_labels
    ).reshape(-1, n_labels)
    share_I_K = weight_I_K + 0.5 / n_labels * trust_R.max()
    share_I_K /= share_I_K.sum(axis=1, keepdims=True)
    entropy_I: Floats = -(share_I_K * np.log(share_I_K)).sum(axis=1) / np.log(n_labels)
    return np.clip(entropy_I, 0, 1)
