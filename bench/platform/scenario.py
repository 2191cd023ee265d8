"""The scenario in which platforms stand side by side: people who take a pair and answer, without a pause."""

from __future__ import annotations

import http.client
import math
import os
import re
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlencode

import load
import numpy as np
from harness import cpu_of, memory_mb, resident_mb

NONE_LEFT = 0
"""What a turn answers when its person was given no work."""


class Visitor(load.Person):
    """A client with cookies and a kept connection; each platform signs it in as its own form does."""

    def __post_init__(self) -> None:
        self.link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=180)

    def fill_in(self, path: str, fields: Mapping[str, str]) -> int:
        """Send a form back with the token that its page had, where it had one."""
        page = self.ask("GET", path)[1].decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        return self.ask(
            "POST", path, urlencode({**fields, **({"csrfmiddlewaretoken": token[1]} if token else {})})
        )[0]

    def send(self, path: str, body: bytes, kind: str = "application/json") -> tuple[int, bytes]:
        """Send a body as it is."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        self.link.request("POST", path, body, {"Cookie": cookies, "Content-Type": kind})
        answer = self.link.getresponse()
        return answer.status, answer.read()


@dataclass(frozen=True)
class Open:
    """A server with a project of pairs and people who are signed in; `turn` takes one and answers it."""

    pid: int
    people: Sequence[load.Person]
    turn: Callable[[load.Person], int]


class Platform(Protocol):
    """What each platform can be asked for. Seconds are wall seconds."""

    name: str
    version: str

    def starts(self) -> tuple[float, float]:
        """Return the seconds of a start on an empty folder, and of the next."""

    def opened(self, works: int, people: int) -> AbstractContextManager[Open]:
        """Serve a new project of so many pairs, with at most one judgment each."""

    def above(self) -> int:
        """Return the judgments above the cap in the project served last, past the program."""

    def imports(self, works: int) -> tuple[float, float]:
        """Return the seconds of an import of so many pairs, the first since a start, and of the next."""

    def exports(self, works: int) -> tuple[float, float]:
        """Return the seconds of an export of so many judged pairs, likewise."""


@dataclass(frozen=True)
class Found:
    """What so many people at once came to."""

    seconds: float
    server_cpu_s: float
    memory_mb: float
    resident_mb: float
    loop_ms: Sequence[float]
    waiting_ms: Sequence[float]
    """How long each loop had waited that was not answered when time was over."""
    failed: int
    """Loops that were answered with 5xx."""
    refused: int
    """Loops that were refused otherwise."""

    @property
    def accepted(self) -> int:
        return len(self.loop_ms)

    @property
    def cpu_ms(self) -> float:
        return 1000 * self.server_cpu_s / max(self.accepted, 1)

    @property
    def per_second(self) -> float:
        return self.accepted / self.seconds

    @property
    def p95_ms(self) -> float:
        """Loops that were still waiting at the end count with what they had waited: a lower bound."""
        loops = [*self.loop_ms, *self.waiting_ms]
        return float(np.quantile(loops, 0.95)) if loops else math.nan

    @property
    def failed_percent(self) -> float:
        return 100 * self.failed / max(self.failed + self.accepted, 1)


def drive(place: Open, *, limit: int, seconds: float) -> Found:
    """Let everyone judge until `limit` judgments were accepted, none is left, or the time is over."""
    guard, since = threading.Lock(), dict[str, float]()
    loop_ms, refused = list[float](), Counter[int]()
    end = time.perf_counter() + seconds

    def work(person: load.Person) -> None:
        while len(loop_ms) < limit and time.perf_counter() < end:
            begun = since[person.name] = time.perf_counter()
            try:
                status = place.turn(person)
            except (OSError, http.client.HTTPException):
                return  # its server was ended while this person waited
            with guard:
                del since[person.name]
                if status == NONE_LEFT:
                    return
                if status < 300:
                    loop_ms.append(1000 * (time.perf_counter() - begun))
                else:
                    refused[status] += 1

    before, start = cpu_of(place.pid), time.perf_counter()
    threads = [threading.Thread(target=work, args=(person,), daemon=True) for person in place.people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, end + 1 - time.perf_counter()))
    with guard:
        now = time.perf_counter()
        return Found(
            seconds=now - start,
            server_cpu_s=cpu_of(place.pid) - before,
            memory_mb=memory_mb(place.pid),
            resident_mb=resident_mb(place.pid),
            loop_ms=tuple(loop_ms),
            waiting_ms=[1000 * (now - begun) for begun in since.values()],
            failed=sum(count for status, count in refused.items() if status >= 500),
            refused=sum(count for status, count in refused.items() if status < 500),
        )


@contextmanager
def served(
    command: Sequence[str], port: int, *, env: Mapping[str, str], cwd: Path, limit: float = 240
) -> Iterator[tuple[int, float]]:
    """Serve until the context is left; give the process and the seconds until it answered `/health`."""
    log = cwd / "server.log"
    start = time.perf_counter()
    with log.open("w") as stream:
        process = subprocess.Popen(
            command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, env=dict(env)
        )
    try:
        while not answers(port):
            if process.poll() is not None or time.perf_counter() - start > limit:
                raise RuntimeError(f"{command[0]} did not start: {log.read_text()[-500:]}")
            time.sleep(0.01)
        yield process.pid, time.perf_counter() - start
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def answers(port: int) -> bool:
    """Whether a server says that it is well."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        link.request("GET", "/health")
        return link.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        link.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def alone(bin_folder: Path, home: Path, **more: str) -> dict[str, str]:
    """Return the surroundings of a rival's process: its own programs and folder, nothing else of ours."""
    return {
        "PATH": f"{bin_folder}:/usr/bin:/bin",
        "HOME": str(home),
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1"),
        "OPENBLAS_NUM_THREADS": os.environ.get("OPENBLAS_NUM_THREADS", "1"),
        **more,
    }
