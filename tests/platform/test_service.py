"""The platform from a shell. Each test is a process of its own: settings are read once in a process."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import stat
import subprocess
import sys

import pytest

from assay.errors import AssayError
from assay.platform import service

pytestmark = pytest.mark.anywhere  # these processes know nothing of the database of the tests


@pytest.fixture
def shell(tmp_path):
    """Run lines of Python with `service` and `home` at hand; gives what they print, or the AssayError."""

    def run(*lines: str) -> str:
        code = "\n".join(
            [
                "import sys",
                "from pathlib import Path",
                "from assay.errors import AssayError",
                "from assay.platform import service",
                "from assay.records import *",
                f"home = Path({str(tmp_path / 'home')!r})",
                "try:",
                *(f"    {line}" for line in lines),
                "except AssayError as wrong: print('AssayError:', wrong)",
            ]
        )
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ASSAY_")}
        ran = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=False,
            env=environment,
            timeout=300,
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout.strip()

    return run


def test_a_folder_is_prepared_once_and_only_its_owner_can_read_it(shell, tmp_path):
    first = shell("done = service.prepare(home)", "print(done.created, done.migrated > 0)")
    second = shell("done = service.prepare(home)", "print(done.created, done.migrated)")

    assert (first, second) == ("True True", "False 0")
    for name in (service.KEY, service.DATABASE):
        assert stat.S_IMODE((tmp_path / "home" / name).stat().st_mode) == 0o600


def test_a_database_from_a_newer_version_is_refused(shell, prepared, tmp_path):
    shutil.copytree(prepared, tmp_path / "home")
    with sqlite3.connect(tmp_path / "home" / service.DATABASE) as database:
        database.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES (?, ?, ?)",
            ("platform", "0099_later", "2030-01-01"),
        )

    told = shell("service.prepare(home)")

    assert told.startswith("AssayError: ")
    assert "newer version of Assay (platform 0099_later)" in told


def test_a_folder_that_is_missing_or_is_a_file_is_refused(shell, tmp_path):
    (tmp_path / "home").write_text("not a folder")

    assert "choose another with --home" in shell("service.prepare(home)")
    assert "there is no database" in shell("service.prepare(home / 'x', must_exist=True)")


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_cannot_be_written_is_refused(shell, tmp_path):
    (tmp_path / "home").mkdir(mode=0o500)

    assert "cannot be written" in shell("service.prepare(home)")


def test_a_port_in_use_is_named():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        port = held.getsockname()[1]

        with pytest.raises(AssayError, match=rf"port {port} .* --port"):
            service.require_free(port)


def test_a_project_goes_in_and_comes_out(shell, prepared, tmp_path):
    shutil.copytree(prepared, tmp_path / "home")

    out = shell(
        "service.prepare(home)",
        "print(service.administrator_link(8123)[:30])",
        "items = [Item('m', 'The moon?')]",
        "samples = [Sample(f'm/{a}', 'm', a, f'Answer {a}') for a in 'xy']",
        "slug = service.create_project(Brief('Moon', 'Delight.', 'pairwise'), items, samples)",
        "said = [Judgment(n, 'm:x|y', n, 'pairwise', {'choice': 'm/y'}) for n in ('Ann', 'Ben')]",
        "print(slug, service.import_judgments(slug, said), service.import_judgments(slug, said))",
        "print(service.projects())",
        "print(len(list(service.export(slug, 'jsonl'))), service.describe(home))",
        "service.add_person('Dora', 'a long password', ['en'])",
        "service.add_person('dora')",
    )

    assert out.splitlines() == [
        "http://127.0.0.1:8123/welcome/",
        "moon 2 0",
        "[Summary(slug='moon', title='Moon', works=1, judgments=2)]",
        "1 1 projects, 2 judgments",
        "AssayError: somebody is already called 'dora'; choose another name",
    ]
