"""Label Studio on its default database, SQLite, as the scenario asks for it.

People sign up with its form; a project, its tasks and every turn go through the addresses that its own pages
use. What it stores is read from its database, once it has ended.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import load
from harness import environment, installed
from pairs import pairs
from scenario import NONE_LEFT, Open, Visitor, alone, free_port, served

PACKAGE = "label-studio==1.23.2"
QUIET = {
    "COLLECT_ANALYTICS": "0",
    "LATEST_VERSION_CHECK": "0",
    "SENTRY_DSN": "",
    "FRONTEND_SENTRY_DSN": "",
}
"""No word about us to anyone: analytics, the look for a newer version, reports of errors."""
LABELS = (
    '<View><Text name="prompt" value="$prompt"/><Text name="a" value="$response_a"/>'
    '<Text name="b" value="$response_b"/><Pairwise name="which" toName="a,b"/></View>'
)
LEFT = [{"from_name": "which", "to_name": "a,b", "type": "pairwise", "value": {"selected": "left"}}]
ABOVE = (
    "select coalesce(sum(n - 1), 0) from (select count(*) n from task_completion "
    "where project_id = ? and not was_cancelled group by task_id) where n > 1"
)


class LabelStudio:
    name = "Label Studio on SQLite"

    def __init__(self, folder: Path) -> None:
        self.programs = environment("label-studio-pip", PACKAGE)
        self.version = installed(self.programs, "label-studio")
        self.home = Path(tempfile.mkdtemp(dir=folder))
        self.people: list[dict[str, str]] = []
        self.project = 0

    @contextmanager
    def _served(self, home: Path) -> Iterator[tuple[int, int, float]]:
        port = free_port()
        command = [
            str(self.programs / "label-studio"), "start", "--no-browser", "--internal-host", "127.0.0.1",
            "--port", str(port), "--data-dir", str(home),
        ]  # fmt: skip
        with served(command, port, env=alone(self.programs, home, **QUIET), cwd=home) as (pid, took):
            yield port, pid, took

    def starts(self) -> tuple[float, float]:
        with self._served(self.home) as (_, _, empty):
            pass
        with self._served(self.home) as (_, _, again):
            pass
        return empty, again

    def _people(self, port: int, count: int) -> list[load.Person]:
        """Return people who are signed in; who is not known yet signs up. Sessions outlast the server."""
        while len(self.people) < count:
            newcomer = Visitor(port, f"person{len(self.people)}")
            fields = {"email": f"{newcomer.name}@example.org", "password": load.PASSWORD}
            if newcomer.fill_in("/user/signup/", fields) != 302:
                raise RuntimeError(f"{newcomer.name} cannot sign up")
            self.people.append(newcomer.cookies)
        return [Visitor(port, f"person{n}", dict(own)) for n, own in enumerate(self.people[:count])]

    def _project(self, owner: load.Person, tasks: Sequence[dict]) -> float:
        """Open a project with at most one annotation a task; return the seconds that its import took."""
        about = {
            "title": "pairs",
            "label_config": LABELS,
            "maximum_annotations": 1,
            "sampling": "Sequential sampling",
        }
        status, body = owner.ask("POST", "/api/projects/", json.dumps(about))
        if status != 201:
            raise RuntimeError(f"no project: {status} {body[:500]!r}")
        self.project = int(json.loads(body)["id"])
        start = time.perf_counter()
        status, body = owner.send(f"/api/projects/{self.project}/import", json.dumps(tasks).encode())
        took = time.perf_counter() - start
        if status != 201 or json.loads(body)["task_count"] != len(tasks):
            raise RuntimeError(f"no import: {status} {body[:500]!r}")
        return took

    def _turn(self, person: load.Person) -> int:
        """Ask for the next task and send an annotation, as the label stream of its pages does."""
        there = f"project={self.project}"
        status, body = person.ask("POST", f"/api/dm/actions?id=next_task&{there}", "{}")
        if status != 200:
            return NONE_LEFT if status == 404 else status
        answer = {"result": LEFT, "lead_time": 1.0, "project": str(self.project)}
        task = json.loads(body)["id"]
        return person.ask("POST", f"/api/tasks/{task}/annotations?{there}", json.dumps(answer))[0]

    @contextmanager
    def opened(self, works: int, people: int) -> Iterator[Open]:
        with self._served(self.home) as (port, pid, _):
            everyone = self._people(port, people)
            self._project(everyone[0], [{"data": row} for row in pairs(works)])
            yield Open(pid, everyone, self._turn)

    def above(self) -> int:
        # Not read-only: where it was ended amid a write, that is rolled back first.
        with sqlite3.connect(self.home / "label_studio.sqlite3", timeout=30) as link:
            return int(link.execute(ABOVE, (self.project,)).fetchone()[0])

    def imports(self, works: int) -> tuple[float, float]:
        tasks = [{"data": row} for row in pairs(works)]
        with self._served(self.home) as (port, _, _):
            owner = self._people(port, 1)[0]
            return self._project(owner, tasks), self._project(owner, tasks)

    def exports(self, works: int) -> tuple[float, float]:
        """Return the seconds of two exports of tasks that came in with their annotations."""
        tasks = [{"data": row, "annotations": [{"result": LEFT}]} for row in pairs(works)]
        with self._served(self.home) as (port, _, _):
            owner = self._people(port, 1)[0]
            self._project(owner, tasks)
            return self._export(owner, works), self._export(owner, works)

    def _export(self, owner: load.Person, works: int) -> float:
        wanted = "exportType=JSON&download_all_tasks=true"
        start = time.perf_counter()
        status, body = owner.ask("GET", f"/api/projects/{self.project}/export?{wanted}")
        took = time.perf_counter() - start
        if status != 200 or sum(len(task["annotations"]) for task in json.loads(body)) != works:
            raise RuntimeError(f"no export: {status} {body[:500]!r}")
        return took
