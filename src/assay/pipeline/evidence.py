"""What the judgments of one project tell about what people can do."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from assay.judgments import kind as kind_named
from assay.records import Brief, Judgment, Question, Work

if TYPE_CHECKING:
    from assay.quality.profiles import Evidence

# ruff: noqa: PLC0415 -- who only takes note of what was shown need not load SciPy and polars

LABELS = ("categorical", "ordinal")

TO_SD = 1.4826
"""The standard deviation of a normal distribution in median absolute deviations."""

PRIOR_VOTES = 3
"""So many votes, one step apart, stand beside what others said a number is."""

ENOUGH = 10
"""With fewer works that several people judged, or half as many numbers a person, no model is fitted."""

Told = tuple[str, str, str]
"""A vote: work, rater, label."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What one person has shown in one language and domain: right answers of known ones, as fractions."""

    rater: str
    language: str
    domain: str
    right: float
    total: float


@dataclass(frozen=True, slots=True)
class Fitted:
    """How often one person is right on a skill, in one language and domain; `und` and blank: over all."""

    rater: str
    skill: str
    language: str
    domain: str
    mean: float
    low: float
    high: float
    votes: float


def shown(
    brief: Brief,
    works: Sequence[Work],
    judgments: Sequence[Judgment],
    *,
    method: str = "ensemble",
    gold: Mapping[tuple[str, str], str] | None = None,
) -> tuple[Shown, ...]:
    """Return what each person has shown on the questions that are answered with labels, numbers or orders.

    A vote on a work whose answer is known (`gold`, by work and question) is right or wrong; any other is
    right with the probability that everybody else's votes give its label, and counts less. A number is right
    within half a step of the true one; what others say it is rests on the model of people that predicts their
    numbers best. Of an order, each comparison in it is; where the answer is known, the share of the known
    comparisons that it has the same way round. Marks and texts, questions with several labels, and works that
    only one person judged tell nothing here.

    >>> from assay.records import Item, Sample
    >>> works = [Work(name, Item(name, "…", language="en"), (Sample("x", name, "x", "…"),
    ...     Sample("y", name, "y", "…"))) for name in ("moon", "sun")]
    >>> said = [Judgment("1", "moon", "ann", "pairwise", {"choice": "y"}),
    ...     Judgment("2", "sun", "ann", "pairwise", {"choice": "tie"})]
    >>> shown(Brief("poems", "Delight.", "pairwise"), works, said, gold={("moon", "better"): "b"})
    (Shown(rater='ann', language='en', domain='', right=1.0, total=1.0),)
    """
    kind = kind_named(brief.kind)
    work_of = {work.id: work for work in works}
    votes: dict[str, list[tuple[str, str, str]]] = {}
    for judgment in judgments:
        for name, label in kind.votes(brief, work_of[judgment.work], judgment.answer).items():
            votes.setdefault(name, []).append((judgment.work, judgment.rater, label))
    told: Evidence | None = None
    for question in kind.questions(brief):
        if question.several or question.name not in votes:
            continue
        right = {work: label for (work, about), label in (gold or {}).items() if about == question.name}
        if question.type in LABELS:
            own = _of_labels(work_of, votes[question.name], question.name, method, right)
        elif question.type == "rankings":
            own = _of_orders(work_of, votes[question.name], right)
        elif question.type == "ratings":
            own = _of_numbers(work_of, votes[question.name], question, right)
        else:
            continue
        told = own if told is None or own is None else told + own
    if told is None:
        return ()
    columns = ("rater", "language", "domain", "right", "total")
    return tuple(Shown(*row) for row in told.frame.select(columns).iter_rows())


def _of_labels(
    work_of: Mapping[str, Work],
    votes: Sequence[tuple[str, str, str]],
    question: str,
    method: str,
    gold: Mapping[str, str],
) -> Evidence | None:
    import polars as pl

    from assay import quality
    from assay.quality.profiles import evidence_of

    telling = _telling(votes, gold)
    if not telling:
        return None
    table = pl.DataFrame(telling, schema=["item", "rater", "label"], orient="row").with_columns(
        language=pl.Series([work_of[work].item.language for work, *_ in telling]),
        domain=pl.Series([work_of[work].item.domain for work, *_ in telling]),
    )
    columns = quality.Columns.from_frame(table.select("item", "rater", "label"))
    finding = quality.weigh(columns, question=question, method=method, gold=gold)
    return evidence_of(table, finding.result, gold).evidence


