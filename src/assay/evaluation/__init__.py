"""What a model is worth: comparisons by people in, a board with honest intervals out."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from assay.evaluation.board import Board

if TYPE_CHECKING:
    from assay.evaluation.battles import Battles as Battles
    from assay.evaluation.battles import BoardError as BoardError
    from assay.evaluation.plain import bradley_terry as bradley_terry

__all__ = ["Battles", "Board", "BoardError", "bradley_terry"]

# SciPy and polars take half a second to load; whoever only reads or draws a board does without.
_HOMES = {
    "Battles": "assay.evaluation.battles",
    "BoardError": "assay.evaluation.battles",
    "bradley_terry": "assay.evaluation.plain",
}


def __getattr__(name: str) -> object:
    """Import what is asked for, and keep it."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = found
    return found
