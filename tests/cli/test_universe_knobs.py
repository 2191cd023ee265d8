"""`--knob` says the same on every command of worlds, and a run knows what it made before."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("apsw", reason="worlds want apsw (pip install 'assay[worlds]')")

from assay.environments.trajectories import read


def test_a_run_takes_the_values_of_knobs_in_turn_and_a_large_company_too(run, tmp_path):
    words = ("--template", "bad-deploy", "--tasks", 4, "--knob", "permissions=0,1", "--knob", "size=1,2")

    ran = run("universe", "run", *words, "--out", "out")

    assert (ran.code, ran.err) == (0, "")
    episodes = list(read(tmp_path / "out" / "episodes.jsonl"))
    assert {one.reward for one in episodes} == {1.0}
    assert {(one.knobs["permissions"], one.knobs["size"]) for one in episodes} == {
        (permissions, size) for permissions in (0, 1) for size in (1, 2)
    }
    assert "permissions: 1" in (tmp_path / "out" / "report.html").read_text()


def test_an_audit_holds_with_knobs_turned(run, tmp_path):
    words = ("--template", "invoice-dispute", "--tasks", 1, "--knob", "permissions=1", "--knob", "noise=9")

    ran = run("universe", "audit", *words, "--out", "audit.csv")

    assert ran.code == 0, ran.out
    assert "invoice-dispute-1-91001" in (tmp_path / "audit.csv").read_text()


def test_a_company_is_shown_as_a_harder_task_makes_it(run, tmp_path):
    ran = run("universe", "show", "--task", "bad-deploy", "--knob", "permissions=1", "--out", "pages")

    assert ran.code == 0, ran.err
    assert "who-gives-permissions" in (tmp_path / "pages" / "documents.html").read_text()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["show", "--knob", "noise=3"], "say which with --task"),
        (["show", "--task", "bad-deploy", "--knob", "noise=3,4"], "one task has one value of each knob"),
        (["mcp", "--knob", "noise=3,4"], "one task has one value of each knob"),
        (["audit", "--knob", "size=0"], "the knob size is a whole number from 1 to 400, not 0"),
        (["audit", "--knob", "luck=1"], "there is no knob 'luck'; there are: noise, hops, faults"),
    ],
)
def test_a_knob_that_cannot_be_turned_is_said_in_a_sentence(run, words, says):
    ran = run("universe", *words)

    assert ran.code == 2
    assert says in ran.err


def test_what_another_version_of_the_generator_made_is_played_again(run, tmp_path):
    path = tmp_path / "out" / "episodes.jsonl"
    words = ("--template", "bad-deploy", "--tasks", 2, "--out", "out")
    run("universe", "run", *words)
    first, second = (json.loads(line) for line in path.read_text().splitlines())
    path.write_text(f"{json.dumps(first | {'made': 'before'})}\n{json.dumps(second)}\n")

    ran = run("universe", "run", *words)

    assert "1 episode of an earlier version of these tasks was played again" in ran.out
    assert "1 episode was played before" in ran.out
    assert "oracle did 2 of 2 tasks wholly" in ran.out
    assert [one.made == "before" for one in read(path)] == [True, False, False]
