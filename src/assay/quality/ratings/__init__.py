"""Ratings: numbers in, a value for each item and how each rater uses the scale out.

Ordered classes are read as numbers, from the lowest level up. `chosen` is the default.
"""

from assay.quality.ratings.choose import chosen, stacked
from assay.quality.ratings.columns import Ratings
from assay.quality.ratings.gaussian import bias, linear, precision
from assay.quality.ratings.history import RatingHistory
from assay.quality.ratings.result import RatingsMethod, RatingsResult
from assay.quality.ratings.simple import crh, mean, median, z_score

__all__ = [
    "RatingHistory",
    "Ratings",
    "RatingsMethod",
    "RatingsResult",
    "bias",
    "chosen",
    "crh",
    "linear",
    "mean",
    "median",
    "precision",
    "stacked",
    "z_score",
]
