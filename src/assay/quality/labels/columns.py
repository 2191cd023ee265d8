"""Votes as columns of integer codes: the one shape that every quality method reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse

from assay.errors import AssayError, TableError
from assay.records import Vote

if TYPE_CHECKING:
    from assay.quality.labels.ballots import Ballots

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]

MAX_LABELS = 1_000
"""More classes than this are ids or free text read as labels, not answers to one question."""

LEAST_WEIGHT, MOST_WEIGHT = 1e-9, 1e9
"""Beyond these a weight is a slip: sums of it run over, or lose what the others said."""


class VotesError(AssayError):
    """Votes from which no verdict can be drawn."""


@dataclass(frozen=True, eq=False)
class Columns:
    """Votes on one question.

    Attributes
    ----------
    item_N, rater_N, label_N
        Codes of each of the N votes, pointing into `items`, `raters` and `labels`.
    items, raters, labels
        Names, sorted as text, so that the order of the votes never changes a result.
    repeated
        How many votes were set aside because the same rater voted on the same item again later.
    weight_N
        What each vote counts, positive; a vote of weight 2 is the same vote given twice. 1 where not said.
    gold_I
        Code of the right label where it is known, -1 elsewhere. Methods hold these items fixed and learn the
        raters from them; set it with `knowing`.
    history_R_K_K
        Earlier expected counts of each rater: how often they gave label l where k was right. Methods with
        confusion matrices start from them; set it with `remembering`.

    Build one with `from_votes`, `from_frame` or `from_lists`; each of N, I, R, K is at least 1.
    """

    item_N: Codes
    rater_N: Codes
    label_N: Codes
    items: tuple[str, ...]
    raters: tuple[str, ...]
    labels: tuple[str, ...]
    repeated: int = 0
    weight_N: Floats | None = None
    gold_I: Codes | None = None
    history_R_K_K: Floats | None = None

    def __len__(self) -> int:
        return len(self.item_N)

    @classmethod
    def from_votes(cls, votes: Iterable[Vote]) -> Columns:
        """Read `Vote` records, all on the same question.

        >>> Columns.from_votes([Vote("i1", "ann", "better", "a"), Vote("i1", "ben", "better", "b")]).labels
        ('a', 'b')
        """
        held = list(votes)
        if len({vote.question for vote in held}) > 1:
            raise VotesError("the votes are on several questions; take one question at a time")
        return cls.from_lists(
            [vote.item for vote in held], [vote.rater for vote in held], [vote.label for vote in held]
        )

    @classmethod
    def from_lists(cls, item: Sequence[object], rater: Sequence[object], label: Sequence[object]) -> Columns:
        """Read three sequences of equal length; ids of any type, compared as text.

        >>> Columns.from_lists([1, 1, "x"], ["ann", "ben", "ann"], [0, 1, 1]).items
        ('1', 'x')
        """
        if not len(item) == len(rater) == len(label):
            raise VotesError("item, rater and label differ in length; give one of each for every vote")
        as_text = {
            name: pl.Series(
                name, [None if value is None else str(value) for value in values], dtype=pl.String
            )
            for name, values in (("item", item), ("rater", rater), ("label", label))
        }
        return cls.from_frame(pl.DataFrame(as_text))

    @classmethod
    def from_frame(cls, frame: pl.DataFrame, *, labels: Sequence[str] | None = None) -> Columns:
        """Read a table with the columns `item`, `rater`, `label` and perhaps `weight`, one row a vote.

        Of several votes by one rater on one item the last counts; `repeated` says how many did not.

        Parameters
        ----------
        labels
            The labels that could have been given, where some may have got no vote.

        Raises
        ------
        TableError
            Where a cell is empty; names the row.
        VotesError
            Where there is no vote, or so many labels that they are no answers to one question.
        """
        if frame.is_empty():
            raise VotesError("there are no votes; give a table with at least one row")
        weight = [pl.col("weight").cast(pl.Float64, strict=False)] if "weight" in frame.columns else []
        frame = frame.select(pl.col("item", "rater", "label").cast(pl.String), *weight)
        for name in frame.columns:
            if frame[name].null_count():
                row = int(frame[name].is_null().arg_true()[0]) + 1
                raise TableError("the cell is empty; fill it in or remove the row", row=row, column=name)
        if weight and not (fine := frame["weight"].is_between(LEAST_WEIGHT, MOST_WEIGHT)).all():
            row = int((~fine).arg_true()[0]) + 1
            what = f"a weight is a finite number above 0, from {LEAST_WEIGHT:g} to {MOST_WEIGHT:g}"
            raise TableError(what, row=row, column="weight")
        item_N, items = _coded(frame["item"])
        rater_N, raters = _coded(frame["rater"])
        kept = frame
        last_N = _last(item_N * len(raters) + rater_N)
        if len(last_N) < len(frame):
            item_N, rater_N, kept = item_N[last_N], rater_N[last_N], frame[last_N]
        label_N, seen = _coded(kept["label"])
        if labels is not None:
            if strange := sorted(set(seen) - set(labels)):
                raise VotesError(f"the label {strange[0]!r} is none of: {', '.join(labels)}")
            known = tuple(sorted(set(labels)))
            label_N, seen = np.searchsorted(np.array(known), np.array(seen))[label_N], known
        if len(seen) > MAX_LABELS:
            raise VotesError(
                f"there are {len(seen)} different labels, more than {MAX_LABELS}; "
                "they look like ids, numbers or free text, not like answers to one question"
            )
        return cls(
            item_N,
            rater_N,
            label_N,
            items,
            raters,
            seen,
            repeated=len(frame) - len(kept),
            weight_N=kept["weight"].to_numpy() if weight else None,
        )

    def knowing(self, gold: Mapping[str, str]) -> Columns:
        """Return the same votes with the right label of some items known; items without votes are left out.

        A right label that nobody ever gave is added to the labels.

        >>> votes = Columns.from_lists(["i", "j"], ["ann", "ann"], ["yes", "no"])
        >>> votes.knowing({"j": "yes"}).gold_I.tolist()
        [-1, 1]
        """
        own = {item: gold[item] for item in self.items if item in gold}
        labels = tuple(sorted({*self.labels, *own.values()}))
        moved = np.searchsorted(np.array(labels), np.array(self.labels))
        code = {label: place for place, label in enumerate(labels)}
        gold_I = np.array([code[own[item]] if item in own else -1 for item in self.items])
        if self.history_R_K_K is not None and len(labels) != len(self.labels):
            raise VotesError("give the gold before the history: it names labels that the votes do not have")
        return replace(self, labels=labels, label_N=moved[self.label_N], gold_I=gold_I)

    def remembering(self, history: Mapping[str, Floats]) -> Columns:
        """Return the same votes with what is known of some raters from before.

        Parameters
        ----------
        history
            Rater → K × K expected counts (right label, given label), in the order of `labels`; for example
            `Result.counts_R_K_K` of an earlier fit, perhaps faded. Raters without votes are left out.

        Raises
        ------
        VotesError
            Where a table of counts has another shape, or holds negative or non-finite numbers.
        """
        n_labels = len(self.labels)
        history_R_K_K = np.zeros((len(self.raters), n_labels, n_labels))
        place = {rater: code for code, rater in enumerate(self.raters)}
        for rater, counts in history.items():
            counts_K_K = np.asarray(counts, dtype=np.float64)
            if counts_K_K.shape != (n_labels, n_labels):
                raise VotesError(f"the history of {rater!r} is not {n_labels} × {n_labels}, one row a label")
            if not (np.isfinite(counts_K_K).all() and (counts_K_K >= 0).all()):
                raise VotesError(f"the history of {rater!r} holds numbers that are no counts")
            if rater in place:
                history_R_K_K[place[rater]] = counts_K_K
        return replace(self, history_R_K_K=history_R_K_K)

    @cached_property
    def incidence(self) -> sparse.csr_array:
        """Items × (rater, label) in compressed rows: the weight with which a rater gave a label to an item.

        With it an E-step is one sparse product, and so is an M-step.
        """
        shape = (len(self.items), len(self.raters) * len(self.labels))
        cell_N = self.rater_N * len(self.labels) + self.label_N
        # Half the memory, and products are faster by a fifth.
        small = max(*shape, len(self)) * len(self.labels) < 2**31
        code = np.int32 if small else np.int64
        return sparse.csr_array(
            (self.weights_N, (self.item_N.astype(code), cell_N.astype(code))), shape=shape
        )

    @cached_property
    def ballots(self) -> Ballots:
        """Items with exactly the same votes, once."""
        from assay.quality.labels.ballots import Ballots  # noqa: PLC0415  (ballots are made of columns)

        return Ballots.of(self)

    @cached_property
    def weights_N(self) -> Floats:
        """What each vote counts: `weight_N`, or ones."""
        return np.ones(len(self)) if self.weight_N is None else self.weight_N

    @cached_property
    def counts_I_K(self) -> Floats:
        """How much weight each item got for each label."""
        n_labels = len(self.labels)
        cell_N = self.item_N * n_labels + self.label_N
        flat: Floats = np.bincount(cell_N, self.weights_N, len(self.items) * n_labels).astype(np.float64)
        return flat.reshape(-1, n_labels)

    @cached_property
    def shares_I_K(self) -> Floats:
        """Share of each item's votes for each label, known items at their right label."""
        return self.clamped(self.counts_I_K / self.counts_I_K.sum(axis=1, keepdims=True))

    def clamped(self, posterior_I_K: Floats) -> Floats:
        """Return a posterior with the items of known label fixed at it."""
        if self.gold_I is None:
            return posterior_I_K
        known_I = self.gold_I >= 0
        fixed_I_K = posterior_I_K.copy()
        fixed_I_K[known_I] = np.eye(len(self.labels))[self.gold_I[known_I]]
        return fixed_I_K


def _coded(column: pl.Series) -> tuple[Codes, tuple[str, ...]]:
    names = column.unique().sort()
    codes = column.cast(pl.Enum(names)).to_physical()
    return codes.to_numpy().astype(np.int64), tuple(names.to_list())


def _last(key_N: Codes) -> Codes:
    """Return where each key stands for the last time, in the order of the votes."""
    ordered_N = np.sort(key_N)
    if not (ordered_N[1:] == ordered_N[:-1]).any():
        return np.arange(len(key_N))
    order_N = np.argsort(key_N, kind="stable")
    ends_N = np.append(key_N[order_N][1:] != key_N[order_N][:-1], True)
    last_N: Codes = np.sort(order_N[ends_N])
    return last_N
