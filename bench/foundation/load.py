"""People at work: clients that claim and submit over HTTP, and the truth, read from the database."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from harness import cpu_of, memory_mb, resident_mb

PASSWORD = "a long enough pass phrase 7"  # noqa: S105 -- of people who exist for a minute
ASSAY = str(Path(sys.executable).with_name("assay"))


def fill(home: Path, *, works: int, people: int, cap: int = 1) -> None:
    """Make a project of pairs, and people who may judge in it."""
    from assay.platform import service
    from assay.records import Brief, Item, Sample

    rng = np.random.default_rng(7)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    words = ["".join(rng.choice(letters, rng.integers(2, 10))) for _ in range(3_000)]

    def text(length: int) -> str:
        return " ".join(rng.choice(words, length))

    items = [Item(f"item{n}", text(40)) for n in range(works)]
    samples = [Sample(f"{item.id}/{name}", item.id, name, text(150)) for item in items for name in ("x", "y")]
    service.prepare(home)
    slug = service.create_project(
        Brief("load", "See how it holds.", "pairwise", judgments_per_work=cap), items, samples
    )
    for number in range(people):
        service.add_person(f"person{number}", PASSWORD)
        service.add_member(slug, f"person{number}", "contributor" if number else "author")


@contextmanager
def server(home: Path, database: str = "") -> Iterator[tuple[int, int, float]]:
    """Serve a folder; give the port, the process and the seconds from its start to the first answer."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    start = time.perf_counter()
    process = subprocess.Popen(
        [ASSAY, "up", "--home", str(home), "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, **({"ASSAY_DATABASE": database} if database else {})},
    )
    try:
        while True:
            try:
                link = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
                link.request("GET", "/healthz")
                if link.getresponse().status == 200:
                    break
            except OSError:
                if process.poll() is not None or time.perf_counter() - start > 60:
                    raise RuntimeError(process.stderr.read().decode()) from None
                time.sleep(0.005)
        yield port, process.pid, time.perf_counter() - start
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


@dataclass
class Person:
    """One signed-in client with a connection that is kept."""

    port: int
    name: str
    cookies: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        if self.cookies:
            return  # signed in before
        form = self.ask("GET", "/sign-in/")[1].decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
        fields = {"name": self.name, "password": PASSWORD}
        status, _ = self.ask("POST", "/sign-in/", urlencode({**fields, "csrfmiddlewaretoken": token[1]}))
        if status != 302:
            raise RuntimeError(f"{self.name} cannot sign in: {status}")

    def ask(
        self, method: str, path: str, body: str | None = None, more: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        headers |= more or {}
        if body is not None:
            kind = "application/json" if body.startswith("{") else "application/x-www-form-urlencoded"
            headers |= {"Content-Type": kind, "X-CSRFToken": self.cookies.get("assay-csrf", "")}
        try:
            self.link.request(method, path, body, headers)
            answer = self.link.getresponse()
        except (BrokenPipeError, ConnectionResetError, http.client.RemoteDisconnected):
            self.link.close()  # idle for too long; a browser opens another connection just so
            self.link.request(method, path, body, headers)
            answer = self.link.getresponse()
        for header, value in answer.getheaders():
            if header.lower() == "set-cookie":
                name, _, rest = value.partition("=")
                self.cookies[name] = rest.partition(";")[0]
        return answer.status, answer.read()


@dataclass
class Load:
    """What a run of clients came to. Times in milliseconds."""

    accepted: int
    refused: Counter[int]
    seconds: float
    server_cpu_s: float
    resident_mb: float
    memory_mb: float
    loop_ms: list[float]

    @property
    def cpu_ms(self) -> float:
        return 1000 * self.server_cpu_s / max(self.accepted, 1)

    @property
    def per_second(self) -> float:
        return self.accepted / self.seconds

    def quantile(self, q: float) -> float:
        return float(np.quantile(self.loop_ms, q))


def run(port: int, pid: int, *, clients: int, limit: int) -> Load:
    """Let people claim and submit, without a pause, until `limit` judgments were accepted or none is left."""
    people = [Person(port, f"person{number}") for number in range(clients)]
    tally, refused, loops = [0], Counter[int](), []
    guard = threading.Lock()

    def work(person: Person) -> None:
        while tally[0] < limit:
            begun = time.perf_counter()
            status, body = person.ask("POST", "/api/projects/load/next", "{}")
            given = json.loads(body) if status == 200 else {}
            if status != 200:
                with guard:
                    refused[status] += 1
                    if refused[status] > 20:
                        return
                continue
            if given.get("work") is None:
                return
            answer = {"answer": {"choice": given["samples"][0]["id"]}, "seconds": 1}
            status, _ = person.ask("POST", f"/api/work/{given['token']}/judgment", json.dumps(answer))
            with guard:
                if status == 200:
                    tally[0] += 1
                    loops.append(1000 * (time.perf_counter() - begun))
                else:
                    refused[status] += 1

    before, start = cpu_of(pid), time.perf_counter()
    threads = [threading.Thread(target=work, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - start
    return Load(tally[0], refused, seconds, cpu_of(pid) - before, resident_mb(pid), memory_mb(pid), loops)


ABOVE = (
    "select coalesce(sum(n - cap), 0) from (select w.cap, count(*) n from platform_judgmentrow j "
    "join platform_workrow w on w.id = j.work_id where j.supersedes_id is null group by w.id, w.cap) as each "
    "where n > cap"
)
TWICE = (
    "select count(*) from (select 1 from platform_judgmentrow where supersedes_id is null "
    "group by work_id, person_id having count(*) > 1) as each"
)


def ask(home: Path, question: str, database: str = "") -> list[tuple]:
    """Read what stands in the database, past the program."""
    if database:
        import psycopg

        with psycopg.connect(database) as link:
            return link.execute(question).fetchall()
    with sqlite3.connect(f"file:{home / 'assay.sqlite3'}?mode=ro", uri=True) as link:
        return link.execute(question).fetchall()


def truth(home: Path, database: str = "") -> tuple[int, int]:
    """Return how many judgments stand above the cap, and how many people judged a work twice."""
    return int(ask(home, ABOVE, database)[0][0]), int(ask(home, TWICE, database)[0][0])


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    fill(Path(sys.argv[1]), works=int(sys.argv[2]), people=int(sys.argv[3]))
