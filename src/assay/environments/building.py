"""Filling a world: rows with their own moments and authors, facts that people know, faults, events to
come."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import apsw

from assay.environments import clock, schema, store
from assay.environments.desk import Plain, _insert
from assay.environments.faults import Planned, Planting, made
from assay.environments.streams import Stream
from assay.environments.world import VERSION


class Builder:
    """Writes into a new world, or plants more into a fork of one.

    Attributes
    ----------
    begins
        When play begins: what is put without a moment of its own is from then.
    """

    def __init__(self, held: apsw.Connection, seed: int, *, begins: int) -> None:
        self.held, self.seed, self.begins = held, seed, begins
        self._seq = held.execute("SELECT coalesce(max(seq), 0) FROM heap").get

    @classmethod
    def new(cls, path: Path, seed: int, *, agent: str, begins: int) -> Builder:
        """Begin a world in a file that is not there yet."""
        held = store.create(path)
        held.execute("BEGIN")
        for statement in schema.statements():
            held.execute(statement)
        meta = {"version": VERSION, "seed": seed, "agent": agent, "begins": begins}
        held.executemany("INSERT INTO meta VALUES (?, ?)", list(meta.items()))
        return cls(held, seed, begins=begins)

    @classmethod
    def more(cls, path: Path, *, seed: int) -> Builder:
        """Go on with a fork, whose random numbers are those of `seed` from now on."""
        held = store.connect(path)
        held.execute("BEGIN")
        begins = held.execute("SELECT value FROM meta WHERE key = 'begins'").get
        held.execute("UPDATE meta SET value = ? WHERE key = 'seed'", (seed,))
        return cls(held, seed, begins=begins)

    def finish(self) -> None:
        """Keep what was planted into a fork."""
        self.held.execute("COMMIT")
        self.held.close()

    def seal(self, path: Path) -> str:
        """Keep a new world, and return the fingerprint of its file."""
        self.held.execute("COMMIT")
        return store.seal(self.held, path)

    def stream(self, *name: str | int) -> Stream:
        """Return the random numbers of a concern."""
        return Stream(self.seed, *name)

    def meta(self, key: str) -> Plain:
        """Return what the world says of itself, such as who the agent is."""
        return cast("Plain", self.held.execute("SELECT value FROM meta WHERE key = ?", (key,)).get)

    # -- surfaces ----------------------------------------------------------------------------------------

    def put(self, table: str, *, by: str = "", at: int | None = None, **values: Plain) -> int:
        """Insert a row as of a moment."""
        when = self.begins if at is None else at
        self.held.execute(_insert(table, tuple(values)), (*values.values(), when, by, 0, when, None))
        return int(self.held.last_insert_rowid())

    def change(self, table: str, key: Plain, **values: Plain) -> None:
        """Change a row of a surface."""
        columns = ", ".join(f"{name} = ?" for name in values)
        self.held.execute(f"UPDATE {table} SET {columns} WHERE id = ?", (*values.values(), key))

    def rows(self, statement: str, *values: Plain) -> list[dict[str, Any]]:
        """Return what a SELECT finds."""
        cursor = self.held.execute(statement, values)
        return [dict(zip((name for name, _ in cursor.get_description()), row, strict=True)) for row in cursor]

    # -- the hidden part ---------------------------------------------------------------------------------

    def truth(self, subject: str, key: str, value: Plain) -> None:
        """Say what is really so."""
        self.held.execute("INSERT INTO truth (subject, key, value) VALUES (?, ?, ?)", (subject, key, value))

    def knows(self, person: str, topic: str, words: str, text: str, *, spoilt: str = "") -> None:
        """Let somebody know a fact, which they tell when asked with all of some words.

        `spoilt` is what they say where they recall it wrongly.
        """
        self.held.execute(
            "INSERT INTO fact (holder, topic, words, text, spoilt) VALUES (?, ?, ?, ?, ?)",
            (person, topic, words.lower(), text, spoilt),
        )

    def script(
        self, person: str, *, reliability: float = 1.0, patience: int = 12, delay: int = 10 * clock.MINUTE
    ) -> None:
        """Let somebody answer: how surely they recall, how often they answer, how long they take."""
        self.held.execute(
            "INSERT OR REPLACE INTO coworker VALUES (?, ?, ?, ?, 0, '')",
            (person, reliability, patience, delay),
        )

    def later(self, at: int, kind: str, payload: Mapping[str, Any], *, priority: int = 5) -> None:
        """Let an event happen at a moment."""
        self._seq += 1
        self.held.execute(
            "INSERT INTO heap VALUES (?, ?, ?, ?, ?)",
            (at, priority, self._seq, kind, json.dumps(payload, ensure_ascii=False, sort_keys=True)),
        )

    def put_later(self, at: int, table: str, *, by: str = "", **values: Plain) -> None:
        """Let a row appear at a moment."""
        self.later(at, "put", {"table": table, "by": by, "values": values})

    def change_later(self, at: int, table: str, key: Plain, **values: Plain) -> None:
        """Let a row change at a moment."""
        self.later(at, "change", {"table": table, "key": key, "values": values})

    def notice(self, at: int, source: str, about: str, text: str) -> None:
        """Let the agent notice something at a moment."""
        self.later(at, "notice", {"source": source, "about": about, "text": text})

    def fault(
        self,
        kind: str,
        scope: str,
        *,
        begins: int,
        ends: int | None,
        cause: str,
        way_around: str,
        signals: str = "",
        mended_when: str = "",
        **parameters: Any,
    ) -> int:
        """Plan a fault.

        Parameters
        ----------
        scope
            "service:" and a service, whose outage takes all with it that needs it, "tool:" and a tool, or
            another word and an id that calls name: "person:ann", "doc:policy-access", "mail:12".
        ends
            `None` where it lasts until its cause is mended.
        way_around
            What one can do meanwhile; a fault without one makes a task impossible, and says "none".
        signals
            What can be seen of it.
        mended_when
            A SELECT over the world that finds a row once the cause is mended.
        parameters
            What the kind wants to know. Every kind knows `tell`: whom it is right to tell of it.
        """
        if mended_when:
            parameters["mended_when"] = mended_when
        self.held.execute(
            "INSERT INTO fault (kind, scope, begins, ends, cause, parameters, signals, way_around)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (kind, scope, begins, ends, cause, json.dumps(parameters, sort_keys=True), signals, way_around),
        )
        number = int(self.held.last_insert_rowid())
        does = made(kind)
        if hasattr(does, "plant"):
            cast("Planting", does).plant(self, Planned(number, kind, scope, begins, ends, parameters))
        return number
