"""Boards from human comparisons: how well they foresee, how fast they fit, how they count style.

ONLY="speed style" before the command measures just those parts; then no table is written.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))
import foresight
from fitting import GAMMA
from harness import QUICK, ROOT, SCRATCH, Figure, environment, installed, step, write

import inference

HERE = Path(__file__).parent
PREFS = ROOT.parent / "shared" / "data" / "prefs"
ONLY = os.environ.get("ONLY", "").split()
SIZES = (100_000,) if QUICK else (100_000, 1_000_000, 10_000_000)
MOST_CPU = {1_000_000: "<= 1", 10_000_000: "<= 5"}
MOST_MB = {1_000_000: "<= 300", 10_000_000: "<= 1500"}
RUNS = 1 if QUICK else 3
LIMIT_S = 45
"""A fit by another tool that takes longer (wall seconds, a process of its own) is over the limit."""

PEERS = ("choix==0.4.1", "evalica==0.4.2", "arenakit==0.1.1", "scikit-learn==1.9.1")
OVER = "over the limit"


@dataclass
class Peer:
    """Another tool: how it is called, the package whose version is told, and what it leaves out."""

    method: str
    package: str
    name: str
    intervals: bool
    dead: str = ""
    """The data on which it was over the limit; it is not asked for larger ones."""
    programs: Path = field(default_factory=Path)


def child(python: str | Path, script: str, *words: str, limit: float | None = None) -> dict[str, object]:
    """Fit in a process of its own."""
    # threads that wait for each other count as CPU, and these fits are too small to gain by them
    env = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    try:
        said = subprocess.run(
            [python, HERE / script, *words],
            check=True,
            capture_output=True,
            text=True,
            env=env,
            timeout=limit,
        )
    except subprocess.TimeoutExpired:
        return {"over": "time"}
    return json.loads(said.stdout) if said.stdout.strip() else {}


def best(method: str, path: Path) -> dict[str, object]:
    """Return the run with the least CPU: other work on the machine only ever adds."""
    runs = (child(sys.executable, "fitting.py", method, str(path)) for _ in range(RUNS))
    return min(runs, key=lambda said: said["cpu"])


def farthest(one: list[float], other: list[float]) -> float:
    """Return the largest difference of two boards in Elo, their means taken off."""
    first, second = np.array(one), np.array(other)
    return float(np.abs((first - first.mean()) - (second - second.mean())).max())


def foreseen(one: foresight.Set) -> list[Figure]:
    """Log-loss on votes not seen, plain Davidson beside the hierarchical model."""
    if not (PREFS / one.name).exists():
        step(f"{one.name}: needs shared/data/prefs/{one.name}, which is not beside this checkout")
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


def peers() -> list[Peer]:
    """Install the tools, each beside what it can live with; one whose pins cannot be met is left out."""
    if QUICK:
        return []
    both = environment("arena-peers", *PEERS, installer="uv")
    found = [
        Peer("evalica", "evalica", "evalica, no intervals", intervals=False, programs=both),
        Peer("choix", "choix", "choix (ilsr), no intervals", intervals=False, programs=both),
        Peer("arenakit", "arenakit", "arenakit, 100 resamples", intervals=True, programs=both),
        Peer("fastchat", "scikit-learn", "FastChat's recipe, 100 resamples", intervals=True, programs=both),
        Peer("evalica-intervals", "evalica", "evalica, BCa, 100 resamples", intervals=True, programs=both),
    ]
    try:
        own = environment("arena-rank", "arena-rank==0.1.1", installer="uv")
    except subprocess.CalledProcessError:
        step("arena-rank cannot be installed here and is left out")
    else:
        found.append(Peer("arena-rank", "arena-rank", "arena-rank, sandwich", intervals=True, programs=own))
    return found


def beside(data: str, path: Path, ours: Mapping[str, object], others: list[Peer]) -> list[Figure]:
    """Fit the same data with the other tools, one after the other, and compare."""
    told = []
    for peer in others:
        if peer.dead:
            said: dict[str, object] = {"over": f"at {peer.dead} already"}
        else:
            said = child(peer.programs / "python", "peers.py", peer.method, str(path), limit=LIMIT_S)
        version = installed(peer.programs, peer.package)
        over = said.get("over")
        if over:
            peer.dead = peer.dead or data
            time = memory = f"{OVER} ({over})"
        else:
            time, memory = f"{said['cpu']:.3g}", f"{said['peak_mb']:.0f}"
        told += [
            Figure(f"{data}: fit with intervals, CPU", ours["cpu"], "s", "", peer.name, time, version),
            Figure(
                f"{data}: fit with intervals, peak", ours["peak_mb"], "MB", "", peer.name, memory, version
            ),
        ]
        if not over:
            gap = farthest(ours["rating"], said["rating"])
            told.append(
                Figure(f"{data}: largest difference of a rating", gap, "Elo", "", peer.name, "", version)
            )
        if "width" in said:
            told.append(
                Figure(
                    f"{data}: mean width of the intervals", ours["width"], "Elo", "",
                    peer.name, f"{said['width']:.1f}", version,
                )
            )  # fmt: skip
    return told


def speed() -> list[Figure]:
    """CPU and memory of fits with intervals, from integer codes, 100 models; and of LLMFAO's 59."""
    told = []
    SCRATCH.mkdir(exist_ok=True)
    others = peers()
    paths = {f"{votes:,} votes": (SCRATCH / f"arena-{votes}.npz", votes) for votes in SIZES}
    if (PREFS / "llmfao").exists():
        path = SCRATCH / "arena-llmfao.npz"
        battles = foresight.read(PREFS, "llmfao")
        held = {"a": battles.a_N, "b": battles.b_N, "outcome": battles.outcomes_N}
        np.savez(path, models=np.array(len(battles.models)), **held)
        paths = {"llmfao": (path, len(battles)), **paths}
    for data, (path, votes) in paths.items():
        step(f"speed: {data}")
        if not path.exists():
            child(sys.executable, "fitting.py", "make", str(votes), str(path))
        said = best("assay-bt", path)
        told += [
            Figure(f"{data}: plain fit with intervals, CPU", said["cpu"], "s", MOST_CPU.get(votes, "")),
            Figure(f"{data}: plain fit with intervals, peak", said["peak_mb"], "MB", MOST_MB.get(votes, "")),
        ]
        told += beside(data, path, said, others)
        tied = best("assay-davidson", path)
        told.append(
            Figure(f"{data}: Davidson with intervals, CPU", tied["cpu"], "s", MOST_CPU.get(votes, ""))
        )
        grounded = best("assay-rao-kupper", path)
        told.append(Figure(f"{data}: Rao–Kupper with intervals, CPU", grounded["cpu"], "s"))
    return told


