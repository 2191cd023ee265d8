"""Our platform on SQLite, as the scenario asks for it."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import load
from pairs import pairs
from scenario import NONE_LEFT, Open, drive


def turn(person: load.Person) -> int:
    """Claim a work and submit an answer to it."""
    status, body = person.ask("POST", "/api/projects/load/next", "{}")
    if status != 200:
        return status
    given = json.loads(body)
    if given.get("work") is None:
        return NONE_LEFT
    answer = {"answer": {"choice": given["samples"][0]["id"]}, "seconds": 1}
    return person.ask("POST", f"/api/work/{given['token']}/judgment", json.dumps(answer))[0]


def upload(person: load.Person, table: bytes) -> tuple[int, bytes]:
    """Send a table through the API, as a form does."""
    mark = uuid.uuid4().hex
    head = f'--{mark}\r\nContent-Disposition: form-data; name="table"; filename="table.jsonl"\r\n\r\n'
    cookies = "; ".join(f"{name}={value}" for name, value in person.cookies.items())
    headers = {
        "Cookie": cookies,
        "X-CSRFToken": person.cookies["assay-csrf"],
        "Content-Type": f"multipart/form-data; boundary={mark}",
    }
    person.link.timeout = 300
    body = head.encode() + table + f"\r\n--{mark}--\r\n".encode()
    person.link.request("POST", "/api/projects/load/import", body, headers)
    answer = person.link.getresponse()
    return answer.status, answer.read()


def export(person: load.Person) -> tuple[float, int]:
    """Fetch what was judged, and return the seconds and the bytes."""
    start = time.perf_counter()
    status, body = person.ask("GET", "/api/projects/load/export/trl-preference")
    if status != 200:
        raise RuntimeError(f"the export was refused: {status} {body[:500]!r}")
    return time.perf_counter() - start, len(body)


class Ours:
    name = "SQLite"
    version = ""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder

    def _fill(self, works: int, people: int) -> None:
        self.home = Path(tempfile.mkdtemp(dir=self.folder)) / "home"
        command = [sys.executable, load.__file__, str(self.home), str(works), str(people)]
        subprocess.run(command, check=True)

    def starts(self) -> tuple[float, float]:
        home = Path(tempfile.mkdtemp(dir=self.folder)) / "home"
        with load.server(home) as (_, _, empty):
            pass
        with load.server(home) as (_, _, again):
            pass
        return empty, again

    @contextmanager
    def opened(self, works: int, people: int) -> Iterator[Open]:
        self._fill(works, people)
        with load.server(self.home) as (port, pid, _):
            yield Open(pid, [load.Person(port, f"person{number}") for number in range(people)], turn)

    def above(self) -> int:
        return load.truth(self.home)[0]

    def imports(self, works: int) -> tuple[float, float]:
        took = []
        with self.opened(1, 1) as place:
            for batch in "ab":
                rows = ({**row, "item": f"{batch}{row['item']}"} for row in pairs(works))
                table = "".join(json.dumps(row) + "\n" for row in rows).encode()
                start = time.perf_counter()
                status, body = upload(place.people[0], table)
                took.append(time.perf_counter() - start)
                if status != 200 or json.loads(body)["works"] != works:
                    raise RuntimeError(f"the import was refused: {status} {body[:500]!r}")
        return took[0], took[1]

    def exports(self, works: int) -> tuple[float, float]:
        with self.opened(works, 8) as place:
            found = drive(place, limit=works, seconds=120)
            first, again = (export(place.people[0])[0] for _ in range(2))
        if found.accepted < works:
            raise RuntimeError(f"{found.accepted} of {works} were judged")
        return first, again
