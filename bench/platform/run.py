"""Measure the platform's figures: make bench AREA=platform [QUICK=1]."""

from __future__ import annotations

import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
sys.path[:0] = map(str, (HERE.parent, HERE.parent / "foundation", HERE.parents[1] / "tests" / "platform"))
import battles  # noqa: E402
import cluster  # noqa: E402
import crash  # noqa: E402
import load  # noqa: E402
import pages  # noqa: E402
import rivals  # noqa: E402
from harness import QUICK, Figure, children, cpu_of, memory_mb, step, write  # noqa: E402
from ours import export, upload  # noqa: E402
from pairs import pairs  # noqa: E402

CLIENTS = tuple(map(int, os.environ.get("CLIENTS", "1 8 32 128").split()))
LIMIT = 200 if QUICK else 500
ONLY = os.environ.get("ONLY", "").split()
TABLE = 10_000 if QUICK else 100_000


@dataclass(frozen=True)
class Place:
    """A database to measure on; `address` is empty for SQLite."""

    name: str
    address: str

    def fresh(self) -> str:
        """Return the address of an empty database."""
        return cluster.fresh(self.address) if self.address else ""


def fill(home: Path, database: str, works: int, people: int) -> None:
    env = {**os.environ, **({"ASSAY_DATABASE": database} if database else {})}
    command = [sys.executable, load.__file__, str(home), str(works), str(people)]
    subprocess.run(command, check=True, env=env)


def starts(place: Place) -> list[Figure]:
    step(f"{place.name}: starts")
    with tempfile.TemporaryDirectory() as folder:
        home, database = Path(folder) / "home", place.fresh()
        with load.server(home, database) as (_, _, first):
            pass
        again = []
        for _ in range(3 if QUICK else 7):
            with load.server(home, database) as (_, _, took):
                again.append(took)
    return [
        Figure(f"{place.name}: start, tables in place", statistics.median(again), "s wall", "<= 2"),
        Figure(f"{place.name}: start, empty database", first, "s wall"),
    ]


def loops(place: Place) -> list[Figure]:
    """Claim and submit with 1, 8, 32 and 128 people; then what the database says, and the data set."""
    figures, above, twice, failed, others = [], 0, 0, 0, 0
    lite = not place.address
    with tempfile.TemporaryDirectory() as folder:
        for clients in CLIENTS:
            step(f"{place.name}: {clients} clients")
            home, database = Path(folder) / f"home{clients}", place.fresh()
            fill(home, database, 2_000, clients)
            with load.server(home, database) as (port, pid, _):
                found = load.run(port, pid, clients=clients, limit=LIMIT)
            more = load.truth(home, database)
            above, twice = above + more[0], twice + more[1]
            failed += sum(count for status, count in found.refused.items() if status >= 500)
            others += sum(count for status, count in found.refused.items() if status < 500)
            name = f"{place.name}: {clients} client{'s' * (clients > 1)}"
            many = clients == 32
            rate, wait = (">= 100", "<= 150") if many and lite else ("", "")
            figures += [
                Figure(f"{name}, server CPU", found.cpu_ms, "ms CPU a judgment", "<= 8"),
                Figure(f"{name}, judgments a second", found.per_second, "1/s", rate),
                Figure(f"{name}, loop p50", found.quantile(0.5), "ms wall"),
                Figure(f"{name}, loop p95", found.quantile(0.95), "ms wall", wait),
            ]
            if many:
                bound = "<= 150" if lite else ""
                figures += [
                    Figure(f"{name}, memory after", found.memory_mb, "MB", bound),
                    Figure(f"{name}, the same with shared pages in each process", found.resident_mb, "MB"),
                ]
    zero = f"{place.name}: {', '.join(map(str, CLIENTS))} clients"
    return [
        *figures,
        Figure(f"{zero}, judgments above the cap", above, "judgments", "<= 0"),
        Figure(f"{zero}, people twice on one work", twice, "works", "<= 0"),
        Figure(f"{zero}, answers 5xx", failed, "answers", "<= 0"),
        Figure(f"{zero}, other refusals", others, "answers", "<= 0"),
    ]


