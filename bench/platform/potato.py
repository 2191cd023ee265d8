"""Potato as the scenario asks for it: a folder with a configuration and a file of pairs.

It keeps what people answered in a file for each of them; those are read once it has ended.
"""

from __future__ import annotations

import json
import re
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from math import nan
from pathlib import Path

import load
from harness import environment, installed
from pairs import pairs
from scenario import NONE_LEFT, Open, Visitor, alone, free_port, served

PACKAGE = "potato-annotation==2.12.1"
KEY = "of a server that exists for a minute"
CONFIGURATION = {
    "annotation_task_name": "pairs",
    "task_dir": ".",
    "output_annotation_dir": "answers",
    "data_files": ["pairs.jsonl"],
    "item_properties": {"id_key": "item", "text_key": "answers"},
    "user_config": {"allow_all_users": True, "users": []},
    "require_password": False,
    "num_annotators_per_item": 1,
    "assignment_strategy": "random",
    "annotation_schemes": [
        {
            "annotation_type": "pairwise",
            "name": "preference",
            "description": "Which answer is better?",
            "mode": "binary",
            "items_key": "answers",
            "labels": ["A", "B"],
            "allow_tie": True,
            "label_requirement": {"required": True},
        }
    ],
}
ANSWER = {"preference:selection": "A"}
SHOWN = re.compile(rb'id="instance_id"[^>]*value="([^"]+)"')


class Potato:
    name = "Potato"

    def __init__(self, folder: Path) -> None:
        self.programs = environment("potato-pip", PACKAGE)
        self.version = installed(self.programs, "potato-annotation")
        self.folder = folder
        self.home = folder

    def _project(self, works: int) -> None:
        """Lay a new project out."""
        self.home = Path(tempfile.mkdtemp(dir=self.folder))
        (self.home / "config.yaml").write_text(json.dumps(CONFIGURATION))  # JSON is YAML
        with (self.home / "pairs.jsonl").open("w") as lines:
            for row in pairs(works):
                texts = [row.pop("response_a"), row.pop("response_b")]
                lines.write(json.dumps({**row, "answers": texts}) + "\n")

    @contextmanager
    def _served(self) -> Iterator[tuple[int, int, float]]:
        port = free_port()
        command = [
            str(self.programs / "potato"), "start", "config.yaml", "--host", "127.0.0.1", "--port", str(port),
        ]  # fmt: skip
        env = alone(self.programs, self.home, POTATO_ADMIN_API_KEY=KEY)
        with served(command, port, env=env, cwd=self.home) as (pid, took):
            yield port, pid, took

    def starts(self) -> tuple[float, float]:
        self._project(1)
        with self._served() as (_, _, empty):
            pass
        with self._served() as (_, _, again):
            pass
        return empty, again

    def _person(self, port: int, name: str) -> load.Person:
        person = Visitor(port, name)
        if person.fill_in("/auth", {"email": name, "pass": ""}) != 302:
            raise RuntimeError(f"{name} cannot sign in")
        return person

    def _turn(self, person: load.Person) -> int:
        """Open the page of an item, save an answer and ask for the next, as the page's script does."""
        status, body = person.ask("GET", "/annotate")
        shown = SHOWN.search(body)
        if status != 200 or shown is None:
            return NONE_LEFT if status < 400 else status
        answer = {"instance_id": shown[1].decode(), "annotations": ANSWER, "span_annotations": []}
        status, body = person.ask("POST", "/updateinstance", json.dumps(answer))
        if status != 200 or json.loads(body).get("status") == "error":
            return status if status != 200 else 409
        on = {"action": "next_instance", "instance_id": shown[1].decode()}
        status, _ = person.ask("POST", "/annotate", json.dumps(on), {"X-Potato-Navigation": "1"})
        return 200 if status == 302 else status  # 302: that was the last one

    @contextmanager
    def opened(self, works: int, people: int) -> Iterator[Open]:
        self._project(works)
        with self._served() as (port, pid, _):
            yield Open(pid, [self._person(port, f"person{n}") for n in range(people)], self._turn)

    def above(self) -> int:
        counts = Counter[str]()
        for state in (self.home / "answers").glob("*/user_state.json"):
            given = json.loads(state.read_text())["instance_id_to_label_to_value"]
            counts.update(item for item, answers in given.items() if answers)
        return sum(count - 1 for count in counts.values())

    def imports(self, works: int) -> tuple[float, float]:
        """Return the seconds that a start takes longer with so many pairs than with one; there is no next."""
        _, with_one = self.starts()
        self._project(works)
        with self._served() as (_, _, took):
            return took - with_one, nan

    def exports(self, works: int) -> tuple[float, float]:
        """Return the seconds of two exports of answers that were there at its start, as it seeds them."""
        self._project(works)
        label = {"schema": "preference", "name": "selection"}
        given = {row["item"]: [[label, "A"]] for row in pairs(works)}
        state = self.home / "answers" / "person0" / "user_state.json"
        state.parent.mkdir(parents=True)
        state.write_text(json.dumps({"user_id": "person0", "instance_id_to_label_to_value": given}))
        with self._served() as (port, _, _):
            owner = Visitor(port, "owner")
            return self._export(owner, works), self._export(owner, works)

    def _export(self, owner: load.Person, works: int) -> float:
        start = time.perf_counter()
        asked = json.dumps({"format": "jsonl"})
        status, body = owner.ask("POST", "/admin/api/export", asked, {"X-API-Key": KEY})
        took = time.perf_counter() - start
        said = json.loads(body)
        if status != 200 or not said["success"]:
            raise RuntimeError(f"no export: {status} {body[:500]!r}")
        lines = sum(Path(name).read_text().count("\n") for name in said["files_written"])
        if lines < works:
            raise RuntimeError(f"the export has {lines} lines: {said}")
        return took
