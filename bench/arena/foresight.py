"""How well a board foresees votes it has not seen: out-of-fold log-loss on released votes, by vote."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

from assay.evaluation import Battles, importing
from assay.evaluation.davidson import davidson
from assay.evaluation.design import Spreads
from assay.evaluation.hierarchical import hierarchical

FOLDS = 5


@dataclass(frozen=True)
class Set:
    """One released table: what is given to the fit beside the votes. Priors are fixed, nothing is tuned."""

    name: str
    target: float
    words: bool
    seconds: bool = False
    spreads: Spreads = field(default_factory=lambda: Spreads(item=0))


SETS = (
    Set("llmfao", 0.898, words=True),
    Set("wmt23_sxs_mqm", 1.009, words=False),
    Set("ukp_convarg", 0.816, words=True, seconds=True),
)


@dataclass(frozen=True)
class Foreseen:
    """Means over all votes, each foreseen by a fit without its fold."""

    log_loss: float
    accuracy: float


def read(folder: Path, name: str) -> Battles:
    """Read a table; of LLMFAO the votes of people."""
    frame = pl.read_parquet(io.BytesIO((folder / name / "battles.parquet").read_bytes()))
    if name == "llmfao":
        frame = frame.filter(pl.col("rater_kind") == "crowd")
    return importing.read(frame)


def words(battles: Battles) -> tuple[np.ndarray, np.ndarray]:
    """Return (A − B)/(A + B + 1) in words, N×1, and the words of both."""
    first, second = (
        battles.column(f"response_{side}").fill_null("").str.split(" ").list.len().to_numpy().astype(float)
        for side in "ab"
    )
    return ((first - second) / (first + second + 1))[:, None], first + second


def plain(battles: Battles) -> Foreseen:
    """Davidson's model: no raters, no style."""

    def chances(train: np.ndarray, new: Battles) -> np.ndarray:
        return davidson(battles.take(train), prior_sd=1.5).chances(new.a_N, new.b_N)

    return _foreseen(battles, chances)


def ours(battles: Battles, one: Set, *, careless: bool = False) -> Foreseen:
    """The hierarchical model, with the seconds a word where the set says so."""
    style, length = words(battles) if one.words else (None, None)
    effort = None
    if one.seconds and length is not None:
        effort = battles.column("seconds").to_numpy() / length

    def chances(train: np.ndarray, new: Battles) -> np.ndarray:
        at = ~train
        fit = hierarchical(
            battles.take(train),
            style_N_K=None if style is None else style[train],
            features=() if style is None else ("words",),
            effort_N=None if effort is None else effort[train],
            careless=careless or one.seconds,
            spreads=one.spreads,
        )
        return fit.chances(
            new,
            style_N_K=None if style is None else style[at],
            effort_N=None if effort is None else effort[at],
        )

    return _foreseen(battles, chances)


def _foreseen(battles: Battles, chances: Callable[[np.ndarray, Battles], np.ndarray]) -> Foreseen:
    fold_N = np.random.default_rng(0).integers(0, FOLDS, len(battles))
    loss, right = 0.0, 0
    for fold in range(FOLDS):
        new = battles.take(fold_N == fold)
        chance_N_4 = chances(fold_N != fold, new)
        said_N = chance_N_4[np.arange(len(new)), new.outcomes_N]
        loss -= float(np.log(np.maximum(said_N, 1e-12)).sum())
        right += int((chance_N_4.argmax(axis=1) == new.outcomes_N).sum())
    return Foreseen(loss / len(battles), right / len(battles))


RICH: Mapping[str, Spreads] = {"llmfao": Spreads(), "wmt23_sxs_mqm": Spreads()}
"""Sets in which every model has many votes on every prompt, so that its effect on one prompt can be told."""
