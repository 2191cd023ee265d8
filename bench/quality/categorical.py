"""Labels: every registered method on the 19 development sets."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial

import numpy as np
import protocol
from data import gold, last, table
from harness import QUICK, Figure, step

from assay import registry
from assay.quality import Columns, skills

DEFAULT = "ensemble"
METHODS = tuple(
    name for name in registry.names("quality") if not QUICK or name in {DEFAULT, "hierarchical", "majority"}
)
"""With QUICK only these."""

SLOW_VOTES = 30_000
"""Above it a method is timed once, below three times."""


@dataclass(frozen=True)
class Row:
    """One line of `per-set.csv`."""

    set: str
    method: str
    accuracy: float
    log_loss: float
    ece: float
    items: int
    cpu_s: float
    rounds: int
    converged: bool
    rater_spearman: float | str = ""
    rater_auc: float | str = ""


def measured(name: str, method: str) -> Row:
    frame, right = table(name), gold(name)
    took = []
    for _ in range(1 if QUICK or len(frame) > SLOW_VOTES else 3):
        start = time.process_time()
        result = registry.get("quality", method)(Columns.from_frame(frame))
        took.append(time.process_time() - start)
    columns = result.columns
    scores = protocol.categorical(columns.items, columns.labels, result.posterior_I_K, right)
    known = skills(result)
    ranked = protocol.raters(dict(zip(known.raters, known.mean_R, strict=True)), last(frame), right)
    return Row(
        name,
        method,
        *scores,
        float(np.median(took)),
        result.iterations,
        result.converged,
        *(ranked or ("", "")),
    )


def rows() -> list[Row]:
    found = []
    for method in METHODS:
        step(f"labels: {method}")
        found += [measured(name, method) for name in protocol.ALL]
    return found


def mean(found: list[Row], method: str, column: str, sets: tuple[str, ...]) -> float:
    values = [getattr(row, column) for row in found if row.method == method and row.set in sets]
    return float(np.mean([value for value in values if value != ""]))


def worst(found: list[Row], method: str) -> tuple[float, str]:
    """The worst difference in accuracy from majority on a set with at least 100 gold items."""
    plain = {row.set: row.accuracy for row in found if row.method == "majority"}
    return min(
        (row.accuracy - plain[row.set], row.set) for row in found if row.method == method and row.items >= 100
    )


def figures(found: list[Row], peers: list[Row], version: str) -> list[Figure]:
    """The default against the targets, beside the best peer; then one line for every method."""
    core, every = protocol.CORE, protocol.ALL
    complete = sorted(
        {row.method for row in peers if sum(r.method == row.method for r in peers) == len(every)}
    )
    complete = [name for name in complete if name != "Wawa skills"]

    def line(text: str, column: str, sets: tuple[str, ...], unit: str, target: str, *, low: bool) -> Figure:
        if not complete or column.startswith("rater"):
            return Figure(text, mean(found, DEFAULT, column, sets), unit, target)
        beside = [(mean(peers, name, column, sets), name) for name in complete]
        value, name = min(beside) if low else max(beside)
        return Figure(
            text,
            mean(found, DEFAULT, column, sets),
            unit,
            target,
            f"crowd-kit {name} (its best)",
            f"{value:.4g}",
            version,
        )

    high, down = partial(line, low=False), partial(line, low=True)
    told = [
        high(f"labels: {DEFAULT} (default), accuracy, core 15", "accuracy", core, "%", ">= 84.7"),
        high(f"labels: {DEFAULT} (default), accuracy, all 19", "accuracy", every, "%", ">= 82.0"),
        Figure(
            f"labels: {DEFAULT}, worst against majority ({worst(found, DEFAULT)[1]})",
            worst(found, DEFAULT)[0],
            "points",
            ">= -2",
        ),
        down(f"labels: {DEFAULT}, log-loss, core 15", "log_loss", core, "nats", "<= 0.42"),
        down(f"labels: {DEFAULT}, log-loss, all 19", "log_loss", every, "nats", "<= 0.51"),
        down(f"labels: {DEFAULT}, ECE, core 15", "ece", core, "", "<= 0.06"),
        down(f"labels: {DEFAULT}, ECE, all 19", "ece", every, "", "<= 0.09"),
        high(
            f"raters: {DEFAULT}, Spearman with true accuracy, 18 sets", "rater_spearman", every, "", ">= 0.68"
        ),
        high(f"raters: {DEFAULT}, AUC of the worst fifth", "rater_auc", every, "", ">= 0.88"),
    ]
    wawa = [row for row in peers if row.method == "Wawa skills"]
    if wawa:
        for place, column in ((-2, "rater_spearman"), (-1, "rater_auc")):
            of = f"{mean(wawa, 'Wawa skills', column, every):.4g}"
            own = told[place]
            told[place] = Figure(
                own.figure, own.value, own.unit, own.target, "crowd-kit Wawa skills", of, version
            )
    for method in METHODS:
        lost, where = worst(found, method)
        told += [
            Figure(f"labels: {method}, accuracy, core 15", mean(found, method, "accuracy", core), "%"),
            Figure(f"labels: {method}, accuracy, all 19", mean(found, method, "accuracy", every), "%"),
            Figure(f"labels: {method}, worst against majority ({where})", lost, "points"),
            Figure(f"labels: {method}, log-loss, all 19", mean(found, method, "log_loss", every), "nats"),
            Figure(f"labels: {method}, ECE, all 19", mean(found, method, "ece", every), ""),
            Figure(f"raters: {method}, Spearman, 18 sets", mean(found, method, "rater_spearman", every), ""),
            Figure(f"raters: {method}, AUC of the worst fifth", mean(found, method, "rater_auc", every), ""),
            Figure(
                f"labels: {method}, CPU of all sets",
                sum(row.cpu_s for row in found if row.method == method),
                "s CPU",
            ),
        ]
    return told
