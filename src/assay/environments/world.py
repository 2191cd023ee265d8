"""A world in play: tools are called, time passes, things happen, and every step is kept with what it changed.

One step is one transaction, committed before the answer is given: a process that is killed loses no step that
it answered. What the agent changed in a step is kept as a changeset, apart from what the world changed by
itself; state diffs, undo, reviews and the check for side effects all read from there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any, cast

import apsw

from assay.environments import clock, store
from assay.environments.changes import Record
from assay.environments.desk import Desk, Guard, Row
from assay.environments.errors import ToolError, WorldError
from assay.environments.faults import Faults
from assay.environments.streams import Stream, numbered
from assay.environments.tools import App, Tool

VERSION = 3
"""Of what worlds are made of; another one plays old actions differently."""

LONGEST_WAIT = 4 * clock.WEEK

as_json = json.JSONEncoder(ensure_ascii=False, check_circular=False, allow_nan=False).encode
sorted_json = json.JSONEncoder(ensure_ascii=False, sort_keys=True, default=str).encode

Handler = Callable[[Desk, dict[str, Any]], None]


@dataclass(frozen=True)
class Reply:
    """What the agent gets back.

    Attributes
    ----------
    code
        "ok", or how a tool refused.
    answer
        What JSON can hold; where a tool refused, what it said.
    begins, ends
        From when to when it took, in simulated microseconds.
    notices
        What the agent came to know meanwhile.
    """

    step: int
    code: str
    answer: Any
    begins: int
    ends: int
    notices: tuple[str, ...]
    retry_after: int | None = None
    said: str = field(default="", repr=False, compare=False)
    """The answer as JSON, where it was written already."""

    @property
    def fine(self) -> bool:
        """Whether the tool did what it was asked."""
        return self.code == "ok"

    def text(self) -> str:
        """Return it as an agent reads it: the answer, then what else happened, and the time."""
        answer = self.said or as_json(self.answer)
        head = f'"answer": {answer}' if self.fine else f'"error": {as_json(self.code)}, "says": {answer}'
        if self.retry_after is not None:
            head += f', "retry_after_seconds": {self.retry_after}'
        if self.notices:
            head += f', "meanwhile": {as_json(list(self.notices))}'
        return f'{{{head}, "now": "{clock.shown(self.ends)}"}}'


class World:
    """A fork that is open in this process. Use as a context manager, or `close` it.

    Parameters
    ----------
    path
        The file of a fork; see `assay.environments.store.fork`.
    apps
        What can be done in it.

    Attributes
    ----------
    next_due
        When the next thing happens by itself, `None` where nothing is to come.
    """

    def __init__(self, path: Path, apps: Sequence[App]) -> None:
        self.path, self.apps = path, tuple(apps)
        self._held = store.connect(path)
        self._guard = Guard()
        self._latency: dict[str, Callable[[int], int]] = {}
        self._held.authorizer = self._guard
        self.tools: dict[str, Tool] = {tool.name: tool for app in apps for tool in app.tools}
        self._service_of = {tool.name: app.service for app in apps for tool in app.tools}
        self._handlers: dict[str, Handler] = {kind: do for app in apps for kind, do in app.events.items()}
        self.meta = dict(self._held.execute("SELECT key, value FROM meta"))
        if self.meta.get("version") != VERSION:
            self._held.close()
            raise WorldError(
                f"{path.name} is a world of version {self.meta.get('version')}, this is {VERSION};"
                " make it anew"
            )
        self.seed, self.agent = int(self.meta["seed"]), str(self.meta["agent"])
        last = self._held.execute("SELECT id, ends, hash FROM step ORDER BY id DESC LIMIT 1").fetchone()
        self.steps, self.now, self.hash = 0, int(self.meta["begins"]), ""
        if last is not None:
            self.steps, self.now, self.hash = int(last[0]), int(last[1]), str(last[2])
        # Events are numbered within the step that they come from, so that a world opened again goes on alike.
        self._seq = (self.steps + 1) << 32
        self._unseen = self._count_unseen()
        self.next_due = self._due()
        self.faults = Faults(self._held)

    def __enter__(self) -> World:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; everything is in it."""
        self._held.close()

    def add(self, app: App) -> None:
        """Let more be done in it from now on than its agent can, such as what people do at their desks."""
        if app not in self.apps:
            self.apps = (*self.apps, app)
            self.tools |= {tool.name: tool for tool in app.tools}
            self._service_of |= {tool.name: app.service for tool in app.tools}
            self._handlers |= app.events

    # -- what an agent does ------------------------------------------------------------------------------

    def call(self, name: str, arguments: Mapping[str, Any] | None = None) -> Reply:
        """Call a tool, let the time pass that it takes, and return what it said.

        Unknown tools and unfitting arguments are answered, not raised: they are the agent's mistakes.
        """
        name, given = _whole(name), dict(arguments or {})
        begins, step = self.now, self.steps + 1
        if not self._only_reads(name):
            self._held.execute("BEGIN")
        try:
            code, answer, retry, changes = self._answered(name, given, step)
            ends = begins + self._takes(name, code, step)
            notices = self._pass_to(ends)
            return self._keep(step, begins, name, given, code, answer, retry, changes, notices)
        except BaseException:
            if self._held.in_transaction:
                self._held.execute("ROLLBACK")
            raise

    def _only_reads(self, name: str) -> bool:
        """Say whether the step itself is all that a call will write, which is a transaction of its own."""
        tool = self.tools.get(name)
        return (
            tool is not None
            and not tool.writes
            and not self._unseen
            and (self.next_due is None or self.next_due > self.now + 2 * tool.costs)
            and not self.faults.active(self.now)
        )

    def wait(self, until: int, *, event: str | None = None) -> Reply:
        """Let time pass until a moment, or until the next thing that the agent notices.

        With `event` only what comes from there wakes the agent, such as "mail"; the rest is told at the end.
        """
        begins, step = self.now, self.steps + 1
        until = min(max(until, begins), begins + LONGEST_WAIT)
        self._held.execute("BEGIN")
        try:
            notices = self._pass_to(until, stop=True, event=event)
            woken = "something came up" if notices else "nothing came up"
            asked = (
                {"until": clock.shown(until)}
                if event is None
                else {"event": event, "until": clock.shown(until)}
            )
            return self._keep(step, begins, "wait", asked, "ok", woken, None, b"", notices)
        except BaseException:
            if self._held.in_transaction:
                self._held.execute("ROLLBACK")
            raise

    def take_back(self, first: int) -> Reply:
        """Undo what the agent changed from a step on; what the world did since stays, and so does the record.

        Raises
        ------
        WorldError
            Where the world has changed the same rows since.
        """
        begins, step = self.now, self.steps + 1
        self._held.execute("BEGIN")
        try:
            with Record(self._held) as record:
                for changes in reversed(self.changes(first)):
                    apsw.Changeset.apply(apsw.Changeset.invert(changes), self._held, conflict=_stays)
            return self._keep(
                step, begins, "take-back", {"from": first}, "ok", "taken back", None, record.changes, ()
            )
        except apsw.AbortError:
            self._held.execute("ROLLBACK")
            raise WorldError(f"what was changed from step {first} on has been changed again since") from None

    def _answered(self, name: str, given: dict[str, Any], step: int) -> tuple[str, Any, int | None, bytes]:
        tool = self.tools.get(name)
        try:
            if tool is None:
                raise ToolError("not_found", f"there is no tool {name!r}")
            tool.check(given)
            hits = self.faults.hitting(self, tool, self._service_of[name], given, step)
            for hit in hits:
                hit.before()
            desk = self.desk(self.agent, step, writes=tool.writes)
            if not tool.writes:
                answer: Any = tool.run(desk, **given)
                changes = b""
            else:
                with Record(self._held) as record:
                    self._held.execute("SAVEPOINT tool")
                    try:
                        answer = tool.run(desk, **given)
                    except ToolError:
                        self._held.execute("ROLLBACK TO tool")
                        raise
                    finally:
                        self._held.execute("RELEASE tool")
                changes = record.changes
                self.faults.mend(self.now)
        except ToolError as refused:
            return refused.code, str(refused), refused.retry_after, b""
        try:
            for hit in hits:
                answer = hit.after(answer)
        except ToolError as refused:  # what was done stays done: only the answer is lost
            return refused.code, str(refused), refused.retry_after, changes
        return "ok", answer, None, changes

    def _takes(self, name: str, code: str, step: int) -> int:
        tool = self.tools.get(name)
        costs = clock.SECOND if tool is None or code == "bad_arguments" else tool.costs
        # From half to one and a half of what it costs.
        latency = self._latency.get(name)
        if latency is None:
            latency = self._latency[name] = numbered(self.seed, "latency", name)
        return costs // 2 + latency(step) % costs

    def _keep(
        self,
        step: int,
        begins: int,
        name: str,
        given: dict[str, Any],
        code: str,
        answer: Any,
        retry: int | None,
        changes: bytes,
        notices: tuple[str, ...],
    ) -> Reply:
        try:
            arguments, said = sorted_json(given), as_json(answer)
        except (TypeError, ValueError, RecursionError) as wrong:
            raise WorldError(f"{name} is asked or answers what JSON cannot hold: {wrong}") from wrong
        parts = "\0".join((self.hash, name, arguments, code, said, str(self.now), *notices, ""))
        try:
            raw = parts.encode()
        except UnicodeEncodeError:
            arguments, said = _whole(arguments), _whole(said)
            raw = _whole(parts).encode()
        chained = blake2b(raw + changes, digest_size=16)
        self.hash, self.steps = chained.hexdigest(), step
        self._seq = (step + 1) << 32
        self._held.execute(
            "INSERT INTO step VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (step, begins, self.now, name, arguments, code, said, changes or None, self.hash),
        )
        if self._held.in_transaction:
            self._held.execute("COMMIT")
        return Reply(step, code, answer, begins, self.now, notices, retry, said)

    # -- what happens by itself --------------------------------------------------------------------------

    def desk(self, who: str, source: int, *, writes: bool = True) -> Desk:
        """Return the surfaces as somebody reads, and writes, them now."""
        return Desk(
            self._held,
            self._guard,
            who=who,
            now=self.now,
            source=source,
            later=self.later,
            writes=writes,
        )

    def later(self, at: int, kind: str, payload: Mapping[str, Any], *, priority: int = 5) -> None:
        """Let an event happen at a moment, not before now; at one moment lower priorities first."""
        self._seq += 1
        at = max(at, self.now)
        self._held.execute(
            "INSERT INTO heap VALUES (?, ?, ?, ?, ?)",
            (at, priority, self._seq, kind, json.dumps(payload, ensure_ascii=False, sort_keys=True)),
        )
        if self.next_due is None or at < self.next_due:
            self.next_due = at

    def handle(self, kind: str, do: Handler) -> None:
        """Say what happens at events of a kind."""
        self._handlers[kind] = do

    def _due(self) -> int | None:
        found = self._held.execute("SELECT at FROM heap ORDER BY at LIMIT 1").fetchone()
        return None if found is None else int(found[0])

    def _pass_to(self, until: int, *, stop: bool = False, event: str | None = None) -> tuple[str, ...]:
        """Let everything happen that is due until a moment; with `stop`, until the agent notices
        something."""
        while self.next_due is not None and self.next_due <= until:
            first = self._held.execute("SELECT * FROM heap ORDER BY at, priority, seq LIMIT 1").fetchone()
            at, priority, seq, kind, payload = cast("tuple[int, int, int, str, str]", first)
            self._held.execute(
                "DELETE FROM heap WHERE at = ? AND priority = ? AND seq = ?", (at, priority, seq)
            )
            self.now = max(self.now, at)
            before = self._unseen
            self._happen(kind, json.loads(payload), seq)
            self.next_due = self._due()
            if stop and self._unseen > before and (event is None or self._unseen_of(event)):
                until = self.now
        self.now = max(self.now, until)
        return self._told() if self._unseen else ()

    def _happen(self, kind: str, payload: dict[str, Any], seq: int) -> None:
        desk = self.desk("", -seq)
        if kind == "fault":
            self.faults.changed(self.now)
        elif kind == "put":
            desk.put(payload["table"], by=payload.get("by", ""), **payload["values"])
        elif kind == "change":
            desk.change(payload["table"], payload["key"], **payload["values"])
        elif kind == "notice":
            desk.put(
                "notice",
                by="",
                source=payload["source"],
                about=payload["about"],
                text=payload["text"],
                seen=0,
            )
        elif kind in self._handlers:
            self._handlers[kind](desk, payload)
        else:
            raise WorldError(f"nobody knows what to do at an event of kind {kind!r}")
        self._unseen = self._count_unseen()

    def _count_unseen(self) -> int:
        return int(self._held.execute("SELECT count(*) FROM notice WHERE seen = 0").get)

    def _unseen_of(self, source: str) -> bool:
        found = self._held.execute("SELECT 1 FROM notice WHERE seen = 0 AND source = ? LIMIT 1", (source,))
        return found.fetchone() is not None

    def _told(self) -> tuple[str, ...]:
        rows = self._held.execute("SELECT source, text FROM notice WHERE seen = 0 ORDER BY id").fetchall()
        self._held.execute("UPDATE notice SET seen = 1 WHERE seen = 0")
        self._unseen = 0
        return tuple(f"{source}: {text}" for source, text in rows)

    def met(self, fault: int, step: int, did: str) -> None:
        """Keep that the agent met a fault."""
        self._held.execute("INSERT INTO contact (fault, step, did) VALUES (?, ?, ?)", (fault, step, did))

    def note_coworker(self, person: str, did: str) -> None:
        """Keep what a coworker did, and that they were asked once more."""
        self._held.execute("UPDATE coworker SET asked = asked + 1, mood = ? WHERE person = ?", (did, person))

    # -- looking at it -----------------------------------------------------------------------------------

    def hidden(self, statement: str, *values: Any) -> list[Row]:
        """Return what a SELECT over everything finds: for verifiers, coworkers and pages, never for tools."""
        cursor = self._held.execute(statement, values)
        return [dict(zip((name for name, _ in cursor.get_description()), row, strict=True)) for row in cursor]

    def stream(self, *name: str | int) -> Stream:
        """Return the random numbers of a concern of this world."""
        return Stream(self.seed, *name)

    def state_hash(self) -> str:
        """Return a hash of all that is in the world, the hidden part and the steps included."""
        found = blake2b(digest_size=16)
        tables = self._held.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name"
        ).fetchall()
        for (table,) in tables:
            columns = [row[1] for row in self._held.execute(f"PRAGMA table_info({table})")]
            order = ", ".join(columns[:3])
            for row in self._held.execute(f"SELECT * FROM {table} ORDER BY {order}"):
                found.update(repr(row).encode("utf-8", "surrogatepass"))
        return found.hexdigest()

    def changes(self, first: int = 1, last: int | None = None) -> list[bytes]:
        """Return what the agent changed, step by step, as SQLite changesets."""
        rows = self._held.execute(
            "SELECT changes FROM step WHERE id BETWEEN ? AND ? AND changes IS NOT NULL ORDER BY id",
            (first, last or self.steps),
        )
        return [changes for (changes,) in rows]


def _whole(text: str) -> str:
    """Return a text without halves of signs, which JSON lets through and no file can hold."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _stays(reason: int, _change: apsw.TableChange) -> int:
    """Give up where a row is no longer as the change left it."""
    return apsw.SQLITE_CHANGESET_ABORT
