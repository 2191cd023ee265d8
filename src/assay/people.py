"""What goes back to people: their own numbers, in sentences, with the evidence behind them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from assay.records import Judgment, Pay, Skill, Statement, Verdict
from assay.wording import Sentence, counted, say

HOUR = 3_600.0
FEW_VOTES = 10
CONTESTED = 0.8
"""From this contest on, the skilled raters of a work are close to evenly split."""


def statements(
    judgments: Iterable[Judgment], skills: Iterable[Skill], verdicts: Iterable[Verdict]
) -> tuple[Statement, ...]:
    """Return one statement for each person who judged, by name.

    Parameters
    ----------
    skills
        As `pipeline.run` gives them; people without any (nothing to vote on) still get a statement.
    verdicts
        Used to point at a person's works that skilled people are split on.

    >>> one = Judgment("1", "moon", "ann", "demonstration", {"text": "…"}, seconds=90)
    >>> statements([one], [], [])[0].sentences
    ('You judged 1 work, in 90 seconds.',)
    """
    by_rater: dict[str, list[Judgment]] = {}
    for judgment in judgments:
        by_rater.setdefault(judgment.rater, []).append(judgment)
    skills_of: dict[str, list[Skill]] = {}
    for skill in skills:
        skills_of.setdefault(skill.rater, []).append(skill)
    contest_of: dict[str, float] = {}
    for verdict in verdicts:
        contest_of[verdict.item] = max(verdict.contest, contest_of.get(verdict.item, 0.0))
    return tuple(
        _statement(rater, own, tuple(skills_of.get(rater, ())), contest_of)
        for rater, own in sorted(by_rater.items())
    )


def _statement(
    rater: str, own: Sequence[Judgment], skills: tuple[Skill, ...], contest_of: Mapping[str, float]
) -> Statement:
    seconds = [judgment.seconds for judgment in own if judgment.seconds is not None]
    works = [judgment.work for judgment in own]
    contested = tuple(
        sorted((work for work in works if contest_of.get(work, 0) >= CONTESTED), key=lambda w: -contest_of[w])
    )
    return statement(rater, len(own), median(seconds) if seconds else None, skills, contested)


def statement(
    rater: str,
    judgments: int,
    median_seconds: float | None,
    skills: Sequence[Skill] = (),
    contested: Sequence[str] = (),
) -> Statement:
    """Return the statement that numbers come to, wherever they are kept.

    >>> statement("ann", 3, 41.0).sentences
    ('You judged 3 works, in 41 seconds each (median).',)
    """
    sentences: list[str] = [_pace(judgments, median_seconds)]
    sentences += [_about(skill) for skill in skills]
    if contested:
        sentences.append(
            counted(
                "{count} of your works is one on which skilled people are split; "
                "a word from you on why would help the brief.",
                "{count} of your works are ones on which skilled people are split; "
                "a word from you on why would help the brief.",
                len(contested),
            )
        )
    return Statement(rater, tuple(sentences), judgments, median_seconds, tuple(skills), tuple(contested))


def _pace(works: int, seconds: float | None) -> Sentence:
    if seconds is None:
        return counted("You judged {count} work.", "You judged {count} works.", works)
    return counted(
        "You judged {count} work, in {seconds:.0f} seconds.",
        "You judged {count} works, in {seconds:.0f} seconds each (median).",
        works,
        seconds=seconds,
    )


def _about(skill: Skill) -> Sentence:
    numbers = {"question": skill.question, "mean": skill.mean, "low": skill.low, "high": skill.high}
    if skill.votes == 0:
        return say(
            "On “{question}” nobody else has judged your works yet: there is nothing to compare with.",
            question=skill.question,
        )
    if skill.measure:
        sentence = say(
            "On “{question}” your {measure} is {mean:.2f} (95 % interval {low:.2f} to {high:.2f}).",
            measure=skill.measure,
            **numbers,
        )
    elif skill.against == "gold":
        sentence = say(
            "On “{question}” you are right about {mean:.0%} of the time "
            "(95 % interval {low:.0%} to {high:.0%}), measured against known answers.",
            **numbers,
        )
    else:
        sentence = say(
            "On “{question}” you are right about {mean:.0%} of the time "
            "(95 % interval {low:.0%} to {high:.0%}), measured against the verdicts that others reached.",
            **numbers,
        )
    if skill.votes < FEW_VOTES:
        return counted(
            "{sentence} That rests on {count} vote only.",
            "{sentence} That rests on {count} votes only.",
            skill.votes,
            sentence=sentence,
        )
    return sentence


@dataclass(frozen=True, slots=True)
class Earned:
    """What somebody's work came to: judgments, hours of active time, and money where the brief names pay.

    `hourly` is the effective rate, `None` without pay or without measured time.
    """

    judgments: int
    hours: float
    amount: float | None
    hourly: float | None


def earned(pay: Pay | None, *, judgments: int, seconds: float) -> Earned:
    """Return what a number of judgments in so many active seconds earns.

    >>> earned(Pay(2.0, "EUR"), judgments=30, seconds=3_600)
    Earned(judgments=30, hours=1.0, amount=60.0, hourly=60.0)
    >>> earned(Pay(24.0, "EUR", "hour"), judgments=30, seconds=1_800).amount
    12.0
    """
    hours = seconds / HOUR
    if pay is None:
        return Earned(judgments, hours, None, None)
    amount = pay.amount * (judgments if pay.per == "judgment" else hours)
    return Earned(judgments, hours, amount, amount / hours if hours else None)