def _telling(votes: Sequence[Told], known: Mapping[str, str]) -> list[Told]:
    """Return the votes on works whose answer is known, or that somebody else judged too."""
    answered: dict[str, int] = {}
    for work, _rater, _label in votes:
        answered[work] = answered.get(work, 0) + 1
    return [vote for vote in votes if answered[vote[0]] > 1 or vote[0] in known]


def _of_orders(
    work_of: Mapping[str, Work], votes: Sequence[Told], gold: Mapping[str, str]
) -> Evidence | None:
    import polars as pl

    from assay.pipeline.weighing import outcomes
    from assay.quality.pairs import Rankings, ranked
    from assay.quality.profiles import Evidence, evidence_of

    told = []
    for work, rater, label in votes:
        if work in gold and (share := _agreement(outcomes(label), outcomes(gold[work]))) is not None:
            item = work_of[work].item
            told.append((rater, item.language, item.domain, share))
    schema = ["rater", "language", "domain", "right"]
    found = Evidence.from_frame(pl.DataFrame(told, schema=schema, orient="row")) if told else None

    telling = [vote for vote in _telling(votes, {}) if vote[0] not in gold]
    if not telling:
        return found
    table = pl.DataFrame(telling, schema=["item", "rater", "label"], orient="row")
    compared = ranked(Rankings.from_frame(table)).compared
    pairs = [
        (
            json.dumps([work, one], ensure_ascii=False),
            json.dumps([work, other], ensure_ascii=False),
            rater,
            work,
        )
        for work, rater, label in telling
        for better, worse, _tie in outcomes(label)
        for one, other in ((better, worse), (worse, better))
    ]
    frame = pl.DataFrame(
        [(*pair, work_of[work].item.language, work_of[work].item.domain) for *pair, work in pairs],
        schema=["left", "right", "rater", "language", "domain"],
        orient="row",
    )
    gathered = evidence_of(frame, compared)
    peers = gathered.evidence if gathered.by_source else None
    return peers if found is None else found if peers is None else found + peers


def _agreement(said: Sequence[tuple[str, str, bool]], known: Sequence[tuple[str, str, bool]]) -> float | None:
    """Return the share of known comparisons that an order has the same way round; a tie has half of one.

    >>> _agreement([("x", "y", False), ("x", "z", True)], [("y", "x", False), ("x", "z", False)])
    0.25
    """
    held = {frozenset((one, other)): None if tie else one for one, other, tie in said}
    points = [
        0.5 if (first := held[pair]) is None else float(first == one)
        for one, other, tie in known
        if not tie and (pair := frozenset((one, other))) in held
    ]
    return sum(points) / len(points) if points else None


def _of_numbers(
    work_of: Mapping[str, Work], votes: Sequence[Told], question: Question, gold: Mapping[str, str]
) -> Evidence | None:
    import polars as pl

    from assay.pipeline.weighing import step
    from assay.quality.profiles import Evidence

    half = step(question) / 2
    telling = _telling(votes, gold)
    said = [vote for vote in telling if vote[0] not in gold]
    others = dict(zip(said, _by_model(said, half) or _by_medians(said, half), strict=True))
    told = []
    for vote in telling:
        work, rater, label = vote
        own = float(label)
        if work in gold:
            right = float(abs(own - float(gold[work])) <= half + 1e-9)
        else:
            middle, sd = others[vote]
            right = _below((own + half - middle) / sd) - _below((own - half - middle) / sd)
        item = work_of[work].item
        told.append((rater, item.language, item.domain, min(max(right, 0.0), 1.0)))
    if not told:
        return None
    schema = ["rater", "language", "domain", "right"]
    return Evidence.from_frame(pl.DataFrame(told, schema=schema, orient="row"))


