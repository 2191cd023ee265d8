"""Comparisons of models as columns of integer codes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from assay.errors import AssayError
from assay.records import Battle

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]

SCORE = {"a": 1.0, "b": 0.0, "tie": 0.5, "both_bad": 0.5}
"""What each outcome is worth to the first model; a tie or two bad answers is half a win for each."""

OUTCOMES = tuple(SCORE)
"""The four outcomes; `outcome_N` points into them."""

CODED = ("model_a", "model_b", "winner", "rater", "item")
"""Columns that become codes; every other one stays in `detail` as it came."""

NUMBERS = ("propensity", "strength", "seconds")


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
    outcome_N
        Codes into `OUTCOMES`: 0 the first won, 1 the second, 2 a tie, 3 both bad. Where not given it follows
        from `score_N`.
    item_N
        Codes into `items`; where the items are unknown every comparison counts as one of its own.
    detail
        What else is known, a row a comparison, columns named as the fields of `Battle`: `language`, `domain`,
        `seconds`, `response_a` … A column that nobody filled is not there.
    derived
        Whether several comparisons were made out of one act, such as all pairs of a table of ratings. Such
        comparisons repeat each other, and only intervals clustered by rater and item are honest.
    """

    a_N: Codes
    b_N: Codes
    score_N: Floats
    rater_N: Codes
    models: tuple[str, ...]
    raters: tuple[str, ...]
    outcome_N: NDArray[np.int8] | None = None
    item_N: Codes | None = None
    items: tuple[str, ...] = ()
    detail: pl.DataFrame | None = None
    derived: bool = False

    def __len__(self) -> int:
        return len(self.a_N)

    @property
    def rater_known(self) -> bool:
        return bool(self.raters)

    @property
    def outcomes_N(self) -> NDArray[np.int8]:
        """Codes into `OUTCOMES`, also where only scores were given."""
        if self.outcome_N is not None:
            return self.outcome_N
        return np.where(self.score_N == 1, 0, np.where(self.score_N == 0, 1, 2)).astype(np.int8)

    @property
    def items_N(self) -> Codes:
        """Codes into `items`, or one for each comparison where the items are unknown."""
        return np.arange(len(self)) if self.item_N is None else self.item_N

    @classmethod
    def from_records(cls, battles: Iterable[Battle]) -> Battles:
        """Read `Battle` records.

        >>> Battles.from_records([Battle("i", "x", "y", "a", "ann", language="ar")]).column("language")[0]
        'ar'
        """
        held = list(battles)
        frame = pl.DataFrame(
            {name: [getattr(one, name) for one in held] for name in _TEXTS},
            schema=dict.fromkeys(_TEXTS, pl.String),
        ).with_columns(pl.Series(name, [getattr(one, name) for one in held], pl.Float64) for name in NUMBERS)
        if any(one.dimensions for one in held):
            said = [json.dumps(dict(one.dimensions)) for one in held]
            frame = frame.with_columns(pl.Series("dimensions", said))
        if any(one.events for one in held):
            logged = [json.dumps([dict(event) for event in one.events]) for one in held]
            frame = frame.with_columns(pl.Series("events", logged))
        unsaid = [name for name in _TEXTS if name not in CODED[:3] and (frame[name] == _DEFAULT[name]).all()]
        unsaid += [name for name in ("strength", "seconds") if frame[name].null_count() == len(frame)]
        unsaid += ["propensity"] if (frame["propensity"] == 1).all() else []
        return cls.from_frame(frame.drop(unsaid))

    @classmethod
    def from_frame(cls, frame: pl.DataFrame, *, derived: bool = False) -> Battles:
        """Read a table with the columns `model_a, model_b, winner` and, where known, `rater` and `item`.

        Every other column is kept in `detail`. Tables as people bring them are read by
        `assay.evaluation.importing.read`, which knows other tools' words and names the row of a mistake.

        Raises
        ------
        BoardError
            Where there is no comparison, an unknown winner, or a model that meets itself.
        """
        if frame.is_empty():
            raise BoardError("there are no comparisons; a board needs at least one")
        outcome = frame["winner"].replace_strict(
            list(OUTCOMES), range(len(OUTCOMES)), default=None, return_dtype=pl.Int8
        )
        if outcome.null_count():
            strange = frame["winner"].filter(outcome.is_null())[0]
            raise BoardError(f"the winner {strange!r} is none of {', '.join(SCORE)}")
        models = pl.concat([frame["model_a"], frame["model_b"].alias("model_a")]).unique().sort()
        a_N, b_N = _codes(frame["model_a"], models), _codes(frame["model_b"], models)
        if (a_N == b_N).any():
            raise BoardError(
                f"{models[int(a_N[a_N == b_N][0])]!r} is compared with itself; remove that comparison"
            )
        outcome_N = outcome.to_numpy()
        raters, rater_N = _known(frame, "rater")
        items, item_N = _known(frame, "item")
        detail = frame.drop(CODED, strict=False)
        return cls(
            a_N,
            b_N,
            np.array(list(SCORE.values()))[outcome_N],
            np.arange(len(frame)) if rater_N is None else rater_N,
            tuple(models.to_list()),
            raters,
            outcome_N=outcome_N,
            item_N=item_N,
            items=items,
            detail=detail if detail.width else None,
            derived=derived,
        )

    def column(self, name: str) -> pl.Series:
        """Return one of the columns of `detail`.

        Raises
        ------
        BoardError
            Where the comparisons came without it.
        """
        if self.detail is None or name not in self.detail.columns:
            held = ", ".join(self.detail.columns) if self.detail is not None else "none beside who won"
            raise BoardError(f"the comparisons have no column {name!r}; they have: {held}")
        return self.detail[name]

    def coded(self, name: str) -> tuple[Codes, tuple[str, ...]]:
        """Return a column of names as codes and the names they point into; an empty cell is the name ``.

        >>> Battles.from_records([Battle("i", "x", "y", "a", domain="sea")]).coded("domain")
        (array([0]), ('sea',))
        """
        column = self.column(name).cast(pl.String).fill_null("")
        names = column.unique().sort()
        return _codes(column, names), tuple(names.to_list())

    def take(self, chosen_N: NDArray[np.bool_] | Codes) -> Battles:
        """Return some of the comparisons; models, raters and items keep their codes.

        >>> both = Battles.from_records([Battle("i", "x", "y", "a"), Battle("j", "x", "z", "b")])
        >>> one = both.take(np.array([True, False]))
        >>> len(one), one.models
        (1, ('x', 'y', 'z'))
        """
        place_N = np.flatnonzero(chosen_N) if chosen_N.dtype == bool else chosen_N
        return replace(
            self,
            a_N=self.a_N[place_N],
            b_N=self.b_N[place_N],
            score_N=self.score_N[place_N],
            rater_N=self.rater_N[place_N],
            outcome_N=None if self.outcome_N is None else self.outcome_N[place_N],
            item_N=None if self.item_N is None else self.item_N[place_N],
            detail=None if self.detail is None else self.detail[place_N],
        )

    def to_frame(self) -> pl.DataFrame:
        """Return the comparisons as a table, which `from_frame` reads again.

        >>> Battles.from_records([Battle("i", "x", "y", "a", "ann")]).to_frame().rows()
        [('x', 'y', 'a', 'ann', 'i')]
        """
        models = np.array(self.models, dtype=object)
        columns = {
            "model_a": pl.Series(models[self.a_N], dtype=pl.String),
            "model_b": pl.Series(models[self.b_N], dtype=pl.String),
            "winner": pl.Series(np.array(OUTCOMES, dtype=object)[self.outcomes_N], dtype=pl.String),
        }
        if self.raters:
            columns["rater"] = pl.Series(np.array(self.raters, dtype=object)[self.rater_N], dtype=pl.String)
        if self.item_N is not None:
            columns["item"] = pl.Series(np.array(self.items, dtype=object)[self.item_N], dtype=pl.String)
        frame = pl.DataFrame(columns)
        return frame if self.detail is None else frame.hstack(self.detail)


_DEFAULT = {each.name: each.default for each in fields(Battle)}
_TEXTS = tuple(name for name in _DEFAULT if name not in (*NUMBERS, "dimensions", "events"))


def _known(frame: pl.DataFrame, name: str) -> tuple[tuple[str, ...], Codes | None]:
    """Return the names of a column and its codes; nothing where a name is missing anywhere."""
    if name not in frame.columns or frame[name].null_count():
        return (), None
    names = frame[name].unique().sort()
    return tuple(names.to_list()), _codes(frame[name], names)


def _codes(column: pl.Series, names: pl.Series) -> Codes:
    position = pl.DataFrame({"name": names, "code": np.arange(len(names))})
    joined = column.alias("name").to_frame().join(position, on="name", how="left", maintain_order="left")
    return joined["code"].to_numpy().astype(np.int64, copy=False)
