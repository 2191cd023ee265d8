"""Commands that need the platform, each in a process of its own, as a person would run them."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from functools import partial

import pytest

from ..platform.ports import free_port

PAIRS = "prompt,model_a,model_b,response_a,response_b,winner,rater\n" + "".join(
    f"Prompt {n},ours,theirs,Good {n},Bad {n},{'b' if rater == 'dan' else 'a'},{rater}\n"
    for n in range(6)
    for rater in ("ann", "ben", "cleo", "dan")
)


def run_in(folder, *words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "assay", *map(str, words)]
    env = {**os.environ, "COLUMNS": "160"}
    env.pop("DJANGO_SETTINGS_MODULE", None)
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=env)


@pytest.fixture
def assay(tmp_path):
    return partial(run_in, tmp_path)


@pytest.fixture(scope="module")
def letters(tmp_path_factory):
    """Comparisons in one project, a bare prompt in another: a copy saves a test the making of tables."""
    folder = tmp_path_factory.mktemp("letters")
    (folder / "pairs.csv").write_text(PAIRS)
    (folder / "p.csv").write_text("prompt\nHi\n")
    for table, project in (("pairs.csv", "letters"), ("p.csv", "bare")):
        ran = run_in(folder, "import", table, "--project", project, "--goal", "Console.")
        assert ran.returncode == 0, ran.stderr
    return folder


@pytest.fixture
def begun(letters, tmp_path):
    shutil.copytree(letters, tmp_path, dirs_exist_ok=True)


def refused(ran, message: str) -> None:
    assert ran.returncode == 2, ran.stdout + ran.stderr
    assert message in ran.stderr
    assert "Traceback" not in ran.stderr
    assert ran.stderr.count("\n") == 1


def test_comparisons_go_in_and_a_data_set_comes_out(assay, tmp_path):
    (tmp_path / "pairs.csv").write_text(PAIRS)

    came_in = assay("import", "pairs.csv", "--project", "letters", "--goal", "Letters that console.")
    went_out = assay(
        "export", "letters", "--format", "trl-preference", "-o", "out/p.jsonl", "--card", "out/README.md"
    )

    assert came_in.returncode == 0, came_in.stderr
    assert "6 new items, 12 new answers, 6 new works, 24 new judgments" in came_in.stdout
    assert went_out.returncode == 0, went_out.stderr
    rows = [json.loads(line) for line in (tmp_path / "out/p.jsonl").read_text().splitlines()]
    assert {row["chosen"][0]["content"] for row in rows} == {f"Good {n}" for n in range(6)}
    assert "Letters that console." in (tmp_path / "out/README.md").read_text()


@pytest.mark.usefixtures("begun")
def test_the_same_table_twice_adds_nothing(assay):
    again = assay("import", "pairs.csv", "--project", "letters")

    assert again.returncode == 0, again.stderr
    assert "0 new items, 0 new answers, 0 new works, 0 new judgments" in again.stdout


def test_a_table_that_is_wrong_in_its_last_row_brings_nothing_in(assay, tmp_path):
    (tmp_path / "pairs.csv").write_text(PAIRS + "Prompt 9,ours,ours,Good,Bad,a,ann\n")

    refused(
        assay("import", "pairs.csv", "--project", "letters", "--goal", "Console."),
        "row 25, column 'model_b': 'ours' is compared with itself",
    )

    refused(assay("export", "letters"), "there is no database in")


@pytest.mark.usefixtures("begun")
def test_a_new_project_needs_a_goal(assay):
    refused(assay("import", "p.csv", "--project", "songs"), "say what it is for with --goal or --brief")


@pytest.mark.usefixtures("begun")
def test_an_unknown_project_format_and_kind_are_named(assay):
    goal = ("--project", "more", "--goal", "Console.")

    refused(assay("import", "p.csv", *goal, "--kind", "haiku"), "known: pairwise, best-of-n, ranking")
    refused(assay("export", "letters", "--format", "xml"), "known: jsonl, trl-preference, trl-sft")
    refused(assay("export", "poems"), "poems")
    refused(assay("export", "bare"), "there is nothing to export yet")


@pytest.mark.usefixtures("begun")
def test_a_database_from_a_newer_version_is_left_alone(assay, tmp_path):
    with sqlite3.connect(tmp_path / "assay-data/assay.sqlite3") as database:
        database.execute(
            "insert into django_migrations (app, name, applied) values ('platform', '0999_new', '2030-01-01')"
        )

    refused(assay("up"), "was written by a newer version of Assay")
    assert assay("doctor").returncode == 1


def test_a_folder_that_cannot_be_written_is_refused(assay, tmp_path):
    home = tmp_path / "home"
    home.mkdir(mode=0o500)
    # Root may write into any folder of ours, and into none of the kernel's.
    place = "/proc/assay" if os.geteuid() == 0 else home

    refused(assay("up", "--home", place), "choose another with --home")
    refused(assay("demo", "--home", place, "--no-serve"), "choose another with --home")


def test_a_home_that_is_a_file_is_refused(assay, tmp_path):
    (tmp_path / "file").write_text("")

    ran = assay("up", "--home", "file")

    assert ran.returncode == 2
    assert "is a file" in ran.stderr


def test_a_port_in_use_is_named_and_doctor_sees_it(assay):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        refused(assay("up", "--port", port), f"port {port} cannot be used")
        refused(assay("demo", "--port", port), f"port {port} cannot be used")
        sick = assay("doctor", "--port", port)

    assert sick.returncode == 1
    assert f"{port} is in use; choose another with --port" in sick.stdout


def test_doctor_finds_a_fresh_folder_healthy_and_changes_nothing(assay, tmp_path):
    ran = assay("doctor", "--port", free_port())

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "will be created on the first start" in ran.stdout
    assert list(tmp_path.iterdir()) == []


def test_the_demo_finds_what_was_planted_and_writes_what_loads(assay, tmp_path):
    ran = assay("demo", "--no-serve", "--recorded")

    assert ran.returncode == 0, ran.stderr
    assert "The people are simulated" in ran.stdout
    board, rest = ran.stdout.split("Most reliable raters")
    reliable, rest = rest.split("Least reliable raters")
    unreliable, _ = rest.split("Most contested")
    assert board.index("house-writer") < board.index("house-plain") < board.index("smollm2-135m")
    assert "hardly ever errs" in reliable
    assert "tosses a coin" not in reliable
    assert "wrong way round" in unreliable
    assert "tosses a coin" in unreliable
    written = {
        path.name: path.read_text().count("\n") for path in (tmp_path / "assay-demo/dataset").iterdir()
    }
    # An answer that was preferred to several others is an ideal answer once.
    assert written["trl-preference.jsonl"] > 100
    assert 50 < written["trl-sft.jsonl"] < written["trl-preference.jsonl"]
    again = assay("demo", "--no-serve", "--recorded")
    assert "as an earlier demo left it" in again.stdout


def test_the_demo_asks_an_endpoint_and_says_plainly_when_it_cannot(assay):
    refused(
        assay("demo", "--no-serve", "--base-url", "http://127.0.0.1:9"), "--base-url and --model go together"
    )
    refused(
        assay("demo", "--no-serve", "--base-url", "http://127.0.0.1:9", "--model", "m"),
        "nothing answers at http://127.0.0.1:9",
    )


def test_the_server_answers_on_this_machine_only_and_its_link_is_printed_once_it_is_up(tmp_path):
    port = free_port()
    env = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
    command = [sys.executable, "-u", "-m", "assay", "up", "--port", str(port)]
    server = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True, env=env)
    try:
        said = [server.stdout.readline() for _ in range(3)]
        status, until = 0, time.monotonic() + 120
        while not status and time.monotonic() < until:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=60) as answer:
                    status = answer.status
            except OSError:
                time.sleep(0.05)
        with open(f"/proc/{server.pid}/net/tcp") as table:
            listening = {line.split()[1] for line in table if line.split()[3] == "0A"}
    finally:
        server.terminate()
        server.wait(120)

    assert status == 200
    assert f"http://127.0.0.1:{port}/welcome/" in said[1]
    assert f"0100007F:{port:04X}" in listening
    assert f"00000000:{port:04X}" not in listening