def style() -> list[Figure]:
    """The worth of style on synthetic battles whose truth is known."""
    votes = 100_000 if QUICK else 1_000_000
    step(f"style: {votes:,} votes")
    path = SCRATCH / f"arena-style-{votes}.npz"
    SCRATCH.mkdir(exist_ok=True)
    if not path.exists():
        child(sys.executable, "fitting.py", "make-ties", str(votes), str(path))
    said = best("assay-style", path)
    off = np.abs(np.array(said["gamma"]) - GAMMA) / np.array(said["error"])
    theirs, version = {"cpu": "", "length": ""}, ""
    for peer in peers():
        if peer.method == "arena-rank":
            found = child(peer.programs / "python", "peers.py", "arena-rank-style", str(path), limit=LIMIT_S)
            version = installed(peer.programs, peer.package)
            theirs = {"cpu": OVER, "length": OVER}
            if "gamma" in found:
                theirs = {"cpu": f"{found['cpu']:.3g}", "length": f"{found['gamma'][0]:.4f}"}
    name = "arena-rank, as it comes" if version else ""
    return [
        Figure(
            f"style, {votes:,} votes, four features: CPU", said["cpu"], "s", "" if QUICK else "<= 2",
            name, theirs["cpu"], version,
        ),
        Figure(f"style, {votes:,} votes: peak", said["peak_mb"], "MB"),
        Figure("style: farthest coefficient from the truth", float(off.max()), "SE", "<= 2"),
        Figure(
            "style: worth of length (truth 0.25)", float(said["gamma"][0]), "log-odds", "",
            name, theirs["length"], version,
        ),
    ]  # fmt: skip


Part = Callable[[], list[Figure]]

# What is foreseen or simulated comes out the same on a busy machine: two parts at a time. Times do not.
TOGETHER: Mapping[str, Part] = {
    **{one.name: partial(foreseen, one) for one in foresight.SETS},
    **{part.__name__: part for part in inference.PARTS},
}
ALONE: Mapping[str, Part] = {"style": style, "ranks-time": inference.ranks_time, "speed": speed}


def main() -> None:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    found: dict[str, list[Figure]] = {}

    def keep() -> list[Figure]:
        return [figure for name in (*TOGETHER, *ALONE) for figure in found.get(name, [])]

    def wanted(name: str) -> bool:
        return not ONLY or name in ONLY

    # fresh processes, since a fork would share what the parent holds
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        jobs = {name: pool.submit(part) for name, part in TOGETHER.items() if wanted(name)}
        for name, job in jobs.items():
            found[name] = job.result()
    for name, part in ALONE.items():
        if wanted(name):
            found[name] = part()
        if not ONLY:
            write("arena", keep())
    if ONLY:
        for figure in keep():
            print(figure)


if __name__ == "__main__":
    main()
