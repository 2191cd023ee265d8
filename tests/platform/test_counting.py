"""Long counts in a process of their own: what travels, what is said, what happens when it is killed."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from assay import pipeline
from assay.errors import AnswerError, AssayError
from assay.pipeline import PipelineError
from assay.pipeline.evidence import shown
from assay.pipeline.trying import compare_versions
from assay.platform import counting
from assay.records import Judgment, Work
from assay.wording import Sentence

from .conftest import moon_brief, moon_items

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.anywhere  # the other process touches no table


@pytest.fixture
def counter():
    counter = counting.Counter()
    yield counter
    counter.end()


def judged():
    items, samples = moon_items(4)
    works = [Work(item.id, item, tuple(s for s in samples if s.item == item.id)) for item in items]
    said = [
        Judgment(
            f"{rater}/{work.id}", work.id, rater, "pairwise", {"choice": work.samples[choice].id}, seconds=9
        )
        for rater, choices in (("Ben", (1, 1, 1, 0)), ("Cleo", (1, 1, 0, 0)), ("Dee", (0, 1, 1, 1)))
        for work, choice in zip(works, choices, strict=True)
    ]
    return moon_brief(), works, said


def test_an_outcome_comes_back_as_it_is_counted_here(counter):
    gold = {("m0", "better"): "b"}

    found = counter.ask("assay.pipeline:run", *judged(), gold=gold)

    assert found == pipeline.run(*judged(), gold=gold)
    assert isinstance(found.statements[0].sentences[0], Sentence)


def test_every_noun_travels_as_its_values_and_comes_back_equal(counter):
    brief, works, said = judged()
    found = pipeline.run(brief, works, said)

    there = [brief, *works, *said, *found.verdicts, *found.skills, *found.examples, *found.statements]

    assert counter.ask("copy:copy", there) == there


def test_so_do_skills_and_experiments_from_the_same_process(counter):
    dealt = {"Ben": 0, "Cleo": 1, "Dee": 1}

    told = counter.ask("assay.pipeline.evidence:shown", *judged())
    first = counter.process.pid
    compared = counter.ask(
        "assay.pipeline.trying:compare_versions", *judged(), dealt, rng=np.random.default_rng(0)
    )

    assert told == shown(*judged())
    assert compared == compare_versions(*judged(), dealt, rng=np.random.default_rng(0))
    assert counter.process.pid == first


def test_what_users_did_wrong_is_said_as_it_is_and_what_we_did_with_its_place(counter):
    brief, works, said = judged()

    with pytest.raises(PipelineError, match="not in the project"):
        counter.ask("assay.pipeline:run", brief, works[1:], said)
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        counter.ask("operator:floordiv", 1, 0)
    assert counter.ask("operator:floordiv", 6, 2) == 3


def test_an_error_that_cannot_travel_sends_its_sentence():
    told = counting._told(AnswerError("reason", "Say why."))

    assert type(told) is AssayError
    assert str(told) == "Say why."


def test_a_killed_process_is_followed_by_another(counter):
    counter.ask("operator:floordiv", 6, 2)
    first = counter.process.pid
    os.kill(first, signal.SIGKILL)

    assert counter.ask("operator:floordiv", 8, 2) == 4
    assert counter.process.pid != first


def test_a_count_that_ends_its_process_twice_is_told(counter):
    with pytest.raises(RuntimeError, match="ended twice"):
        counter.ask("os:_exit", 1)
    assert counter.ask("operator:floordiv", 6, 2) == 3


def test_what_is_printed_meanwhile_disturbs_nothing(counter, capfd):
    assert counter.ask("builtins:print", "a warning") is None
    assert counter.ask("operator:floordiv", 6, 2) == 3


def test_the_process_ends_when_nobody_asks_and_when_who_started_it_is_killed():
    idle = "from assay.platform import counting; counting.IDLE = 0.2; counting.main()"
    alone = subprocess.run(
        [sys.executable, "-c", idle], stdin=subprocess.PIPE, timeout=300, check=False, capture_output=True
    )
    starts = (
        "import time; from assay.platform import counting as c; one = c.Counter(); one.ask('os:getpid');"
        "print(one.process.pid, flush=True); one.ask('time:sleep', 600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", starts], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()

    assert alone.returncode == 0
    for _ in range(600):
        if not Path(f"/proc/{child}").exists() or "(zombie)" in Path(f"/proc/{child}/status").read_text():
            break
        time.sleep(0.1)
    else:
        pytest.fail("it outlives who started it")


def test_who_takes_note_of_an_outcome_loads_no_statistics():
    code = (
        "import sys, pickle; from assay.platform.counting import Counter; one = Counter();"
        "brief, works, said = pickle.load(sys.stdin.buffer);"
        "found = one.ask('assay.pipeline:run', brief, works, said);"
        "one.ask('assay.pipeline.evidence:shown', brief, works, said);"
        "one.end(); print(len(found.verdicts), sorted({'scipy', 'polars'} & set(sys.modules)))"
    )
    brief, works, said = judged()
    given = pickle.dumps((brief, works, said))

    ran = subprocess.run([sys.executable, "-c", code], input=given, capture_output=True, check=False)

    assert ran.stdout.decode().strip() == "4 []", ran.stderr.decode()
