"""Comparisons: which of two is better in, a score for each item and each rater's reliability out.

Rankings and best-of-n choices are read as weighted comparisons. `crowd_bradley_terry` is the default.
"""

from assay.quality.pairs.bradley_terry import SideBias, bradley_terry, crowd_bradley_terry, side_bias
from assay.quality.pairs.columns import Pairs
from assay.quality.pairs.pooling import RankingsResult, borda, ranked
from assay.quality.pairs.rankings import Rankings
from assay.quality.pairs.result import PairsMethod, PairsResult

__all__ = [
    "Pairs",
    "PairsMethod",
    "PairsResult",
    "Rankings",
    "RankingsResult",
    "SideBias",
    "borda",
    "bradley_terry",
    "crowd_bradley_terry",
    "ranked",
    "side_bias",
]
