"""Pages on this machine's own address: read, never written, and to nobody else."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from assay.environments.showing import Walk
from assay.environments.showing.markup import policy

HERE = "127.0.0.1"


class Server(ThreadingHTTPServer):
    """Serves a walk. Use as a context manager, then `serve_forever`.

    Parameters
    ----------
    port
        0 takes a free one.
    """

    daemon_threads = True

    def __init__(self, walk: Walk, port: int = 0) -> None:
        self.walk, self.one_at_a_time = walk, threading.Lock()
        super().__init__((HERE, port), _Handler)

    @property
    def url(self) -> str:
        """The address."""
        return f"http://{HERE}:{self.server_address[1]}/"


class _Handler(BaseHTTPRequestHandler):
    server: Server
    server_version, sys_version = "assay", ""
    timeout = 30

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def _answer(self, *, body: bool) -> None:
        # Another site whose name was made to lead here is not to read along.
        host = (self.headers.get("Host") or "").rsplit(":", 1)[0]
        if host not in (HERE, "localhost"):
            self._send(403, "Ask for 127.0.0.1.", body=body)
            return
        name = unquote(urlsplit(self.path).path).removeprefix("/") or "index.html"
        with self.server.one_at_a_time:
            page = self.server.walk.page(name)
        if page is None:
            self._send(404, "There is no such page.", body=body)
        else:
            self._send(200, page, body=body, kind="text/html")

    def _send(self, code: int, text: str, *, body: bool, kind: str = "text/plain") -> None:
        data = text.encode("utf-8", "replace")
        self.send_response(code)
        for name, value in (
            ("Content-Type", f"{kind}; charset=utf-8"),
            ("Content-Length", str(len(data))),
            ("Content-Security-Policy", f"{policy()}; frame-ancestors 'none'"),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Cache-Control", "no-store"),
        ):
            self.send_header(name, value)
        self.end_headers()
        if body:
            self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- named by http.server
        """Keep quiet."""
