"""Fit one board with another tool, in a process and an environment of its own; prints JSON.

    python peers.py METHOD FILE

FILE holds integer codes (`fitting.py make`). What turns these into what the tool takes is not counted;
counting pairs is, since ours is. CPU seconds are of all threads, peak memory is the process's own.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable

import numpy as np

ELO = 400 / np.log(10)
ROUNDS = 100
"""Refits of a bootstrap."""

MOST_BYTES = 12 << 30
"""More memory than this is over the limit."""

Held = dict[str, np.ndarray]
Said = dict[str, object]


def width(low_M: np.ndarray, high_M: np.ndarray) -> float:
    return float(np.mean(np.asarray(high_M) - np.asarray(low_M)))


def choix(held: Held) -> Said:
    """Its spectral method on the table of wins, which it takes ready; opt_pairwise takes votes one by one."""
    import choix

    models = int(held["models"])
    start = time.process_time()
    won_M_M = np.zeros((models, models))
    for code, first, second in ((0, "a", "b"), (1, "b", "a"), (2, "a", "b"), (2, "b", "a")):
        own = held["outcome"] == code
        key = held[first][own].astype(np.int64) * models + held[second][own]
        won_M_M += np.bincount(key, minlength=models**2).reshape(models, models) * (0.5 if code == 2 else 1)
    theta_M = choix.ilsr_pairwise_dense(won_M_M, alpha=1e-9)
    return {"cpu": time.process_time() - start, "rating": (ELO * theta_M).tolist()}


def evalica(held: Held, *, resamples: int = 0) -> Said:
    import evalica as tool

    names = [f"m{m:03d}" for m in range(int(held["models"]))]
    named = np.array(names, dtype=object)
    xs, ys = named[held["a"]].tolist(), named[held["b"]].tolist()
    kinds = [tool.Winner.X, tool.Winner.Y, tool.Winner.Draw]
    winners = [kinds[code] for code in held["outcome"]]
    start = time.process_time()
    found = tool.bradley_terry(xs, ys, winners, tolerance=1e-10, limit=10_000)
    if resamples:
        tool.bootstrap(tool.bradley_terry, xs, ys, winners, n_resamples=resamples, random_state=0)
    spent = time.process_time() - start
    rating = ELO * np.log(np.array([found.scores[name] for name in names]))
    return {"cpu": spent, "rating": rating.tolist()}


def arenakit(held: Held) -> Said:
    from arenakit.boot import bootstrap
    from arenakit.bt import fit_bt
    from arenakit.schema import Arena

    arena = Arena.__new__(Arena)
    arena.models = [f"m{m:03d}" for m in range(int(held["models"]))]
    arena.a, arena.b, arena.y = held["a"], held["b"], held["outcome"]
    arena.item = arena.voter = None
    start = time.process_time()
    fit = fit_bt(arena.counts())
    found = bootstrap(arena, n_resamples=ROUNDS)
    spent = time.process_time() - start
    low_M, high_M = np.percentile(found.scores, [2.5, 97.5], axis=0)
    return {"cpu": spent, "rating": (ELO * fit.scores).tolist(), "width": ELO * width(low_M, high_M)}


def fastchat(held: Held) -> Said:
    """FastChat's recipe: weighted counts, logistic regression, 100 multinomial bootstraps."""
    from sklearn.linear_model import LogisticRegression

    models = int(held["models"])
    start = time.process_time()
    key = (held["a"].astype(np.int64) * models + held["b"]) * 3 + held["outcome"]
    cell_C, count_C = np.unique(key, return_counts=True)
    pair_C, outcome_C = np.divmod(cell_C, 3)
    design_C_M = np.zeros((len(cell_C), models))
    each = np.arange(len(cell_C))
    design_C_M[each, pair_C // models], design_C_M[each, pair_C % models] = 1.0, -1.0
    # a tie counts as half a win of each
    both = np.concatenate([design_C_M, design_C_M])
    wins = np.repeat([1, 0], len(cell_C))
    share = np.concatenate(
        [(outcome_C == 0) + 0.5 * (outcome_C == 2), (outcome_C == 1) + 0.5 * (outcome_C == 2)]
    )

    def fitted(weight_C: np.ndarray) -> np.ndarray:
        weight = np.tile(weight_C, 2) * share
        kept = weight > 0
        fit = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-8, max_iter=1000)
        fit.fit(both[kept], wins[kept], sample_weight=weight[kept])
        return fit.coef_[0] - fit.coef_[0].mean()

    theta_M = fitted(count_C.astype(float))
    rng = np.random.default_rng(0)
    total = int(count_C.sum())
    drawn = np.array([fitted(rng.multinomial(total, count_C / total).astype(float)) for _ in range(ROUNDS)])
    spent = time.process_time() - start
    low_M, high_M = np.percentile(drawn, [2.5, 97.5], axis=0)
    return {"cpu": spent, "rating": (ELO * theta_M).tolist(), "width": ELO * width(low_M, high_M)}