def through_pages(place: Place) -> list[Figure]:
    """The same loop as a browser makes it: the page of a work, its form, the next page."""
    step(f"{place.name}: through the pages")
    with tempfile.TemporaryDirectory() as folder:
        home, database = Path(folder) / "home", place.fresh()
        fill(home, database, 1_000, 1)
        with load.server(home, database) as (port, pid, _):
            person = load.Person(port, "person0")
            pages.judge(person, "load", 30)
            before, start = cpu_of(pid), time.perf_counter()
            count = pages.judge(person, "load", LIMIT)
            cpu, wall = cpu_of(pid) - before, time.perf_counter() - start
    name = f"{place.name}: 1 client through the pages"
    return [
        Figure(f"{name}, server CPU", 1000 * cpu / count, "ms CPU a judgment", "<= 8"),
        Figure(f"{name}, judgments a second", count / wall, "1/s"),
    ]


def table(path: Path, items: int) -> None:
    """Write pairs of the same texts as everywhere."""
    with path.open("w", encoding="utf-8") as lines:
        for row in pairs(items):
            lines.write(json.dumps(row) + "\n")


def judging(person: load.Person, waits: list[float], failed: list[int], done: threading.Event) -> None:
    """Judge at the pace of twice a second, and keep how long each loop took, whenever it began."""
    while not done.is_set():
        begun = time.perf_counter()
        status, body = person.ask("POST", "/api/projects/load/next", "{}")
        given = json.loads(body) if status == 200 else {}
        if given.get("work"):
            answer = {"answer": {"choice": given["samples"][0]["id"]}, "seconds": 1}
            status, _ = person.ask("POST", f"/api/work/{given['token']}/judgment", json.dumps(answer))
        if status == 200:
            waits.append(1000 * (time.perf_counter() - begun))
        else:
            failed.append(status)
        done.wait(max(0.0, 0.5 - (time.perf_counter() - begun)))


def in_and_out(place: Place) -> list[Figure]:
    """A large table in while eight people judge, and what was judged out."""
    step(f"{place.name}: {TABLE:,} items in while eight people judge")
    with tempfile.TemporaryDirectory() as folder:
        home, database, path = Path(folder) / "home", place.fresh(), Path(folder) / "table.jsonl"
        table(path, TABLE)
        fill(home, database, 2_000, 9)
        with load.server(home, database) as (port, pid, _):
            people = [load.Person(port, f"person{number}") for number in range(9)]
            calm = upload_beside(people, None)
            waits, failed, took = upload_beside(people, path)
            step(f"{place.name}: what was judged out")
            found = load.run(port, pid, clients=8, limit=2_000)
            judged = found.accepted + len(waits) + len(calm[0])
            first, size = export(people[0])
            again, _ = export(people[0])
            load.run(port, pid, clients=1, limit=1)
            anew, _ = export(people[0])
            memory = memory_mb(pid)
            later = alone_again(place, pid)
    name = f"{place.name}: {TABLE:,} items through the API"
    target = "<= 15" if TABLE == 100_000 else ""
    return [
        Figure(f"{name}, eight people judging", took, "s wall", target),
        Figure(f"{place.name}: eight people, no import, loop p95", np.quantile(calm[0], 0.95), "ms wall"),
        Figure(f"{name}, loop p95 meanwhile", np.quantile(waits, 0.95), "ms wall", "<= 150"),
        Figure(f"{name}, longest loop meanwhile", max(waits), "ms wall"),
        Figure(f"{name}, failures meanwhile", len(failed), "answers", "<= 0"),
        Figure(f"{place.name}: export of all judged items", again, "s wall", "<= 0.3"),
        Figure(f"{place.name}: the same, statistics counted anew", anew, "s wall", "<= 0.3"),
        Figure(f"{place.name}: the same, the first count of all", first, "s wall"),
        Figure(f"{place.name}: export, judged items in it", judged, "items"),
        Figure(f"{place.name}: export, size", size / 2**20, "MB"),
        Figure(f"{place.name}: memory after import and export", memory, "MB"),
        *later,
    ]


def alone_again(place: Place, pid: int) -> list[Figure]:
    """Wait until the process that counts has ended, and measure the memory that stays; on SQLite alone."""
    if QUICK or place.address:
        return []
    step(f"{place.name}: waiting for the counting process to end")
    end = time.monotonic() + 90
    while len(children(pid)) > 1 and time.monotonic() < end:
        time.sleep(1)
    return [Figure(f"{place.name}: memory once the counting process has ended", memory_mb(pid), "MB")]


