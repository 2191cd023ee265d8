"""A server that is stopped or killed: what it leaves behind, and whether it goes by itself."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress

import pytest

from assay.errors import AssayError
from assay.platform import service

from .ports import free_port


@pytest.fixture
def started(tmp_path, prepared):
    """A server, in a group of processes of its own as a terminal makes one; and its port.

    It never kills a worker, so whoever waits for one waits in vain: what is slow is told from what hangs.
    """
    shutil.copytree(prepared, tmp_path, dirs_exist_ok=True)
    port = free_port()
    lines = [
        "from pathlib import Path",
        "from assay.platform import service",
        "if __name__ == '__main__':",
        "    service.KILL_S = 3_600",
        f"    home = Path({str(tmp_path)!r})",
        "    service.prepare(home)",
        f"    service.serve(home, {port})",
    ]
    script = tmp_path / "serve.py"
    script.write_text("\n".join(lines))
    with subprocess.Popen([sys.executable, script], start_new_session=True) as server:
        try:
            assert _within(120, lambda: socket.create_connection(("127.0.0.1", port)).close() or True)
            yield server, port
        finally:
            server.kill()


def test_no_server_outlives_the_process_that_was_started(started):
    server, port = started

    server.kill()

    assert _within(60, lambda: service.require_free(port) or True)


# Several times, since what can go wrong is a race; of that, the database knows nothing.
@pytest.mark.parametrize("_again", [0, *(pytest.param(k, marks=pytest.mark.anywhere) for k in (1, 2, 3))])
def test_ctrl_c_stops_the_server_and_its_worker_at_once(started, _again):
    server, port = started

    os.killpg(server.pid, signal.SIGINT)

    assert server.wait(timeout=120) == 0
    service.require_free(port)


def _within(seconds, try_it):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(OSError, AssayError):
            return try_it()
        time.sleep(0.1)
    return False
