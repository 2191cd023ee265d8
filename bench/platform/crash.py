"""Kill the server while people submit, again and again; what it had acknowledged has to be there, once.

python bench/platform/crash.py FOLDER ROUNDS [WORKS]
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "foundation"))
import load
from harness import children

PEOPLE, WORKS = 6, 6_000


def work_until_it_ends(person: load.Person, acknowledged: list[int]) -> None:
    """Claim and submit until the server is gone; keep the numbers of the judgments it said it has."""
    with suppress(OSError, http.client.HTTPException, ValueError):
        while True:
            status, body = person.ask("POST", "/api/projects/load/next", "{}")
            given = json.loads(body)
            if status != 200 or given.get("work") is None:
                return
            answer = {"answer": {"choice": given["samples"][0]["id"]}, "seconds": 1}
            status, body = person.ask("POST", f"/api/work/{given['token']}/judgment", json.dumps(answer))
            if status == 200:
                acknowledged.append(int(json.loads(body)["judgment"]))


def kill(pid: int) -> None:
    """End a server and its workers at once, as a power cut would."""
    for process in [pid, *children(pid)]:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def run(home: Path, rounds: int, database: str = "", works: int = WORKS) -> dict[str, int]:
    """Kill a server so often, and return what was acknowledged, lost, there twice and above the cap.

    It dies at a moment that is drawn, once it has acknowledged as many as are drawn: on a slow machine later.
    """
    env = {**os.environ, **({"ASSAY_DATABASE": database} if database else {})}
    given = [sys.executable, load.__file__, str(home), str(works), str(PEOPLE)]
    subprocess.run(given, check=True, env=env)
    acknowledged: list[int] = []
    cookies: list[dict[str, str]] = []
    dice = np.random.default_rng(7)
    for _ in range(rounds):
        with load.server(home, database) as (port, pid, _):
            if not cookies:
                cookies = [load.Person(port, f"person{number}").cookies for number in range(PEOPLE)]
            people = [load.Person(port, f"person{n}", dict(own)) for n, own in enumerate(cookies)]
            threads = [
                threading.Thread(target=work_until_it_ends, args=(person, acknowledged)) for person in people
            ]
            enough = len(acknowledged) + dice.integers(20, 150)
            for thread in threads:
                thread.start()
            while len(acknowledged) < enough and any(thread.is_alive() for thread in threads):
                time.sleep(0.002)
            time.sleep(dice.uniform(0, 0.1))
            kill(pid)
            for thread in threads:
                thread.join()
    there = {number for (number,) in load.ask(home, "select id from platform_judgmentrow", database)}
    above, twice = load.truth(home, database)
    return {
        "rounds": rounds,
        "acknowledged": len(acknowledged),
        "lost": len(set(acknowledged) - there),
        "twice": twice + len(acknowledged) - len(set(acknowledged)),
        "above the cap": above,
    }


if __name__ == "__main__":
    asked = [int(each) for each in sys.argv[2:]]
    found = run(Path(sys.argv[1]), asked[0], os.environ.get("ASSAY_DATABASE", ""), *asked[1:])
    print(", ".join(f"{name} {count}" for name, count in found.items()))
