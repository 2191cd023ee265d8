"""Votes of one question, of any type, to verdicts and skills."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import polars as pl

from assay import quality
from assay.quality.pairs import PairsResult, Rankings, ranked
from assay.quality.study import study
from assay.records import Question, Skill, Verdict, Vote

STEPS = 10
"""A scale without levels of its own is read in so many steps, to say how sure a number is."""

NORMAL_95 = 1.96


@dataclass(frozen=True)
class Weighed:
    """What the votes on one question come to; `converged` is false where the numbers are provisional."""

    verdicts: tuple[Verdict, ...]
    skills: tuple[Skill, ...]
    converged: bool


def weigh(
    question: Question, votes: Sequence[Vote], *, method: str, gold: Mapping[str, str] | None = None
) -> Weighed:
    """Weigh the votes on a question as its type asks.

    Parameters
    ----------
    method
        A registered quality method, for labels; other types are weighed by the default of their type.
    gold
        Work id → right label, for labels.

    >>> said = {"ann": "4", "ben": "5", "cleo": "4"}
    >>> votes = [Vote("i", rater, "stars", number) for rater, number in said.items()]
    >>> found = weigh(Question("stars", "?", type="ratings", low=1, high=5), votes, method="ensemble")
    >>> found.verdicts[0].label
    '4.327'
    """
    if question.type in ("categorical", "ordinal"):
        columns = quality.Columns.from_votes(votes)
        if gold:  # what is known is the verdict, and teaches who is right elsewhere
            columns = columns.knowing(gold)
        finding = quality.weigh(columns, question=question.name, method=method, gold=gold)
        return Weighed(finding.verdicts, finding.skills, finding.result.converged)
    if question.type == "rankings":
        return _rankings(question, votes)
    return _studied(question, votes)


def _studied(question: Question, votes: Sequence[Vote]) -> Weighed:
    """Weigh numbers, spans, boxes and texts by the default method of their type."""
    said = "text" if question.type == "texts" else "label"
    table = pl.DataFrame(
        {
            "item": [vote.item for vote in votes],
            "rater": [vote.rater for vote in votes],
            said: [vote.label for vote in votes],
        }
    )
    found = study(table, type=question.type)
    said_of: dict[str, list[str]] = {}
    for vote in votes:
        said_of.setdefault(vote.item, []).append(vote.label)
    verdicts = []
    for row in found.verdicts.iter_rows(named=True):
        label = f"{row['verdict']:.4g}" if isinstance(row["verdict"], float) else str(row["verdict"])
        if question.type == "ratings":
            numbers = [float(said) for said in said_of[row["item"]]]
            probability = _within_a_step(question, row)
            contest = _apart(question, numbers)
        else:
            probability, contest = _share(row["probability"]), _share(row["doubt"])
        verdicts.append(
            Verdict(
                item=row["item"],
                question=question.name,
                label=label,
                probability=probability,
                posterior={label: probability},
                votes=row["answers"],
                contest=contest,
                method=found.method,
            )
        )
    skills = tuple(
        Skill(rater, question.name, _share(mean), _share(low), _share(high), count, "verdicts", found.measure)
        for rater, mean, low, high, count, *_ in found.raters.iter_rows()
    )
    return Weighed(tuple(verdicts), skills, bool(getattr(found.detail, "converged", True)))


def _within_a_step(question: Question, row: Mapping[str, object]) -> float:
    """Return the probability that the true number is within half a step of the verdict."""
    verdict, low, high = (float(str(row[name])) for name in ("verdict", "low", "high"))
    sd = (high - low) / (2 * NORMAL_95)
    if not math.isfinite(sd) or not math.isfinite(verdict):
        return 0.0
    return math.erf(step(question) / 2 / (sd * math.sqrt(2))) if sd > 0 else 1.0


def _apart(question: Question, numbers: Sequence[float]) -> float:
    """Return how far people part: 0 where all say the same, 1 where half of them say either end."""
    middle = sum(numbers) / len(numbers)
    sd = math.sqrt(sum((number - middle) ** 2 for number in numbers) / len(numbers))
    low, high = question.low or 0.0, 1.0 if question.high is None else question.high
    return min(2 * sd / (high - low), 1.0)


def step(question: Question) -> float:
    """Return one step of a scale: 1 where its ends are whole and near, else a tenth of it.

    >>> step(Question("stars", "?", type="ratings", low=1, high=5))
    1.0
    >>> step(Question("share", "?", type="ratings", low=0, high=1))
    0.1
    """
    low, high = question.low or 0.0, 1.0 if question.high is None else question.high
    few = 1 < high - low <= STEPS and low == int(low) and high == int(high)
    return 1.0 if few else (high - low) / STEPS


def _share(value: object) -> float:
    number = float(str(value))
    return min(max(number, 0.0), 1.0) if math.isfinite(number) else 0.0


# -- rankings ------------------------------------------------------------------------------------------


def levels(label: str) -> list[list[str]]:
    """Return a ranking from the best down, those that share a place in one list.

    >>> levels('["x", ["y", "z"]]')
    [['x'], ['y', 'z']]
    """
    return [list(map(str, place)) if isinstance(place, list) else [str(place)] for place in json.loads(label)]


def outcomes(label: str) -> list[tuple[str, str, bool]]:
    """Return the comparisons that a ranking says: (better, worse, False), or two that tie and True.

    >>> outcomes('["x", ["y", "z"]]')
    [('x', 'y', False), ('x', 'z', False), ('y', 'z', True)]
    """
    ranked = [(place, name) for place, names in enumerate(levels(label)) for name in names]
    return [(one, other, place == below) for (place, one), (below, other) in combinations(ranked, 2)]


def _rankings(question: Question, votes: Sequence[Vote]) -> Weighed:
    """Pool rankings into one for each work, with one reliability for each rater over all works."""
    latest = {(vote.item, vote.rater): vote for vote in votes}
    held = Rankings.from_frame(
        pl.DataFrame(
            [(vote.item, vote.rater, vote.label) for vote in latest.values()],
            schema=["item", "rater", "label"],
            orient="row",
        )
    )
    found = ranked(held)
    compared = found.compared
    reliability = dict(zip(held.raters, compared.reliability_R.tolist(), strict=True))
    by_work: dict[str, list[Vote]] = {}
    for vote in latest.values():
        by_work.setdefault(vote.item, []).append(vote)
    place_of = {name: place for place, name in enumerate(compared.pairs.items)}
    verdicts = []
    for work, order in found.verdicts.items():
        # What was ranked goes by its work and its name: the same name in another work is another thing.
        code = {
            name: place_of[json.dumps([work, name], ensure_ascii=False)] for level in order for name in level
        }
        above = {
            (one, other): _above(compared, code[one], code[other]) for one, other in combinations(code, 2)
        }
        own = by_work[work]
        # The order is right where every neighbour is; that these are independent is an approximation.
        neighbours = [above[upper[-1], lower[0]] for upper, lower in pairwise(order)]
        places = [level[0] if len(level) == 1 else list(level) for level in order]
        verdicts.append(
            Verdict(
                item=work,
                question=question.name,
                label=json.dumps(places, ensure_ascii=False),
                probability=math.prod(neighbours),
                posterior={json.dumps(pair, ensure_ascii=False): share for pair, share in above.items()},
                votes=len(own),
                contest=_split(own, reliability),
                method=compared.method,
            )
        )
    counts = Counter(rater for _work, rater in latest)
    skills = tuple(
        Skill(rater, question.name, mean, low, high, counts[rater], "verdicts", "reliability in comparing")
        for rater, mean, low, high in zip(
            held.raters,
            compared.reliability_R.tolist(),
            compared.reliability_low_R.tolist(),
            compared.reliability_high_R.tolist(),
            strict=True,
        )
    )
    return Weighed(tuple(verdicts), skills, compared.converged)


def _above(compared: PairsResult, one: int, other: int) -> float:
    """Return the probability that the one is truly above the other (`PairsResult.above`, by place)."""
    variance = compared.sd_I[one] ** 2 + compared.sd_I[other] ** 2
    if compared.covariance_I_I is not None:
        variance -= 2 * compared.covariance_I_I[one, other]
    gap = compared.score_I[one] - compared.score_I[other]
    return 0.5 * (1 + math.erf(gap / math.sqrt(2 * max(variance, 1e-12))))


def _split(votes: Sequence[Vote], reliability: Mapping[str, float]) -> float:
    """Return how far trusted raters part over the pairs of one work, on average: 0 as one, 1 evenly split."""
    wins: dict[tuple[str, str], list[float]] = {}
    for vote in votes:
        for better, worse, tied in outcomes(vote.label):
            first, second = sorted((better, worse))
            held = wins.setdefault((first, second), [0.0, 0.0])
            # Who sees no difference contradicts nobody.
            weight = 0.0 if tied else reliability[vote.rater]
            held[0] += weight * (better == first)
            held[1] += weight
    apart = [1 - abs(2 * won / total - 1) if total else 0.0 for won, total in wins.values()]
    return sum(apart) / len(apart)
