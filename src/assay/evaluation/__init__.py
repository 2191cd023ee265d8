"""What a model is worth: comparisons by people in, a board with honest intervals out."""

from assay.evaluation.battles import Battles, BoardError
from assay.evaluation.bradley_terry import Board, bradley_terry

__all__ = ["Battles", "Board", "BoardError", "bradley_terry"]
