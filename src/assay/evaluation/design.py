"""Which parameters speak in which vote: sparse rows, one a vote, over one long vector of parameters.

Everything a hierarchical board estimates (ratings, tie habits, tastes, slices) stands in one vector u of P
numbers, in blocks, each with a normal prior of its own spread. A vote touches a handful of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from assay.evaluation.battles import OUTCOMES, Battles, Codes, Floats

UNSEEN = -1
"""The code of a name that was not there when the board was fitted; it has the mean of its prior, 0."""

GROUNDED = OUTCOMES.index("both_bad")

READS = 3.0
"""Log-odds that a vote was read, before anything is known about it: 95 of 100."""


@dataclass(frozen=True)
class Spreads:
    """Standard deviations of the normal priors, in log-odds; 0 leaves a block out.

    The defaults are those under which the board was first measured on released votes. `skill` is the spread
    of the log of how sharply a rater sees differences, `style` and `rater_style` belong to one standard
    deviation of a feature, `slice` and `item` to a model within a language or domain, and on one prompt.
    """

    theta: float = 1.5
    tie: float = 3.0
    bar: float = 3.0
    side: float = 0.3
    style: float = 1.0
    rater_tie: float = 0.8
    rater_bar: float = 0.8
    rater_side: float = 0.3
    skill: float = 0.5
    rater_style: float = 0.5
    slice: float = 0.3
    item: float = 0.7
    item_tie: float = 0.3
    attention: float = 1.0
    effort: float = 0.5


@dataclass(frozen=True, eq=False)
class Layout:
    """What the parameters are called and where they stand.

    `start` maps a block to its first place, `size` to how many there are, `spread_P` holds the prior.
    """

    models: tuple[str, ...]
    raters: tuple[str, ...]
    items: tuple[str, ...]
    features: tuple[str, ...]
    scale_K: Floats
    slices: tuple[tuple[str, tuple[str, ...]], ...]
    cell_X: Codes
    """Which item × model cells were seen: item · M + model, sorted."""
    basis: int
    spreads: Spreads
    grounded: bool
    reads: float = READS
    start: dict[str, int] = field(default_factory=dict)
    size: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        battles: Battles,
        *,
        features: Sequence[str],
        scale_K: Floats,
        slices: Sequence[str],
        basis: int,
        spreads: Spreads,
        careless: bool,
        reads: float = READS,
    ) -> Layout:
        """Lay out the blocks that these comparisons can say something about."""
        n_models, n_raters, n_features = len(battles.models), len(battles.raters), len(features)
        named = tuple((name, battles.coded(name)[1]) for name in slices)
        per_item = spreads.item > 0 and battles.item_N is not None
        cell_X = np.zeros(0, np.int64)
        if per_item:
            both = np.concatenate([battles.a_N, battles.b_N]), np.tile(battles.items_N, 2)
            cell_X = np.unique(both[1] * n_models + both[0])
        grounded = bool((battles.outcomes_N == GROUNDED).any())
        wanted = {
            "theta": n_models,
            "tie": 1,
            "bar": int(grounded),
            "side": 1,
            "style": n_features,
            "rater_tie": n_raters,
            "rater_bar": n_raters * grounded,
            "rater_side": n_raters,
            "skill": n_raters,
            "rater_style": n_raters * n_features,
            "slice": sum(len(names) for _, names in named) * n_models,
            "item": len(cell_X),
            "item_tie": len(battles.items) * per_item,
            "attention": (n_raters + 1) * careless,
            "effort": basis * careless,
        }
        layout = cls(
            battles.models, battles.raters, battles.items, tuple(features), scale_K, named, cell_X, basis,
            spreads, grounded, reads,
        )  # fmt: skip
        place = 0
        for name, size in wanted.items():
            if size and getattr(spreads, name) > 0:
                layout.start[name], layout.size[name] = place, size
                place += size
        return layout

    def __len__(self) -> int:
        return sum(self.size.values())

    @property
    def spread_P(self) -> Floats:
        return np.concatenate(
            [np.full(size, getattr(self.spreads, name)) for name, size in self.size.items()]
        )

    def part(self, values_P: Floats, name: str) -> Floats:
        """Return the values of one block; nothing where it was left out.

        `rater_style` comes as R×K, `slice` as one row a slice and one column a model.
        """
        if name not in self.start:
            return np.zeros(0)
        values = values_P[self.start[name] : self.start[name] + self.size[name]]
        if name == "rater_style":
            return values.reshape(len(self.raters), -1)
        if name == "slice":
            return values.reshape(-1, len(self.models))
        return values


@dataclass(frozen=True, eq=False)
class Design:
    """N votes as rows over P parameters; what each says is a product of a row and the parameters.

    Attributes
    ----------
    core
        The difference of the two answers' worth, before the rater's skill.
    skill
        Log of how sharply the rater sees it.
    side
        What the rater adds for the answer that stands first.
    tie, bad
        The logits of a tie and of two bad answers.
    attention
        The logit of reading at all, without its constant.
    """

    core: sparse.csr_array
    skill: sparse.csr_array
    side: sparse.csr_array
    tie: sparse.csr_array
    bad: sparse.csr_array
    attention: sparse.csr_array


def design(layout: Layout, battles: Battles, style_N_K: Floats, basis_N_B: Floats) -> Design:
    """Return the rows of these comparisons; models, raters, items and slices are found by name."""
    n_votes, n_models = len(battles), len(layout.models)
    first = _matched(battles.models, layout.models)[battles.a_N]
    second = _matched(battles.models, layout.models)[battles.b_N]
    known = battles.raters and layout.raters
    rater_N = _matched(battles.raters, layout.raters)[battles.rater_N] if known else np.full(n_votes, UNSEEN)
    item_N = np.full(n_votes, UNSEEN)
    if battles.items and layout.items:
        item_N = _matched(battles.items, layout.items)[battles.items_N]
    left_N = np.ones(n_votes)
    if battles.detail is not None and "order" in battles.detail.columns:
        left_N = np.where((battles.column("order") == "ba").fill_null(value=False).to_numpy(), -1.0, 1.0)
    style_N_K = style_N_K / layout.scale_K if len(layout.features) else style_N_K

    core, bad = _Rows(layout, n_votes), _Rows(layout, n_votes)
    worths = [("theta", first, second)]
    offset = 0
    for name, names in layout.slices:
        code_N, said = battles.coded(name)
        slice_N = _matched(said, names)[code_N]
        places = [
            np.where((slice_N < 0) | (who < 0), UNSEEN, (offset + slice_N) * n_models + who)
            for who in (first, second)
        ]
        worths.append(("slice", places[0], places[1]))
        offset += len(names)
    if "item" in layout.start:
        cells = [_found(layout.cell_X, item_N, who, n_models) for who in (first, second)]
        worths.append(("item", cells[0], cells[1]))
    for name, a_N, b_N in worths:
        core.add(name, a_N, 1.0)
        core.add(name, b_N, -1.0)
        bad.add(name, a_N, -0.5)
        bad.add(name, b_N, -0.5)
    n_features = len(layout.features)
    for k in range(n_features):
        core.add("style", np.full(n_votes, k), style_N_K[:, k])
        core.add("rater_style", np.where(rater_N < 0, UNSEEN, rater_N * n_features + k), style_N_K[:, k])
    bad.add("bar", np.zeros(n_votes, np.int64), 1.0)
    bad.add("rater_bar", rater_N, 1.0)
    skill = _Rows(layout, n_votes).add("skill", rater_N, 1.0)
    side = _Rows(layout, n_votes).add("rater_side", rater_N, left_N)
    side.add("side", np.zeros(n_votes, np.int64), left_N)
    tie = _Rows(layout, n_votes).add("tie", np.zeros(n_votes, np.int64), 1.0)
    tie.add("rater_tie", rater_N, 1.0)
    tie.add("item_tie", item_N, 1.0)
    attention = _Rows(layout, n_votes).add("attention", np.zeros(n_votes, np.int64), 1.0)
    attention.add("attention", np.where(rater_N < 0, UNSEEN, rater_N + 1), 1.0)
    for k in range(layout.basis):
        attention.add("effort", np.full(n_votes, k), basis_N_B[:, k])
    return Design(*(rows.matrix() for rows in (core, skill, side, tie, bad, attention)))


class _Rows:
    """A sparse matrix in the making: one entry a vote at a time."""

    def __init__(self, layout: Layout, n_votes: int) -> None:
        self.layout, self.n_votes = layout, n_votes
        self.row: list[Codes] = []
        self.column: list[Codes] = []
        self.value: list[Floats] = []

    def add(self, block: str, place_N: Codes, value: float | Floats) -> _Rows:
        """Add one entry to each vote whose place in the block is known."""
        if block in self.layout.start:
            seen_V = np.flatnonzero(place_N >= 0)
            self.row.append(seen_V)
            self.column.append(place_N[seen_V] + self.layout.start[block])
            self.value.append(np.broadcast_to(np.asarray(value, float), self.n_votes)[seen_V])
        return self

    def matrix(self) -> sparse.csr_array:
        shape = (self.n_votes, len(self.layout))
        if not self.row:
            return sparse.csr_array(shape)
        entries = np.concatenate(self.value), (np.concatenate(self.row), np.concatenate(self.column))
        return sparse.csr_array(sparse.coo_array(entries, shape=shape))


def _matched(names: Sequence[str], known: Sequence[str]) -> Codes:
    """Return the code that each name has among the known ones."""
    if names is known or tuple(names) == tuple(known):
        return np.arange(len(names))
    place = {name: code for code, name in enumerate(known)}
    return np.array([place.get(name, UNSEEN) for name in names], dtype=np.int64)


def _found(cell_X: Codes, item_N: Codes, model_N: Codes, n_models: int) -> Codes:
    """Return the places of item × model cells among those that were seen."""
    if not len(cell_X):
        return np.full(len(item_N), UNSEEN)
    wanted_N = item_N * n_models + model_N
    place_N = np.minimum(np.searchsorted(cell_X, wanted_N), len(cell_X) - 1)
    seen_N = (cell_X[place_N] == wanted_N) & (item_N >= 0) & (model_N >= 0)
    return np.where(seen_N, place_N, UNSEEN)
