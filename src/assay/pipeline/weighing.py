"""Votes of one question, of any type, to verdicts and skills."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import polars as pl

from assay import quality
from assay.quality.pairs import Pairs, PairsResult, crowd_bradley_terry
from assay.quality.pairs.columns import TIE
from assay.quality.study import study
from assay.records import Question, Skill, Verdict, Vote

STEPS = 10
"""A scale without levels of its own is read in so many steps, to say how sure a number is."""

NORMAL_95 = 1.96

FEW_ITEMS = 10
"""Below this the spread of people cannot be told from that of items, and intervals come out too narrow."""

PRIOR_VOTES = 3
"""So many votes, one step apart, stand beside the real ones where there are few items."""


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
            probability = _within_a_step(question, row, numbers, few=len(said_of) < FEW_ITEMS)
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


def _within_a_step(
    question: Question, row: Mapping[str, object], numbers: Sequence[float], *, few: bool
) -> float:
    """Return the probability that the true number is within half a step of the verdict."""
    verdict, low, high = (float(str(row[name])) for name in ("verdict", "low", "high"))
    sd = (high - low) / (2 * NORMAL_95)
    if not math.isfinite(sd) or not math.isfinite(verdict):
        return 0.0
    if few:
        squares = sum((number - verdict) ** 2 for number in numbers) + PRIOR_VOTES * step(question) ** 2
        sd = max(sd, math.sqrt(squares / (len(numbers) + PRIOR_VOTES) / len(numbers)))
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
    """Weigh rankings as the comparisons they imply, with one reliability for each rater over all works.

    Each comparison weighs so much that a ranking carries the information it has under the Plackett–Luce
    model (see `Pairs.from_rankings`).
    """
    latest = {(vote.item, vote.rater): vote for vote in votes}
    rows = [row for vote in latest.values() for row in _comparisons(vote)]
    columns = dict(zip(("left", "right", "label", "rater", "weight"), zip(*rows, strict=True), strict=True))
    result = crowd_bradley_terry(Pairs.from_frame(pl.DataFrame(columns)))
    reliability = dict(zip(result.pairs.raters, result.reliability_R.tolist(), strict=True))
    by_work: dict[str, list[Vote]] = {}
    for vote in latest.values():
        by_work.setdefault(vote.item, []).append(vote)
    verdicts = tuple(
        _ranked(question, work, own, result, reliability) for work, own in sorted(by_work.items())
    )
    counts: dict[str, int] = {}
    for vote in latest.values():
        counts[vote.rater] = counts.get(vote.rater, 0) + 1
    skills = tuple(
        Skill(rater, question.name, mean, low, high, counts[rater], "verdicts", "reliability in comparing")
        for rater, mean, low, high in zip(
            result.pairs.raters,
            result.reliability_R.tolist(),
            result.reliability_low_R.tolist(),
            result.reliability_high_R.tolist(),
            strict=True,
        )
    )
    return Weighed(verdicts, skills, result.converged)


def _inside(work: str, name: str) -> str:
    """Name what was ranked in one work apart from what has the same name in another."""
    return json.dumps([work, name])


def _comparisons(vote: Vote) -> list[tuple[str, str, str, str, float]]:
    size = sum(map(len, levels(vote.label)))
    weight = 4 * sum(1 - 1 / m for m in range(2, size + 1)) / (size * (size - 1))
    rows = []
    for one, other, tied in outcomes(vote.label):
        left, right = _inside(vote.item, one), _inside(vote.item, other)
        rows.append((left, right, TIE if tied else left, vote.rater, weight))
    return rows


def _ranked(
    question: Question,
    work: str,
    votes: Sequence[Vote],
    result: PairsResult,
    reliability: Mapping[str, float],
) -> Verdict:
    names = sorted({name for vote in votes for place in levels(vote.label) for name in place})
    score = {name: round(result.verdicts[_inside(work, name)], 9) for name in names}
    places: list[list[str]] = []
    for name in sorted(names, key=lambda name: (-score[name], name)):
        if places and score[places[-1][0]] == score[name]:
            places[-1].append(name)
        else:
            places.append([name])
    label = json.dumps([place[0] if len(place) == 1 else place for place in places], ensure_ascii=False)
    above = {
        (one, other): result.above(_inside(work, one), _inside(work, other))
        for one, other in combinations([name for place in places for name in place], 2)
    }
    # The order is right where every neighbour is; that these are independent is an approximation.
    neighbours = [above[upper[-1], lower[0]] for upper, lower in pairwise(places)]
    return Verdict(
        item=work,
        question=question.name,
        label=label,
        probability=math.prod(neighbours),
        posterior={json.dumps(pair, ensure_ascii=False): share for pair, share in above.items()},
        votes=len(votes),
        contest=_split(votes, reliability),
        method=result.method,
    )


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
