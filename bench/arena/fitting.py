"""Fit one board in a process of its own; prints the CPU seconds, the peak memory and the ratings as JSON.

python fitting.py make VOTES FILE      make synthetic battles (make-ties: with ties and style)
python fitting.py METHOD FILE          fit them
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np
from peers import peak_mb

GAMMA = np.array([0.25, 0.03, 0.02, 0.02])
MODELS = 100


def make(votes: int, path: str, *, ties: bool) -> None:
    """Draw the synthetic battles: strengths N(0, 0.6²), models by 1/√rank, four features of style."""
    rng = np.random.default_rng(7)
    theta_M = rng.normal(0, 0.6, MODELS)
    theta_M -= theta_M.mean()
    style_M_K = rng.normal(size=(MODELS, 4))
    chance_M = 1 / np.sqrt(1 + np.arange(MODELS))
    chance_M /= chance_M.sum()
    a_N = rng.choice(MODELS, votes, p=chance_M).astype(np.int32)
    b_N = rng.choice(MODELS, votes, p=chance_M).astype(np.int32)
    b_N = np.where(b_N == a_N, (b_N + 1) % MODELS, b_N).astype(np.int32)
    held = {"a": a_N, "b": b_N, "theta": theta_M, "models": np.array(MODELS)}
    half_N = (theta_M[a_N] - theta_M[b_N]) / 2
    log_tie = np.log(2 * 0.25 / 0.75) if ties else -np.inf
    if ties:
        held["style"] = 0.5 * (style_M_K[a_N] - style_M_K[b_N]) + 0.8 * rng.normal(size=(votes, 4))
        half_N = half_N + held["style"] @ GAMMA / 2
    weights = np.stack([np.exp(half_N), np.exp(-half_N), np.full(votes, np.exp(log_tie))])
    cut_N = rng.random(votes) * weights.sum(axis=0)
    outcome_N = np.where(cut_N < weights[0], 0, np.where(cut_N < weights[0] + weights[1], 1, 2))
    np.savez(path, outcome=outcome_N.astype(np.int8), **held)


def ours(held: dict[str, np.ndarray], method: str) -> dict[str, object]:
    from assay.evaluation import Battles, bradley_terry
    from assay.evaluation.davidson import davidson
    from assay.evaluation.rao_kupper import rao_kupper
    from assay.evaluation.style import with_style

    names = tuple(f"m{m:03d}" for m in range(int(held["models"])))
    score_N = np.array([1.0, 0.0, 0.5])[held["outcome"]]
    battles = Battles(
        held["a"], held["b"], score_N, np.zeros(0, np.int64), names, (), outcome_N=held["outcome"]
    )
    start = time.process_time()
    if method == "assay-bt":
        board = bradley_terry(battles)
        spent = time.process_time() - start
        by_name = {s.model: s.rating for s in board.standings}
        return {"cpu": spent, "rating": [by_name[name] for name in names], "width": board.mean_width}
    if method == "assay-davidson":
        fit = davidson(battles)
        return {"cpu": time.process_time() - start, "rating": (fit.theta_M * 400 / np.log(10)).tolist()}
    if method == "assay-rao-kupper":
        fit = rao_kupper(battles)
        return {"cpu": time.process_time() - start, "rating": (fit.theta_M * 400 / np.log(10)).tolist()}
    style = with_style(battles, held["style"], ("tokens", "headers", "list_items", "bold_spans"))
    return {
        "cpu": time.process_time() - start,
        "gamma": style.gamma_K.tolist(),
        "error": style.gamma_error_K.tolist(),
    }


def main() -> None:
    if sys.argv[1] in {"make", "make-ties"}:
        make(int(sys.argv[2]), sys.argv[3], ties=sys.argv[1] == "make-ties")
        return
    method, path = sys.argv[1:]
    with np.load(path) as file:
        held = {name: file[name] for name in file.files}
    said = ours(held, method)
    said["peak_mb"] = peak_mb()
    print(json.dumps(said))


if __name__ == "__main__":
    main()
