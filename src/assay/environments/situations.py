"""What templates share: how hard a task is to be, and the situation that one plants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from assay.environments.building import Builder
from assay.environments.streams import Stream
from assay.environments.tasks import Action, Allowed, Goal


@dataclass(frozen=True)
class Knobs:
    """How hard a task is made.

    Attributes
    ----------
    noise
        Decoys planted beside the evidence.
    hops
        How many places have to be looked at, one pointing to the next.
    faults
        How much breaks meanwhile, beyond what the task is about.
    contradictions
        Sources that say otherwise, and are outdated or wrong.
    """

    noise: int = 2
    hops: int = 1
    faults: int = 0
    contradictions: int = 0


@dataclass(frozen=True)
class Situation:
    """What a template comes to once it is planted; `hours` is how long the agent has."""

    text: str
    hours: float
    goals: tuple[Goal, ...]
    allowed: tuple[Allowed, ...]
    oracle: tuple[Action, ...]
    knobs: Mapping[str, Any] = field(default_factory=dict)


class Template(Protocol):
    """A kind of task: samples what is really so, plants the evidence, and says what has to be done."""

    def situate(self, made: Builder, draw: Stream, knobs: Knobs) -> Situation:
        """Plant a situation into a fork of a world, and return the task that it makes."""


def told(person: str, *words: str, name: str = "") -> Goal:
    """Return the goal that somebody was told something, by chat, mail or in an incident, in words of the
    agent.

    Counts what goes to the person, names them, or stands in the channel of incidents.
    """
    says = " AND ".join("said LIKE ?" for _ in words)
    return Goal(
        name or f"{person} was told {' '.join(words)}",
        f"""SELECT 1 FROM (
            SELECT lower(text) AS said
            FROM message WHERE author = (SELECT value FROM meta WHERE key = 'agent')
              AND (channel LIKE ? OR text LIKE ?)
            UNION ALL
            SELECT lower(subject || ' ' || body) FROM email WHERE folder = 'sent'
              AND author = (SELECT value FROM meta WHERE key = 'agent') AND recipients LIKE ?
        ) WHERE {says} LIMIT 1""",
        (f"%{person}%", f"%@{person}%", f"%{person}@%", *(f"%{word.lower()}%" for word in words)),
    )
