"""What the pages of a company share."""

from __future__ import annotations

from typing import Any

from assay.environments.showing.markup import Html, foreign, join, own, tag, when
from assay.environments.world import World
from assay.wording import say

MOST = 300
"""Entries of a list that a page shows, the latest; the world holds all of them."""

Drawn = tuple[str, Html]
"""The title of a page, and what is in it."""


def find(world: World, statement: str, *values: object) -> list[dict[str, Any]]:
    """Return what a SELECT finds."""
    return world.hidden(statement, *values)


def more(world: World, name: str, shown: int) -> Html:
    """Return how many there are of a table, where a page does not show all."""
    many = find(world, f"SELECT count(*) AS many FROM {name}")[0]["many"]
    if many <= shown:
        return Html("")
    told = say("The latest {shown:,} of {many:,} are shown.", shown=shown, many=many)
    return tag("p", told, class_="soft")


def by(world: World, who: object, at: object) -> Html:
    """Return who did something and when; the agent's own name is marked."""
    name = tag("strong", own(who or say("the system")), class_="own" if who == world.agent else None)
    return join((name, " ", tag("bdi", when(at), class_="soft", lang=foreign(when(at)))))


def state(now: object) -> Html:
    """Return a state, coloured where it is good or bad."""
    good = {"passed", "done", "up", "operational", "resolved", "paid", "valid", "active", "ok"}
    bad = {"failed", "down", "firing", "open incident", "major outage", "disputed", "expired", "overdue"}
    kind = "good" if now in good else "bad" if now in bad else None
    return tag("bdi", now, class_=kind, lang=foreign(now))
