"""Comparisons as columns: which of two a person preferred, or that they saw no difference."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import polars as pl
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from assay.errors import TableError
from assay.quality import reading
from assay.quality.labels.columns import VotesError
from assay.quality.reading import Codes, Floats

TIE = "tie"


@dataclass(frozen=True, eq=False)
class Pairs:
    """N comparisons of I items by R raters.

    Attributes
    ----------
    left_N, right_N, rater_N
        Codes of what was shown on either side, into `items`, and of who compared, into `raters`.
    score_N
        1 where the left one won, 0 where the right one did, ½ for a tie.
    weight_N
        What each comparison counts.
    items, raters
        Names, sorted as text, so that the order of the comparisons never changes a result.
    repeated
        How many comparisons were set aside because the same rater compared the same two again later.
    known_N
        The right outcome of a comparison, as `score_N`, where it is known, NaN elsewhere; `known_I` the
        numbers it was known from. Set both with `knowing`.
    history_R_2
        Earlier comparisons of each rater, those meant as said and those not; set it with `remembering`.

    Build one with `from_frame`, `from_lists`, `from_rankings` or `from_choices`.
    """

    left_N: Codes
    right_N: Codes
    rater_N: Codes
    score_N: Floats
    weight_N: Floats
    items: tuple[str, ...]
    raters: tuple[str, ...]
    repeated: int = 0
    known_N: Floats | None = None
    known_I: Floats | None = None
    history_R_2: Floats | None = None

    def __len__(self) -> int:
        return len(self.left_N)

    @classmethod
    def from_frame(cls, frame: pl.DataFrame) -> Pairs:
        """Read a table with the columns `left`, `right`, `label`, `rater` and perhaps `weight`.

        `label` is the id of the winner or ``tie``. Of several comparisons of the same two by one rater the
        last counts, whichever side each was on.

        Raises
        ------
        TableError
            Where a column is missing, a cell is empty, an item meets itself, or the label is neither of the
            two nor ``tie``; names the row and the column.
        VotesError
            Where there is no comparison.
        """
        frame = reading.filled(frame, ["left", "right", "label", "rater"])
        frame = frame.with_columns(pl.Series("weight", reading.weights(frame)))
        itself = frame["left"] == frame["right"]
        if itself.any():
            row = int(itself.arg_true()[0])
            what = f"{frame['left'][row]!r} is compared with itself; remove the row"
            raise TableError(what, row=row + 1, column="right")
        left, right, tie = (frame["label"] == other for other in (frame["left"], frame["right"], TIE))
        if not (left | right | tie).all():
            row = int((~(left | right | tie)).arg_true()[0])
            of = f"neither {frame['left'][row]!r} nor {frame['right'][row]!r} nor {TIE!r}"
            raise TableError(f"{frame['label'][row]!r} is {of}", row=row + 1, column="label")
        # An item may be called "tie"; where it takes part, the word is its name.
        frame = frame.with_columns(
            pl.when(left).then(1.0).when(right).then(0.0).otherwise(0.5).alias("score"),
            pl.min_horizontal("left", "right").alias("first"),
            pl.max_horizontal("left", "right").alias("second"),
        )
        kept = reading.last_answers(frame, ["rater", "first", "second"])
        (left_N, right_N), items = reading.coded(kept["left"], kept["right"])
        (rater_N,), raters = reading.coded(kept["rater"])
        # Sums in another order differ in the last bit, and EM would carry that on: one order for all.
        order_N = np.lexsort((rater_N, right_N, left_N))
        return cls(
            left_N[order_N],
            right_N[order_N],
            rater_N[order_N],
            kept["score"].to_numpy()[order_N],
            kept["weight"].to_numpy()[order_N],
            items,
            raters,
            repeated=len(frame) - len(kept),
        )

    @classmethod
    def from_lists(
        cls, left: Sequence[object], right: Sequence[object], label: Sequence[object], rater: Sequence[object]
    ) -> Pairs:
        """Read four sequences of equal length; ids of any type, compared as text.

        >>> Pairs.from_lists(["a", "a"], ["b", "c"], ["b", "tie"], ["ann", "ann"]).score_N.tolist()
        [0.0, 0.5]
        """
        return cls.from_frame(reading.listed(left=left, right=right, label=label, rater=rater))

    @classmethod
    def from_rankings(cls, rankings: Iterable[tuple[object, Sequence[object]]]) -> Pairs:
        """Read rankings, (rater, items from the best down), as all the comparisons they imply.

        The n(n − 1)/2 comparisons of one ranking are not that many independent ones. Each weighs
        4 Σ_{m=2..n} (1 − 1/m) / (n(n − 1)), so that together they carry the Fisher information of the
        ranking under the Plackett–Luce model among equals: 1 for two items, 0.78 for three, 0.31 for ten.

        >>> three = Pairs.from_rankings([("ann", ["a", "b", "c"])])
        >>> len(three), three.weight_N.round(2).tolist()
        (3, [0.78, 0.78, 0.78])
        """
        rows = []
        for rater, ranked in rankings:
            size = len(_once(ranked, rater))
            weight = 4 * sum(1 - 1 / m for m in range(2, size + 1)) / (size * (size - 1))
            for place, better in enumerate(ranked):
                rows += [(better, worse, better, rater, weight) for worse in ranked[place + 1 :]]
        return cls._from_rows(rows)

    @classmethod
    def from_choices(cls, choices: Iterable[tuple[object, object, Sequence[object]]]) -> Pairs:
        """Read best-of-n choices, (rater, the best, all that were shown), as the best one's wins.

        Each of the n − 1 wins weighs 2/n, so that together they carry the Fisher information of the choice
        under the Plackett–Luce model among equals.

        >>> best = Pairs.from_choices([("ann", "a", ["a", "b", "c", "d"])])
        >>> len(best), best.weight_N.tolist()
        (3, [0.5, 0.5, 0.5])
        """
        rows = []
        for rater, best, shown in choices:
            if best not in _once(shown, rater):
                raise VotesError(f"{rater!r} chose {best!r}, which is not among what was shown")
            rows += [(best, other, best, rater, 2 / len(shown)) for other in shown if other != best]
        return cls._from_rows(rows)

    @classmethod
    def _from_rows(cls, rows: Sequence[tuple[object, object, object, object, float]]) -> Pairs:
        if not rows:
            raise VotesError("there are no answers; give at least one")
        left, right, label, rater, weight = zip(*rows, strict=True)
        frame = reading.listed(left=left, right=right, label=label, rater=rater)
        return cls.from_frame(frame.with_columns(pl.Series("weight", weight)))

    def knowing(self, gold: Mapping[str, object]) -> Pairs:
        """Return the same comparisons with the worth of some items known; items not compared are left out.

        Only the order of the numbers counts: nobody knows what a gap of one is in log-odds. A comparison of
        two known items has a known outcome, whatever was said, and shows who is reliable. Scores keep the
        known order.

        >>> held = Pairs.from_lists("ab", "bc", "ac", ["ann", "ann"])
        >>> held.knowing({"a": 3, "b": 5}).known_N.tolist()
        [0.0, nan]
        """
        own = {item: gold[item] for item in self.items if item in gold}
        if not own:
            return replace(self, known_N=None, known_I=None)
        values = reading.numbers(pl.DataFrame({"label": [str(value) for value in own.values()]}), "label")
        known_I = np.full(len(self.items), np.nan)
        known_I[[item in own for item in self.items]] = values
        gap_N = known_I[self.left_N] - known_I[self.right_N]
        return replace(self, known_N=(np.sign(gap_N) + 1) / 2, known_I=known_I)

    def remembering(self, history: Mapping[str, tuple[float, float]]) -> Pairs:
        """Return the same comparisons with what is known of some raters from before.

        Parameters
        ----------
        history
            Rater → (comparisons they meant as said, those they did not), expected counts such as
            `PairsResult.history` of an earlier fit, perhaps faded. Raters not here are left out.

        >>> held = Pairs.from_lists("a", "b", "a", ["ann"])
        >>> held.remembering({"ann": (40, 2), "zoe": (1, 1)}).history_R_2.tolist()
        [[40.0, 2.0]]
        """
        history_R_2 = np.zeros((len(self.raters), 2))
        for rater, counts in history.items():
            pair = np.asarray(counts, dtype=np.float64)
            if pair.shape != (2,) or not (np.isfinite(pair).all() and (pair >= 0).all()):
                raise VotesError(
                    f"the history of {rater!r} is not two counts, what was meant and what was not"
                )
            if rater in self.raters:
                history_R_2[self.raters.index(rater)] = pair
        return replace(self, history_R_2=history_R_2)

    @cached_property
    def outcome_N(self) -> Floats:
        """The outcome of each comparison: the known one, or what was said."""
        if self.known_N is None:
            return self.score_N
        outcome_N: Floats = np.where(np.isfinite(self.known_N), self.known_N, self.score_N)
        return outcome_N

    @cached_property
    def met(self) -> Met:
        """The pairs that met, each once."""
        n_items = len(self.items)
        low_N, high_N = np.minimum(self.left_N, self.right_N), np.maximum(self.left_N, self.right_N)
        pair_P, place_N = np.unique(low_N * n_items + high_N, return_inverse=True)
        return Met(
            first_P=pair_P // n_items,
            second_P=pair_P % n_items,
            weight_P=np.bincount(place_N, self.weight_N).astype(np.float64),
            pair_N=place_N.astype(np.int64),
            sign_N=np.where(self.left_N < self.right_N, 1.0, -1.0),
            items=n_items,
        )

    @cached_property
    def group_I(self) -> Codes:
        """Which group each item is in; no comparison links two groups."""
        shape = (len(self.items), len(self.items))
        graph = sparse.coo_array((self.met.weight_P, (self.met.first_P, self.met.second_P)), shape=shape)
        group_I: Codes = connected_components(graph, directed=False)[1].astype(np.int64)
        return group_I

    @property
    def groups(self) -> int:
        """How many groups the items fall into that are not linked by comparisons."""
        return int(self.group_I.max()) + 1


@dataclass(frozen=True, eq=False)
class Met:
    """The P pairs that met: `first_P` < `second_P`, their weight, and for each comparison its pair.

    `sign_N` is 1 where the left item is the first of its pair and −1 where it is the second.
    """

    first_P: Codes
    second_P: Codes
    weight_P: Floats
    pair_N: Codes
    sign_N: Floats
    items: int

    @cached_property
    def frame(self) -> sparse.csr_array:
        """Where a matrix over items with an entry for each pair that met has its entries.

        Items × items; an entry holds the place of its value among those of the pairs, above the diagonal and
        then below, and of the items, on it. Finding the places is dear, and they never change.
        """
        every_I = np.arange(self.items)
        row = np.concatenate([self.first_P, self.second_P, every_I])
        column = np.concatenate([self.second_P, self.first_P, every_I])
        frame = sparse.coo_array((np.arange(len(row)), (row, column)), shape=(self.items, self.items)).tocsr()
        frame.sort_indices()
        return frame


def _once(shown: Sequence[object], rater: object) -> Sequence[object]:
    if len(shown) < 2 or len(set(shown)) < len(shown):
        raise VotesError(f"{rater!r} was shown fewer than two items, or one of them twice: {list(shown)}")
    return shown
