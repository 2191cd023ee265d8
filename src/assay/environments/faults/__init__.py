"""What breaks, when, where, and what it does to the calls that meet it.

A fault is a row that tools never see: its kind, what it is on, from when to when, or until its cause is
mended, what can be seen of it, and a legitimate way around. Kinds are registered; each is one file with what
it does before and after a call, and what it changes in the world when it is planted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

import apsw

from assay import registry

if TYPE_CHECKING:
    from assay.environments.building import Builder
    from assay.environments.tools import Tool
    from assay.environments.world import World


class Fault(Protocol):
    """A kind of fault."""

    def before(self, hit: Hit) -> None:
        """Refuse the call with a `ToolError`, or let it pass."""

    def after(self, hit: Hit, answer: Any) -> Any:
        """Return what the agent gets for the answer; what was done stays done."""


class Planting(Protocol):
    """A kind of fault that changes something in the world when it is planted."""

    def plant(self, made: Builder, fault: Planned) -> None:
        """Put, change or schedule what the fault consists in."""


@dataclass(frozen=True)
class Planned:
    """A fault as it stands in the world."""

    number: int
    kind: str
    scope: str
    begins: int
    ends: int | None
    parameters: Mapping[str, Any]

    @property
    def about(self) -> str:
        """What kind of thing it is on: a service, a tool, a person, a doc, a table, …"""
        return self.scope.partition(":")[0]

    @property
    def key(self) -> str:
        """What it is on."""
        return self.scope.partition(":")[2]

    def is_on(self, tool: Tool, needed: frozenset[str], given: Mapping[str, Any]) -> bool:
        """Say whether a call meets it: by its tool, by what that needs, or by what the call names."""
        if self.about == "tool":
            return self.key == tool.name
        if self.about == "service":
            return self.key in needed
        if self.about == "permission":
            named = tool.writes and self.key.rpartition(":")[2] in given.values()
            return named or tool.name in self.parameters.get("tools", ())
        return any(str(value).lstrip("@") == self.key for value in given.values())


@dataclass(frozen=True)
class Hit:
    """A call that meets a fault."""

    world: World
    fault: Planned
    tool: Tool
    given: Mapping[str, Any]
    step: int

    def before(self) -> None:
        """Do what the fault does before a call."""
        made(self.fault.kind).before(self)

    def after(self, answer: Any) -> Any:
        """Do what the fault does after a call."""
        return made(self.fault.kind).after(self, answer)

    def note(self, did: str) -> None:
        """Keep that the agent met the fault, and how."""
        self.world.met(self.fault.number, self.step, did)

    def chance(self, probability: float) -> bool:
        """Draw for this call, the same whenever it is played again."""
        return self.world.stream("fault", self.fault.number, self.step).chance(probability)


_made: dict[str, Fault] = {}


def made(kind: str) -> Fault:
    """Return the fault of a kind."""
    if kind not in _made:
        _made[kind] = cast("type[Fault]", registry.get("faults", kind))()
    return _made[kind]


class Faults:
    """The faults of a world that is open, by what they are on."""

    def __init__(self, held: apsw.Connection) -> None:
        self._held = held
        self._needs: dict[str, frozenset[str]] = {}
        self._active: tuple[Planned, ...] = ()
        self._until: int | None = 0

    def changed(self, now: int) -> None:
        """Look anew which faults are on."""
        self._active = tuple(
            Planned(number, kind, scope, begins, ends, json.loads(parameters))
            for number, kind, scope, begins, ends, parameters in self._held.execute(
                "SELECT id, kind, scope, begins, ends, parameters FROM fault"
                " WHERE begins <= ? AND (ends IS NULL OR ends > ?) ORDER BY id",
                (now, now),
            )
        )
        self._until = self._held.execute(
            "SELECT min(at) FROM (SELECT begins AS at FROM fault UNION SELECT ends FROM fault) WHERE at > ?",
            (now,),
        ).get

    def active(self, now: int) -> tuple[Planned, ...]:
        """Return the faults that are on at a moment."""
        if self._until is not None and now >= self._until:
            self.changed(now)
        return self._active

    def hitting(
        self, world: World, tool: Tool, service: str, given: Mapping[str, Any], step: int
    ) -> Sequence[Hit]:
        """Return the faults that a call meets."""
        active = self.active(world.now)
        if not active:
            return ()
        needed = self.needed(service)
        return [Hit(world, fault, tool, given, step) for fault in active if fault.is_on(tool, needed, given)]

    def needed(self, service: str) -> frozenset[str]:
        """Return a service and all that it needs, near and far."""
        if service not in self._needs:
            found, edge = {service}, [service]
            while edge:
                rows = self._held.execute(
                    "SELECT needs FROM dependency WHERE service = ?", (edge.pop(),)
                ).fetchall()
                for needs in (str(needs) for (needs,) in rows):
                    if needs not in found:
                        found.add(needs)
                        edge.append(needs)
            self._needs[service] = frozenset(found)
        return self._needs[service]

    def mend(self, now: int) -> list[int]:
        """End the faults whose cause is mended: whose question over the surfaces is answered with yes."""
        ended = []
        for fault in self.active(now):
            cured = fault.parameters.get("mended_when")
            if cured and self._held.execute(cured).fetchone() is not None:
                self._held.execute("UPDATE fault SET ends = ? WHERE id = ?", (now, fault.number))
                ended.append(fault.number)
        if ended:
            self.changed(now)
        return ended
