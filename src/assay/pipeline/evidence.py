"""What the judgments of one project tell about what people can do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.judgments import kind as kind_named
from assay.records import Brief, Judgment, Work

if TYPE_CHECKING:
    from assay.quality.profiles import Evidence

# ruff: noqa: PLC0415 -- who only takes note of what was shown need not load SciPy and polars

LABELS = ("categorical", "ordinal")


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
    """Return what each person has shown on the questions that are answered with labels.

    A vote on a work whose answer is known (`gold`, by work and question) is right or wrong; any other is
    right with the probability that everybody else's votes give its label, and counts less. Questions of
    other types, and works that only one person judged, tell nothing here.

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
        if question.type not in LABELS or question.several or question.name not in votes:
            continue
        right = {work: label for (work, about), label in (gold or {}).items() if about == question.name}
        own = _of_question(work_of, votes[question.name], question.name, method, right)
        told = own if told is None or own is None else told + own
    if told is None:
        return ()
    columns = ("rater", "language", "domain", "right", "total")
    return tuple(Shown(*row) for row in told.frame.select(columns).iter_rows())


def _of_question(
    work_of: Mapping[str, Work],
    votes: Sequence[tuple[str, str, str]],
    question: str,
    method: str,
    gold: Mapping[str, str],
) -> Evidence | None:
    import polars as pl

    from assay import quality
    from assay.quality.profiles import evidence_of

    answered: dict[str, int] = {}
    for work, _rater, _label in votes:
        answered[work] = answered.get(work, 0) + 1
    telling = [vote for vote in votes if answered[vote[0]] > 1 or vote[0] in gold]
    if not telling:
        return None
    table = pl.DataFrame(telling, schema=["item", "rater", "label"], orient="row").with_columns(
        language=pl.Series([work_of[work].item.language for work, *_ in telling]),
        domain=pl.Series([work_of[work].item.domain for work, *_ in telling]),
    )
    columns = quality.Columns.from_frame(table.select("item", "rater", "label"))
    finding = quality.weigh(columns, question=question, method=method, gold=gold)
    return evidence_of(table, finding.result, gold).evidence


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
