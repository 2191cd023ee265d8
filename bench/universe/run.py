"""Worlds for agents: how fast they are made, forked, called, served, checked and replayed.

ONLY="calls http" before the command measures just those parts; then no table is written.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from harness import QUICK, ROOT, SCRATCH, Figure, cpu_of, environment, installed, step, write

HERE = Path(__file__).parent
ONLY = os.environ.get("ONLY", "").split()
RUNS = 1 if QUICK else 3
SIZES = (2_500,) if QUICK else (2_500, 100_000)
LIMIT_S = 300
"""Another tool gets so many seconds of the clock, its import included."""

PEERS: Mapping[str, str] = {
    "agentdojo": "agentdojo==0.1.35",
    "are": "meta-agents-research-environments==1.2.0",
    "appworld": "appworld==0.1.3",
}


def child(*words: str, env: Mapping[str, str] | None = None) -> dict[str, float]:
    """Measure one part in a process of its own."""
    said = subprocess.run(
        [sys.executable, HERE / "ours.py", *words],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, **(env or {})},
    )
    return json.loads(said.stdout)


def least(*words: str, of: str) -> dict[str, float]:
    """Return the run with the least of something: other work on the machine only ever adds."""
    return min((child(*words) for _ in range(RUNS)), key=lambda said: said[of])


def imports() -> list[Figure]:
    step("import")
    said = least("import", of="cpu")
    return [Figure("import of worlds, CPU", said["cpu"], "s", "<= 0.15", *beside("import_s"))]


def build() -> list[Figure]:
    told = []
    for size, most in zip(SIZES, ("<= 1", "<= 30"), strict=False):
        step(f"build: {size:,} entities")
        said = least("build", str(size), of="cpu")
        told.append(Figure(f"{size:,} entities: a world is made, CPU", said["cpu"], "s", most))
        told.append(Figure(f"{size:,} entities: its file", said["mb"], "MB"))
    return told


def forks() -> list[Figure]:
    told = []
    for size in SIZES:
        step(f"forks: {size:,} entities")
        said = least("forks", str(size), of="wall")
        told.append(
            Figure(
                f"{size:,} entities: reset (a fork, open for calls), median, wall",
                1_000 * said["wall"],
                "ms",
                "<= 1",
                *(beside("fork_ms") if size == SIZES[0] else ()),
            )
        )
    return told


def calls() -> list[Figure]:
    step("calls in process")
    found = [child("calls") for _ in range(RUNS)]
    lookups, mixed = (max(said[name] for said in found) for name in ("lookups", "mixed"))
    return [
        Figure(
            "look-ups in process, logged, a CPU second", lookups, "calls/s", ">= 20000", *beside("lookups")
        ),
        Figure("lists, look-ups and three in ten writes, logged, a CPU second", mixed, "calls/s"),
    ]


def http() -> list[Figure]:
    """One client after another over kept connections; the server is the command itself."""
    step("calls over HTTP")
    command = [sys.executable, "-m", "assay", "universe", "mcp", "--template", "bad-deploy", "--port", "0"]
    process = subprocess.Popen(
        [*command, "--key", "bench"], stdout=subprocess.PIPE, text=True, env={**os.environ, "COLUMNS": "200"}
    )
    assert process.stdout is not None
    try:
        address = process.stdout.readline().split()[1]
        port, path = address.removeprefix("http://127.0.0.1:").split("/", 1)
        body = json.dumps(
            {
                "jsonrpc": "2.0",
                "id": 1,
                "method": "tools/call",
                "params": {"name": "people_on_call", "arguments": {"team": "serving"}},
            }
        ).encode()
        asked = (
            f"POST /{path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        )
        many, walls, cpus = 1_000 if QUICK else 5_000, [], []
        # An episode has a most of steps; a fresh one is begun in between.
        per_episode = 150
        with socket.create_connection(("127.0.0.1", int(port))) as wire:
            reset = (
                f"POST /episodes/{path.split('/')[1]}/reset HTTP/1.1\r\nHost: localhost\r\n"
                "Authorization: Bearer bench\r\nContent-Length: 0\r\n\r\n"
            ).encode()
            for _ in range(RUNS):
                spent, cpu = 0.0, cpu_of(process.pid)
                for _ in range(many // per_episode):
                    wire.sendall(reset)
                    wire.recv(1 << 20)
                    start = time.perf_counter()
                    for _ in range(per_episode):
                        wire.sendall(asked)
                        said = wire.recv(1 << 16)
                        assert b'"isError": false' in said, said
                    spent += time.perf_counter() - start
                whole = many // per_episode * per_episode
                walls.append(whole / spent)
                cpus.append(whole / (cpu_of(process.pid) - cpu))
        official = theirs("mcp", address)
    finally:
        process.terminate()
        process.wait()
    return [
        Figure(
            "MCP over HTTP, one kept connection, one call after the other, wall",
            max(walls),
            "calls/s",
            ">= 2000",
            *(("the official client", f"{official['calls']:.0f}", official["version"]) if official else ()),
        ),
        Figure("MCP over HTTP, a CPU second of the server", max(cpus), "calls/s"),
    ]


def live() -> list[Figure]:
    many = 200 if QUICK else 2_000
    step(f"{many:,} live worlds")
    said = least("live", str(many), of="mb")
    return [
        Figure(f"{many:,} live worlds, resident", said["mb"], "MB", "" if QUICK else "<= 1000"),
        Figure("each live world", said["each_mb"], "MB", "<= 0.5", *beside("each_mb")),
    ]


def verify() -> list[Figure]:
    step("diff and verify")
    said = least("verify", of="ms")
    return [
        Figure(
            f"diff row by row and score after {said['steps']} steps, CPU",
            said["ms"],
            "ms",
            "<= 5",
            *beside("verify_ms"),
        )
    ]


def replay() -> list[Figure]:
    step("fourteen simulated days")
    said = least("replay", of="cpu")
    assert said["left"] == 0
    return [Figure("fourteen simulated days with 20,000 events, CPU", said["cpu"], "s", "<= 1")]


def hashes() -> list[Figure]:
    step("the same world in nine processes")
    seeds = ("0", "1", "4242")
    found = {child("hash", env={"PYTHONHASHSEED": seed})["hash"] for seed in seeds for _ in range(RUNS)}
    return [
        Figure(f"different states in {3 * RUNS} processes under three hash seeds", len(found), "", "<= 1")
    ]


_theirs: dict[str, dict[str, float]] = {}
_missing: dict[str, str] = {}


def theirs(name: str, *words: str) -> dict[str, float]:
    """Measure another tool once; nothing where it cannot be installed or asked, which is said."""
    if name in _theirs or name in _missing:
        return _theirs.get(name, {})
    package = PEERS.get(name, "mcp==2.3.0")
    folder = "mcp" if name == "mcp" else f"universe-{name}"
    try:
        programs = environment(folder, package)
        said = subprocess.run(
            [programs / "python", HERE / "peers.py", name, *words],
            check=True,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
        )
        _theirs[name] = json.loads(said.stdout.splitlines()[-1])
        _theirs[name]["version"] = installed(programs, package.partition("==")[0])
    except subprocess.TimeoutExpired:
        _missing[name] = f"over the limit of {LIMIT_S} s"
    except subprocess.CalledProcessError as wrong:
        last = (wrong.stderr or "it cannot be installed here").strip().splitlines()[-1]
        _missing[name] = last[:120]
    if name in _missing:
        step(f"{package} is left out: {_missing[name]}")
    return _theirs.get(name, {})


def beside(figure: str) -> tuple[str, float | str, str]:
    """Return the first peer that has a figure, its value and version, to stand beside ours."""
    if QUICK:
        return "", "", ""
    for name in PEERS:
        if figure in theirs(name):
            return name, f"{theirs(name)[figure]:.4g}", str(theirs(name)["version"])
    return "", "", ""


def peers() -> list[Figure]:
    """What the other tools come to, each figure by itself; those that cannot be asked are told as missing."""
    if QUICK:
        return []
    said = []
    units = {"import_s": "s", "reset_ms": "ms", "fork_ms": "ms", "each_mb": "MB", "verify_ms": "ms"}
    for name in PEERS:
        found = theirs(name)
        said += [
            Figure(f"{name}: {figure}", float(value), units.get(figure, "calls/s"))
            for figure, value in found.items()
            if figure != "version"
        ]
        if not found:
            said.append(Figure(f"{name}: not measured", 0, "", "", name, _missing.get(name, "")))
    return said


def training() -> list[Figure]:
    """TRL's trainers on a world; left out where torch cannot be had."""
    if QUICK:
        return []
    folder = SCRATCH / "universe-training"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        programs = environment(
            "universe-trl", "-c", str(ROOT / "constraints.txt"), "-e", f"{ROOT}[train,worlds]"
        )
        step("training")
        said = subprocess.run(
            [programs / "python", HERE / "training.py", folder], check=True, capture_output=True, text=True
        )
    except subprocess.CalledProcessError as wrong:
        last = (wrong.stderr or "it cannot be installed here").strip().splitlines()[-1]
        return [Figure("GRPOTrainer: not measured", 0, "", "", "trl", last[:120])]
    found = json.loads(said.stdout.splitlines()[-1])
    version = str(found["version"])
    return [
        Figure(f"GRPOTrainer on a world: {what}", found[key], unit, peer_version=version)
        for key, what, unit in (
            ("score", "mean score of what was learned by heart", ""),
            ("calls", "calls of tools an episode", ""),
            ("step_s", "a step of 16 episodes, CPU", "s"),
            ("world_ms", "an episode of an oracle in the world alone, CPU", "ms"),
        )
    ]


PARTS: Mapping[str, Callable[[], list[Figure]]] = {
    part.__name__: part
    for part in (imports, build, forks, calls, http, live, verify, replay, hashes, training, peers)
}


def main() -> None:
    found: dict[str, list[Figure]] = {}
    for size in SIZES:  # worlds of an older generator are not measured
        shutil.rmtree(SCRATCH / f"universe-{size}", ignore_errors=True)
    for name, part in PARTS.items():
        if ONLY and name not in ONLY:
            continue
        found[name] = part()
        if not ONLY:
            write("universe", [figure for some in found.values() for figure in some])
    if ONLY:
        for figure in (figure for some in found.values() for figure in some):
            print(figure)


if __name__ == "__main__":
    main()
