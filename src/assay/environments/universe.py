"""Making worlds, tasks in them, and forks to play them in."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from hashlib import blake2b
from itertools import count
from pathlib import Path
from typing import cast

from assay import registry
from assay.environments import store
from assay.environments.building import Builder
from assay.environments.clock import HOUR
from assay.environments.coworkers import Coworkers, Voice
from assay.environments.errors import WorldError
from assay.environments.playing import Episode
from assay.environments.situations import Knobs, Situation, Template
from assay.environments.streams import Stream, number
from assay.environments.tasks import Task, checked, told
from assay.environments.tools import App
from assay.environments.world import World

_numbers = count(1)
"""Of forks: two universes of one process, or two processes, may share a folder."""


@dataclass(frozen=True)
class Kind:
    """A kind of world: how it is built, its apps, and its group of templates in the registry."""

    name: str
    build: Callable[..., str]
    apps: tuple[App, ...]
    templates: str


@cache
def generator(build: Callable[..., str]) -> str:
    """Return a hash of the source that builds worlds of a kind: another one may make other worlds."""
    engine = [Path(store.__file__).with_name(f"{name}.py") for name in _ENGINE]
    own = Path(inspect.getfile(build))
    mine = own.parent.glob("*.py") if own.name == "__init__.py" else [own]
    found = blake2b(digest_size=4)
    for path in (*engine, *sorted(mine)):
        found.update(path.read_bytes())
    return found.hexdigest()


_ENGINE = ("building", "clock", "git", "lines", "schema", "store", "streams")


class Universe:
    """Worlds of one kind and seed in a folder: one base, a fork for each task, forks of those to play in.

    Parameters
    ----------
    entities
        About how many rows the company has; a task's knob `size` multiplies it.
    voice
        Who finds the words of coworkers; the script's are said where it is `None`.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     universe = Universe("startup", 7, Path(folder))
    ...     task = universe.task("bad-deploy", 1)
    ...     with universe.episode(task) as episode:
    ...         said = episode.call("people_on_call", {"team": "serving"})
    >>> said.fine
    True
    """

    def __init__(
        self, kind: str, seed: int, folder: Path, *, entities: int = 2_500, voice: Voice | None = None
    ) -> None:
        if isinstance(seed, bool) or not isinstance(seed, int):
            raise WorldError(f"the seed of a world is a whole number, not {seed!r}")
        self.kind = cast("Kind", registry.get("worlds", kind))
        self.seed, self.folder, self.voice = seed, folder, voice
        self._entities = entities
        self._fingerprints: dict[Path, str] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as wrong:
            raise WorldError(f"{folder} cannot hold worlds: {wrong.strerror}; name another folder") from None
        self.base = self._sealed(entities)
        self._tasks: dict[str, Task] = {}

    @property
    def fingerprint(self) -> str:
        """The hash of the base's bytes."""
        return self._fingerprints[self.base]

    def _sealed(self, entities: int) -> Path:
        """Return the base of a size, made where it is not there; another generator makes another one."""
        made = generator(self.kind.build)
        base = self.folder / f"{self.kind.name}-{self.seed}-{entities}-{made}.world"
        if base not in self._fingerprints:
            if not base.exists():
                with store.making(self.folder):
                    self._build(base, entities)
            self._fingerprints[base] = store.fingerprint(base)
        return base

    def _build(self, base: Path, entities: int) -> None:
        if not base.exists():  # it was made by somebody else while we waited
            half = self.folder / f"{base.name}.half"
            store.remove(half)
            self.kind.build(half, self.seed, entities=entities)
            half.rename(base)

    @property
    def templates(self) -> tuple[str, ...]:
        """The names of the templates."""
        return tuple(registry.names(self.kind.templates))

    def task(self, template: str, seed: int, knobs: Knobs | None = None) -> Task:
        """Plant a task: the same whenever it is asked for with the same seed and knobs."""
        if isinstance(seed, bool) or not isinstance(seed, int):
            raise WorldError(f"the seed of a task is a whole number, not {seed!r}")
        knobs = knobs or Knobs()
        key = f"{template}-{seed}-{knobs.code}"
        if key in self._tasks:
            return self._tasks[key]
        planner = cast("type[Template]", registry.get(self.kind.templates, template))()
        base, path = self._sealed(self._entities * knobs.size), self._planted(key)
        with store.making(self.folder):
            half = path.with_name(f"{path.name}.half")
            store.remove(half)
            store.fork(base, half)
            made = Builder.more(half, seed=number(self.seed, template, seed) >> 1)
            try:
                found = planner.situate(made, Stream(made.seed, "situation"), knobs)
                if not isinstance(found, Situation):
                    raise WorldError(f"the template {template} returns no Situation")
                deadline = made.begins + int(found.hours * HOUR)
                task = checked(
                    Task(
                        key,
                        template,
                        seed,
                        found.text,
                        deadline,
                        found.goals,
                        found.allowed,
                        found.oracle,
                        {**asdict(knobs), **found.knobs},
                    ),
                    made.rows,
                )
                made.finish()
            except BaseException:
                made.held.close()
                store.remove(half)
                raise
            store.move(half, path)
        self._tasks[key] = task
        return task

    def made(self, task: Task) -> str:
        """Return what tells a task from one of the same name that another generator made."""
        told_so = f"{generator(self.kind.build)}\0{self.seed}\0{self._entities}\0{told(task)}"
        return blake2b(told_so.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()

    def tasks(self, many: int, *, templates: Sequence[str] = (), knobs: Knobs | None = None) -> list[Task]:
        """Plant many tasks, taking the templates in turn."""
        names = templates or self.templates
        return [self.task(names[place % len(names)], 1 + place // len(names), knobs) for place in range(many)]

    def episode(self, task: Task, *, voice: Voice | None = None, most_steps: int = 200) -> OpenEpisode:
        """Fork the world of a task, and open it to be played."""
        source = self._planted(task.id)
        if not source.exists():
            raise WorldError(f"the task {task.id!r} was not planted here; ask for it with `task` first")
        path = self.folder / f"{task.id}.{os.getpid()}-{next(_numbers)}.fork"
        store.remove(path)
        store.fork(source, path)
        return OpenEpisode(World(path, self.kind.apps), task, most_steps, voice or self.voice)

    def forget(self, task: Task) -> None:
        """Remove a task that was planted; asked for again, it is planted again."""
        self._tasks.pop(task.id, None)
        store.remove(self._planted(task.id))

    def check(self) -> None:
        """Refuse to go on where a base was changed."""
        for base, was in self._fingerprints.items():
            if store.fingerprint(base) != was:
                raise WorldError(
                    f"{base.name} was changed after it was sealed; remove it, and it is made anew"
                )

    def _planted(self, key: str) -> Path:
        made = generator(self.kind.build)
        return self.folder / f"{self.kind.name}-{self.seed}-{self._entities}-{made}-{key}.task"


class OpenEpisode(Episode):
    """An episode that closes and removes its fork when it is left."""

    def __init__(self, world: World, task: Task, most_steps: int, voice: Voice | None) -> None:
        super().__init__(world, task, most_steps)
        Coworkers(world, voice)

    def __enter__(self) -> OpenEpisode:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the world and remove its fork."""
        self.world.close()
        store.remove(self.world.path)
