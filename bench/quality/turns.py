"""How many times as fast as crowd-kit, timed in turns: from tables of text, and from integer codes.

As a program in crowd-kit's environment: turns.py DATA. In ours: `ratios(python, data)`.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import protocol

TURNS = 3
OURS = ("dawid-skene", "hierarchical", "ensemble")


def theirs(data: Path) -> dict[str, float]:
    """CPU seconds of crowd-kit's `DawidSkene` over the sets, as tables of text and of codes."""
    import pandas as pd
    from crowdkit.aggregation import DawidSkene

    small = pd.DataFrame({"task": ["i", "j"], "worker": ["ann", "ann"], "label": ["yes", "no"]})
    DawidSkene(n_iter=1).fit_predict_proba(small)  # what is loaded on first use is no part of it, as for ours
    took = {"text": 0.0, "codes": 0.0}
    for name in protocol.ALL:
        votes = pd.read_parquet(data / name / "labels.parquet")[["task", "worker", "label"]].astype(str)
        votes = votes.drop_duplicates(["task", "worker"], keep="last")
        for form, table in (("text", votes), ("codes", votes.apply(lambda one: pd.factorize(one)[0]))):
            start = time.process_time()
            DawidSkene(n_iter=100).fit_predict_proba(table)
            took[form] += time.process_time() - start
    return took


def own(method: str) -> dict[str, float]:
    """CPU seconds of a method of ours over the same sets."""
    from dataclasses import replace

    from data import table

    from assay import registry
    from assay.quality import Columns

    run = registry.get("quality", method)
    took = {"text": 0.0, "codes": 0.0}
    for name in protocol.ALL:
        frame = table(name)
        start = time.process_time()
        run(Columns.from_frame(frame))
        took["text"] += time.process_time() - start
        codes = replace(Columns.from_frame(frame))  # nothing derived from the codes is kept
        start = time.process_time()
        run(codes)
        took["codes"] += time.process_time() - start
    return took


def ratios(
    python: Path, data: Path, environment: dict[str, str]
) -> dict[tuple[str, str], tuple[float, float]]:
    """(Method, form) → how many times as fast as crowd-kit, and crowd-kit's seconds: medians of the turns."""
    peer: list[dict[str, float]] = []
    mine: dict[str, list[dict[str, float]]] = {method: [] for method in OURS}
    for method in OURS:
        own(method)  # what is loaded on first use is no part of it
    for _ in range(TURNS):
        said = subprocess.run(
            [python, __file__, data], check=True, capture_output=True, text=True, env=environment
        )
        peer.append(json.loads(said.stdout.splitlines()[-1]))
        for method in OURS:
            mine[method].append(own(method))
    found = {}
    for form in ("text", "codes"):
        base = statistics.median(one[form] for one in peer)
        for method in OURS:
            found[method, form] = base / statistics.median(one[form] for one in mine[method]), base
    return found


if __name__ == "__main__":
    print(json.dumps(theirs(Path(sys.argv[1]))))
