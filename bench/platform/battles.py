"""An arena with many battles behind it, a scripted model on loopback, and one person who goes on voting."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlencode

import numpy as np

HERE = Path(__file__).parent
sys.path[:0] = map(str, (HERE.parent, HERE.parent / "foundation"))
import load  # noqa: E402
from harness import children, cpu_of  # noqa: E402

MODELS = 8
TURNS = 2_000
"""Battles that are stored at once."""


def fill(home: Path, url: str, battles: int) -> None:
    """Open an arena of eight models at an address, with its people and battles that were voted on."""
    from assay.platform import service
    from assay.records import Brief, Live, Question

    service.prepare(home)
    asked = (Question("surprise", "Does it say something new?", ("no", "yes")),)
    service.create_project(Brief("ring", "Find the better one.", "pairwise", questions=asked, live=Live()))
    voters = max(20, battles // 200)
    for number in range(voters):
        name = f"person{number}"
        service.add_person(name, load.PASSWORD if number < 2 else None)
        service.add_member("ring", name, "contributor" if number else "author")
    from assay.platform.actions import arena
    from assay.platform.models import MembershipRow, ProjectRow

    project = ProjectRow.objects.get(slug="ring")
    owner = MembershipRow.objects.filter(project=project, role="owner").first().person
    for number in range(MODELS):
        given = {"name": f"m{number}", "provider": f"house {number % 4}", "url": url, "model": f"m{number}"}
        arena.register(project=project, person=owner, given=given)
    past(project, battles, voters)


def past(project, battles: int, voters: int) -> None:
    """Store battles as they stand once somebody has voted on them: prompts of 12 words, answers of 150."""
    from django.utils import timezone

    from assay.platform.arena_looks import looks
    from assay.platform.models import (
        BattleRow,
        BriefRow,
        EntrantRow,
        ItemRow,
        JudgmentRow,
        MembershipRow,
        SampleRow,
        TurnRow,
        WorkRow,
    )

    rng = np.random.default_rng(7)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    words = np.array(["".join(rng.choice(letters, rng.integers(2, 10))) for _ in range(3_000)])
    models = list(EntrantRow.objects.filter(project=project).order_by("pk"))
    worth = rng.normal(0, 0.6, len(models))
    people = list(MembershipRow.objects.filter(project=project).values_list("person", flat=True))
    brief, now = BriefRow.objects.filter(project=project).latest("version"), timezone.now()

    def text(length: int) -> str:
        return " ".join(rng.choice(words, length))

    for start in range(0, battles, TURNS):
        each = range(start, min(start + TURNS, battles))
        drawn = [sorted(rng.choice(len(models), 2, replace=False).tolist()) for _ in each]
        items = ItemRow.objects.bulk_create(
            ItemRow(
                project=project,
                key=f"past-{n}",
                prompt=text(12),
                language=("en", "en", "ar")[n % 3],
                context="",
            )
            for n in each
        )
        samples = SampleRow.objects.bulk_create(
            SampleRow(item=item, key=f"{item.key}/{place}", author=models[m].name, text=text(150))
            for item, pair in zip(items, drawn, strict=True)
            for place, m in enumerate(pair, 1)
        )
        works = WorkRow.objects.bulk_create(
            WorkRow(
                project=project, key=item.key, item=item, use=WorkRow.BATTLE, language=item.language,
                samples=[row.pk for row in samples[2 * n : 2 * n + 2]], cap=1, taken=1, judged=1,
            )
            for n, item in enumerate(items)
        )  # fmt: skip
        voted = [people[int(rng.integers(len(people)))] for _ in each]
        BattleRow.objects.bulk_create(
            BattleRow(
                project=project, person_id=who, token=f"past-{n}", state=BattleRow.BEGUN, work=work,
                source=f"own-{rng.integers(battles)}", first=models[pair[0]], second=models[pair[1]],
                order="ab" if n % 2 else "ba", policy="uniform", propensity=1 / 28, drawn_at=now,
                answered_at=now, looks=looks(*(row.text for row in samples[2 * at : 2 * at + 2])),
                events=[{"name": "answered", "seconds": 2.0}, {"name": "away", "at": 3.0}],
            )
            for at, (n, who, work, pair) in enumerate(zip(each, voted, works, drawn, strict=True))
        )  # fmt: skip
        TurnRow.objects.bulk_create(
            TurnRow(
                project=project, token=f"past-{n}", number=1, side=side, author=author, text=said,
                state="done",
            )
            for n, item, pair in zip(each, items, drawn, strict=True)
            for side, author, said in (
                ("p", "somebody", item.prompt),
                *((name, models[m].name, "…") for name, m in zip("ab", pair, strict=True)),
            )
        )  # fmt: skip
        said = []
        for work, who, pair in zip(works, voted, drawn, strict=True):
            drawn_at, wins = rng.random(), rng.random() < 1 / (1 + np.exp(worth[pair[1]] - worth[pair[0]]))
            choice = "tie" if drawn_at < 0.15 else f"{work.key}/{1 if wins else 2}"
            shown = [f"{work.key}/{place}" for place in ((1, 2) if rng.random() < 0.5 else (2, 1))]
            said.append(
                JudgmentRow(
                    project=project, work=work, person_id=who, brief=brief, answer={"choice": choice},
                    seconds=float(rng.gamma(4, 10)), shown=shown, submitted_at=now, token=f"past-{work.pk}",
                )
            )  # fmt: skip
        JudgmentRow.objects.bulk_create(said)


@dataclass
class Loops:
    """What one person's battles took: CPU of the server, of the votes alone, of what counts beside it."""

    cpu_ms: float = 0.0
    vote_ms: float = 0.0
    beside_ms: float = 0.0
    steps: dict[str, list[float]] = field(default_factory=dict)

    def median(self, name: str) -> float:
        return float(np.median(self.steps[name]))


