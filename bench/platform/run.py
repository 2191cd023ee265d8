"""Measure the platform's figures: make bench AREA=platform [QUICK=1]."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
sys.path[:0] = map(str, (HERE.parent, HERE.parent / "foundation", HERE.parents[1] / "tests" / "platform"))
import cluster  # noqa: E402
import crash  # noqa: E402
import load  # noqa: E402
import pages  # noqa: E402
from harness import QUICK, Figure, children, cpu_of, memory_mb, step, write  # noqa: E402

CLIENTS = tuple(map(int, os.environ.get("CLIENTS", "1 8 32 128").split()))
LIMIT = 200 if QUICK else 500
ONLY = os.environ.get("ONLY", "").split()
TABLE = 10_000 if QUICK else 100_000
# Rows of other platforms as they were recorded once, on two busy cores: not of this run.
RECORDED = {
    "cpu": ("Label Studio on SQLite, recorded", 315, "1.23.2"),
    "rate": ("Label Studio on SQLite, recorded", 1.71, "1.23.2"),
    "p95": ("Label Studio on SQLite, recorded", 54_452, "1.23.2"),
    "above": ("Label Studio on SQLite, recorded", 101, "1.23.2"),
    "errors": ("Potato, recorded", 23, "2.12.1"),
    "export": ("Label Studio, recorded", 4.7, "1.23.2"),
}


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

            def peer(key: str, shown: bool = many and lite) -> tuple:
                return RECORDED[key] if shown else ()

            figures += [
                Figure(f"{name}, server CPU", found.cpu_ms, "ms CPU a judgment", "<= 8", *peer("cpu")),
                Figure(
                    f"{name}, judgments a second", found.per_second, "1/s",
                    ">= 100" if many and lite else "", *peer("rate"),
                ),
                Figure(f"{name}, loop p50", found.quantile(0.5), "ms wall"),
                Figure(
                    f"{name}, loop p95", found.quantile(0.95), "ms wall",
                    "<= 150" if many and lite else "", *peer("p95"),
                ),
            ]  # fmt: skip
            if many:
                bound = "<= 150" if lite else ""
                figures += [
                    Figure(f"{name}, memory after", found.memory_mb, "MB", bound),
                    Figure(f"{name}, the same with shared pages in each process", found.resident_mb, "MB"),
                ]
    zero = f"{place.name}: {', '.join(map(str, CLIENTS))} clients"
    return [
        *figures,
        Figure(
            f"{zero}, judgments above the cap",
            above,
            "judgments",
            "<= 0",
            *(RECORDED["above"] if lite else ()),
        ),
        Figure(f"{zero}, people twice on one work", twice, "works", "<= 0"),
        Figure(f"{zero}, answers 5xx", failed, "answers", "<= 0", *(RECORDED["errors"] if lite else ())),
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
    """Write pairs of the same texts as everywhere: prompts of 40 words, answers of 150."""
    rng = np.random.default_rng(7)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    words = np.array(["".join(rng.choice(letters, rng.integers(2, 10))) for _ in range(3_000)])
    with path.open("w", encoding="utf-8") as lines:
        for number in range(items):
            drawn = words[rng.integers(0, len(words), 340)].tolist()
            texts = [" ".join(part) for part in (drawn[:40], drawn[40:190], drawn[190:])]
            fields = ("prompt", "response_a", "response_b")
            row = dict(zip(fields, texts, strict=True)) | {
                "item": f"new{number}",
                "model_a": "x",
                "model_b": "y",
            }
            lines.write(json.dumps(row) + "\n")


def upload(person: load.Person, path: Path) -> tuple[int, bytes]:
    """Send a table through the API, as a form does."""
    mark = uuid.uuid4().hex
    head = f'--{mark}\r\nContent-Disposition: form-data; name="table"; filename="table.jsonl"\r\n\r\n'
    body = head.encode() + path.read_bytes() + f"\r\n--{mark}--\r\n".encode()
    cookies = "; ".join(f"{name}={value}" for name, value in person.cookies.items())
    headers = {
        "Cookie": cookies,
        "X-CSRFToken": person.cookies["assay-csrf"],
        "Content-Type": f"multipart/form-data; boundary={mark}",
    }
    person.link.timeout = 300
    person.link.request("POST", "/api/projects/load/import", body, headers)
    answer = person.link.getresponse()
    return answer.status, answer.read()


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
        Figure(
            f"{place.name}: export of {judged} judged items ({size / 2**20:.1f} MB)", again, "s wall",
            "<= 0.3", *RECORDED["export"],
        ),
        Figure(f"{place.name}: the same, statistics counted anew", anew, "s wall", "<= 0.3"),
        Figure(f"{place.name}: the same, the first count of all", first, "s wall"),
        Figure(f"{place.name}: memory after import and export", memory, "MB"),
        *later,
    ]  # fmt: skip


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
        status, body = upload(people[0], path)
        if status != 200:
            raise RuntimeError(f"the import was refused: {status} {body[:500]!r}")
    took = time.perf_counter() - start
    done.set()
    for thread in threads:
        thread.join()
    return waits, failed, took


def export(person: load.Person) -> tuple[float, int]:
    start = time.perf_counter()
    status, body = person.ask("GET", "/api/projects/load/export/trl-preference")
    if status != 200:
        raise RuntimeError(f"the export was refused: {status} {body[:500]!r}")
    return time.perf_counter() - start, len(body)


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
    with nullcontext("") if lacking else cluster.cluster(durable=True) as address:
        for place in [Place("SQLite", ""), *([Place("PostgreSQL", address)] if address else [])]:
            for measure in (starts, loops, through_pages, in_and_out, kills):
                if ONLY and measure.__name__ not in ONLY:
                    continue
                figures += measure(place)
    write("platform", figures)


if __name__ == "__main__":
    main()
