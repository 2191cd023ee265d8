"""Leaps: rounds that creep in one direction jump ahead in it, and come to the same rest sooner."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from assay.quality.labels.columns import Floats

FIRST = 3
"""The first round whose start is watched: shares of votes, where all begins, say little of where it goes."""

LONGEST, LONGER = 4.0, 4.0
"""The longest leap, in steps, and by how much it may grow each time it is reached: the authors' defaults."""

LONGEST_EVER = 256.0
"""Where it stops growing: steps that differ by rounding alone would else send it anywhere."""

STEPS = 2
"""How many steps a leap is judged by."""


@dataclass
class Leaps:
    """Extrapolates what every third round learned of raters, such as their expected counts.

    A round maps numbers x to F(x). Of three in a row, r = x₁ − x₀ is the first step and v = (x₂ − x₁) − r
    how it changed; the leap is to x₀ + 2a·r + a²·v with a = ‖r‖ / ‖v‖, kept between 1 (which is x₂) and a
    longest that grows. Where F(x) = x it stays: only the number of rounds changes. Nothing falls below 0, and
    with `shared` sums over the last axis stay what they are, as where counts are shared out among labels.

    Source: SQUAREM, scheme S3, of Varadhan & Roland, "Simple and globally convergent methods for
    accelerating the convergence of any EM algorithm", Scandinavian Journal of Statistics 35 (2008).
    """

    shared: bool = True
    longest: float = LONGEST
    seen: list[tuple[Floats, Floats]] = field(default_factory=list)

    def ahead(self, iteration: int, learned_R_J: Floats, total_J: Floats) -> tuple[Floats, Floats]:
        """Return from what a round should start, which mostly is what is given.

        Parameters
        ----------
        learned_R_J
            What the length of the leap is judged by: any axes, the last over labels or their like.
        total_J
            What leaps along.

        >>> leaps, one = Leaps(), np.ones((1, 1, 1))
        >>> steps = [(one * [x, 10 - x], one[0, 0] * [x, 10 - x]) for x in (1.0, 3.0, 4.0)]
        >>> [leaps.ahead(9, *step)[1].tolist() for step in steps]  # each step is half of the one before
        [[1.0, 9.0], [3.0, 7.0], [5.0, 5.0]]
        """
        if iteration < FIRST:
            return learned_R_J, total_J
        self.seen.append((learned_R_J, total_J))
        if len(self.seen) <= STEPS:
            return learned_R_J, total_J
        seen, self.seen = self.seen, []
        (x_R_J, y_R_J, z_R_J), (x_J, y_J, z_J) = zip(*seen, strict=True)
        step_R_J = y_R_J - x_R_J
        bend_R_J = z_R_J - y_R_J
        bend_R_J -= step_R_J
        a = self._length(_square(step_R_J), _square(bend_R_J))
        step_R_J *= 2 * a
        bend_R_J *= a * a
        step_R_J += bend_R_J
        step_R_J += x_R_J
        leapt_J = x_J + 2 * a * (y_J - x_J) + a * a * (z_J - 2 * y_J + x_J)
        return self._possible(step_R_J, z_R_J), self._possible(leapt_J, z_J)

    def only(self, lives_J: NDArray[np.bool_]) -> None:
        """Forget all but these places of the last axis."""
        self.seen = [(learned_R_J[..., lives_J], total_J[lives_J]) for learned_R_J, total_J in self.seen]

    def _length(self, step: float, bend: float) -> float:
        """Return a, from the squares of r and v."""
        a = min(max(math.sqrt(step / bend), 1.0), self.longest) if bend > 0 else 1.0
        if a == self.longest:
            self.longest = max(self.longest, min(self.longest * LONGER, LONGEST_EVER))
        return a

    def _possible(self, leapt_J: Floats, before_J: Floats) -> Floats:
        """Keep what was leapt to at 0 or above, and where it is shared out its sums."""
        np.maximum(leapt_J, 0, out=leapt_J)
        if self.shared:
            one_J = np.ones(leapt_J.shape[-1])
            leapt_J *= (before_J @ one_J / np.maximum(leapt_J @ one_J, 1e-300))[..., None]
        return leapt_J


def _square(table_R_J: Floats) -> float:
    """Sum the squares; by `einsum`, since the linear algebra library wakes all cores for a long product."""
    values = table_R_J.reshape(-1)
    return float(np.einsum("i,i->", values, values))
