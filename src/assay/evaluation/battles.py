"""Comparisons of models as columns of integer codes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from assay.errors import AssayError
from assay.records import Battle

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]

SCORE = {"a": 1.0, "b": 0.0, "tie": 0.5, "both_bad": 0.5}
"""What each outcome is worth to the first model; a tie or two bad answers is half a win for each."""


class BoardError(AssayError):
    """Comparisons from which no board can be drawn."""


@dataclass(frozen=True, eq=False)
class Battles:
    """N comparisons of M models.

    Attributes
    ----------
    a_N, b_N
        Codes of the two models, pointing into `models`.
    score_N
        1 where the first won, 0 where the second did, ½ otherwise.
    rater_N
        Codes into `raters`; where the raters are unknown every comparison counts as one of its own.
    """

    a_N: Codes
    b_N: Codes
    score_N: Floats
    rater_N: Codes
    models: tuple[str, ...]
    raters: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.a_N)

    @property
    def rater_known(self) -> bool:
        return bool(self.raters)

    @classmethod
    def from_records(cls, battles: Iterable[Battle]) -> Battles:
        """Read `Battle` records.

        >>> Battles.from_records([Battle("i", "x", "y", "a", "ann")]).models
        ('x', 'y')
        """
        held = list(battles)
        columns = {
            name: [getattr(battle, name) for battle in held]
            for name in ("model_a", "model_b", "winner", "rater")
        }
        frame = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))
        if not any(columns["rater"]):
            frame = frame.drop("rater")
        return cls.from_frame(frame)

    @classmethod
    def from_frame(cls, frame: pl.DataFrame) -> Battles:
        """Read a table with the columns `model_a, model_b, winner` and, where known, `rater`.

        Raises
        ------
        BoardError
            Where there is no comparison, an unknown winner, or a model that meets itself.
        """
        if frame.is_empty():
            raise BoardError("there are no comparisons; a board needs at least one")
        score = frame["winner"].replace_strict(
            list(SCORE), list(SCORE.values()), default=None, return_dtype=pl.Float64
        )
        if score.null_count():
            strange = frame["winner"].filter(score.is_null())[0]
            raise BoardError(f"the winner {strange!r} is none of {', '.join(SCORE)}")
        models = pl.concat([frame["model_a"], frame["model_b"].alias("model_a")]).unique().sort()
        a_N, b_N = _codes(frame["model_a"], models), _codes(frame["model_b"], models)
        if (a_N == b_N).any():
            raise BoardError(
                f"{models[int(a_N[a_N == b_N][0])]!r} is compared with itself; remove that comparison"
            )
        raters, rater_N = pl.Series([], dtype=pl.String), np.arange(len(frame))
        if "rater" in frame.columns and not frame["rater"].null_count():
            raters = frame["rater"].unique().sort()
            rater_N = _codes(frame["rater"], raters)
        return cls(a_N, b_N, score.to_numpy(), rater_N, tuple(models.to_list()), tuple(raters.to_list()))


def _codes(column: pl.Series, names: pl.Series) -> Codes:
    position = pl.DataFrame({"name": names, "code": np.arange(len(names))})
    joined = column.alias("name").to_frame().join(position, on="name", how="left", maintain_order="left")
    return joined["code"].to_numpy().astype(np.int64, copy=False)
