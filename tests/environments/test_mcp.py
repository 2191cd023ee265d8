"""Episodes over the Model Context Protocol: raw sockets, pipes, and the official client where it is there."""

from __future__ import annotations

import asyncio
import io
import json
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assay.environments.agents import to_the_end
from assay.environments.errors import WorldError
from assay.environments.protocol import MOST_BODY, Table, descriptions, over_pipes
from assay.environments.serving import MOST_HEAD, Server
from assay.environments.universe import Universe

from .conftest import steps_of_the_oracle

CLIENT = Path(__file__).parents[2] / ".bench" / "mcp" / "bin" / "python"


class Served:
    """A server in a thread of its own."""

    def __init__(self, universe: Universe) -> None:
        self.server = Server(universe, key="sesame")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.port = self.do(self.server.start())[1]

    def do(self, what: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(120)

    def open(self, task: Any, name: str) -> Table:
        async def go() -> Table:
            return self.server.open(task, name=name)

        return self.do(go())

    def close(self) -> None:
        self.do(self.server.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(60)


class Wire:
    """One kept connection, by hand."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=120)
        self.held = self.socket.makefile("rb")

    def send(self, method: str, path: str, body: bytes = b"", **headers: str) -> None:
        lines = {"Host": "127.0.0.1", "Content-Length": str(len(body)), **headers}
        head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in lines.items())
        self.socket.sendall(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body)

    def get(self) -> tuple[int, Any]:
        status = int(self.held.readline().split()[1])
        length = 0
        while (line := self.held.readline().strip()) != b"":
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        body = self.held.read(length)
        return status, json.loads(body) if body else None

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, Any]:
        self.send(method, path, body, **headers)
        return self.get()

    def rpc(self, path: str, method: str, **params: Any) -> Any:
        status, said = self.ask("POST", path, rpc(method, **params))
        assert status == 200
        return said

    def call(self, path: str, tool: str, **arguments: Any) -> Any:
        return self.rpc(path, "tools/call", name=tool, arguments=arguments)["result"]


def rpc(method: str, key: Any = 1, **params: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": key, "method": method, "params": params}).encode()


@pytest.fixture
def served(universe: Universe) -> Iterator[Served]:
    opened = Served(universe)
    yield opened
    opened.close()


@pytest.fixture
def wire(served: Served, universe: Universe) -> Iterator[Wire]:
    served.open(universe.task("bad-deploy", 1), "one")
    opened = Wire(served.port)
    yield opened
    opened.held.close()
    opened.socket.close()


KEY = {"Authorization": "Bearer sesame"}


def test_the_oracle_plays_over_the_wire_and_gets_everything(wire: Wire, universe: Universe):
    task = universe.task("bad-deploy", 1)
    with universe.episode(task) as episode:
        steps = steps_of_the_oracle(episode, task)
        local = episode.world.hash

    for step in steps:
        assert not wire.call("/mcp/one", step.tool, **step.arguments)["isError"]
    status, score = wire.ask("GET", "/episodes/one", **KEY)

    assert (status, score["reward"], score["hash"]) == (200, 1.0, local)


@pytest.mark.parametrize("version", ["2025-06-18", "2025-11-25"])
def test_handshake_listing_and_ping(wire: Wire, version: str):
    hello = wire.rpc("/mcp/one", "initialize", protocolVersion=version)["result"]
    listed = wire.rpc("/mcp/one", "tools/list")["result"]["tools"]
    found = wire.rpc("/mcp/one", "server/discover")["result"]

    assert hello["protocolVersion"] == version
    assert "2026-07-28" in found["supportedVersions"]
    assert {tool["name"] for tool in listed} >= {"wait", "finish", "chat_post"}
    assert all(tool["inputSchema"]["type"] == "object" for tool in listed)
    assert wire.rpc("/mcp/one", "ping")["result"] == {}
    assert wire.ask("GET", "/mcp/one")[0] == 405
    assert wire.ask("DELETE", "/mcp/one")[0] == 200
    assert (
        wire.ask("POST", "/mcp/one", b'{"jsonrpc": "2.0", "method": "notifications/initialized"}')[0] == 202
    )


def test_what_the_world_refuses_is_a_result_and_the_connection_goes_on(wire: Wire):
    for tool, given, says in (
        ("chat_shout", {}, "there is no tool"),
        ("chat_read", {}, "chat_read wants channel"),
        ("wait", {"until": "soon"}, "is no moment"),
    ):
        found = wire.call("/mcp/one", tool, **given)
        assert found["isError"]
        assert says in found["content"][0]["text"]
    wire.call("/mcp/one", "finish", report="done")
    assert "the episode is over" in wire.call("/mcp/one", "chat_channels")["content"][0]["text"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, -32700),
        (b"[" * 60_000, 400, -32700),
        (b"\xff\xfe{}", 400, -32700),
        (b"[]", 400, -32600),
        (b'{"id": 1, "method": "ping"}', 400, -32600),
        (b'{"jsonrpc": "2.0", "id": {}, "method": "ping"}', 400, -32600),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": 3}', 200, -32602),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": 3}}', 200, -32602),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "resources/list"}', 200, -32601),
    ],
)
def test_a_broken_request_is_an_error_of_the_protocol(wire: Wire, body: bytes, status: int, code: int):
    found, said = wire.ask("POST", "/mcp/one", body)

    assert (found, said["error"]["code"]) == (status, code)
    assert wire.rpc("/mcp/one", "ping")["result"] == {}


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (f"POST /mcp/one HTTP/1.1\r\nHost: localhost\r\nContent-Length: {MOST_BODY + 1}\r\n\r\n", 413),
        (f"POST /mcp/one HTTP/1.1\r\nHost: localhost\r\nContent-Length: {'9' * 5000}\r\n\r\n", 413),
        ("POST /mcp/one HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", 400),
        ("POST /mcp/one HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        ("POST /mcp/one HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
        (f"POST /mcp/one HTTP/1.1\r\nHost: localhost\r\nX: {'x' * (MOST_HEAD + 1)}", 431),
        ("nonsense\r\n\r\n", 400),
    ],
)
def test_a_request_that_is_too_large_or_odd_is_refused_and_the_connection_closed(
    wire: Wire, sent: str, status: int
):
    wire.socket.sendall(sent.encode())

    assert wire.get()[0] == status
    assert wire.held.read() == b""


def test_an_argument_that_is_too_long_is_refused_by_the_tool(wire: Wire):
    found = wire.call("/mcp/one", "chat_post", channel="general", text="x" * 200_000)

    assert found["isError"]
    assert "longer than" in found["content"][0]["text"]


def test_pages_of_other_sites_and_other_names_are_refused(wire: Wire):
    assert wire.ask("POST", "/mcp/one", rpc("ping"), Host="evil.example")[0] == 403
    assert wire.ask("POST", "/mcp/one", rpc("ping"), Origin="https://evil.example")[0] == 403
    assert wire.ask("POST", "/mcp/one", rpc("ping"), Origin="null")[0] == 403
    assert wire.ask("POST", "/mcp/one", rpc("ping"), Origin="http://localhost:3000")[0] == 200


def test_only_the_holder_of_the_key_sees_scores_and_opens_episodes(wire: Wire):
    for method, path in (("GET", "/episodes"), ("GET", "/episodes/one"), ("POST", "/episodes/one/reset")):
        assert wire.ask(method, path)[0] == 401
        assert wire.ask(method, path, Authorization="Bearer wrong")[0] == 401
    assert wire.ask("POST", "/mcp/nobody", rpc("ping"))[0] == 404

    status, said = wire.ask("POST", "/episodes", b'{"template": "bad-deploy", "seed": 2}', **KEY)
    assert status == 200
    assert not wire.call(said["path"], "chat_channels")["isError"]
    assert len(said["episode"]) >= 12
    assert wire.ask("POST", "/episodes", b'{"template": "nonsense"}', **KEY)[0] == 404
    assert wire.ask("POST", "/episodes", b'{"template": "bad-deploy", "episode": "one"}', **KEY)[0] == 409
    assert wire.ask("POST", "/episodes", b"[]", **KEY)[0] == 400
    assert wire.ask("DELETE", f"/episodes/{said['episode']}", **KEY)[0] == 200
    assert wire.ask("POST", said["path"], rpc("ping"))[0] == 404


def test_a_second_reset_mid_episode_begins_anew_under_the_same_address(wire: Wire, served: Served):
    wire.call("/mcp/one", "chat_post", channel="general", text="hello")
    for begun in (2, 3):
        status, said = wire.ask("POST", "/episodes/one/reset", **KEY)
        assert (status, said["begun"]) == (200, begun)
        wire.call("/mcp/one", "chat_channels")

    _, score = wire.ask("GET", "/episodes/one", **KEY)
    assert score["steps"] == 1
    assert len(list(served.server.universe.folder.glob("*.fork"))) == 1


def test_two_clients_on_one_episode_are_served_one_after_the_other(served: Served, wire: Wire):
    other = Wire(served.port)
    many = 60

    def talk(one: Wire, name: str) -> None:
        for number in range(many):
            assert not one.call("/mcp/one", "ticket_comment", ticket="OPS-1", text=f"{name}{number}")[
                "isError"
            ]

    threads = [threading.Thread(target=talk, args=(one, name)) for one, name in ((wire, "a"), (other, "b"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    other.socket.close()

    world = served.server.tables["one"].episode.world
    said = [row["text"] for row in world.hidden("SELECT text FROM ticket_comment WHERE author = 'robin'")]
    assert world.steps == 2 * many
    for name in "ab":
        assert [text for text in said if text[0] == name] == [f"{name}{number}" for number in range(many)]


def test_requests_sent_ahead_are_answered_in_order_also_around_a_long_one(wire: Wire):
    wire.socket.sendall(
        b"".join(
            f"POST /mcp/one HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            + body
            for body in (
                rpc("ping", 1),
                rpc("tools/call", 2, name="wait", arguments={"until": "W3 Mon 09:30"}),
                rpc("tools/call", 3, name="chat_channels"),
                rpc("ping", 4),
            )
        )
    )

    assert [wire.get()[1]["id"] for _ in range(4)] == [1, 2, 3, 4]


def test_a_request_that_comes_byte_by_byte_is_read(wire: Wire):
    body = rpc("ping")
    for byte in (
        f"POST /mcp/one HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    ):
        wire.socket.sendall(bytes([byte]))

    assert wire.get()[0] == 200


def test_only_this_machine_is_served_unless_one_says_so(universe: Universe):
    with pytest.raises(WorldError, match="other machines"):
        to_the_end(Server(universe).start("0.0.0.0"))  # noqa: S104 -- what is refused


def test_one_episode_over_pipes(universe: Universe):
    with universe.episode(universe.task("bad-deploy", 1)) as episode:
        table = Table("one", episode.task, episode, descriptions(episode))
        lines = [
            rpc("initialize", 1, protocolVersion="2025-06-18"),
            b'{"jsonrpc": "2.0", "method": "notifications/initialized"}',
            b"",
            b"nonsense",
            b"x" * (MOST_BODY + 10),
            rpc("tools/call", 2, name="chat_channels", arguments={}),
        ]
        out = io.BytesIO()
        over_pipes(table, io.BytesIO(b"\n".join(lines)), out)

    said = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [each.get("id") for each in said] == [1, None, None, 2]
    assert [each["error"]["code"] for each in said[1:3]] == [-32700, -32600]
    assert not said[3]["result"]["isError"]


OFFICIAL = """
import asyncio, sys
from mcp.client import Client
async def main():
    async with Client(sys.argv[1]) as client:
        listed = await client.list_tools()
        good = await client.call_tool("people_on_call", {"team": "serving"})
        bad = await client.call_tool("chat_read", {"channel": "nowhere"})
        print(len(listed.tools), good.is_error, bad.is_error, good.content[0].text[:9])
asyncio.run(main())
"""


def test_the_official_client_is_served(wire: Wire, served: Served):
    if not CLIENT.exists():
        pytest.skip(
            "the official client is not there; run:"
            " python -m venv .bench/mcp && .bench/mcp/bin/pip install mcp==2.3.0"
        )
    address = f"http://127.0.0.1:{served.port}/mcp/one"
    said = subprocess.run(
        [CLIENT, "-c", OFFICIAL, address], capture_output=True, text=True, timeout=300, check=False
    )

    tools = len(served.server.tables["one"].listed)
    assert said.stdout.strip() == f'{tools} False True {{"answer"', said.stderr[-2000:]
