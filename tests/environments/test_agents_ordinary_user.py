"""Forks of an ordinary user: root may write what others may not, and would not notice."""

from __future__ import annotations

import os
import subprocess
import sys

PLAY = """
import os, tempfile
from pathlib import Path
from assay.environments import store
from assay.environments.playing import Oracle, Random, play
from assay.environments.streams import Stream
from assay.environments.universe import Universe

def round(folder):
    universe = Universe("startup", 7, Path(folder))
    before = universe.base.read_bytes()
    task = universe.task("bad-deploy", 1)
    with universe.episode(task) as one:
        rewards = [play(one, Oracle(task)).reward]
        second = universe.folder / "second"
        store.fork(one.world.path, second)
        store.remove(second)
    with universe.episode(task) as other:
        play(other, Random(Stream(3, "random"), steps=60))
        other.call("ticket_comment", {"ticket": "OPS-1", "text": "written after the seal"})
        assert other.world.changes()
        log = Path(f"{other.world.path}-wal").stat().st_size
    assert log > 0
    universe.check()
    assert universe.base.read_bytes() == before
    return rewards, store.fingerprint(universe.base) == universe.fingerprint

with tempfile.TemporaryDirectory() as folder:
    if os.getuid() == 0:
        round(folder)  # everything is imported before the rights to read it are given up
with tempfile.TemporaryDirectory() as folder:
    if os.getuid() == 0:
        os.chown(folder, 65534, 65534)
        os.setgroups([]); os.setgid(65534); os.setuid(65534)
    assert os.getuid() != 0
    try:
        os.setuid(0)
    except PermissionError:
        pass
    else:
        raise SystemExit("still root")
    print(*round(folder))
"""


def test_what_an_ordinary_user_writes_into_forks_never_reaches_the_base():
    said = subprocess.run(
        [sys.executable, "-c", PLAY],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TMPDIR": "/tmp"},  # noqa: S108 -- pytest's own folders are closed to others
    )

    assert said.stdout.split() == ["[1.0]", "True"], said.stderr[-3000:]
