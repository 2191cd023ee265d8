"""What a method for ratings returns: a value for each item, and how each rater uses the scale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np
from scipy.special import expit, ndtr

from assay.quality.ratings.columns import Ratings
from assay.quality.ratings.history import RatingHistory
from assay.quality.reading import Codes, Floats

SURE = 1.959963984540054
"""Standard deviations either side that hold 95 % of a normal distribution."""


@dataclass(frozen=True, eq=False)
class RatingsResult:
    """The outcome of one method on the ratings of one question.

    A rater is taken to answer  `centre` + `offset_R` + `slope_R` · (value − `centre`) + noise, so that the
    average rater has offset 0 and slope 1. All values are on the raters' own scale.

    Attributes
    ----------
    value_I, sd_I
        The verdict on each item and its standard deviation, which knows how much else had to be learned from
        the same ratings (`certainty`).
    offset_R, slope_R, noise_R
        How much higher than the crowd a rater answers about an average item, how far they stretch the scale,
        and the standard deviation of what is left. 0 and 1 where the method has no such part.
    reliability_R, reliability_low_R, reliability_high_R
        Share of the variance of a rater's answers that the items explain, with its 95 % interval: 1 is a
        perfect instrument, 0 is noise. The square of the expected correlation with the truth.
    method, assumed, converged, iterations
        The registered name, what has to hold, and whether the rounds came to rest.
    held_out_N
        Log density of each rating, predicted without it (see `gaussian.held_out`).
    compared
        For methods that choose: mean held-out log density of each candidate.
    history
        How each rater answered, here and remembered: what `Ratings.remembering` takes next time.
    notes
        What was set aside on the way, in sentences.
    """

    ratings: Ratings
    value_I: Floats
    sd_I: Floats
    offset_R: Floats
    slope_R: Floats
    noise_R: Floats
    reliability_R: Floats
    reliability_low_R: Floats
    reliability_high_R: Floats
    centre: float
    method: str
    assumed: tuple[str, ...] = ()
    converged: bool = True
    iterations: int = 0
    held_out_N: Floats | None = field(default=None, repr=False)
    compared: Mapping[str, float] = field(default_factory=dict)
    history: Mapping[str, RatingHistory] = field(default_factory=dict, repr=False)
    notes: tuple[str, ...] = ()

    @cached_property
    def verdicts(self) -> dict[str, float]:
        """Item → value."""
        return dict(zip(self.ratings.items, self.value_I.tolist(), strict=True))

    @cached_property
    def low_I(self) -> Floats:
        """Lower end of the 95 % interval of each value, kept on the scale."""
        return kept_on_scale(self.ratings, self.value_I - SURE * self.sd_I)

    @cached_property
    def high_I(self) -> Floats:
        """Upper end of the 95 % interval of each value, kept on the scale."""
        return kept_on_scale(self.ratings, self.value_I + SURE * self.sd_I)

    @cached_property
    def class_I(self) -> Codes:
        """For ordered classes, the code of the level nearest to the value; halfway, the lower one."""
        top = len(self._levels) - 1
        nearest_I: Codes = np.clip(np.ceil(np.round(self.value_I, 9) - 0.5), 0, top).astype(np.int64)
        return nearest_I

    @cached_property
    def class_probability_I_K(self) -> Floats:
        """Probability that the value lies nearest to each level, by its normal distribution."""
        halfway = np.arange(len(self._levels) - 1) + 0.5
        sd_I = np.maximum(self.sd_I, 1e-9)
        below_I_K = ndtr((halfway - self.value_I[:, None]) / sd_I[:, None])
        ends = ((0, 0), (1, 1))
        padded: Floats = np.diff(np.pad(below_I_K, ends, constant_values=((0, 0), (0, 1))), axis=1)
        return padded

    @cached_property
    def classes(self) -> dict[str, str]:
        """For ordered classes: item → label of the nearest level."""
        return {item: self._levels[code] for item, code in zip(self.ratings.items, self.class_I, strict=True)}

    @property
    def _levels(self) -> tuple[str, ...]:
        if self.ratings.levels is None:
            raise ValueError("these ratings are numbers, not ordered classes; read `verdicts`")
        return self.ratings.levels


class RatingsMethod(Protocol):
    """A method for ratings: one function, ratings in, a frozen result out."""

    def __call__(self, ratings: Ratings, /) -> RatingsResult: ...


def kept_on_scale(ratings: Ratings, value_I: Floats) -> Floats:
    """Return values moved to the nearest end of the scale where they lie off it."""
    if ratings.low is None and ratings.high is None:
        return value_I
    on_scale: Floats = np.clip(value_I, ratings.low, ratings.high)
    return on_scale


def reliability(
    slope_R: Floats, slope_variance_R: Floats, noise_R: Floats, freedom_R: Floats, spread: float
) -> tuple[Floats, Floats, Floats]:
    """Return the share of each rater's variance that the items explain, and its 95 % interval.

    With `spread` the standard deviation of the values: slope²·spread² / (slope²·spread² + noise²). On the
    log-odds its variance is 4·Var(slope)/slope² + 2/freedom (delta method; log of a χ² with `freedom`).
    """
    signal_R = np.maximum((slope_R * spread) ** 2, 1e-12)
    odds_R = np.log(signal_R / np.maximum(noise_R**2, 1e-12))
    square_R = np.maximum(slope_R**2, 1e-12)
    half_R = SURE * np.sqrt(np.minimum(4 * slope_variance_R / square_R + 2 / freedom_R, 100.0))
    return expit(odds_R), expit(odds_R - half_R), expit(odds_R + half_R)
