"""Earlier ratings in a fit: histories as arrays in working units, and what a fit adds to them."""

from __future__ import annotations

from dataclasses import astuple, dataclass

import numpy as np

from assay.quality.ratings.columns import Ratings
from assay.quality.ratings.history import RatingHistory
from assay.quality.reading import Floats


@dataclass(frozen=True, eq=False)
class Past:
    """The histories of a table's raters as arrays, in a fit's working units; zeros where there is none."""

    count_R: Floats
    x_R: Floats
    y_R: Floats
    xx_R: Floats
    xy_R: Floats
    yy_R: Floats

    @classmethod
    def of(
        cls, ratings: Ratings, shift_R: Floats, scale_R: Floats, *, level: float, gain: float, remember: bool
    ) -> Past:
        """Bring histories to units: values become (v − level) / gain, answers (y − shift) / scale."""
        held_R_6 = np.zeros((len(ratings.raters), 6))
        for code, rater in enumerate(ratings.raters) if remember else ():
            if rater in ratings.history:
                held_R_6[code] = astuple(ratings.history[rater])
        count_R, x_R, y_R, xx_R, xy_R, yy_R = held_R_6.T
        there_R = count_R > 0
        return cls(
            count_R,
            np.where(there_R, (x_R - level) / gain, 0.0),
            np.where(there_R, (y_R - shift_R) / scale_R, 0.0),
            np.where(there_R, xx_R / gain**2, 0.0),
            np.where(there_R, xy_R / (gain * scale_R), 0.0),
            np.where(there_R, yy_R / scale_R**2, 0.0),
        )

    @property
    def known(self) -> bool:
        """Whether anything is remembered of anybody."""
        return bool(self.count_R.any())

    def sums(self) -> tuple[Floats, ...]:
        """Return the sums of x², x, 1, x·y and y: what a regression of answers on values asks for."""
        return (
            self.count_R * (self.xx_R + self.x_R**2),
            self.count_R * self.x_R,
            self.count_R,
            self.count_R * (self.xy_R + self.x_R * self.y_R),
            self.count_R * self.y_R,
        )

    def square_R(
        self,
        slope_R: Floats,
        offset_R: Floats,
        slope_variance_R: Floats,
        offset_variance_R: Floats,
        both_R: Floats,
        /,
        *,
        floor: float,
    ) -> Floats:
        """Return the expected sums of squared distances of earlier answers from slope · value + offset."""
        off_R = self.y_R - slope_R * self.x_R - offset_R
        about_R = self.yy_R - 2 * slope_R * self.xy_R + slope_R**2 * self.xx_R
        unsure_R = slope_variance_R * (self.xx_R + self.x_R**2) + offset_variance_R + 2 * both_R * self.x_R
        square_R: Floats = self.count_R * (off_R**2 + np.maximum(about_R, 0.0) + unsure_R + floor)
        return square_R


def history_of(ratings: Ratings, value_I: Floats, variance_I: Floats) -> dict[str, RatingHistory]:
    """Return how each rater answered, here and as remembered, for values with these means and variances."""
    weight_N, item_N, rater_N = ratings.weight_N, ratings.item_N, ratings.rater_N

    def mean(amount_N: Floats) -> Floats:
        return ratings.by_rater(weight_N * amount_N) / ratings.weight_R

    x_R, y_R = mean(value_I[item_N]), mean(ratings.value_N)
    x_N, y_N = value_I[item_N] - x_R[rater_N], ratings.value_N - y_R[rater_N]
    columns = (
        ratings.weight_R, x_R, y_R, mean(x_N**2 + variance_I[item_N]), mean(x_N * y_N), mean(y_N**2)
    )  # fmt: skip
    found = {}
    for rater, *own in zip(ratings.raters, *(column.tolist() for column in columns), strict=True):
        here = RatingHistory(*own)
        found[rater] = ratings.history[rater] + here if rater in ratings.history else here
    return found
