"""Sets of labels as a table: who looked at what, and which labels they ticked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from assay.errors import TableError
from assay.quality.labels.columns import Floats, VotesError
from assay.quality.labels.multilabel import MultilabelResult
from assay.quality.labels.shares import pooled
from assay.quality.reading import numbers


@dataclass(frozen=True)
class Ticks:
    """What was ticked: (item, rater, label) for each tick, and (item, rater) for everybody who looked.

    `repeated` counts the lists that gave way to a later one by the same rater on the same item. `weights` is
    what each of `shown` counts; `None` where they all count the same.
    """

    ticks: tuple[tuple[str, str, str], ...]
    shown: tuple[tuple[str, str], ...]
    repeated: int = 0
    weights: tuple[float, ...] | None = None

    def __len__(self) -> int:
        return len(self.shown)

    @classmethod
    def from_frame(cls, frame: pl.DataFrame) -> Ticks:
        """Read a table with the columns `item`, `rater`, `label`, all text and filled, and perhaps `weight`.

        Either every label is a JSON list, one row an answer and ``[]`` for "none of them"; of several by one
        rater on one item the last counts. Or a label is one tick, with a row for each; ``[]`` then says that
        somebody looked and ticked nothing.

        Raises
        ------
        TableError
            Where a list holds anything but names, or a weight is no number above 0; says the row.

        >>> lists = {"item": ["i"] * 2, "rater": ["ann", "ben"], "label": ['["cat", "sofa"]', "[]"]}
        >>> rows = {"item": ["i"] * 3, "rater": ["ann", "ann", "ben"], "label": ["cat", "sofa", "[]"]}
        >>> Ticks.from_frame(pl.DataFrame(lists)) == Ticks.from_frame(pl.DataFrame(rows))
        True
        """
        if frame.is_empty():
            raise VotesError("there are no answers; give a table with at least one row")
        rows = list(frame.select("item", "rater", "label").iter_rows())
        lists = all(label.strip().startswith("[") for _, _, label in rows)
        said: dict[tuple[str, str], set[str]] = {}
        repeated = 0
        for row, (item, rater, label) in enumerate(rows, start=1):
            if lists:
                repeated += (item, rater) in said
                said[item, rater] = set(names_of(label, row))
            else:
                ticked = names_of(label, row) if label.strip().startswith("[") else [label.strip()]
                said.setdefault((item, rater), set()).update(ticked)
        ticks = sorted((item, rater, name) for (item, rater), own in said.items() for name in own)
        shown = sorted(said)
        weights = None
        if "weight" in frame.columns:
            weight_N = numbers(frame, "weight", positive=True).tolist()
            last = {(item, rater): weight for (item, rater, _), weight in zip(rows, weight_N, strict=True)}
            weights = tuple(last[pair] for pair in shown)
        return cls(tuple(ticks), tuple(shown), repeated, weights)


def names_of(label: str, row: int) -> list[str]:
    """Return the labels of a JSON list.

    >>> names_of('["cat", 3]', 1)
    ['cat', '3']
    """
    try:
        said = json.loads(label)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, list) or not all(
        isinstance(name, str | int) and not isinstance(name, bool) and str(name).strip() for name in said
    ):
        raise TableError(
            f'{label[:40]!r} is no JSON list of labels, such as ["cat", "sofa"]', row=row, column="label"
        )
    return [str(name).strip() for name in said]


@dataclass(frozen=True, eq=False)
class TickedRight:
    """Each rater against what the others' ticks come to: shares with 95 % intervals.

    `sensitivity_R` is how many of the labels that hold they tick, `precision_R` how many of those they tick
    hold; an answer, not a tick, is one observation.
    """

    sensitivity_R: Floats
    sensitivity_low_R: Floats
    sensitivity_high_R: Floats
    precision_R: Floats


def ticked_right(ticks: Ticks, result: MultilabelResult) -> TickedRight:
    """Measure raters against each item's posterior with their own answer taken out of it.

    >>> from assay.quality.labels.multilabel import multilabel
    >>> said = {"item": ["i"] * 3, "rater": ["ann", "ben", "cleo"], "label": ['["cat"]', '["cat"]', "[]"]}
    >>> ticks = Ticks.from_frame(pl.DataFrame(said))
    >>> right = ticked_right(ticks, multilabel(ticks.ticks, ticks.shown, labels=["cat", "dog"]))
    >>> bool(right.sensitivity_R[0] > right.sensitivity_R[2])
    True
    """
    place = {name: code for code, name in enumerate(result.labels)}
    item_of, rater_of = (
        {name: code for code, name in enumerate(names)} for names in (result.items, result.raters)
    )
    row_of = {pair: row for row, pair in enumerate(ticks.shown)}
    item_P = np.array([item_of[item] for item, _ in ticks.shown])
    rater_P = np.array([rater_of[rater] for _, rater in ticks.shown])
    ticked_P_L = np.zeros((len(ticks.shown), len(result.labels)))
    for item, rater, label in ticks.ticks:
        ticked_P_L[row_of[item, rater], place[label]] = 1
    yes_R_L = np.log(result.sensitivity_R_L) - np.log(result.false_alarm_R_L)
    no_R_L = np.log1p(-result.sensitivity_R_L) - np.log1p(-result.false_alarm_R_L)
    own_P_L = np.where(ticked_P_L > 0, yes_R_L[rater_P], no_R_L[rater_P])
    held_I_L = np.clip(result.posterior_I_L, 1e-12, 1 - 1e-12)
    weight_P = np.ones(len(ticks.shown)) if ticks.weights is None else np.array(ticks.weights)
    odds_P_L = np.log(held_I_L / (1 - held_I_L))[item_P] - weight_P[:, None] * own_P_L
    # What is known for certain stays so without anybody.
    fixed_P_L = ((result.posterior_I_L == 0) | (result.posterior_I_L == 1))[item_P]
    holds_P_L = np.where(fixed_P_L, result.posterior_I_L[item_P], 1 / (1 + np.exp(-odds_P_L)))
    hits_P = weight_P * (holds_P_L * ticked_P_L).sum(axis=1)
    n_raters = len(result.raters)
    sensitivity = pooled(rater_P, n_raters, hits_P, weight_P * holds_P_L.sum(axis=1))
    precision = pooled(rater_P, n_raters, hits_P, weight_P * ticked_P_L.sum(axis=1))
    return TickedRight(*sensitivity, precision[0])


def sets_score(found: Mapping[str, frozenset[str]], gold: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """Return the share of items whose set is right in full, and the F1 over all labels of all items.

    >>> sets_score({"i": frozenset({"cat"})}, {"i": ["cat", "sofa"]})
    {'exact': 0.0, 'F1 of labels': 0.6666666666666666}
    """
    both = [(found[item], frozenset(right)) for item, right in gold.items() if item in found]
    if not both:
        raise VotesError("none of the gold items got an answer; check that both tables use the same item ids")
    size = sum(len(ours) + len(right) for ours, right in both)
    shared = sum(len(ours & right) for ours, right in both)
    return {
        "exact": sum(ours == right for ours, right in both) / len(both),
        "F1 of labels": 2 * shared / size if size else 1.0,
    }
