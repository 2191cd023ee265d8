"""Arenas: projects in which two scripted models answer, and people who vote on what they say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from assay.platform import talking
from assay.platform.actions import arena, briefs, people, projects, work
from assay.platform.models import BattleRow, JudgmentRow, LeaseRow, TurnRow
from assay.platform.queries import arena as queries
from assay.platform.queries import projects as projects_of
from assay.platform.queries import work as works
from assay.records import Brief, Item, Live, Question

ASKED = (Question("surprise", "Does it say something new?", ("no", "yes")),)


def arena_of(owner: Any, *models: tuple[str, str], live: Live | None = None, items: int = 0) -> Any:
    """Open an arena whose models have these names and addresses; each is asked for under its own name."""
    live = live or Live()
    brief = Brief(
        "ring", "Find the better editor.", "pairwise", questions=ASKED, live=live, languages=("en",)
    )
    project = projects.open_project(owner=owner, brief=brief, waived="a test")
    given = [Item(f"g{k}", f"Say something about the sea ({k}).", "Be brief.", "en") for k in range(items)]
    if given:
        projects.bring_in(project=project, items=given)
    for name, url in models:
        enter(project, owner, name, url)
    return project


def enter(project: Any, owner: Any, name: str, url: str, **more: str) -> Any:
    given = {"name": name, "provider": f"{name} house", "url": url, "model": f"served-{name}", **more}
    return arena.register(project=project, person=owner, given=given)


def asks(project: Any, **changes: Any) -> None:
    """Publish a brief whose battles go by other terms."""
    brief = projects_of.latest_brief(project).record()
    live = Live(**{"own": brief.live.own, "follow_ups": 0, "reveal": False, **changes})
    briefs.publish(project=project, brief=replace(brief, live=live))


def begun(
    person: Any, project: Any, prompt: str = "The moon?", *, seed: int = 0, **more: Any
) -> tuple[BattleRow, LeaseRow]:
    """Begin a battle; nobody answers yet."""
    found = arena.desk(person=person, project=project)
    said = {"prompt": prompt, "language": "en"}
    lease = arena.begin(person=person, token=found.token, said=said, rng=np.random.default_rng(seed), **more)
    return queries.battle(person, found.token), lease


def answered(found: BattleRow) -> BattleRow:
    """Let both models answer, here and now."""
    for number in queries.due(found):
        talking.answer(number)
    found.refresh_from_db()
    return found


def spoken(found: BattleRow, words: str) -> BattleRow:
    """Let both models have answered, without asking them: what they say has the length of their names."""
    for row in TurnRow.objects.filter(token=found.token, side__in=queries.SIDES):
        row.text, row.state = words * len(row.author), TurnRow.DONE
        row.save()
        arena.answered(row, first_s=0.1, seconds=1.0)
    found.refresh_from_db()
    return found


def drawn(lease: LeaseRow, name: str) -> str:
    """Return the drawn name of the answer of a model, or the name of an outcome as it is."""
    given = works.assignment(lease)
    rows = works.samples_of([lease.work])
    author = {row.key: row.author for row in rows.values()}
    return next((each for each, key in given.names.items() if author[key] == name), name)


def vote(person: Any, lease: LeaseRow, choice: str, **more: Any) -> JudgmentRow:
    """Vote for a model by its name, or say `tie` or `both_bad`."""
    lease = works.lease_or_404(person, lease.token)
    answer = {"choice": drawn(lease, choice), **more}
    return work.submit_judgment(person=person, token=lease.token, answer=answer)


def fought(person: Any, project: Any, choice: str, prompt: str = "The moon?", **more: Any) -> JudgmentRow:
    """Hold a whole battle; where the model that should win was not drawn, it is a tie."""
    found, lease = begun(person, project, prompt, seed=more.pop("seed", 0))
    words = more.pop("words", "")
    spoken(found, words) if words else answered(found)
    there = {found.first.name, found.second.name, "tie", "both_bad"}
    return vote(person, lease, choice if choice in there else "tie", **more)


def people_who_vote(project: Any, count: int) -> list[Any]:
    found = []
    for k in range(count):
        found.append(people.add_person(name=f"voter {k}", password=None, languages=["en"]))
        people.add_member(project=project, name=f"voter {k}", role="contributor")
    return found
