"""CPU seconds and memory. As a program: speed.py METHOD VOTES measures one method once and prints JSON."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

LABELS, EACH = 4, 5


def crowd(votes: int, seed: int = 11) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Item, rater and label of each vote, and the right labels: the crowd of the reference's scale table.

    5 votes an item, √votes raters, accuracy ~ Beta(4, 2), errors ~ Dirichlet(1) over the other labels.
    """
    rng = np.random.default_rng(seed)
    items, raters = votes // EACH, int(np.sqrt(votes))
    truth_I = rng.integers(LABELS, size=items)
    accuracy_R = rng.beta(4, 2, raters)
    wrong_R_K_K = np.zeros((raters, LABELS, LABELS))
    for right in range(LABELS):
        others = [label for label in range(LABELS) if label != right]
        wrong_R_K_K[:, right, others] = rng.dirichlet(np.ones(LABELS - 1), raters)
    below_R_K_K = wrong_R_K_K.cumsum(axis=2)
    item_N = np.repeat(np.arange(items), EACH)
    rater_I_E = rng.integers(raters, size=(items, EACH))
    while True:
        rater_I_E.sort(axis=1)
        (twice,) = np.nonzero((np.diff(rater_I_E, axis=1) == 0).any(axis=1))
        if not len(twice):
            break
        rater_I_E[twice] = rng.integers(raters, size=(len(twice), EACH))
    rater_N = rater_I_E.reshape(-1)
    truth_N = truth_I[item_N]
    drawn_N = (rng.random(items * EACH)[:, None] > below_R_K_K[rater_N, truth_N]).sum(axis=1)
    right_N = rng.random(items * EACH) < accuracy_R[rater_N]
    return item_N, rater_N, np.where(right_N, truth_N, np.minimum(drawn_N, LABELS - 1)), truth_I


def peak_mb() -> float:
    """Largest resident set so far (what `getrusage` says counts the parent's, from before the start)."""
    (line,) = [one for one in Path("/proc/self/status").read_text().splitlines() if one.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


def once(method: str, votes: int) -> dict[str, float]:
    from assay import registry
    from assay.quality import Columns

    item_N, rater_N, label_N, truth_I = crowd(votes)
    names = tuple(map(str, range(len(truth_I))))
    columns = Columns(item_N, rater_N, label_N, names, names[: int(rater_N.max()) + 1], tuple("0123"))
    run = registry.get("quality", method)
    before = peak_mb()
    start = time.process_time()
    result = run(columns)
    took = time.process_time() - start
    return {
        "cpu_s": took,
        "before_mb": before,
        "peak_mb": peak_mb(),
        "accuracy": 100 * float((result.choice_I == truth_I).mean()),
        "rounds": result.iterations,
    }


def streamed(votes: int) -> dict[str, float]:
    """One `Stream.add` a vote, the votes in random order."""
    from assay.quality import Stream

    item_N, rater_N, label_N, truth_I = crowd(votes)
    order_N = np.random.default_rng(0).permutation(votes)
    rows = [
        (f"i{item}", f"r{rater}", str(label))
        for item, rater, label in zip(
            item_N[order_N].tolist(), rater_N[order_N].tolist(), label_N[order_N].tolist(), strict=True
        )
    ]
    stream = Stream([str(label) for label in range(LABELS)])
    start = time.process_time()
    for item, rater, label in rows:
        stream.add(item, rater, label)
    took = time.process_time() - start
    right = [stream.verdict(f"i{item}").label == str(label) for item, label in enumerate(truth_I.tolist())]
    return {"cpu_s": took, "accuracy": 100 * float(np.mean(right)), "peak_mb": peak_mb()}


def out_of_core(folder: str, held: float) -> dict[str, float]:
    import polars as pl

    from assay.quality.scale import fit

    start = time.process_time()
    result = fit(pl.scan_parquet(Path(folder) / "*.parquet"), hold_mb=held, rows=500_000)
    return {
        "cpu_s": time.process_time() - start,
        "rounds": result.iterations,
        "votes": result.votes,
        "peak_mb": peak_mb(),
    }


def write_votes(folder: Path, votes: int) -> None:
    """Write the crowd as ten Parquet files with ids as text, sorted by item."""
    import polars as pl

    item_N, rater_N, label_N, _ = crowd(votes)
    width = len(str(votes))
    step = votes // 10
    for place in range(10):
        some = slice(place * step, (place + 1) * step)
        frame = pl.DataFrame({"item": item_N[some], "rater": rater_N[some], "label": label_N[some]})
        frame.select(
            pl.format("i{}", pl.col("item").cast(pl.String).str.zfill(width)).alias("item"),
            pl.format("r{}", "rater").alias("rater"),
            pl.format("l{}", "label").alias("label"),
        ).write_parquet(folder / f"{place}.parquet")


def ask(*arguments: object, runs: int = 1) -> dict[str, float]:
    """Measure in fresh processes; the median of every number."""
    said = [
        json.loads(
            subprocess.run(
                [sys.executable, __file__, *map(str, arguments)], check=True, capture_output=True, text=True
            ).stdout
        )
        for _ in range(runs)
    ]
    return {key: statistics.median(one[key] for one in said) for key in said[0]}


if __name__ == "__main__":
    if sys.argv[1] == "parts":
        print(json.dumps(out_of_core(sys.argv[2], float(sys.argv[3]))))
    elif sys.argv[1] == "stream":
        print(json.dumps(streamed(int(sys.argv[2]))))
    elif sys.argv[1] == "write":
        write_votes(Path(sys.argv[2]), int(sys.argv[3]))
        print("{}")
    else:
        print(json.dumps(once(sys.argv[1], int(sys.argv[2]))))
