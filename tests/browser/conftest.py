"""A real server on a free port, and Debian's Chromium in front of it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from ..platform.ports import free_port

# What is slow to come on a loaded machine has come all the same; only a test that fails waits so long.
WAIT = 90_000
expect.set_options(timeout=WAIT)
CHROMIUM = "/usr/bin/chromium"
LAUNCH = {
    "executable_path": CHROMIUM,
    "args": [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
        "--disable-background-networking", "--disable-component-update",
    ],
}  # fmt: skip
SERVE = """
import sys
from pathlib import Path
from assay.platform import service
if __name__ == "__main__":
    service.serve(Path(sys.argv[1]), int(sys.argv[2]))
"""


def pytest_collection_modifyitems(items):
    """Skip what needs a browser where there is none; in CI there has to be one."""
    here = [item for item in items if Path(__file__).parent in item.path.parents]
    for item in here:
        item.add_marker(pytest.mark.browser)
        if not Path(CHROMIUM).exists() and not os.environ.get("CI"):
            item.add_marker(pytest.mark.skip(reason=f"needs {CHROMIUM}: apt-get install chromium"))


def pytest_generate_tests(metafunc):
    if "browser_type_launch_args" in metafunc.fixturenames:
        metafunc.parametrize("browser_type_launch_args", [LAUNCH], indirect=True, ids=["debian"])


@pytest.fixture(scope="session")
def browser(browser):
    """The browser, whose pages wait as long as what is expected of them does."""
    opened = browser.new_context

    def patient(**given):
        found = opened(**given)
        found.set_default_timeout(WAIT)
        return found

    browser.new_context = patient
    return browser


@dataclass
class Server:
    """The platform in a process of its own, which can die and come back; its tables are made by `shell`."""

    home: Path
    port: int
    process: subprocess.Popen | None = field(default=None)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def shell(self, *lines: str) -> str:
        """Run lines of Python with `service` prepared, and give what they print."""
        code = "\n".join([
            "from pathlib import Path", "from assay.platform import service", "from assay.records import *",
            f"home = Path({str(self.home)!r})",
            # Tables that are there already need not be looked through once more.
            "(service.setup if (home / service.DATABASE).is_file() else service.prepare)(home)", *lines,
        ])  # fmt: skip
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def start(self) -> None:
        script = self.home / "serve.py"
        script.write_text(SERVE)
        self.process = subprocess.Popen([sys.executable, script, str(self.home), str(self.port)])
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if httpx.get(f"{self.url}/healthz").text == "ok":
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        raise AssertionError("the server ended, or did not answer within two minutes")

    def die(self) -> None:
        """Kill the server as a power cut does, and wait until its worker has noticed and let the port go."""
        self.process.kill()
        self.process.wait()
        self.process = None
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)):
                    return
            time.sleep(0.05)
        raise AssertionError("the worker outlives its server by two minutes")

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(timeout=120)
            self.process = None


@pytest.fixture(scope="session")
def empty_folder(tmp_path_factory):
    """A folder with a key and empty tables: copied, it saves each server two seconds of making them."""
    found = Server(tmp_path_factory.mktemp("empty"), 0)
    found.shell()
    return found.home


@pytest.fixture
def server(tmp_path, empty_folder):
    shutil.copytree(empty_folder, tmp_path, dirs_exist_ok=True)
    found = Server(tmp_path, free_port())
    yield found
    found.stop()


@pytest.fixture(scope="module")
def running(tmp_path_factory, empty_folder):
    """A server for those tests of a module that need none of their own; who uses it first starts it."""
    found = Server(tmp_path_factory.mktemp("running"), free_port())
    shutil.copytree(empty_folder, found.home, dirs_exist_ok=True)
    yield found
    found.stop()


MOON = """
names = ("Ann", "Ben", "Cleo")
for name in names: service.add_person(name, "a long password", ["en"])
asked = (Question("surprise", "Does it say something new?", ("no", "partly", "yes"), True),
         Question("ear", "Does it sound right read aloud?", ("no", "partly", "yes"), True))
items = [Item(f"m{k}", f"Two lines on the **moon**, please ({k}).", "A poet asks.", "en") for k in range(4)]
texts = {"dull": "The moon is bright.", "fine": "Tonight she is a coin the river cannot spend."}
pairs = [Sample(f"{i.id}/{a}", i.id, a, t) for i in items for a, t in texts.items()]
def brief(name, kind): return Brief(
    name, "Teach a model to write verse that a reader remembers.", kind, questions=asked,
    principles=("Surprise that feels inevitable beats rhyme.",), languages=("en",), judgments_per_work=2)
for kind in ("pairwise", "rubric", "demonstration"):
    service.create_project(brief(kind, kind), items, pairs if kind != "demonstration" else (), owner="Ann")
    service.add_member(kind, "Ben")
"""


@pytest.fixture(scope="session")
def moon_folder(tmp_path_factory):
    """A folder with Ann's three projects, made once and copied for each test."""
    found = Server(tmp_path_factory.mktemp("moon"), 0)
    found.shell(MOON)
    return found.home


@pytest.fixture
def moon(server, moon_folder):
    """Ann owns a project of each kind; Ben contributes."""
    shutil.copytree(moon_folder, server.home, dirs_exist_ok=True)
    server.start()
    return server


@pytest.fixture
def no_page_breaks(page):
    """An exception on any page fails the test."""
    said: list[str] = []
    page.on("pageerror", lambda wrong: said.append(str(wrong)))
    yield
    assert said == []


@pytest.fixture
def no_page_complains(page, no_page_breaks):
    """A blocked script or a blocked style does so, too."""
    said: list[str] = []
    page.on(
        "console", lambda line: said.append(line.text) if "Content Security Policy" in line.text else None
    )
    yield
    assert said == []


@pytest.fixture
def sign_in(page):
    def enter(server: Server, name: str) -> None:
        page.goto(f"{server.url}/sign-in/")
        page.get_by_label("Name").fill(name)
        page.get_by_label("Password").fill("a long password")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{server.url}/")

    return enter
