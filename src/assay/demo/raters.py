"""People made up for the demo, with habits planted in them, who read nothing.

Every sample has a worth that stays hidden from statistics; a simulated rater sees it through their own noise,
or does something else altogether, as their habit says. The worth starts from ``merits.json``, our own
reading of each text, so that what they choose can be understood by whoever reads the texts. Nothing here
tells how real people judge; it tells whether Assay finds what was planted.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from typing import Literal

from numpy.random import Generator

from assay.judgments.pairwise import BOTH_BAD, TIE
from assay.records import Judgment, Sample, Work
from assay.work import speaks

Habit = Literal["careful", "ordinary", "left", "coin", "length", "inverted"]

ABOUT: Mapping[Habit, str] = {
    "careful": "reads both answers slowly and hardly ever errs",
    "ordinary": "means well, reads faster and errs at close calls",
    "left": "nearly always takes the answer on the left",
    "coin": "tosses a coin after two seconds",
    "length": "takes the longer answer, whatever it says",
    "inverted": "works with care, but understood the question the wrong way round",
}
READING = 0.25
"""Standard deviation by which the worth of a sample differs from our reading of it, in units of merit."""
LIVE_ENGLISH, LIVE_ELSEWHERE = -0.8, -1.7
"""The merit of an answer that nobody has read: the small model's, which is much worse outside English."""
DENSE = {"zh": 3.0}
"""A Chinese character takes about as long to read as three letters."""


@dataclass(frozen=True, slots=True)
class Planted:
    """A simulated rater and what was planted in them.

    Parameters
    ----------
    noise
        Standard deviation of what they see around the worth, in units of merit.
    tie_within
        They call a tie where the difference they see is smaller.
    bad_below
        They call both bad where the better of the two looks worse.
    pace
        Letters read in a second.
    grades
        How often they also say by how much.
    """

    rater: str
    name: str
    languages: tuple[str, ...]
    habit: Habit
    noise: float
    tie_within: float
    bad_below: float
    pace: float
    grades: float

    @property
    def about(self) -> str:
        """The planted habit in words, for whoever shows this person."""
        return f"simulated: {ABOUT[self.habit]}"

    @property
    def trusty(self) -> bool:
        """Whether this person's judgments mean what they say."""
        return self.habit in ("careful", "ordinary")


PEOPLE: tuple[Planted, ...] = (
    Planted("ines", "Inés Cabrera", ("es-AR", "pt-BR", "en"), "careful", 0.30, 0.20, -0.9, 22, 0.9),
    Planted("yusuf", "Yusuf al-Khatib", ("ar", "fr", "en"), "careful", 0.35, 0.15, -1.0, 20, 0.8),
    Planted("wanjiru", "Wanjiru Kamau", ("sw", "en"), "careful", 0.30, 0.25, -1.1, 24, 0.7),
    Planted("meiling", "周美玲", ("zh", "en"), "careful", 0.35, 0.20, -0.8, 21, 0.9),
    Planted("ananya", "Ananya Deshpande", ("hi", "en"), "careful", 0.40, 0.10, -0.9, 23, 1.0),
    Planted("amadou", "Amadou Djaló", ("pt", "fr", "en"), "ordinary", 1.15, 0.25, -0.9, 32, 0.4),
    Planted("thiago", "Thiago Moreira", ("pt-BR", "es", "en"), "ordinary", 1.00, 0.40, -0.8, 30, 0.3),
    Planted("salma", "Salma Benhaddou", ("ar", "fr", "es"), "ordinary", 1.20, 0.15, -1.2, 35, 0.5),
    Planted("jun", "Jun Takahashi", ("zh", "en"), "ordinary", 1.25, 0.50, -0.8, 28, 0.2),
    Planted("neema", "Neema Patel", ("sw", "hi", "en"), "ordinary", 1.30, 0.20, -1.3, 33, 0.6),
    Planted("arjun", "Arjun Thapa", ("hi", "zh", "en"), "ordinary", 1.40, 0.30, -0.9, 36, 0.3),
    Planted("baraka", "Baraka Mwakyusa", ("sw", "ar", "en"), "ordinary", 1.10, 0.25, -1.1, 31, 0.5),
    Planted("pieter", "Pieter Claes", ("fr", "sw", "en"), "left", 0.80, 0.10, -3.0, 90, 0.1),
    Planted("kyle", "Kyle Brennan", ("es", "zh", "en"), "coin", 0.80, 0.10, -3.0, 90, 0.0),
    Planted("rohan", "Rohan Kapoor", ("hi", "ar", "en"), "length", 0.80, 0.10, -3.0, 60, 0.3),
    Planted("tereza", "Tereza Nováková", ("pt-BR", "en"), "inverted", 0.45, 0.15, -2.5, 25, 0.7),
)


