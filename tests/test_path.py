"""The whole path in memory."""

from __future__ import annotations

import numpy as np
import pytest

from assay import briefs, pipeline
from assay.records import Brief, Item, Judgment, Question, Sample


def poems(*authors: str, items: int = 12):
    moons = [Item(f"moon{n}", f"Moon, {n}", language="en") for n in range(items)]
    written = [
        Sample(f"{moon.id}/{name}", moon.id, name, f"{name} on {moon.id}")
        for moon in moons
        for name in authors
    ]
    return moons, written


def test_preferences_become_a_board_rows_and_statements():
    brief = Brief("poems", "Delight.", "pairwise")
    works = briefs.plan(*poems("great", "good", "dull"), shows=2)
    worth = {"great": 2, "good": 1, "dull": 0}
    rng = np.random.default_rng(2)

    def judge(work, rater, care):
        first, second = work.samples
        better = first if (worth[first.author] > worth[second.author]) == (rng.random() < care) else second
        return Judgment(f"{work.id}/{rater}", work.id, rater, "pairwise", {"choice": better.id}, seconds=40)

    care = {"ann": 0.95, "ben": 0.9, "cleo": 0.9, "dan": 0.85, "eve": 0.5}
    said = [judge(work, rater, how) for work in works for rater, how in care.items()]

    outcome = pipeline.run(brief, works, said)

    assert [standing.model for standing in outcome.board.standings] == ["great", "good", "dull"]
    assert min(outcome.skills, key=lambda skill: skill.mean).rater == "eve"
    assert len(outcome.examples) == len(works)
    assert all(row.chosen_author != "dull" for row in outcome.examples if "great" in row.work)
    assert outcome.contested[0].contest == max(verdict.contest for verdict in outcome.verdicts)
    assert [statement.rater for statement in outcome.statements] == list(care)
    assert "40 seconds" in outcome.statements[0].sentences[0]


def test_every_row_can_be_traced_to_the_judgments_behind_it():
    brief = Brief("poems", "Delight.", "pairwise")
    works = briefs.plan(*poems("x", "y", items=1), shows=2)
    said = [Judgment(f"j{n}", works[0].id, f"r{n}", "pairwise", {"choice": "moon0/x"}) for n in range(3)]

    (row,) = pipeline.run(brief, works, said).examples

    assert (row.work, row.judgments, row.method) == (works[0].id, ("j0", "j1", "j2"), "ensemble")


def test_a_rubric_gives_one_verdict_for_each_question():
    questions = (Question("surprise", "New?", ("no", "yes")), Question("ear", "Sounds right?", ("no", "yes")))
    brief = Brief("poems", "Delight.", "rubric", questions=questions)
    works = briefs.plan(*poems("x", items=2), shows=1)
    said = [
        Judgment(f"{work.id}/{rater}", work.id, rater, "rubric", {"labels": {"surprise": "yes", "ear": "no"}})
        for work in works
        for rater in ("ann", "ben")
    ]

    outcome = pipeline.run(brief, works, said)

    assert {(verdict.question, verdict.label) for verdict in outcome.verdicts} == {
        ("surprise", "yes"),
        ("ear", "no"),
    }
    assert outcome.board is None
    assert dict(outcome.examples[0].ratings) == {"ear": "no", "surprise": "yes"}


def test_a_demonstration_becomes_a_row_without_any_vote():
    brief = Brief("poems", "Delight.", "demonstration")
    works = briefs.plan(*poems(items=1), shows=0)
    said = [Judgment("j", works[0].id, "ann", "demonstration", {"text": "A coin the river cannot spend."})]

    outcome = pipeline.run(brief, works, said)

    assert outcome.verdicts == ()
    assert (outcome.examples[0].completion, outcome.examples[0].chosen_author) == (
        "A coin the river cannot spend.",
        "ann",
    )
    assert outcome.statements[0].judgments == 1


def test_gold_changes_what_people_are_measured_against():
    brief = Brief("poems", "Delight.", "pairwise")
    works = briefs.plan(*poems("x", "y", items=4), shows=2)
    crowd = [
        Judgment(
            f"{work.id}/{rater}", work.id, rater, "pairwise", {"choice": work.samples[rater == "ann"].id}
        )
        for work in works
        for rater in ("ann", "ben", "cleo")
    ]

    outcome = pipeline.run(brief, works, crowd, gold={(work.id, "better"): "b" for work in works})

    best = max(outcome.skills, key=lambda skill: skill.mean)
    assert (best.rater, best.against) == ("ann", "gold")


def test_a_board_that_cannot_be_drawn_is_refused_with_the_reason_and_the_rest_goes_on():
    brief = Brief("poems", "Delight.", "pairwise")
    one, other = (briefs.plan(*poems(*authors, items=2), shows=2) for authors in (("a", "b"), ("p", "q")))
    works = [*one, *(work.__class__(f"other-{work.id}", work.item, work.samples) for work in other)]
    said = [Judgment(work.id, work.id, "ann", "pairwise", {"choice": work.samples[0].id}) for work in works]

    outcome = pipeline.run(brief, works, said)

    assert outcome.board.standings == ()
    assert "never compared" in outcome.board.refusal
    assert len(outcome.examples) == 4


def test_nothing_judged_yet_is_an_outcome_too():
    outcome = pipeline.run(Brief("poems", "Delight.", "pairwise"), [], [])

    assert outcome == pipeline.Outcome((), (), (), None, (), ())


def test_a_judgment_on_a_work_of_another_project_is_refused():
    stray = Judgment("j", "elsewhere", "ann", "pairwise", {"choice": "tie"})

    with pytest.raises(pipeline.PipelineError, match="'elsewhere', which is not in the project"):
        pipeline.run(Brief("poems", "Delight.", "pairwise"), [], [stray])
