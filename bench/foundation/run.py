"""Measure the foundation's figures: make bench AREA=foundation [QUICK=1]."""

from __future__ import annotations

import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))
import load
import numpy as np
import polars as pl
from harness import QUICK, ROOT, SCRATCH, Figure, environment, installed, megabytes, step, timed, write

LABEL_STUDIO = "label-studio==1.23.2"
CROWD_KIT = ("crowd-kit==1.4.2", "scikit-learn==1.6.1", "pyarrow")
CROWD_KIT_RUN = """
import sys, pandas as pd
from crowdkit.aggregation import DawidSkene
votes = pd.read_parquet(sys.argv[1]).rename(columns={"item": "task", "rater": "worker"})
DawidSkene(n_iter=100).fit_predict(votes)
"""


def starting() -> list[Figure]:
    step("import and help")
    runs = 5 if QUICK else 15
    importing = timed([sys.executable, "-c", "import assay"], runs=runs)
    helping = timed([load.ASSAY, "--help"], runs=runs)
    return [
        Figure("import assay, whole process", importing.wall_s, "s wall", "<= 0.15"),
        Figure("assay --help, whole process", helping.wall_s, "s wall", "<= 0.4"),
    ]


def quality() -> list[Figure]:
    step("assay quality on 100,000 votes")
    rng = np.random.default_rng(7)
    items, raters, each, labels = 20_000, 200, 5, 4
    truth = rng.integers(labels, size=items)
    accuracy = rng.beta(4, 2, raters)
    item_N = np.repeat(np.arange(items), each)
    rater_N = np.concatenate([rng.choice(raters, each, replace=False) for _ in range(items)])
    right_N = rng.random(items * each) < accuracy[rater_N]
    label_N = np.where(right_N, truth[item_N], rng.integers(labels, size=items * each))
    votes = pl.DataFrame(
        {
            "item": [f"i{n}" for n in item_N],
            "rater": [f"r{n}" for n in rater_N],
            "label": [f"l{n}" for n in label_N],
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "votes.parquet"
        votes.write_parquet(path)
        ours = timed([load.ASSAY, "quality", str(path)], runs=3 if QUICK else 5)
        wall = Figure("assay quality, 100,000 votes, whole process", ours.wall_s, "s wall", "<= 2")
        cpu = Figure("assay quality, 100,000 votes, CPU", ours.cpu_s, "s CPU")
        if not QUICK:
            peer = environment("crowd-kit", *CROWD_KIT)
            theirs = timed([str(peer / "python"), "-c", CROWD_KIT_RUN, str(path)], runs=2)
            of = ("crowd-kit DawidSkene", f"{theirs.wall_s:.4g}", installed(peer, "crowd-kit"))
            wall = Figure(wall.figure, wall.value, wall.unit, wall.target, *of)
            cpu = Figure(cpu.figure, cpu.value, cpu.unit, "", of[0], f"{theirs.cpu_s:.4g}", of[2])
    return [wall, cpu]


def install() -> list[Figure]:
    if QUICK:
        return []
    figures = []
    for installer, target in (("uv", "<= 480"), ("pip", "")):
        step(f"a base install into a fresh environment, by {installer}")
        shutil.rmtree(SCRATCH / f"base-{installer}", ignore_errors=True)
        ours = megabytes(environment(f"base-{installer}", str(ROOT), installer=installer).parent)
        peer = environment(f"label-studio-{installer}", LABEL_STUDIO, installer=installer)
        theirs = f"{megabytes(peer.parent):.4g}"
        name = "base install" if installer == "uv" else "base install, byte code included"
        version = installed(peer, "label-studio")
        figures.append(
            Figure(f"{name} (by {installer})", ours, "MB", target, "Label Studio", theirs, version)
        )
    return figures


def label_studio_start() -> tuple[str, str]:
    """Return the seconds of Label Studio's second start, and its version."""
    peer = environment("label-studio-pip", LABEL_STUDIO)
    with tempfile.TemporaryDirectory() as home, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        took = 0.0
        for _ in range(2):  # the first start makes the tables
            start = time.perf_counter()
            process = subprocess.Popen(
                [
                    str(peer / "label-studio"), "start", "--no-browser", "--internal-host", "127.0.0.1",
                    "--port", str(port), "--data-dir", home,
                ],
                env={
                    "PATH": f"{peer}:/usr/bin:/bin", "HOME": home, "COLLECT_ANALYTICS": "0",
                    "LATEST_VERSION_CHECK": "0", "SENTRY_DSN": "", "FRONTEND_SENTRY_DSN": "",
                },
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )  # fmt: skip
            while True:
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5)
                    break
                except OSError:
                    if process.poll() is not None or time.perf_counter() - start > 240:
                        process.kill()
                        return "did not start", installed(peer, "label-studio")
                    time.sleep(0.02)
            took = time.perf_counter() - start
            process.terminate()
            process.wait(30)
    return f"{took:.4g}", installed(peer, "label-studio")


def platform() -> list[Figure]:
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        step("the first start, on an empty folder")
        with load.server(home) as (_, _, first):
            pass
        works = 400 if QUICK else 2_000
        people = 32
        step(f"a project of {works} works")
        subprocess.run(
            [sys.executable, str(Path(load.__file__)), str(home), str(works), str(people)], check=True
        )
        starts = []
        for _ in range(3 if QUICK else 7):
            with load.server(home) as (_, _, took):
                starts.append(took)
        peer = ("Label Studio", *label_studio_start()) if not QUICK else ()
        figures += [
            Figure("server start, tables in place", statistics.median(starts), "s wall", "<= 2", *peer),
            Figure("server start, empty folder", first, "s wall"),
        ]
        with load.server(home) as (port, pid, _):
            step("one client")
            one = load.run(port, pid, clients=1, limit=works // 4)
            step("32 clients")
            many = load.run(port, pid, clients=people, limit=works)
        above, twice = load.truth(home)
    failed = sum(count for status, count in (one.refused + many.refused).items() if status >= 500)
    return [
        *figures,
        Figure("claim + submit, 1 client, server CPU", one.cpu_ms, "ms CPU a judgment", "<= 8"),
        Figure("claim + submit, 32 clients, server CPU", many.cpu_ms, "ms CPU a judgment", "<= 8"),
        Figure("judgments a second, 32 clients", many.per_second, "1/s"),
        Figure("loop p95, 32 clients", many.quantile(0.95), "ms wall"),
        Figure("resident memory after load", many.resident_mb, "MB"),
        Figure("judgments above the cap, 32 clients", above, "judgments", "<= 0"),
        Figure("people twice on one work", twice, "works", "<= 0"),
        Figure("answers 5xx", failed, "answers", "<= 0"),
        Figure(
            "judgments accepted of those there were",
            one.accepted + many.accepted,
            f"of {works}",
            f">= {works}",
        ),
    ]


if __name__ == "__main__":
    write("foundation", [*starting(), *quality(), *install(), *platform()])
