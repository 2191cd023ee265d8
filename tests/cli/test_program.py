from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from assay.cli import COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_teaches_with_an_example(run, name):
    ran = run(name, "--help")

    assert ran.code == 0
    assert f"assay {name}" in ran.out.split("Examples:")[1]


def test_help_shows_where_to_start(run):
    ran = run("--help")

    assert ran.code == 0
    assert "Start here:" in ran.out
    assert all(f"  {name} " in ran.out for name in COMMANDS)


def test_a_misspelt_command_is_answered_with_the_near_one(run):
    ran = run("qualty")

    assert ran.code == 2
    assert "did you mean 'quality'?" in ran.err


def test_importing_assay_and_its_help_loads_nothing_heavy():
    code = (
        "import sys, assay, assay.cli\n"
        "heavy = {'numpy', 'polars', 'scipy', 'django', 'rich', 'torch', 'httpx'} & set(sys.modules)\n"
        "print(*sorted(heavy))"
    )

    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "\n"
    )


def test_output_into_a_closed_pipe_is_no_traceback(tmp_path):
    (tmp_path / "v.csv").write_text(
        "item,rater,label\n" + "".join(f"i{n},r{n % 9},yes\n" for n in range(900))
    )
    command = [sys.executable, "-m", "assay", "quality", "v.csv", "--top", "900"]

    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as ran:
        ran.stdout.readline()
        ran.stdout.close()
        said = ran.stderr.read()

    assert (ran.returncode, said) == (0, "")


BATTLES = "model_a,model_b,winner\nعلي,dull,a\nعلي,dull,a\ndull,علي,a\n"


def test_a_terminal_without_the_letters_gets_the_nearest_it_has(tmp_path):
    (tmp_path / "battles.csv").write_text(BATTLES)
    command = [sys.executable, "-m", "assay", "board", "battles.csv"]
    plain = {**os.environ, "PYTHONIOENCODING": "ascii"}

    ran = subprocess.run(command, cwd=tmp_path, env=plain, capture_output=True, text=True, check=False)

    assert ran.returncode == 0, ran.stderr
    assert "|" in ran.stdout
    assert "???" in ran.stdout


def test_a_narrow_terminal_gets_the_numbers_without_the_drawing(tmp_path):
    (tmp_path / "battles.csv").write_text(BATTLES)
    command = [sys.executable, "-m", "assay", "board", "battles.csv"]
    narrow = {**os.environ, "COLUMNS": "44"}

    ran = subprocess.run(command, cwd=tmp_path, env=narrow, capture_output=True, text=True, check=False)

    assert "●" not in ran.stdout
    assert "dull" in ran.stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_one_sentence(tmp_path):
    (tmp_path / "battles.csv").write_text(BATTLES)
    command = [sys.executable, "-m", "assay", "board", "battles.csv"]

    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            command, cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )

    assert (ran.returncode, ran.stderr.count("\n")) == (2, 1)
    assert "make room" in ran.stderr
