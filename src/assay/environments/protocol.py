"""The Model Context Protocol by hand: what is asked, what is answered, and one episode over pipes.

What the world refuses is a result with `isError`; only a broken request is an error of the protocol.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from assay import __version__
from assay.environments.agents import opening
from assay.environments.errors import WorldError
from assay.environments.playing import tool_list
from assay.environments.tasks import Task
from assay.environments.universe import OpenEpisode
from assay.environments.world import Reply

VERSIONS = ("2026-07-28", "2025-11-25", "2025-06-18")
"""Of the protocol; the first is the one without sessions."""

MOST_BODY = 1 << 20

_ONCE = {"resultType": "complete", "ttlMs": 0, "cacheScope": "private"}
_ME = {"name": "assay", "version": __version__}


@dataclass
class Table:
    """An episode that is open to agents."""

    key: str
    task: Task
    episode: OpenEpisode
    listed: list[dict[str, Any]]
    begun: int = 1
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


def descriptions(episode: OpenEpisode) -> list[dict[str, Any]]:
    """Return the tools of an episode as the protocol lists them."""
    tools = episode.world.tools
    return [
        {
            "name": each["name"],
            "description": each["description"],
            "inputSchema": each["parameters"],
            "annotations": {
                "readOnlyHint": each["name"] in tools and not tools[each["name"]].writes,
                "openWorldHint": False,
            },
        }
        for each in tool_list(episode.world)
    ]


def result(reply: Reply) -> dict[str, Any]:
    """Return what a call answered, as the protocol says it."""
    return {
        "resultType": "complete",
        "content": [{"type": "text", "text": reply.text()}],
        "isError": not reply.fine,
    }


def called(episode: OpenEpisode, key: object, name: str, arguments: dict[str, Any]) -> bytes:
    """Do a call, and return its answer in the frame of JSON-RPC."""
    if episode.over:
        now = episode.world.now
        reply = Reply(episode.world.steps, "over", "the episode is over", now, now, ())
    else:
        try:
            reply = episode.call(name, arguments)
        except WorldError as wrong:
            return refused(RequestError(-32603, str(wrong), key=key))
    return framed(key, result(reply))


class RequestError(Exception):
    """A request that is answered with an error of the protocol."""

    def __init__(self, code: int, says: str, *, key: object = None) -> None:
        super().__init__(says)
        self.code, self.key = code, key


def request(body: bytes | str) -> tuple[object, str, dict[str, Any]] | None:
    """Read a request: its id, its method and its parameters; `None` for a notification.

    Raises
    ------
    RequestError
        Where it is none.
    """
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        raise RequestError(-32700, "this is no JSON") from None
    if isinstance(asked, list):
        raise RequestError(-32600, "send one request at a time")
    if (
        not isinstance(asked, dict)
        or asked.get("jsonrpc") != "2.0"
        or not isinstance(asked.get("method"), str)
    ):
        raise RequestError(-32600, "this is no JSON-RPC 2.0 request")
    if "id" not in asked:
        return None
    key, given = asked["id"], asked.get("params")
    if isinstance(key, bool) or not isinstance(key, (str, int)):
        raise RequestError(-32600, "an id is a text or a whole number")
    if given is not None and not isinstance(given, dict):
        raise RequestError(-32602, "params has to be an object", key=key)
    return key, asked["method"], given or {}


def asked_to_call(given: Mapping[str, Any], key: object) -> tuple[str, dict[str, Any]]:
    """Return the tool and the arguments of a call."""
    name, arguments = given.get("name"), given.get("arguments")
    if not isinstance(name, str):
        raise RequestError(-32602, "params.name has to be the name of a tool", key=key)
    if arguments is not None and not isinstance(arguments, dict):
        raise RequestError(-32602, "params.arguments has to be an object", key=key)
    return name, arguments or {}


def about(table: Table, method: str, given: Mapping[str, Any], key: object) -> dict[str, Any]:
    """Answer everything but calls."""
    if method == "tools/list":
        return {**_ONCE, "tools": table.listed}
    if method == "initialize":
        version = given.get("protocolVersion")
        return {
            "protocolVersion": version if version in VERSIONS else VERSIONS[1],
            "capabilities": {"tools": {"listChanged": False}},
            "serverInfo": _ME,
            "instructions": opening(table.episode),
        }
    if method == "server/discover":
        return {
            "supportedVersions": list(VERSIONS),
            "capabilities": {"tools": {}},
            "serverInfo": _ME,
            "instructions": opening(table.episode),
            **_ONCE,
        }
    if method == "ping":
        return {}
    raise RequestError(-32601, f"there is no method {method[:100]!r}", key=key)


def framed(key: object, found: Mapping[str, Any]) -> bytes:
    """Return an answer in the frame of JSON-RPC."""
    return json.dumps({"jsonrpc": "2.0", "id": key, "result": found}, ensure_ascii=False).encode(
        "utf-8", "backslashreplace"
    )


def refused(wrong: RequestError) -> bytes:
    """Return an error in the frame of JSON-RPC."""
    said = {"code": wrong.code, "message": str(wrong)}
    return json.dumps({"jsonrpc": "2.0", "id": wrong.key, "error": said}).encode()


# -- over pipes --------------------------------------------------------------------------------------------


def over_pipes(table: Table, read: BinaryIO, write: BinaryIO) -> None:
    """Serve one episode, a line a message, until there is nothing more to read."""
    while line := read.readline(MOST_BODY + 1):
        if len(line) > MOST_BODY:
            while line and not line.endswith(b"\n"):
                line = read.readline(MOST_BODY)
            answer: bytes | None = refused(RequestError(-32600, f"a message has at most {MOST_BODY} bytes"))
        elif not line.strip():
            continue
        else:
            answer = _answer(table, line)
        if answer is not None:
            write.write(answer + b"\n")
            write.flush()


def _answer(table: Table, line: bytes) -> bytes | None:
    try:
        asked = request(line)
        if asked is None:
            return None
        key, method, given = asked
        if method != "tools/call":
            return framed(key, about(table, method, given, key))
        name, arguments = asked_to_call(given, key)
        return called(table.episode, key, name, arguments)
    except RequestError as wrong:
        return refused(wrong)


def pipes() -> tuple[BinaryIO, BinaryIO]:
    """Return standard input and output; what else is printed goes to standard error from now on."""
    read, write = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr
    return read, write