class LostError(RuntimeError):
    """A step of a battle that was refused."""


def beside(pid: int) -> float:
    """Return the CPU seconds of the process that counts beside a server, where there is one (Linux)."""
    counting = b"assay.platform.counting"
    return sum(
        cpu_of(each) for each in children(pid) if counting in Path(f"/proc/{each}/cmdline").read_bytes()
    )


def hold(person: load.Person, count: int, pid: int) -> Loops:
    """Hold so many battles by the pages, as their script asks for them, and vote."""
    found = Loops()

    def ask(name: str, *request, wanted=(200, 302)):
        begun = time.perf_counter()
        status, body = person.ask(*request)
        found.steps.setdefault(name, []).append(1000 * (time.perf_counter() - begun))
        if status not in wanted:
            raise LostError(f"{name}: {status} {body[:300]!r}")
        return body.decode()

    before, aside = cpu_of(pid), beside(pid)
    for number in range(count):
        page = ask("desk", "GET", "/projects/ring/battle/")
        token = re.search(r'id="judging" data-token="([^"]+)"', page)[1]
        said = {"prompt": f"Something about the sea, number {number}.", "language": "en"}
        page = ask("prompt", "POST", f"/battles/{token}/begin/", urlencode(said), {"X-Assay-Next": "page"})
        lease = re.search(r'id="judging" data-token="([^"]+)"', page)[1]
        while json.loads(ask("look", "GET", f"/battles/{token}/"))["state"] != "done":
            time.sleep(0.3)
        choice = re.search(r'name="choice" value="([^"]+)"', page)[1]
        voting = cpu_of(pid) - beside(pid)
        ask("vote", "POST", f"/work/{lease}/submit/", urlencode({"choice": choice, "seconds": "9"}))
        found.vote_ms += 1000 * (cpu_of(pid) - beside(pid) - voting) / count
    counting = beside(pid) - aside
    found.beside_ms = 1000 * counting / count
    found.cpu_ms = 1000 * (cpu_of(pid) - before - counting) / count
    return found


SAYS = json.dumps(
    {"choices": [{"delta": {"content": "Whose coin is it that the river cannot spend? " * 15}}]}
)
"""What every model answers: a hundred and fifty words, at once."""


@contextmanager
def speaking() -> Iterator[str]:
    """Serve a model that says the same to everybody, and give its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            self.wfile.write(f"data: {SAYS}\n\ndata: [DONE]\n\n".encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def seconds(person: load.Person, path: str) -> tuple[float, bytes]:
    """Ask for a page, and return how long that took and what it said."""
    begun = time.perf_counter()
    status, body = person.ask("GET", path)
    took = time.perf_counter() - begun
    if status != 200:
        raise LostError(f"{path}: {status} {body[:300]!r}")
    return took, body


WAITS = ("Counting…".encode(), b'id="counting"')
"""What a page says, or holds, as long as what it shows is being counted."""


def counted(person: load.Person) -> float:
    """Ask for the board until it has been counted, and return how long that took."""
    return _until_counted(person, "/projects/ring/board/parts/")


def compared(person: load.Person, do: str) -> float:
    """Ask for two models side by side until that has been counted, and return how long it took."""
    return _until_counted(person, f"/projects/ring/board/compare/?first=m0&second=m1&do={do}")


def _until_counted(person: load.Person, path: str) -> float:
    begun = time.perf_counter()
    while any(mark in body for body in [seconds(person, path)[1]] for mark in WAITS):
        time.sleep(0.2)
    return time.perf_counter() - begun


def filled(home: Path, url: str, battles: int, database: str) -> None:
    """Fill a folder in a process of its own."""
    env = {**os.environ, **({"ASSAY_DATABASE": database} if database else {})}
    subprocess.run([sys.executable, __file__, str(home), url, str(battles)], check=True, env=env)


if __name__ == "__main__":
    fill(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
