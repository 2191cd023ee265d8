"""Episodes for agents in other programs, many behind one port: the Model Context Protocol over HTTP.

Protocol sessions come and go between versions, so the episode is in the address: ``/mcp/<episode>``. Calls to
one episode are done one after the other, whoever sends them. Scores, new episodes and resets are for whoever
holds the key, which agents never see.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import secrets
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from assay.environments import clock
from assay.environments.agents import opening
from assay.environments.errors import WorldError
from assay.environments.protocol import (
    MOST_BODY,
    RequestError,
    Table,
    about,
    asked_to_call,
    called,
    descriptions,
    framed,
    refused,
    request,
)
from assay.environments.tasks import Task
from assay.environments.universe import OpenEpisode, Universe

MOST_HEAD = 16 * 1024
MOST_WAITING = 64
"""Requests that one connection may send ahead of their answers."""

MOST_EPISODES = 2_000

SLOW = frozenset({"tests"})
"""Events that run programs: a call during which one happens is done beside the loop."""


class Server:
    """Many episodes behind one port.

    Parameters
    ----------
    key
        What opens, resets and scores episodes has to say it: ``Authorization: Bearer …``.
    """

    def __init__(
        self,
        universe: Universe,
        *,
        key: str = "",
        most_episodes: int = MOST_EPISODES,
        on_score: Callable[[Table], object] = lambda _: None,
    ) -> None:
        self.universe, self.key, self.most_episodes = (
            universe,
            key or secrets.token_urlsafe(18),
            most_episodes,
        )
        self.tables: dict[str, Table] = {}
        self.local = True
        self._on_score = on_score
        self._server: asyncio.Server | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0, *, beyond: bool = False) -> tuple[str, int]:
        """Listen, and return where.

        Raises
        ------
        WorldError
            Where the host is not this machine alone, unless `beyond` says that it may be.
        """
        self.local = host in {"127.0.0.1", "::1", "localhost"}
        if not self.local and not beyond:
            raise WorldError(
                f"{host} can be reached from other machines; take 127.0.0.1, or say that this is wanted"
            )
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), host, port)
        found = self._server.sockets[0].getsockname()
        return str(found[0]), int(found[1])

    async def stop(self) -> None:
        """Stop listening, and close all episodes."""
        if self._server is not None:
            self._server.close()
        for name in list(self.tables):
            await self.close(name)

    def open(self, task: Task, *, name: str = "") -> Table:
        """Open an episode, under a name that nobody can guess where none is given."""
        name = name or secrets.token_urlsafe(12)
        if name in self.tables:
            raise WorldError(f"there is an episode {name!r} already; reset it, or take another name")
        if len(self.tables) >= self.most_episodes:
            raise WorldError(f"{self.most_episodes} episodes are open; close some first")
        episode = self.universe.episode(task)
        table = Table(name, task, episode, descriptions(episode))
        self.tables[name] = table
        return table

    async def reset(self, name: str) -> Table:
        """Begin an episode anew in a fresh fork, after the call that is under way; the address stays."""
        table = self.tables[name]
        async with table.lock:
            table.episode.close()
            table.episode = self.universe.episode(table.task)
            table.begun += 1
        return table

    async def close(self, name: str) -> None:
        """Close an episode and remove its fork."""
        table = self.tables.pop(name)
        async with table.lock:
            table.episode.close()

    def told(self, table: Table) -> dict[str, Any]:
        """Return what the holder of the key may know of an episode."""
        found = table.episode.score()
        self._on_score(table)
        return {
            "episode": table.key,
            "task": table.task.id,
            "begun": table.begun,
            "steps": len(table.episode.replies),
            "over": table.episode.over,
            "now": clock.shown(table.episode.world.now),
            "reward": found.reward,
            "goals": dict(found.goals),
            "side_effects": list(found.side_effects),
            "hash": table.episode.world.hash,
        }


_SAYS = {
    200: b"OK", 202: b"Accepted", 400: b"Bad Request", 401: b"Unauthorized", 403: b"Forbidden",
    404: b"Not Found", 405: b"Method Not Allowed", 409: b"Conflict", 411: b"Length Required",
    413: b"Content Too Large", 431: b"Request Header Fields Too Large", 503: b"Service Unavailable",
}  # fmt: skip


class _RefusedError(Exception):
    """A request that is answered with a status; `leaves` closes the connection."""

    def __init__(self, status: int, says: str, *, leaves: bool = False) -> None:
        super().__init__(says)
        self.status, self.leaves = status, leaves


class _Connection(asyncio.Protocol):
    """One kept connection: requests are answered in the order in which they come."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._held = b""
        self._waiting: deque[tuple[str, str, dict[str, str], bytes]] = deque()
        self._busy: asyncio.Task[None] | None = None
        self._leaves = self._told_to_go_on = False
        self._last: _RefusedError | None = None
        self._out: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 -- it is one of a socket
        self._out = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._out = None

    def data_received(self, data: bytes) -> None:
        self._held = self._held + data if self._held else data
        while self._held and not self._leaves:
            try:
                found = self._one()
            except _RefusedError as wrong:
                # Where it ends is not known any more, so nothing behind it can be read.
                self._leaves = True
                self._waiting.append(("", "", {}, b""))
                self._last = wrong
                break
            if found is None:
                break
            self._waiting.append(found)
        if len(self._waiting) > MOST_WAITING and self._out is not None:
            self._out.pause_reading()
        if self._busy is None:
            self._go()

    def _one(self) -> tuple[str, str, dict[str, str], bytes] | None:
        """Take a whole request off what was received."""
        end = self._held.find(b"\r\n\r\n")
        if end < 0 or end > MOST_HEAD:
            if len(self._held) > MOST_HEAD:
                raise _RefusedError(431, f"the head of a request has at most {MOST_HEAD} bytes")
            return None
        first, *lines = self._held[:end].decode("latin-1").split("\r\n")
        parts = first.split(" ")
        if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
            raise _RefusedError(400, "this is no HTTP/1.1 request")
        head: dict[str, str] = {}
        for line in lines:
            name, colon, value = line.partition(":")
            name = name.lower()
            if not colon or name != name.strip() or (name in head and name in {"content-length", "host"}):
                raise _RefusedError(400, "a header cannot be read")
            head[name] = value.strip()
        if "transfer-encoding" in head:
            raise _RefusedError(411, "say how long the body is: Content-Length")
        length = head.get("content-length", "0")
        if not (length.isascii() and length.isdigit()):
            raise _RefusedError(400, "Content-Length has to be a number")
        if len(length) > 12 or int(length) > MOST_BODY:
            raise _RefusedError(413, f"a body has at most {MOST_BODY} bytes")
        whole = end + 4 + int(length)
        if len(self._held) < whole:
            if head.get("expect", "").lower() == "100-continue" and self._out and not self._told_to_go_on:
                self._out.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                self._told_to_go_on = True
            return None
        body, self._held, self._told_to_go_on = self._held[end + 4 : whole], self._held[whole:], False
        return parts[0], parts[1], head, body

    def _go(self) -> None:
        """Answer what waits, at once where that can be done, else in a task."""
        while self._waiting and self._out is not None:
            method, path, head, body = self._waiting.popleft()
            if not method:
                wrong = self._last or _RefusedError(400, "this is no HTTP request")
                self._send(wrong.status, _error(wrong), leaves=True)
                return
            leaves = head.get("connection", "").lower() == "close"
            try:
                found = self._at_once(method, path, head, body)
            except _RefusedError as wrong:
                self._send(wrong.status, _error(wrong), leaves=leaves or wrong.leaves)
                continue
            if found is not None:
                self._send(*found, leaves=leaves)
                continue
            self._busy = asyncio.ensure_future(self._slowly(method, path, body, leaves=leaves))
            self._busy.add_done_callback(self._done)
            return
        if self._out is not None and not self._leaves:
            self._out.resume_reading()

    def _done(self, task: asyncio.Task[None]) -> None:
        self._busy = None
        if not task.cancelled() and task.exception() is not None and self._out is not None:
            self._out.abort()
            return
        self._go()

    def _send(self, status: int, body: bytes, *, leaves: bool = False) -> None:
        """Write head and body at once: in two writes the second waits for the first one's acknowledgement."""
        if self._out is None:
            return
        close = b"Connection: close\r\n" if leaves else b""
        self._out.write(
            b"HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n%s"
            % (status, _SAYS[status], len(body), close, body)
        )
        if leaves:
            self._leaves = True
            self._out.close()

    def _at_once(
        self, method: str, path: str, head: Mapping[str, str], body: bytes
    ) -> tuple[int, bytes] | None:
        """Return the answer, `None` where it takes longer."""
        if self._server.local:
            _only_from_here(head)
        path = path.partition("?")[0]
        if path.startswith("/mcp/"):
            return self._by_agents(method, path[5:], body)
        self._authorised(head)
        return self._managed(method, path, body)

    def _by_agents(self, method: str, name: str, body: bytes) -> tuple[int, bytes] | None:
        table = self._server.tables.get(name)
        if table is None:
            raise _RefusedError(404, "there is no such episode; open one, or check the address")
        if method == "DELETE":
            return 200, b""
        if method != "POST":
            raise _RefusedError(405, "send POST")
        try:
            asked = request(body)
            if asked is None:
                return 202, b""
            key, wanted, given = asked
            if wanted != "tools/call":
                return 200, framed(key, about(table, wanted, given, key))
            name, arguments = asked_to_call(given, key)
        except RequestError as wrong:
            return (400 if wrong.code in {-32700, -32600} else 200), refused(wrong)
        # A model that speaks for colleagues is asked beside the loop, too.
        spoken = self._server.universe.voice is not None
        if table.lock.locked() or spoken or _long(table.episode, name):
            return None
        return 200, called(table.episode, key, name, arguments)

    async def _slowly(self, method: str, path: str, body: bytes, *, leaves: bool) -> None:
        """Do what takes a while, one after the other for each episode."""
        try:
            if not path.startswith("/mcp/"):
                status, said = await self._changed(method, path)
                self._send(status, said, leaves=leaves)
                return
            asked = request(body)
            table = self._server.tables.get(path.partition("?")[0][5:])
            if asked is None or table is None:
                raise _RefusedError(404, "there is no such episode any more")
            key, _, given = asked
            name, arguments = asked_to_call(given, key)
            async with table.lock:
                episode = table.episode
                said = await asyncio.to_thread(called, episode, key, name, arguments)
            self._send(200, said, leaves=leaves)
        except _RefusedError as wrong:
            self._send(wrong.status, _error(wrong), leaves=leaves)

    # -- for whoever holds the key -------------------------------------------------------------------------

    def _authorised(self, head: Mapping[str, str]) -> None:
        given = head.get("authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode("latin-1"), self._server.key.encode()):
            raise _RefusedError(401, "this wants the key: Authorization: Bearer …")

    def _managed(self, method: str, path: str, body: bytes) -> tuple[int, bytes] | None:
        server = self._server
        if path == "/episodes" and method == "GET":
            return 200, json.dumps({"episodes": sorted(server.tables)}).encode()
        if path == "/episodes" and method == "POST":
            return 200, self._opened(body)
        name, _, did = path.removeprefix("/episodes/").partition("/")
        table = server.tables.get(name) if path.startswith("/episodes/") else None
        if table is None:
            raise _RefusedError(404, "there is nothing here; see /episodes")
        if method == "GET" and not did:
            if table.lock.locked():
                raise _RefusedError(409, "a call is under way; ask again when it has answered")
            return 200, json.dumps(server.told(table), ensure_ascii=False).encode("utf-8", "backslashreplace")
        if (method, did) not in {("POST", "reset"), ("DELETE", "")}:
            raise _RefusedError(405, "there are GET and DELETE of an episode, and POST of its reset")
        return None

    async def _changed(self, method: str, path: str) -> tuple[int, bytes]:
        name = path.partition("?")[0].removeprefix("/episodes/").partition("/")[0]
        if name not in self._server.tables:
            raise _RefusedError(404, "there is no such episode any more")
        if method == "DELETE":
            await self._server.close(name)
            return 200, b"{}"
        table = await self._server.reset(name)
        return 200, json.dumps(
            {"episode": name, "begun": table.begun, "text": opening(table.episode)}
        ).encode()

    def _opened(self, body: bytes) -> bytes:
        server = self._server
        try:
            asked = json.loads(body)
            template, seed, name = asked["template"], asked.get("seed", 1), asked.get("episode", "")
            if not (isinstance(template, str) and isinstance(seed, int) and isinstance(name, str)):
                raise TypeError
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            raise _RefusedError(400, 'send {"template": "…", "seed": 1}') from None
        if template not in server.universe.templates:
            raise _RefusedError(
                404,
                f"there is no template {template[:80]!r}; there are: {', '.join(server.universe.templates)}",
            )
        if not 0 <= seed < 2**31 or len(name) > 80 or (name and not name.replace("-", "").isalnum()):
            raise _RefusedError(400, "a seed is below 2147483648, a name has letters, digits and hyphens")
        try:
            table = server.open(server.universe.task(template, seed), name=name)
        except WorldError as wrong:
            raise _RefusedError(409 if name in server.tables else 503, str(wrong)) from None
        said = {
            "episode": table.key,
            "path": f"/mcp/{table.key}",
            "task": table.task.id,
            "text": opening(table.episode),
        }
        return json.dumps(said, ensure_ascii=False).encode("utf-8", "backslashreplace")


def _long(episode: OpenEpisode, name: str) -> bool:
    """Say whether a call may run a program, which takes seconds: whether such an event is soon due."""
    if name == "wait":
        return True
    tool = episode.world.tools.get(name)
    until = episode.world.now + 2 * (tool.costs if tool else clock.SECOND)
    if episode.world.next_due is None or episode.world.next_due > until:
        return False
    due = episode.world.hidden("SELECT DISTINCT kind FROM heap WHERE at <= ?", until)
    return any(row["kind"] in SLOW for row in due)


def _error(wrong: _RefusedError) -> bytes:
    return json.dumps({"error": str(wrong)}).encode()


_HERE = frozenset({"127.0.0.1", "localhost", "[::1]"})


def _only_from_here(head: Mapping[str, str]) -> None:
    """Refuse pages of other sites, which a browser on this machine may have open."""
    host = head.get("host", "")
    name = host[: host.find("]") + 1] if host.startswith("[") else host.partition(":")[0]
    origin = head.get("origin")
    if name not in _HERE or (origin is not None and not _local_origin(origin)):
        raise _RefusedError(403, "only programs of this machine are served")


def _local_origin(origin: str) -> bool:
    rest = origin.partition("://")[2]
    name = rest[: rest.find("]") + 1] if rest.startswith("[") else rest.partition(":")[0]
    return name in _HERE
