from __future__ import annotations

import subprocess
import sys

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

    assert "Traceback" not in said
