"""Boards from human comparisons: how well they foresee, how fast they fit, how they count style."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))
import foresight
from fitting import GAMMA
from harness import QUICK, ROOT, SCRATCH, Figure, environment, installed, step, write

PREFS = ROOT.parent / "shared" / "data" / "prefs"
SIZES = (100_000,) if QUICK else (100_000, 1_000_000, 10_000_000)
MOST_CPU = {1_000_000: "<= 1", 10_000_000: "<= 5"}
RUNS = 1 if QUICK else 3


def child(python: str, *words: str) -> dict[str, object]:
    """Fit in a process of its own."""
    script = str(Path(__file__).parent / "fitting.py")
    # threads that wait for each other count as CPU, and these fits are too small to gain by them
    env = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    said = subprocess.run([python, script, *words], check=True, capture_output=True, text=True, env=env)
    return json.loads(said.stdout) if said.stdout.strip() else {}


def best(python: str, method: str, path: Path) -> dict[str, object]:
    """Return the run with the least CPU: other work on the machine only ever adds."""
    return min((child(python, method, str(path)) for _ in range(RUNS)), key=lambda said: said["cpu"])


def farthest(one: list[float], other: list[float]) -> float:
    """Return the largest difference of two boards in Elo, their means taken off."""
    first, second = np.array(one), np.array(other)
    return float(np.abs((first - first.mean()) - (second - second.mean())).max())


def foreseen(one: foresight.Set) -> list[Figure]:
    """Log-loss on votes not seen, plain Davidson beside the hierarchical model."""
    if not (PREFS / one.name).exists():
        step(f"{one.name}: needs shared/data/prefs/{one.name}, which is not beside this checkout")
        return []
    if QUICK and one.name != "llmfao":
        return []
    step(f"foresight: {one.name}")
    battles = foresight.read(PREFS, one.name)
    plain, ours = foresight.plain(battles), foresight.ours(battles, one)
    told = [
        Figure(
            f"{one.name}: out-of-fold log-loss, raters and style", ours.log_loss, "nats",
            f"<= {one.target}", "plain Davidson", f"{plain.log_loss:.4f}",
        ),
        Figure(
            f"{one.name}: accuracy", 100 * ours.accuracy, "%",
            ">= 57" if one.name == "llmfao" else "", "plain Davidson", f"{100 * plain.accuracy:.1f}",
        ),
    ]  # fmt: skip
    if one.name in foresight.RICH and not QUICK:
        rich = replace(one, spreads=foresight.RICH[one.name])
        full = foresight.ours(battles, rich, careless=True)
        told.append(
            Figure(f"{one.name}: log-loss, and model on one prompt, careless votes", full.log_loss, "nats")
        )
    return told


def speed() -> list[Figure]:
    """CPU and memory of fits with intervals, from integer codes, 100 models."""
    told = []
    SCRATCH.mkdir(exist_ok=True)
    peers = environment("arena-peers", "choix", "evalica", installer="uv")
    for votes in SIZES:
        step(f"speed: {votes:,} votes")
        path = SCRATCH / f"arena-{votes}.npz"
        if not path.exists():
            child(sys.executable, "make", str(votes), str(path))
        said = best(sys.executable, "assay-bt", path)
        target = MOST_CPU.get(votes, "")
        compared: dict[str, dict[str, object]] = {}
        # choix takes votes one by one in Python; evalica takes lists of names: neither is asked for more
        for name, most in (("choix", 100_000), ("evalica", 1_000_000)):
            if votes <= most:
                compared[name] = child(str(peers / "python"), name, str(path))
        beside = compared.get("evalica", {}).get("cpu", "")
        told += [
            Figure(
                f"plain fit with intervals, {votes:,} votes: CPU", said["cpu"], "s", target,
                "evalica, no intervals" if beside else "", f"{beside:.3g}" if beside else "",
                installed(peers, "evalica") if beside else "",
            ),
            Figure(
                f"plain fit with intervals, {votes:,} votes: peak", said["peak_mb"], "MB",
                {1_000_000: "<= 300", 10_000_000: "<= 1500"}.get(votes, ""),
            ),
        ]  # fmt: skip
        told += [
            Figure(
                f"{votes:,} votes: farthest from the maximum-likelihood fit of a peer",
                farthest(said["rating"], peer["rating"]), "Elo", "<= 0.1", name, f"{peer['cpu']:.3g} s",
                installed(peers, name),
            )
            for name, peer in compared.items()
        ]  # fmt: skip
        tied = best(sys.executable, "assay-davidson", path)
        told.append(Figure(f"Davidson with intervals, {votes:,} votes: CPU", tied["cpu"], "s"))
    return told


def style() -> list[Figure]:
    """The worth of style on synthetic battles whose truth is known."""
    votes = 100_000 if QUICK else 1_000_000
    step(f"style: {votes:,} votes")
    path = SCRATCH / f"arena-style-{votes}.npz"
    if not path.exists():
        child(sys.executable, "make-ties", str(votes), str(path))
    said = best(sys.executable, "assay-style", path)
    off = np.abs(np.array(said["gamma"]) - GAMMA) / np.array(said["error"])
    return [
        Figure(f"style, {votes:,} votes, four features: CPU", said["cpu"], "s", "" if QUICK else "<= 2"),
        Figure(f"style, {votes:,} votes: peak", said["peak_mb"], "MB"),
        Figure("style: farthest coefficient from the truth", float(off.max()), "SE", "<= 2"),
        Figure("style: worth of length (truth 0.25)", float(said["gamma"][0]), "log-odds"),
    ]


def main() -> None:
    parts = [style, *(partial(foreseen, one) for one in foresight.SETS), speed]
    if (Path(__file__).parent / "inference.py").exists():
        parts.append(importlib.import_module("inference").figures)
    figures: list[Figure] = []
    for part in parts:
        figures += part()
        write("arena", figures)


if __name__ == "__main__":
    main()
