"""One part of the measurement, in a process of its own; prints JSON.

    python ours.py PART [SIZE]

CPU seconds are `time.process_time`, so that what else the machine does counts little. Worlds lie beside the
other scratch files of the benches, on one file system.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

SCRATCH = Path(__file__).parents[2] / ".bench"
LOOKUPS = (
    ("people_on_call", {"team": "serving"}),
    ("doc_read", {"doc": "runbook-api"}),
    ("ticket_read", {"ticket": "OPS-1"}),
    ("chat_channels", {}),
)
MIXED = (
    *LOOKUPS,
    ("chat_read", {"channel": "general", "limit": 5}),
    ("mail_list", {}),
    ("ticket_search", {"board": "OPS"}),
    ("chat_post", {"channel": "general", "text": "hello"}),
    ("ticket_change", {"ticket": "WEB-1", "priority": "high"}),
    ("ticket_change", {"ticket": "WEB-1", "priority": "low"}),
)


def universe(size: int = 2_500):
    from assay.environments.universe import Universe

    folder = SCRATCH / f"universe-{size}"
    for old in folder.glob("*.fork*"):
        old.unlink()
    return Universe("startup", 7, folder, entities=size)


def rate(do: Callable[[int], object], many: int, rounds: int = 5) -> float:
    """Return calls a CPU second, the best of some rounds: other work on the machine only ever slows."""
    found = []
    for _ in range(rounds):
        start = time.process_time()
        for number in range(many):
            do(number)
        found.append(many / (time.process_time() - start))
    return max(found)


def imported() -> dict[str, object]:
    start = time.process_time()
    import assay.environments.universe  # noqa: F401

    cpu = time.process_time() - start
    return {"cpu": cpu, "httpx": "httpx" in sys.modules, "numpy": "numpy" in sys.modules}


def build(size: int) -> dict[str, object]:
    from assay.environments.startup import build as made

    SCRATCH.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=SCRATCH) as folder:
        path = Path(folder, "base")
        start = time.process_time()
        made(path, 7, entities=size)
        cpu = time.process_time() - start
        return {"cpu": cpu, "mb": path.stat().st_size / 2**20}


def forks(size: int) -> dict[str, object]:
    """A reset: a fork is made and opened, ready for the first call; and back to nothing."""
    made = universe(size)
    task = made.task("bad-deploy", 1)
    walls, cpus = [], []
    for _ in range(300):
        start, cpu = time.perf_counter(), time.process_time()
        episode = made.episode(task)
        walls.append(time.perf_counter() - start)
        cpus.append(time.process_time() - cpu)
        episode.close()
    return {"wall": statistics.median(walls), "cpu": statistics.median(cpus)}


def calls() -> dict[str, object]:
    made = universe()
    found: dict[str, object] = {}
    for name, some in (("lookups", LOOKUPS), ("mixed", MIXED)):
        with made.episode(made.task("bad-deploy", 1)) as episode:
            world = episode.world
            for tool, given in some:
                reply = world.call(tool, given)
                assert reply.fine, (tool, reply.answer)

            def do(number: int, world=world, some=some) -> None:
                world.call(*some[number % len(some)])

            found[name] = rate(do, 2_000 if name == "lookups" else 600)
            assert len(world.hidden("SELECT id FROM step")) == world.steps
    return found


def live(many: int) -> dict[str, object]:
    """Open forks side by side, each having read and written something; all stay open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, 4 * many), hard), hard))
    made = universe()
    task = made.task("bad-deploy", 1)
    made.episode(task).close()
    before = _resident()
    start = time.process_time()
    held = [made.episode(task) for _ in range(many)]
    for episode in held:
        episode.call("ticket_read", {"ticket": "OPS-1"})
        episode.call("chat_post", {"channel": "general", "text": "hello"})
    cpu = time.process_time() - start
    mb = _resident()
    for episode in held:
        episode.close()
    return {"mb": mb, "each_mb": (mb - before) / many, "cpu": cpu}


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def verify() -> dict[str, object]:
    """The diff row by row, and the score, of an episode that the oracle played after 100 other steps."""
    from assay.environments.playing import Oracle, play
    from assay.environments.tasks import read_changes

    made = universe()
    task = made.task("bad-deploy", 1)
    with made.episode(task) as episode:
        for number in range(100):
            episode.world.call(*MIXED[number % len(MIXED)])
        play(episode, Oracle(task))
        taken = []
        for _ in range(200):
            start = time.process_time()
            changes = read_changes(episode.world.changes())
            episode.score()
            taken.append(time.process_time() - start)
        return {"ms": 1_000 * statistics.median(taken), "rows": len(changes), "steps": episode.world.steps}


def replay() -> dict[str, object]:
    """Fourteen simulated days in which 20,000 things happen by themselves, of which the agent is told 50."""
    from assay.environments import clock, store
    from assay.environments.building import Builder
    from assay.environments.world import World

    made = universe()
    path = made.folder / "replay"
    store.remove(path)
    store.fork(made.base, path)
    more = Builder.more(path, seed=9)
    draw = more.stream("replay")
    for number in range(20_000):
        at = more.begins + draw.below(14 * clock.DAY)
        if number % 400 == 0:
            more.notice(at, "chat", "general", f"{number}")
        elif number % 2:
            more.put_later(at, "message", by="ann", channel="general", thread=None, text=f"{number}")
        else:
            more.put_later(at, "ticket_comment", by="ann", ticket="OPS-1", text=f"{number}")
    more.finish()
    hashes, cpus = set(), []
    for turn in range(3):
        other = made.folder / f"replay-{turn}"
        store.remove(other)
        store.fork(path, other)
        with World(other, made.kind.apps) as world:
            end = world.now + 14 * clock.DAY
            start = time.process_time()
            while world.now < end:
                world.wait(end)
            cpus.append(time.process_time() - start)
            hashes.add(world.state_hash())
            left = world.hidden("SELECT count(*) AS many FROM heap")[0]["many"]
        store.remove(other)
    store.remove(path)
    assert len(hashes) == 1, hashes
    return {"cpu": min(cpus), "left": left}


def hashed() -> dict[str, object]:
    """What a world is after a random agent, made anew in an empty folder."""
    from assay.environments.playing import Random, play
    from assay.environments.streams import Stream
    from assay.environments.universe import Universe

    SCRATCH.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=SCRATCH) as folder:
        made = Universe("startup", 11, Path(folder))
        with made.episode(made.task("everything-down", 3)) as episode:
            play(episode, Random(Stream(5, "random"), steps=40))
            return {"hash": episode.world.state_hash() + episode.world.hash}


def main() -> None:
    part, *size = sys.argv[1:]
    parts = {"import": imported, "build": build, "forks": forks, "calls": calls, "live": live}
    parts |= {"verify": verify, "replay": replay, "hash": hashed}
    print(json.dumps(parts[part](*map(int, size))))


if __name__ == "__main__":
    main()
