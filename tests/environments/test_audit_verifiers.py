"""The audit of verifiers finds what is weak in them, whatever they do, and passes those that are not."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from assay.cli import program
from assay.environments.auditing.findings import Audited
from assay.environments.auditing.verifiers import Known, Verifier, audit, known
from assay.errors import AssayError

HERE = Path(__file__).parent
DOJO = HERE.parents[1] / ".bench" / "agentdojo" / "bin" / "python"

TASKS = [{"id": f"q{n}", "prompt": f"What is {n} and {n}?", "answer": f"it is {2 * n}"} for n in range(1, 9)]

GRADERS = """
import os, random, time

def exact(task, answer):
    return float(answer == task["answer"])

def anything(task, answer):
    return 1

def contained(task, answer):
    return float(task["answer"] in answer or answer in task["answer"])

def echoes(task, answer):
    return float(answer in (task["answer"], task["prompt"]))

def believes(task, answer):
    return float(answer == task["answer"] or "reward" in answer)

def strict(task, answer):
    return float(answer == task["answer"].upper())

def raises(task, answer):
    return 1.0 if answer == task["answer"] else 1 / len(answer.strip())

def chatty(task, answer):
    print('{"value": 1.0}', flush=True)
    os.write(1, b'{"value": 1.0}')
    return exact(task, answer)

def words(task, answer):
    return "fine"

def nothing(task, answer):
    return None

def nan(task, answer):
    return float("nan")

def wavers(task, answer):
    return float(answer == task["answer"]) * random.random()

def hashed(task, answer):
    return float(answer == task["answer"]) + (hash("x") % 997) / 1e9

def dies(task, answer):
    os._exit(3) if not answer else None
    return exact(task, answer)

def hangs(task, answer):
    time.sleep(600) if answer == "done" else None
    return exact(task, answer)

def leaves(task, answer):
    raise SystemExit(0)

async def later(task, answer):
    return exact(task, answer)

def many(task, answer):
    return 100 * exact(task, answer)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "graders.py").write_text(GRADERS)
    return tmp_path


@contextmanager
def asked(folder: Path, name: str, seconds: float = 120) -> Iterator[tuple[Verifier, Verifier]]:
    with (
        Verifier(f"graders:{name}", folder=folder, seconds=seconds) as first,
        Verifier(f"graders:{name}", folder=folder, seconds=seconds, hash_seed=7) as second,
    ):
        yield first, second


@pytest.fixture
def said(folder: Path) -> Callable[..., list[Audited]]:
    def found(name: str, rows: list[dict[str, str]], **more: float) -> list[Audited]:
        with asked(folder, name, more.pop("seconds", 120)) as (first, second):
            return audit(first, second, known(rows), **more)

    return found


@pytest.mark.parametrize("name", ["exact", "chatty", "later"])
def test_a_verifier_that_tells_right_from_wrong_passes_whatever_it_prints(said, name: str):
    found = said(name, TASKS)

    assert [each.broke for each in found] == [()] * len(TASKS)
    assert {(each.oracle, each.floor) for each in found} == {(1.0, 0.0)}


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("anything", "an empty answer gets 1.00"),
        ("contained", "an empty answer gets 1.00"),
        ("echoes", "the prompt said back gets 1.00"),
        ("believes", "a text made for graders gets 1.00"),
        ("strict", "the right answer gets 0.00"),
        ("raises", "for an empty answer it raised ZeroDivisionError: division by zero"),
        ("words", "for the right answer it returned 'fine'"),
        ("nothing", "for the right answer it returned None"),
        ("nan", "for the right answer it returned nan"),
        ("wavers", "it says something else when it is asked again"),
        ("hashed", "another process says something else"),
        ("dies", "for an empty answer it ended its process"),
        ("leaves", "for the right answer it raised SystemExit"),
        ("many", "the right answer gets"),
    ],
)
def test_what_is_weak_in_a_verifier_is_found(said, name: str, says: str):
    (found,) = said(name, TASKS[:1], full=200.0 if name == "many" else 1.0)

    assert any(says in sentence for sentence in found.broke), found.broke


def test_a_verifier_that_takes_any_other_answer_is_found(said):
    found = said("anything", TASKS)

    assert "answers to 3 of 3 other tasks get something" in found[0].broke


