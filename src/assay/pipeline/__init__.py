"""The whole path in memory: judgments in; verdicts, skills, a board, rows and statements out.

Notebooks, tests, benchmarks and the platform all call `run`; it reads nothing and keeps nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.errors import AssayError
from assay.judgments import kind as kind_named
from assay.people import statements
from assay.records import Brief, Example, Judgment, Skill, Statement, Verdict, Vote, Work

if TYPE_CHECKING:
    from assay.evaluation import Board


class PipelineError(AssayError):
    """Judgments that do not belong to the works they are given with."""


@dataclass(frozen=True)
class Outcome:
    """What a project has come to.

    Attributes
    ----------
    verdicts
        One for each work and question that got a vote.
    contested
        The same, the most contested first.
    skills
        One for each person and question.
    board
        `None` where no vote compares samples; with a `refusal` where no ranking is possible.
    examples
        Rows for a dataset.
    statements
        One for each person.
    unfinished
        Questions whose method did not come to rest, so that its numbers are provisional.
    """

    verdicts: tuple[Verdict, ...]
    contested: tuple[Verdict, ...]
    skills: tuple[Skill, ...]
    board: Board | None
    examples: tuple[Example, ...]
    statements: tuple[Statement, ...]
    unfinished: tuple[str, ...] = ()


def run(
    brief: Brief,
    works: Sequence[Work],
    judgments: Sequence[Judgment],
    *,
    method: str = "ensemble",
    gold: Mapping[tuple[str, str], str] | None = None,
    progress: Callable[[str], None] = lambda stage: None,
) -> Outcome:
    """Take the judgments of one project to everything that follows from them.

    Parameters
    ----------
    judgments
        The ones in force: at most one for each person and work.
    method
        A registered quality method, for labels; other types of votes are weighed by their own default.
    gold
        (work id, question) → right label, for as many works as there are.
    progress
        Called with the name of each station as it is reached.

    Raises
    ------
    PipelineError
        Where a judgment names a work that is not among `works`.

    >>> from assay.records import Item, Sample
    >>> moon = Work("moon", Item("moon", "…"), (Sample("x", "moon", "x", "…"), Sample("y", "moon", "y", "…")))
    >>> said = [Judgment(name, "moon", name, "pairwise", {"choice": "y"}) for name in ("ann", "ben")]
    >>> outcome = run(Brief("poems", "Delight.", "pairwise"), [moon], said)
    >>> outcome.verdicts[0].label, outcome.examples[0].chosen_author
    ('b', 'y')
    """
    # SciPy and polars: who only takes note of an outcome need not load them.
    from assay.pipeline.comparing import board as board_of  # noqa: PLC0415
    from assay.pipeline.weighing import weigh  # noqa: PLC0415

    kind = kind_named(brief.kind)
    work_of = {work.id: work for work in works}
    by_work: dict[str, list[Judgment]] = {}
    votes: dict[str, list[Vote]] = {}
    for judgment in judgments:
        work = work_of.get(judgment.work)
        if work is None:
            raise PipelineError(
                f"judgment {judgment.id!r} is about {judgment.work!r}, which is not in the project"
            )
        by_work.setdefault(work.id, []).append(judgment)
        for name, label in kind.votes(brief, work, judgment.answer).items():
            votes.setdefault(name, []).append(Vote(work.id, judgment.rater, name, label))

    progress("quality")
    verdicts: list[Verdict] = []
    skills: list[Skill] = []
    unfinished: list[str] = []
    questions = kind.questions(brief)
    for question in questions:
        if cast_votes := votes.get(question.name):
            own_gold = {
                work: label for (work, about), label in (gold or {}).items() if about == question.name
            }
            weighed = weigh(question, cast_votes, method=method, gold=own_gold)
            verdicts += weighed.verdicts
            skills += weighed.skills
            unfinished += [] if weighed.converged else [question.name]

    progress("datasets")
    verdicts_of: dict[str, dict[str, Verdict]] = {}
    for verdict in verdicts:
        verdicts_of.setdefault(verdict.item, {})[verdict.question] = verdict
    examples = [
        example
        for work_id, own in by_work.items()
        for example in kind.examples(brief, work_of[work_id], own, verdicts_of.get(work_id, {}))
    ]
    progress("evaluation")
    board = board_of(questions, work_of, votes)
    progress("people")
    return Outcome(
        verdicts=tuple(verdicts),
        contested=tuple(
            sorted(verdicts, key=lambda verdict: (-verdict.contest, verdict.item, verdict.question))
        ),
        skills=tuple(skills),
        board=board,
        examples=tuple(examples),
        statements=statements(judgments, skills, verdicts),
        unfinished=tuple(unfinished),
    )
