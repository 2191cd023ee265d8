"""A walk through a company: pages to look at, and nothing that changes it.

Pages are made when they are asked for, from a fork that is only read; every text in them is escaped, no
script is in any, and their policy would let none run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assay.environments.showing import boards, code, company, runs, talk
from assay.environments.showing.markup import ENGLISH, Language, page, slug, speaking, when
from assay.environments.showing.parts import Drawn
from assay.environments.tasks import Task
from assay.environments.trajectories import Trajectory
from assay.environments.world import World
from assay.wording import say


class Walk:
    """The pages of a world, by the name of their file.

    Parameters
    ----------
    world
        Is read, and never written.
    name
        Of the world, on every page.
    task, found
        A task that is planted in it, and what agents did.
    language
        What the pages say their own words in; those of the world stay in its language.
    """

    def __init__(
        self,
        world: World,
        *,
        name: str,
        task: Task | None = None,
        found: Sequence[Trajectory] = (),
        language: Language = ENGLISH,
    ) -> None:
        self._world, self._name, self._task, self._found = world, name, task, tuple(found)
        self._language = language
        self._menu = dict(company.MENU)
        if task is not None:
            self._menu["task.html"] = say("Task")
        if found:
            self._menu["runs.html"] = say("Runs")

    def names(self) -> Iterator[str]:
        """Return the names of all pages."""
        yield from self._menu
        yield from (f"chat-{slug(key)}.html" for key in self._channels())
        yield from (f"board-{slug(key)}.html" for key in self._boards())
        yield from (f"ticket-{slug(key)}.html" for key in self._tickets())
        yield from code.names(self._world)
        yield from (f"run-{place}.html" for place in range(1, len(self._found) + 1))

    def page(self, name: str) -> str | None:
        """Return a page, `None` where there is none of this name."""
        with speaking(self._language):
            found = self._drawn(name)
            if found is None:
                return None
            here, (title, body) = found
            about = say("as of {moment}", moment=when(self._world.now))
            return page(title, body, here=here, menu=self._menu, name=self._name, about=about)

    def _drawn(self, name: str) -> tuple[str, Drawn] | None:
        if name in company.PAGES:
            return name, company.PAGES[name](self._world)
        if name == "task.html" and self._task is not None:
            return name, runs.task_page(self._task)
        if name == "runs.html" and self._found:
            return name, runs.list_page(self._found)
        kind, _, rest = name.removesuffix(".html").partition("-")
        return self._one(kind, rest) if name.endswith(".html") else None

    def _one(self, kind: str, rest: str) -> tuple[str, Drawn] | None:
        """Return the page of one thing among many."""
        if kind == "run":
            places = {str(place): one for place, one in enumerate(self._found, 1)}
            return ("runs.html", runs.run_page(places[rest])) if rest in places else None
        if kind in code.KINDS:
            found = code.one(self._world, f"{kind}-{rest}.html")
            return ("code.html", found) if found else None
        kinds = {
            "chat": ("chat.html", self._channels, talk.channel),
            "board": ("board.html", self._boards, boards.board),
            "ticket": ("board.html", self._tickets, boards.ticket),
        }
        if kind not in kinds:
            return None
        here, keys, drawn = kinds[kind]
        key = next((each for each in keys() if slug(each) == rest), None)
        return None if key is None else (here, drawn(self._world, key))

    def _boards(self) -> list[str]:
        return self._keys("SELECT DISTINCT board FROM ticket ORDER BY board")

    def _tickets(self) -> list[str]:
        return self._keys("SELECT id FROM ticket ORDER BY id")

    def _channels(self) -> list[str]:
        return self._keys("SELECT id FROM channel UNION SELECT DISTINCT channel FROM message")

    def _keys(self, statement: str) -> list[str]:
        return [str(next(iter(row.values()))) for row in self._world.hidden(statement)]
