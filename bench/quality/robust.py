"""An honest test: names and order changed, half of the votes gone, and crowds that break the models."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
import protocol
from categorical import DEFAULT
from data import gold, table
from harness import QUICK, step

from assay import registry
from assay.quality import Columns

METHODS = (
    (DEFAULT, "dawid-skene", "majority") if QUICK else (DEFAULT, "hierarchical", "dawid-skene", "majority")
)
ITEMS, RATERS, EACH, LABELS = 600, 40, 5, 4
SEEDS = range(1 if QUICK else 5)
Line = tuple[str, str, float, float, float]
"""crowd, method, accuracy in %, log-loss, ECE"""


def scored(frame: pl.DataFrame, right: dict[str, str], method: str) -> protocol.Scores:
    result = registry.get("quality", method)(Columns.from_frame(frame))
    return protocol.categorical(result.columns.items, result.columns.labels, result.posterior_I_K, right)


def renamed(frame: pl.DataFrame, right: dict[str, str], seed: int) -> tuple[pl.DataFrame, dict[str, str]]:
    """Permute the names of items, raters and labels, and the order of the rows."""
    rng = np.random.default_rng(seed)
    new = {}
    for column in ("item", "rater", "label"):
        names = sorted({*frame[column].unique().to_list(), *(right if column == "item" else ())})
        if column == "label":
            names = sorted({*names, *right.values()})
        new[column] = dict(
            zip(names, (f"{column}{place:06}" for place in rng.permutation(len(names))), strict=True)
        )
    # One vote a rater on an item first: which one is the last must not change with the order.
    once = frame.unique(["item", "rater"], keep="last", maintain_order=True)
    moved = once.with_columns(pl.col(column).replace_strict(new[column]) for column in new)
    order = rng.permutation(len(moved))
    return moved[order], {new["item"][item]: new["label"][label] for item, label in right.items()}


def real() -> list[Line]:
    found = []
    for kind in ("as they are", "renamed and reordered", "a random half of the votes"):
        step(f"robustness: real crowds, {kind}")
        for method in METHODS:
            scores = []
            for name in protocol.ALL:
                for seed in SEEDS if kind == "a random half of the votes" else (0,):
                    frame, right = table(name), gold(name)
                    if kind == "renamed and reordered":
                        frame, right = renamed(frame, right, seed)
                    if kind == "a random half of the votes":
                        keep = np.random.default_rng(seed).random(len(frame)) < 0.5
                        frame = frame.filter(keep)
                    scores.append(scored(frame, right, method))
            found.append(
                (f"real: {kind}", method, *np.mean([score[:3] for score in scores], axis=0).tolist())
            )
    return found


def base(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The right labels, and items, raters and labels of votes that follow Dawid–Skene."""
    truth_I = rng.integers(LABELS, size=ITEMS)
    item_N = np.repeat(np.arange(ITEMS), EACH)
    rater_N = np.concatenate([rng.choice(RATERS, EACH, replace=False) for _ in range(ITEMS)])
    accuracy_R = rng.beta(4, 2, RATERS)
    confusion_R_K_K = np.array(
        [
            [np.insert(rng.dirichlet(np.ones(LABELS - 1)) * (1 - a), k, a) for k in range(LABELS)]
            for a in accuracy_R
        ]
    )
    cumulated = confusion_R_K_K.cumsum(axis=2)
    draw_N = rng.random(len(item_N))[:, None]
    label_N = np.minimum((draw_N > cumulated[rater_N, truth_I[item_N]]).sum(axis=1), LABELS - 1)
    return truth_I, item_N, rater_N, label_N


def colluders(rng, truth_I, item_N, rater_N, label_N):
    """A quarter of the raters hand in one shared sheet that is right on three items in ten."""
    sheet_I = np.where(rng.random(ITEMS) < 0.3, truth_I, rng.integers(LABELS, size=ITEMS))
    return np.where(rater_N < RATERS // 4, sheet_I[item_N], label_N)


def constant(rng, truth_I, item_N, rater_N, label_N):
    """A quarter of the raters always give the same label, each their own."""
    own_R = rng.integers(LABELS, size=RATERS)
    return np.where(rater_N < RATERS // 4, own_R[rater_N], label_N)


def copied(rng, truth_I, item_N, rater_N, label_N):
    """Half of the raters copy the first vote on the item, four times in five."""
    first_N = label_N[np.searchsorted(item_N, item_N)]
    copies_N = (rater_N >= RATERS // 2) & (rng.random(len(label_N)) < 0.8)
    return np.where(copies_N, first_N, label_N)


def drift(rng, truth_I, item_N, rater_N, label_N):
    """Half of the raters tire: from the middle of the items on, two votes in three are random."""
    tired_N = (rater_N >= RATERS // 2) & (item_N > ITEMS // 2) & (rng.random(len(label_N)) < 2 / 3)
    return np.where(tired_N, rng.integers(LABELS, size=len(label_N)), label_N)


def faithful(rng, truth_I, item_N, rater_N, label_N):
    """Every rater has a confusion matrix and sticks to it: the model of Dawid and Skene is true."""
    return label_N


CROWDS: dict[str, Callable] = {
    "true Dawid–Skene": faithful,
    "a quarter collude": colluders,
    "a quarter answer constantly": constant,
    "half copy the first vote": copied,
    "half drift": drift,
}


def simulated() -> list[Line]:
    found = []
    for name, spoil in CROWDS.items():
        step(f"robustness: {name}")
        for method in METHODS:
            scores = []
            for seed in SEEDS:
                rng = np.random.default_rng(seed)
                truth_I, item_N, rater_N, label_N = base(rng)
                said_N = spoil(rng, truth_I, item_N, rater_N, label_N)
                frame = pl.DataFrame({"item": item_N, "rater": rater_N, "label": said_N}).cast(pl.String)
                right = {str(item): str(label) for item, label in enumerate(truth_I)}
                scores.append(scored(frame, right, method)[:3])
            found.append((f"simulated: {name}", method, *np.mean(scores, axis=0).tolist()))
    return found