def arena_rank(held: Held) -> Said:
    import pandas as pd
    from arena_rank.models.bradley_terry import BradleyTerry
    from arena_rank.utils.data_utils import PairDataset

    frame = pd.DataFrame({"model_a": held["a"], "model_b": held["b"], "winner": held["outcome"]})
    start = time.process_time()
    pairs = PairDataset.from_pandas(frame, outcome_map={0: 1.0, 1: 0.0, 2: 0.5})
    fit = BradleyTerry(n_competitors=len(pairs.competitors))
    found = fit.compute_ratings_and_cis(pairs)
    rating = np.zeros(int(held["models"]))
    rating[np.array(pairs.competitors)] = np.array(found["ratings"])
    said = {"rating": rating.tolist(), "width": width(found["rating_lower"], found["rating_upper"])}
    return {"cpu": time.process_time() - start, **said}


def arena_rank_style(held: Held) -> Said:
    import pandas as pd
    from arena_rank.models.contextual_bradley_terry import ContextualBradleyTerry
    from arena_rank.utils.data_utils import ContextualPairDataset

    frame = pd.DataFrame({"model_a": held["a"], "model_b": held["b"], "winner": held["outcome"]})
    names = ["tokens", "headers", "list_items", "bold_spans"]
    for name, column in zip(names, held["style"].T, strict=True):
        frame[name] = column
    start = time.process_time()
    pairs = ContextualPairDataset.from_pandas(frame, names, outcome_map={0: 1.0, 1: 0.0, 2: 0.5})
    fit = ContextualBradleyTerry(n_competitors=len(pairs.competitors), n_features=4)
    fit.compute_ratings_and_cis(pairs)
    # it divides features by their spread; ours are worth one unit as passed in
    gamma_K = np.array(fit.params["coeffs"]) / held["style"].std(axis=0)
    return {"cpu": time.process_time() - start, "gamma": gamma_K.tolist()}


METHODS: dict[str, Callable[[Held], Said]] = {
    "choix": choix,
    "evalica": evalica,
    "evalica-intervals": lambda held: evalica(held, resamples=ROUNDS),
    "arenakit": arenakit,
    "fastchat": fastchat,
    "arena-rank": arena_rank,
    "arena-rank-style": arena_rank_style,
}


def peak_mb() -> float:
    """Return the largest resident set of this process since it began, in MB (Linux).

    `ru_maxrss` would not do: it is handed on from the process that started this one.
    """
    with open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024


def main() -> None:
    method, path = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_BYTES, MOST_BYTES))
    with np.load(path) as file:
        held = {name: file[name] for name in file.files}
    try:
        said = METHODS[method](held)
    except MemoryError:
        print(json.dumps({"over": "memory"}), flush=True)
        os._exit(0)
    said["peak_mb"] = peak_mb()
    print(json.dumps(said))


if __name__ == "__main__":
    main()
