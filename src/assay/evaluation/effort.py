"""How long somebody looked, as a smooth curve that may bend: slow is not better without end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.evaluation.battles import Floats

EDGES = (0.01, 0.99)
"""Beyond these quantiles a time counts as the quantile: idle tabs and double clicks are tamed, not cut."""

KNOTS = (0.05, 0.35, 0.65, 0.95)
"""Quantiles of the knots: two inside, and the two ends from which the curve goes on straight."""


@dataclass(frozen=True, eq=False)
class Curve:
    """A natural cubic spline of the log of the seconds, its columns with mean 0 and spread 1.

    >>> seconds = np.array([2.0, 5, 9, 14, 30, 55, 80, 200])
    >>> Curve.through(seconds).basis(np.array([4.0, np.nan])).round(2)[1].tolist()
    [0.0, 0.0, 0.0]
    """

    low: float
    high: float
    knots: Floats
    mean_B: Floats
    spread_B: Floats

    @classmethod
    def through(cls, seconds_N: Floats) -> Curve | None:
        """Place the knots by the times that are known; `None` where they hardly differ."""
        known = np.log(seconds_N[np.isfinite(seconds_N) & (seconds_N > 0)])
        if len(known) < 8:
            return None
        low, high = np.quantile(known, EDGES)
        knots = np.quantile(np.clip(known, low, high), KNOTS)
        if (np.diff(knots) < 1e-6).any():
            return None
        raw = _natural(np.clip(known, low, high), knots)
        return cls(float(low), float(high), knots, raw.mean(axis=0), raw.std(axis=0))

    def basis(self, seconds_N: Floats) -> Floats:
        """Return the columns of the curve, N×3; an unknown time is an average one."""
        known_N = np.isfinite(seconds_N) & (seconds_N > 0)
        log_N = np.log(np.where(known_N, seconds_N, 1.0))
        raw = _natural(np.clip(log_N, self.low, self.high), self.knots)
        return np.where(known_N[:, None], (raw - self.mean_B) / self.spread_B, 0.0)


def _natural(x_N: Floats, knots: Floats) -> Floats:
    """Return x and the natural cubic terms (Hastie, Tibshirani & Friedman, 5.2.1)."""

    def term(k: int) -> Floats:
        bent: Floats = (np.maximum(x_N - knots[k], 0) ** 3 - np.maximum(x_N - knots[-1], 0) ** 3) / (
            knots[-1] - knots[k]
        )
        return bent

    last = term(len(knots) - 2)
    return np.stack([x_N, *(term(k) - last for k in range(len(knots) - 2))], axis=1)