def upload_beside(people: Sequence[load.Person], path: Path | None) -> tuple[list[float], list[int], float]:
    """Let all but the first judge, while the first brings a table in, or for five seconds."""
    waits: list[float] = []
    failed: list[int] = []
    done = threading.Event()
    threads = [threading.Thread(target=judging, args=(each, waits, failed, done)) for each in people[1:]]
    for thread in threads:
        thread.start()
    start = time.perf_counter()
    if path is None:
        time.sleep(5)
    else:
        status, body = upload(people[0], path.read_bytes())
        if status != 200:
            raise RuntimeError(f"the import was refused: {status} {body[:500]!r}")
    took = time.perf_counter() - start
    done.set()
    for thread in threads:
        thread.join()
    return waits, failed, took


def arenas(place: Place) -> list[Figure]:
    """Ten thousand battles of an arena, and a hundred thousand: one person goes on, the board is shown."""
    figures = []
    for many in (1_000,) if QUICK else (10_000, 100_000):
        step(f"{place.name}: an arena with {many:,} battles behind it")
        with tempfile.TemporaryDirectory() as folder, battles.speaking() as url:
            home, database = Path(folder) / "home", place.fresh()
            battles.filled(home, url, many, database)
            with load.server(home, database) as (port, pid, _):
                owner, person = load.Person(port, "person0"), load.Person(port, "person1")
                battles.hold(person, 5, pid)
                held = battles.hold(person, 40, pid)
                quiet = memory_mb(pid)
                first = battles.counted(owner)
                shown = [battles.seconds(owner, "/projects/ring/board/parts/")[0] for _ in range(5)]
                battles.hold(person, 1, pid)
                newer = battles.seconds(owner, "/projects/ring/board/parts/")[0]
                gate = battles.compared(owner, "gate")
                memory = memory_mb(pid)
        name = f"{place.name}: {many:,} battles"
        figures += [
            Figure(f"{name}, a battle from desk to vote, server CPU", held.cpu_ms, "ms CPU a battle"),
            Figure(f"{name}, the same, counting beside it", held.beside_ms, "ms CPU a battle"),
            Figure(f"{name}, the vote alone, server CPU", held.vote_ms, "ms CPU a vote", "<= 20"),
            Figure(f"{name}, the vote alone", held.median("vote"), "ms wall"),
            Figure(f"{name}, the page of the board", statistics.median(shown), "s wall", "<= 1"),
            Figure(f"{name}, the same after one more vote", newer, "s wall"),
            Figure(f"{name}, the first count of the board", first, "s wall"),
            Figure(f"{name}, did one get worse (gate)", gate, "s wall"),
            Figure(f"{name}, memory while battles are held", quiet, "MB"),
            Figure(f"{name}, memory after the board was counted", memory, "MB"),
        ]
    return figures


def kills(place: Place) -> list[Figure]:
    rounds = 3 if QUICK else 20
    step(f"{place.name}: {rounds} kills under load")
    with tempfile.TemporaryDirectory() as folder:
        found = crash.run(Path(folder) / "home", rounds, place.fresh())
    name = f"{place.name}: kill -9 under load, {rounds} times"
    return [
        Figure(f"{name}, acknowledged", found["acknowledged"], "judgments"),
        Figure(f"{name}, lost of those", found["lost"], "judgments", "<= 0"),
        Figure(f"{name}, there twice", found["twice"], "judgments", "<= 0"),
        Figure(f"{name}, above the cap", found["above the cap"], "judgments", "<= 0"),
    ]


def main() -> None:
    figures: list[Figure] = []
    lacking = cluster.lacking()
    if lacking:
        step(f"SQLite alone: {lacking}")
    with nullcontext("") if lacking or ONLY == ["rivals"] else cluster.cluster(durable=True) as address:
        for place in [Place("SQLite", ""), *([Place("PostgreSQL", address)] if address else [])]:
            for measure in (starts, loops, through_pages, in_and_out, arenas, kills):
                if ONLY and measure.__name__ not in ONLY:
                    continue
                figures += measure(place)
    if "rivals" in ONLY or not (ONLY or QUICK):
        figures += rivals.side_by_side()
    write("platform", beside_kept(figures) if ONLY else figures)


def beside_kept(figures: Sequence[Figure]) -> list[Figure]:
    """Set what was measured now into the table as it stands, whose other rows stay."""
    path = HERE / ("results-quick.csv" if QUICK else "results.csv")
    rows = list(csv.DictReader(path.open(encoding="utf-8"))) if path.exists() else []
    for row in rows:
        row["value"] = float(row["value"])
        del row["holds"]
    table = {row["figure"]: Figure(**row) for row in rows}
    return list((table | {figure.figure: figure for figure in figures}).values())


if __name__ == "__main__":
    main()
