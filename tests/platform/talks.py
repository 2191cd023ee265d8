"""Projects in which people talk to models, and a scripted model on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from assay.platform.actions import projects
from assay.platform.models import EndpointRow
from assay.records import Brief, Item

TALK = Brief(
    "talks", "Talk about verse as a good editor does.", "conversation", turns=(1, 3), judgments_per_work=2
)


def piece(text: str) -> bytes:
    return f"data: {json.dumps({'choices': [{'delta': {'content': text}}]})}\n\n".encode()


class Model:
    """Answers with its own name and the last message, or with whatever `script` gives for a request."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[dict[str, Any]] = []
        self.script: Callable[[dict[str, Any]], Iterator[bytes]] = self.echo
        self.kind = "text/event-stream"
        self.status = 200

    def echo(self, body: dict[str, Any]) -> Iterator[bytes]:
        yield piece(f"{body['model']} hears: ")
        yield piece(body["messages"][-1]["content"])
        yield b"data: [DONE]\n\n"


@contextmanager
def speaking() -> Iterator[Model]:
    """Serve a scripted model on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            found.asked.append(body)
            try:
                self.send_response(found.status)
                self.send_header("Content-Type", found.kind)
                self.end_headers()
                for part in found.script(body):
                    self.wfile.write(part)
                    self.wfile.flush()
            except OSError:
                pass

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found = Model(f"http://127.0.0.1:{server.server_port}")
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()


def talks(owner: Any, *models: tuple[str, str], brief: Brief = TALK) -> Any:
    """Open a project of one item whose models are named and have these addresses."""
    project = projects.open_project(owner=owner, brief=brief, waived="a test")
    for name, url in models:
        EndpointRow.objects.create(project=project, name=name, url=url, model=name)
    projects.bring_in(project=project, items=[Item("moon", "Talk about the moon.", "You edit poems.", "en")])
    return project