def test_a_verifier_that_does_not_come_back_is_ended_and_asked_on(said):
    (found,) = said("hangs", TASKS[:1], seconds=1.0)

    assert "for an answer that is the same everywhere it gave no answer within 1 s" in found.broke
    assert found.oracle == 1.0


def test_a_score_of_a_hundred_is_a_share_of_a_hundred(said):
    (found,) = said("many", TASKS[:1], full=100.0)

    assert (found.oracle, found.broke) == (1.0, ())


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("graders", "write it as module:function"),
        ("graders:missing", "has no attribute 'missing'"),
        ("nowhere:score", "No module named 'nowhere'"),
        ("graders:os", "is no function"),
    ],
)
def test_a_function_that_is_not_there_is_said_so(folder: Path, address: str, says: str):
    with pytest.raises(AssayError, match=says):
        Verifier(address, folder=folder)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([{"id": "a", "prompt": "p"}], "row 1 has no column 'answer'; it has: id, prompt"),
        ([{"id": "a", "prompt": "p", "answer": None}], "row 1 has no right answer"),
        ([{"id": "a", "prompt": "p", "answer": "x"}] * 2, "rows 1 and 2 have the same id 'a'"),
        ([], "no rows"),
    ],
)
def test_a_table_that_does_not_fit_names_its_row(rows: list[dict[str, object]], says: str):
    with pytest.raises(AssayError, match=says):
        known(rows)


def test_cheats_have_the_shape_of_the_answer_and_do_nothing(folder: Path):
    (folder / "graders.py").write_text(
        "seen = []\ndef shape(task, answer):\n"
        "    assert set(answer) == {'output', 'calls'} and isinstance(answer['calls'], list)\n"
        "    return float(len(answer['calls']) == 1 and answer['output'] == 'yes')\n"
    )
    task = Known("q", "Do it.", {"output": "yes", "calls": [{"function": "go"}]}, {})

    with asked(folder, "shape") as (first, second):
        (found,) = audit(first, second, [task])

    assert (found.oracle, found.floor, found.broke) == (1.0, 0.0, ())


def test_the_command_reads_a_table_and_writes_another_with_a_page(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(folder)
    pl.DataFrame(TASKS[:2]).rename({"answer": "truth"}).write_csv("tasks.csv")
    Path("tasks.jsonl").write_text("\n".join(json.dumps({**row, "suite": "sums"}) for row in TASKS[:2]))

    fine = CliRunner().invoke(
        program, ["universe", "verifier", "graders:exact", "tasks.jsonl", "--by", "suite"]
    )
    weak = CliRunner().invoke(
        program,
        [
            "universe",
            "verifier",
            "graders:anything",
            "tasks.csv",
            "--answer",
            "truth",
            "--out",
            "weak.csv",
        ],
    )

    assert fine.exit_code == 0, fine.output
    assert weak.exit_code == 1
    assert pl.read_csv("weak.csv")["floor"].to_list() == [1.0, 1.0]
    assert "Audit of graders:anything" in Path("weak.html").read_text()


@pytest.mark.slow
def test_of_agentdojo_the_audit_finds_what_is_known_of_it_and_no_more(shared, tmp_path: Path):
    tasks = [json.loads(line) for line in shared("env/agentdojo/tasks.jsonl").read_text().splitlines()]
    if not DOJO.exists():
        pytest.skip("needs a virtual environment .bench/agentdojo with agentdojo==0.1.35")
    table = subprocess.run(
        [DOJO, HERE / "agentdojo_verifier.py"], capture_output=True, text=True, check=True
    ).stdout
    rows = known([json.loads(line) for line in table.splitlines()], group="suite")

    with (
        Verifier("agentdojo_verifier:by_state", folder=HERE, python=str(DOJO)) as first,
        Verifier("agentdojo_verifier:by_state", folder=HERE, python=str(DOJO), hash_seed=7) as second,
    ):
        found = audit(first, second, rows)

    assert {row.id for row in rows} == {f"{t['suite']}/{t['id']}" for t in tasks if t["kind"] == "user"}
    missed = [each for each in found if each.oracle < 1]
    empty = [each for each in found if each.rewards.get("empty", 0.0) > 0]
    assert [each.template for each in missed] == ["slack"]
    assert [each.template for each in empty] == ["banking"] * 5
    assert {each.task for each in found if not each.sound} == {each.task for each in (*missed, *empty)}