def _by_model(votes: Sequence[Told], half: float) -> list[tuple[float, float]]:
    """Return, for each vote, what everybody else's come to and how sure that is; nothing where they are few.

    The model of people that predicts their numbers best says how much each person's are worth, where on the
    scale they answer and how far they stretch it. So two careful people count for more than three careless
    ones, who would have the median.
    """
    import numpy as np

    from assay.quality.ratings import Ratings, chosen

    shared: dict[str, int] = {}
    for work, _rater, _label in votes:
        shared[work] = shared.get(work, 0) + 1
    people = {rater for _work, rater, _label in votes}
    if len(people) < 3 or len(shared) < ENOUGH or len(votes) < ENOUGH * len(people) / 2:
        return []
    table = Ratings.from_lists(
        [work for work, *_ in votes], [rater for _, rater, _ in votes], [float(label) for *_, label in votes]
    )
    found = chosen(table)
    noise_R = np.hypot(found.noise_R, 2 * half / math.sqrt(12))  # a step hides as much
    slope_N, square_N = found.slope_R[table.rater_N], (noise_R**2)[table.rater_N]
    value_N = table.value_N - found.centre - found.offset_R[table.rater_N]
    power_N, toward_N = slope_N**2 / square_N, slope_N * value_N / square_N
    spread = max(float(found.value_I.var() + (found.sd_I**2).mean()), half**2)
    left_N = table.by_item(power_N)[table.item_N] - power_N + 1 / spread
    middle_N = (table.by_item(toward_N)[table.item_N] - toward_N) / left_N
    # Careless people press the crowd's scale together: numbers are told as those say them who know.
    level = found.centre + np.average(found.offset_R[table.rater_N], weights=power_N)
    gain = np.average(slope_N, weights=power_N)
    told = zip(table.item_N, table.rater_N, level + gain * middle_N, gain * left_N**-0.5, strict=True)
    others = {
        (table.items[item], table.raters[rater]): (float(middle), float(sd))
        for item, rater, middle, sd in told
    }
    return [others[work, rater] for work, rater, _label in votes]


def _by_medians(votes: Sequence[Told], half: float) -> list[tuple[float, float]]:
    """Return the same where there are few: by medians, so that one careless vote does not count for many.

    A few votes, one step apart, stand beside the others': two that agree by chance are not certain.
    """
    numbers: dict[str, list[float]] = {}
    for work, _rater, label in votes:
        numbers.setdefault(work, []).append(float(label))
    found = []
    for work, _rater, label in votes:
        others = list(numbers[work])
        others.remove(float(label))
        middle = median(others)
        spread = TO_SD * median(abs(other - middle) for other in others)
        squares = len(others) * spread**2 + PRIOR_VOTES * (2 * half) ** 2
        found.append((middle, math.sqrt(squares / (len(others) + PRIOR_VOTES) / len(others))))
    return found


def _below(deviations: float) -> float:
    """Return the share of a normal distribution below so many standard deviations."""
    return (1 + math.erf(deviations / math.sqrt(2))) / 2


def fitted(evidence: Sequence[tuple[str, Shown]]) -> tuple[Fitted, ...]:
    """Fit everybody's skills to what all projects have shown, given as pairs of skill and what was shown.

    One row for each skill, language and domain that a person has shown, and one for each skill over all
    languages and domains, which leaves more open: what somebody can do elsewhere.

    >>> rows = [("verse", Shown("ann", "en", "", 9.0, 10.0)), ("verse", Shown("ben", "en", "", 2.0, 10.0))]
    >>> [(row.rater, row.language, row.mean > 0.5) for row in fitted(rows)]
    [('ann', 'en', True), ('ann', 'und', True), ('ben', 'en', False), ('ben', 'und', False)]
    """
    if not evidence:
        return ()
    import polars as pl

    from assay.quality.profiles import Evidence, profiles

    seen = [(skill, *_values(each)) for skill, each in evidence]
    frame = pl.DataFrame(
        seen, schema=["skill", "rater", "language", "domain", "right", "total"], orient="row"
    )
    rows = frame.with_columns(pl.col("right") / pl.col("total"), weight=pl.col("total")).drop("total")
    told = Evidence.from_frame(rows)
    own = told.frame.select("rater", "skill", "language", "domain", "total")
    over_all = own.group_by("rater", "skill").agg(pl.col("total").sum())
    over_all = over_all.with_columns(language=pl.lit("und"), domain=pl.lit("")).select(own.columns)
    cells = pl.concat([own, over_all]).unique(["rater", "skill", "language", "domain"], keep="last")
    cells = cells.sort("rater", "skill", "language", "domain")
    found = profiles(told).table(cells.drop("total")).with_columns(cells["total"])
    wanted = ("rater", "skill", "language", "domain", "mean", "low", "high", "total")
    return tuple(Fitted(*row) for row in found.select(wanted).iter_rows())


def _values(each: Shown) -> tuple[str, str, str, float, float]:
    return each.rater, each.language, each.domain, each.right, each.total
