"""Leaps: rounds that creep in one direction jump ahead in it, and come to the same rest sooner."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from assay.quality.labels.columns import Floats

FIRST = 3
"""The first round whose start is watched: shares of votes, where all begins, say little of where it goes."""

LONGEST, LONGER = 4.0, 4.0
"""The longest leap, in steps, and by how much it may grow each time it is reached: the authors' defaults."""


@dataclass
class Leaps:
    """Extrapolates the expected counts of every third round.

    Expectation and maximisation map counts x to F(x). Of three in a row, r = x₁ − x₀ is the first step and
    v = (x₂ − x₁) − r how it changed; the leap is to x₀ + 2a·r + a²·v with a = ‖r‖ / ‖v‖, kept between 1
    (which is x₂) and a longest that grows. Where F(x) = x it stays: only the number of rounds changes. Counts
    stay at 0 or above, and those of a rater for a label they gave keep their sum.

    Source: SQUAREM, scheme S3, of Varadhan & Roland, "Simple and globally convergent methods for
    accelerating the convergence of any EM algorithm", Scandinavian Journal of Statistics 35 (2008).
    """

    longest: float = LONGEST
    seen: list[tuple[Floats, Floats]] = field(default_factory=list)

    def ahead(self, iteration: int, counts_R_G_J: Floats, total_J: Floats) -> tuple[Floats, Floats]:
        """Return the counts, and totals of labels, from which a round should start: mostly those given.

        >>> leaps, one = Leaps(), np.ones((1, 1, 1))
        >>> steps = [(one * [x, 10 - x], one[0, 0] * [x, 10 - x]) for x in (1.0, 3.0, 4.0)]
        >>> [leaps.ahead(9, *step)[1].tolist() for step in steps]  # each step is half of the one before
        [[1.0, 9.0], [3.0, 7.0], [5.0, 5.0]]
        """
        if iteration < FIRST:
            return counts_R_G_J, total_J
        self.seen.append((counts_R_G_J, total_J))
        if not self.due:
            return counts_R_G_J, total_J
        (x_R_G_J, x_J), (y_R_G_J, y_J), (z_R_G_J, z_J) = self.seen
        self.seen = []
        step_R_G_J = y_R_G_J - x_R_G_J
        bend_R_G_J = z_R_G_J - y_R_G_J - step_R_G_J
        bent = float(np.vdot(bend_R_G_J, bend_R_G_J))
        wanted = np.sqrt(np.vdot(step_R_G_J, step_R_G_J) / bent) if bent > 0 else 1.0
        a = min(max(float(wanted), 1.0), self.longest)
        if a == self.longest:
            self.longest *= LONGER
        leapt_R_G_J = _kept(x_R_G_J + 2 * a * step_R_G_J + a * a * bend_R_G_J, z_R_G_J)
        return leapt_R_G_J, _kept(x_J + 2 * a * (y_J - x_J) + a * a * (z_J - 2 * y_J + x_J), z_J)

    @property
    def due(self) -> bool:
        """Whether the round after the last one watched starts with a leap."""
        return len(self.seen) == 3


def _kept(leapt_J: Floats, before_J: Floats) -> Floats:
    """Return counts at 0 or above, with the sums over the last axis that they had before."""
    np.maximum(leapt_J, 0, out=leapt_J)
    total, kept = (values @ np.ones(values.shape[-1]) for values in (leapt_J, before_J))
    leapt_J *= (kept / np.maximum(total, 1e-300))[..., None]
    return leapt_J
