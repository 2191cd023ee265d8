"""How often each rater hits, where an answer has many marks: a share, shrunk, with its interval."""

from __future__ import annotations

import numpy as np
from scipy.special import betaincinv

from assay.quality.reading import Codes, Floats, summed

SHRUNK = 3.0
"""Items that the crowd's own share weighs in each rater's."""


def pooled(rater_N: Codes, n_raters: int, hit_N: Floats, of_N: Floats) -> tuple[Floats, Floats, Floats]:
    """Return each rater's share of hits, pooled over their answers, and its 95 % interval.

    Shrunk towards the crowd's by `SHRUNK` answers of usual size. The interval counts an answer, not a mark,
    as one observation, since the marks of one answer stand and fall together.

    Parameters
    ----------
    rater_N, hit_N, of_N
        For each answer its rater, its hits, and out of how many; answers out of none say nothing.

    >>> share_R, low_R, high_R = pooled(np.array([0, 1]), 2, np.array([9.0, 1.0]), np.array([10.0, 10.0]))
    >>> share_R.round(3).tolist(), bool((low_R < share_R).all() and (share_R < high_R).all())
    ([0.6, 0.4], True)
    """
    total = float(of_N.sum())
    crowd = (float(hit_N.sum()) + 1) / (total + 2)
    usual = total / max(int((of_N > 0).sum()), 1) or 1.0
    hit_R = summed(rater_N, hit_N, n_raters) + SHRUNK * usual * crowd
    of_R = summed(rater_N, of_N, n_raters) + SHRUNK * usual
    counted_R = summed(rater_N, (of_N > 0).astype(np.float64), n_raters) + SHRUNK
    share_R = hit_R / of_R
    right_R = np.clip(share_R, 1e-6, 1 - 1e-6) * counted_R
    low_R, high_R = (betaincinv(right_R, counted_R - right_R, p) for p in (0.025, 0.975))
    return share_R, np.minimum(low_R, share_R), np.maximum(high_R, share_R)