LEANINGS = ((0.9, -9.0), (0.05, 0.6))
"""`tie_within` and `bad_below` of people whose brief does not say when answers tie and when both are bad: one
calls a tie whatever is close and sends nothing back, the other sends back what would do."""


def newcomers(count: int, *, rng: Generator) -> list[Planted]:
    """Return so many people who read English, mean well, and send back what they would not send.

    >>> import numpy as np
    >>> [each.rater for each in newcomers(2, rng=np.random.default_rng(7))]
    ['newcomer-01', 'newcomer-02']
    """
    return [
        Planted(
            f"newcomer-{number:02}",
            f"Newcomer {number}",
            ("en",),
            "ordinary",
            noise=float(rng.uniform(0.3, 0.7)),
            tie_within=0.25,
            bad_below=0.0,
            pace=float(rng.uniform(24, 36)),
            grades=0.4,
        )
        for number in range(1, count + 1)
    ]


def left_alone(people: Sequence[Planted]) -> list[Planted]:
    """Return the same people by a brief that says nothing of ties and of two bad answers.

    Each has a leaning of their own, in twos, as people are dealt to versions.
    """
    return [
        replace(person, tie_within=tie_within, bad_below=bad_below)
        for place, person in enumerate(people)
        for tie_within, bad_below in (LEANINGS[place // 2 % len(LEANINGS)],)
    ]


def _merits() -> dict[str, float]:
    text = resources.files("assay.demo").joinpath("merits.json").read_text(encoding="utf-8")
    return {str(sample): float(merit) for sample, merit in json.loads(text).items()}


def worths(works: Iterable[Work], *, rng: Generator) -> dict[str, float]:
    """Return sample id → hidden worth: our reading of the text and a little chance; higher is better.

    2 is an answer one would send on with joy, 0 one that will do, −2 one that is no use at all. A sample that
    nobody has read, as a live model's, gets what the small model usually earns in that language.
    """
    merits = _merits()
    samples: dict[str, tuple[Sample, float]] = {}
    for work in works:
        usual = LIVE_ENGLISH if speaks(("en",), work.item.language) else LIVE_ELSEWHERE
        samples |= {sample.id: (sample, merits.get(sample.id, usual)) for sample in work.samples}
    chance: dict[tuple[str, str], float] = {}  # the same words are worth the same, whoever wrote them
    worth: dict[str, float] = {}
    for name, (sample, merit) in sorted(samples.items()):
        draw = READING * float(rng.standard_normal())
        worth[name] = merit + chance.setdefault((sample.item, sample.text), draw)
    return worth


def _letters(work: Work) -> float:
    density = DENSE.get(work.item.language.partition("-")[0].lower(), 1.0)
    return density * (len(work.item.prompt) + sum(len(sample.text) for sample in work.samples))


def _seconds(person: Planted, work: Work, rng: Generator) -> float:
    """Return how long they took: log-normal around the time to read it all, or a moment where they do not."""
    if person.habit == "coin":
        usual, spread = 2.0, 0.25
    elif person.habit == "left":
        usual, spread = 4.0, 0.35
    else:
        usual, spread = 4.0 + _letters(work) / person.pace, 0.35
    return round(usual * math.exp(spread * float(rng.standard_normal())), 1)


def _answer(
    person: Planted, shown: Sequence[Sample], worth: Mapping[str, float], rng: Generator
) -> dict[str, object]:
    """Return what this person enters about two samples, the left one first."""
    left, right = shown
    # Everybody draws the same number of times, so that one person's habit moves nobody else's dice.
    seen_left, seen_right = (
        worth[sample.id] + person.noise * float(rng.standard_normal()) for sample in shown
    )
    whim, graded = float(rng.random()), float(rng.random()) < person.grades
    difference = seen_left - seen_right
    better, worse = (left, right) if difference >= 0 else (right, left)
    match person.habit:
        case "left":
            choice = left.id if whim < 0.92 else right.id
        case "coin":
            choice = left.id if whim < 0.47 else right.id if whim < 0.94 else TIE
        case "length":
            long, short = len(left.text), len(right.text)
            even = abs(long - short) <= person.tie_within * max(long, short)
            choice = TIE if even else left.id if long > short else right.id
        case _ if max(seen_left, seen_right) < person.bad_below:
            choice = BOTH_BAD
        case _ if abs(difference) < person.tie_within or left.text == right.text:
            choice = TIE
        case "inverted":
            choice = worse.id
        case _:
            choice = better.id
    answer: dict[str, object] = {"choice": choice}
    if graded and choice in (left.id, right.id):
        answer["strength"] = 1 if abs(difference) < 0.8 else 2 if abs(difference) < 2 else 3
    return answer


def simulate(
    works: Sequence[Work],
    *,
    rng: Generator,
    worth: Mapping[str, float] | None = None,
    fewest: int = 3,
    most: int = 5,
    people: Sequence[Planted] = PEOPLE,
) -> tuple[list[Judgment], dict[str, Planted]]:
    """Let the made-up people judge comparisons: the same works and the same seed give the same judgments.

    Works come in a drawn order; each is judged by `fewest` to `most` people who read its language (or as many
    as there are), those with the least behind them first. Which answer stands on the left is drawn for every
    judgment.

    Parameters
    ----------
    works
        Works with two samples each, as `briefs.plan` lays them out with ``shows=2``.
    worth
        Hidden worths, where the caller wants to know them: ``worths(works, rng=rng)``, called just before,
        gives the judgments that would come without.
    people
        Who judges.

    Returns
    -------
    tuple
        Judgments in the order in which they were given, and rater → what was planted.

    >>> import numpy as np
    >>> from assay import briefs, demo
    >>> _, items, samples = demo.load()
    >>> judgments, planted = simulate(briefs.plan(items, samples, shows=2), rng=np.random.default_rng(7))
    >>> planted["kyle"].about
    'simulated: tosses a coin after two seconds'
    """
    if worth is None:
        worth = worths(works, rng=rng)
    taken = dict.fromkeys((person.rater for person in people), 0)
    judgments: list[Judgment] = []
    for place in rng.permutation(len(works)):
        work = works[int(place)]
        wanted = int(rng.integers(fewest, most + 1))
        draws = rng.random(len(people))
        fitting = [
            (taken[person.rater], draw, person)
            for person, draw in zip(people, draws, strict=True)
            if speaks(person.languages, work.item.language)
        ]
        for _, _, person in sorted(fitting, key=lambda entry: entry[:2])[:wanted]:
            shown = work.samples if rng.random() < 0.5 else work.samples[::-1]
            judgments.append(
                Judgment(
                    id=f"{work.id}/{person.rater}",
                    work=work.id,
                    rater=person.rater,
                    kind="pairwise",
                    answer=_answer(person, shown, worth, rng),
                    seconds=_seconds(person, work, rng),
                    shown=tuple(sample.id for sample in shown),
                )
            )
            taken[person.rater] += 1
    return judgments, {person.rater: person for person in people}
