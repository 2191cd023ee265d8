"""Verdicts and skills that move with every vote, for "what next" while votes arrive.

One object holds the votes on one question. A vote goes in, the verdict on its item and the skills of the
people who judged that item move at once; now and then `refit` brings everything to what a batch method gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log
from typing import Any, cast

import numpy as np
import polars as pl

from assay import registry
from assay.quality.labels.columns import Columns, VotesError
from assay.quality.labels.dawid_skene import PRIOR_RIGHT, PRIOR_WRONG
from assay.quality.labels.result import Method, Result
from assay.quality.labels.skills import PRIOR_VOTES, SHARED_ERROR, interval
from assay.records import Skill, Verdict

EVERY = 8
"""On an item of this many votes or more, only every eighth has all votes on it weighed anew.

The others move the verdict by their own likelihood alone, so that a vote costs no more on a crowded item.
"""

TINY = 1e-100
"""A product of likelihoods is scaled up before it falls to 0."""

SETTLED = 0.01
"""A verdict that moves by less leaves the skills behind it alone; it is made up for when it moves on."""


_COLUMNS = ("raters", "given", "weights", "times", "orders", "right")


class _Item:
    __slots__ = (*_COLUMNS, "believed", "counted", "known", "people")

    def __init__(self, n_labels: int) -> None:
        # One entry a vote.
        self.raters: list[str] = []
        self.given: list[int] = []
        self.weights: list[float] = []
        self.times: list[float] = []
        self.orders: list[int] = []  # the how-manieth of all votes
        self.right: list[float] = []  # by everybody else's votes, as counted in the skill; -1 for not counted
        self.people: list[_Rater] = []
        # One entry a label.
        self.believed = [1 / n_labels] * n_labels  # the verdict
        self.counted = [0.0] * n_labels  # the verdict as counted in the raters' tables
        self.known = -1


class _Rater:
    __slots__ = ("counts", "right", "time", "total", "votes")

    def __init__(self, n_labels: int) -> None:
        self.time = -np.inf
        self.empty(n_labels)

    def empty(self, n_labels: int) -> None:
        self.counts = [[0.0] * n_labels for _ in range(n_labels)]  # given label, right label
        self.total = [0.0] * n_labels
        self.right = self.votes = 0.0  # of the votes that could be compared


class Stream:
    """Dawid–Skene one vote at a time.

    Idea: incremental expectation maximisation (Neal & Hinton 1998). A vote redoes the verdict on its item
    from the confusion tables of those who judged it, and then moves what this item has put into their tables
    from the old verdict to the new one. Nothing is counted twice, and an item that is settled costs next to
    nothing. O(labels × votes on the item, up to eight) a vote.

    Parameters
    ----------
    labels
        Labels that can be given.
    question
        Name of the question in what comes out.
    half_life
        Days after which a vote counts half in its rater's skill; `None` for never. Verdicts forget nothing.

    >>> stream = Stream(["no", "yes"])
    >>> for item in "abcdef":
    ...     for rater, label in [("ann", "yes"), ("ben", "yes"), ("cleo", "no")]:
    ...         stream.add(item, rater, label)
    >>> stream.verdict("a").label, stream.skill("ann").mean > stream.skill("cleo").mean
    ('yes', True)
    >>> stream.know("a", "no")  # a reviewer says so
    >>> stream.verdict("a").probability
    1.0
    """

    def __init__(
        self, labels: Sequence[str], *, question: str = "label", half_life: float | None = None
    ) -> None:
        if not labels:
            raise VotesError("name the labels that can be given")
        if half_life is not None and not half_life > 0:
            raise VotesError("a half-life is a number of days above 0")
        self.labels = tuple(sorted(set(labels)))
        self.question = question
        self.half_life = half_life
        self._code = {label: code for code, label in enumerate(self.labels)}
        self._items: dict[str, _Item] = {}
        self._raters: dict[str, _Rater] = {}
        self._prior_total = PRIOR_RIGHT + (len(self.labels) - 1) * PRIOR_WRONG
        self._share = [1.0] * len(self.labels)
        self._right = self._compared = 0.0
        self._now = -np.inf
        self._taken = 0

    def add(self, item: str, rater: str, label: str, weight: float = 1.0, at: float | None = None) -> None:
        """Take in one vote; a second one by the same rater on the same item replaces the first.

        Parameters
        ----------
        weight
            What the vote counts: 2 is the same vote given twice.
        at
            When it was given, in days since a day of your choice; needed where there is a half-life. Votes
            may come late.
        """
        code = self._code.get(label)
        if code is None:
            raise VotesError(f"the label {label!r} is none of: {', '.join(self.labels)}")
        if not 0 < weight < np.inf:
            raise VotesError("a weight is a finite number above 0")
        if at is None and self.half_life is not None:
            raise VotesError("say when the vote was given: skills have a half-life")
        time = 0.0 if at is None else at
        if not abs(time) < np.inf:
            raise VotesError("a time is a finite number of days")
        held = self._items.get(item)
        if held is None:
            held = self._items[item] = _Item(len(self.labels))
        person = self._raters.get(rater)
        if person is None:
            person = self._raters[rater] = _Rater(len(self.labels))
        again = rater in held.raters
        if again:
            self._take_back(held, held.raters.index(rater))
        self._now = max(self._now, time)
        if self.half_life is not None and time > person.time:
            self._fade(person, time)
        person.time = max(person.time, time)
        held.raters.append(rater)
        held.people.append(person)
        held.given.append(code)
        held.weights.append(weight)
        held.times.append(time)
        held.orders.append(self._taken)
        self._taken += 1
        held.right.append(-1.0)
        # It enters the table as the item has been counted so far; what has changed since follows below.
        self._put(person, code, weight * self._keeps(person.time - time), held.counted)
        if again or len(held.people) % EVERY == 0 or len(held.people) < EVERY:
            self._judge(held)
        else:
            self._nudge(held)

    def know(self, item: str, label: str | None) -> None:
        """Hold an item at the right label that gold or a review gave it; `None` lets go of it again.

        The skills of everybody who judged it move at once.
        """
        if label is not None and label not in self._code:
            raise VotesError(f"the label {label!r} is none of: {', '.join(self.labels)}")
        held = self._items.setdefault(item, _Item(len(self.labels)))
        held.known = -1 if label is None else self._code[label]
        self._judge(held)

    def verdict(self, item: str) -> Verdict:
        """Return what the votes on one item come to now."""
        held = self._items.get(item)
        if held is None:
            raise VotesError(f"there is no vote on {item!r}")
        top = max(range(len(self.labels)), key=lambda k: round(held.believed[k], 9))
        return Verdict(
            item=item,
            question=self.question,
            label=self.labels[top],
            probability=held.believed[top],
            posterior=dict(zip(self.labels, held.believed, strict=True)),
            votes=len(held.raters),
            contest=self._contest(held),
            method="stream",
        )

    def undecided(self, sure: float = 0.95) -> list[str]:
        """Return the items whose verdict is less sure than that, the least sure first."""
        open_items = [(max(held.believed), item) for item, held in self._items.items()]
        return [item for probability, item in sorted(open_items) if probability < sure]

    def skill(self, rater: str, at: float | None = None) -> Skill:
        """Return how often a rater is right, now or `at` a later day; a newcomer is as good as the crowd.

        As in `skills`, a vote is right with the probability that everybody else's votes give its label, and
        votes on items that nobody else judged say nothing. The interval allows for shared mistakes as that of
        `skills` does, as if all votes were equally unsure; it does not look at plain shares.
        """
        person = self._raters.get(rater)
        right = votes = 0.0
        if person is not None:
            kept = self._keeps(max(0.0, (self._now if at is None else at) - person.time))
            right, votes = kept * max(person.right, 0.0), kept * person.votes
        alpha, beta = self._beta(right, votes)
        mean = alpha / (alpha + beta)
        low, high = interval(np.array([mean]), np.array([alpha + beta]), SHARED_ERROR * mean * (1 - mean))
        return Skill(rater, self.question, mean, float(low[0]), float(high[0]), round(votes))

    def columns(self) -> Columns:
        """Return the votes as batch methods read them, in the order in which they came."""
        rows = [
            (order, item, rater, self.labels[code], weight)
            for item, held in self._items.items()
            for order, rater, code, weight in zip(
                held.orders, held.raters, held.given, held.weights, strict=True
            )
        ]
        frame = pl.DataFrame(rows, schema=["order", "item", "rater", "label", "weight"], orient="row")
        frame = frame.sort("order")
        columns = Columns.from_frame(frame, labels=self.labels)
        known = {item: self.labels[held.known] for item, held in self._items.items() if held.known >= 0}
        return columns.knowing(known) if known else columns

    def refit(self, method: str = "dawid-skene") -> Result:
        """Bring all verdicts to those of a registered method, and skills to what follows from them.

        The result is exactly that of the method on `columns()`.
        """
        columns = self.columns()
        result = cast("Method", registry.get("quality", method))(columns)
        evidence_I_K = getattr(result, "evidence_I_K", None)
        posterior_I_K = result.posterior_I_K if evidence_I_K is None else evidence_I_K
        for item, posterior in zip(columns.items, posterior_I_K.tolist(), strict=True):
            self._items[item].believed = posterior
        self._recount()
        return result

    def snapshot(self) -> dict[str, Any]:
        """Return everything as plain data that survives JSON; `restore` goes on from it."""
        return {
            "labels": list(self.labels),
            "question": self.question,
            "half_life": self.half_life,
            "share": list(self._share),
            "right": self._right,
            "compared": self._compared,
            "taken": self._taken,
            "now": self._now if self._now > -np.inf else None,
            "items": {item: _plain(held, "people") for item, held in self._items.items()},
            "raters": {rater: _plain(person) for rater, person in self._raters.items()},
        }

    @classmethod
    def restore(cls, data: Mapping[str, Any]) -> Stream:
        """Return the stream that `snapshot` was taken of."""
        stream = cls(data["labels"], question=data["question"], half_life=data["half_life"])
        stream._share = list(data["share"])
        stream._right, stream._compared, stream._taken = data["right"], data["compared"], data["taken"]
        stream._now = -np.inf if data["now"] is None else data["now"]
        for rater, fields in data["raters"].items():
            stream._raters[rater] = _Rater(len(stream.labels))
            _fill(stream._raters[rater], fields)
        for item, fields in data["items"].items():
            stream._items[item] = _Item(len(stream.labels))
            _fill(stream._items[item], fields)
            stream._items[item].people = [stream._raters[rater] for rater in fields["raters"]]
        return stream

    def _nudge(self, held: _Item) -> None:
        """Move the verdict on an item by its last vote alone; its other raters wait for `_judge`."""
        person, code, weight = held.people[-1], held.given[-1], held.weights[-1]
        own = [weight * self._keeps(person.time - held.times[-1]) * q for q in held.counted]
        right, likelihood = held.believed[code], self._likelihood(person, code, weight, own)
        believed = [q * own for q, own in zip(held.believed, likelihood, strict=True)]
        total = sum(believed)
        held.believed = [q / total for q in believed]
        # What the item was held for before this vote is what everybody else's votes say.
        worth = weight * self._keeps(person.time - held.times[-1])
        self._compare(person, held, len(held.people) - 1, right, worth)

    def _judge(self, held: _Item) -> None:
        """Redo the verdict on an item, and move its part in the raters' tables with it."""
        believed, likelihoods = self._share, self._likelihoods(held)
        for row in likelihoods:
            believed = [q * likelihood for q, likelihood in zip(believed, row)]  # noqa: B905 -- hot
            if max(believed) < TINY:
                believed = [q / TINY for q in believed]
        total = sum(believed)
        believed = [q / total for q in believed]
        if held.known >= 0:
            believed = [0.0] * len(believed)
            believed[held.known] = 1.0
        held.believed = believed
        moved = [q - before for q, before in zip(believed, held.counted)]  # noqa: B905 -- hot
        if min(moved) > -SETTLED and max(moved) < SETTLED and -1.0 not in held.right:
            return
        held.counted = believed
        self._share = [share + change for share, change in zip(self._share, moved)]  # noqa: B905 -- hot
        for person, code, worth in zip(held.people, held.given, self._worths(held)):  # noqa: B905 -- hot
            row = person.counts[code]
            person.counts[code] = [count + worth * change for count, change in zip(row, moved)]  # noqa: B905
            person.total = [sums + worth * change for sums, change in zip(person.total, moved)]  # noqa: B905
        self._score(held, likelihoods)

    def _likelihood(self, person: _Rater, code: int, weight: float, own: list[float]) -> list[float]:
        """Return how probable a vote is under each right label, `own` votes left out of the rater's table."""
        prior_total = self._prior_total
        row = [
            (count - part + PRIOR_WRONG) / (sums - part + prior_total)
            for count, sums, part in zip(person.counts[code], person.total, own)  # noqa: B905 -- hot
        ]
        row[code] += (PRIOR_RIGHT - PRIOR_WRONG) / (person.total[code] - own[code] + prior_total)
        return row if weight == 1 else [likelihood**weight for likelihood in row]

    def _likelihoods(self, held: _Item) -> list[list[float]]:
        """Return for each vote on an item how probable it is by what its rater did on other items.

        Were this item's own votes left in, the first few on it would vouch for each other for good.
        """
        counted, prior_total = held.counted, self._prior_total
        likelihoods = []
        for person, code, weight, worth in zip(  # noqa: B905 -- hot
            held.people, held.given, held.weights, self._worths(held)
        ):
            if weight == worth == 1:  # as `_likelihood` does; a call costs as much as the sums
                total = person.total
                row = [
                    (count - part + PRIOR_WRONG) / (sums - part + prior_total)
                    for count, sums, part in zip(person.counts[code], total, counted)  # noqa: B905 -- hot
                ]
                row[code] += (PRIOR_RIGHT - PRIOR_WRONG) / (total[code] - counted[code] + prior_total)
            else:
                row = self._likelihood(person, code, weight, [worth * q for q in counted])
            likelihoods.append(row)
        return likelihoods

    def _score(self, held: _Item, likelihoods: list[list[float]]) -> None:
        """Judge every vote on an item by the verdict with that vote divided out."""
        counted, worths = held.counted, self._worths(held)
        if held.known >= 0 or len(held.raters) == 1:
            for place, (person, code) in enumerate(zip(held.people, held.given)):  # noqa: B905 -- hot
                self._compare(person, held, place, counted[code] if held.known >= 0 else -1.0, worths[place])
            return
        for place, (person, code) in enumerate(zip(held.people, held.given)):  # noqa: B905 -- hot
            others = [q / own for q, own in zip(counted, likelihoods[place])]  # noqa: B905 -- hot
            right, before = others[code] / sum(others), held.right[place]
            if before >= 0:  # as `_compare` does
                person.right += worths[place] * (right - before)
                self._right += held.weights[place] * (right - before)
                held.right[place] = right
            else:
                self._compare(person, held, place, right, worths[place])

    def _compare(self, person: _Rater, held: _Item, place: int, right: float, worth: float) -> None:
        """Count how right a vote is by everybody else's, instead of what was counted for it before."""
        before = held.right[place]
        if right >= 0 and before >= 0:
            person.right += worth * (right - before)
            self._right += held.weights[place] * (right - before)
        elif right >= 0 or before >= 0:
            sign, change = (1.0, right) if right >= 0 else (-1.0, -before)
            person.right += worth * change
            person.votes += worth * sign
            self._right += held.weights[place] * change
            self._compared += held.weights[place] * sign
        held.right[place] = right

    def _take_back(self, held: _Item, place: int) -> None:
        """Undo all that a vote has put into its rater's table and skill, and forget it."""
        person, worth = held.people[place], self._worths(held)[place]
        self._put(person, held.given[place], -worth, held.counted)
        self._compare(person, held, place, -1.0, worth)
        for name in (*_COLUMNS, "people"):
            del getattr(held, name)[place]

    def _put(self, person: _Rater, code: int, worth: float, counted: list[float]) -> None:
        """Put one vote into its rater's table, as its item has been counted."""
        row = person.counts[code]
        for k, q in enumerate(counted):
            row[k] += worth * q
            person.total[k] += worth * q

    def _recount(self) -> None:
        """Empty all tables and fill them again from the verdicts as they stand."""
        n_labels = len(self.labels)
        for person in self._raters.values():
            person.empty(n_labels)
        self._right = self._compared = 0.0
        self._share = [1.0] * n_labels
        for held in self._items.values():
            held.counted = held.believed
            held.right = [-1.0] * len(held.raters)
            self._share = [share + q for share, q in zip(self._share, held.believed, strict=True)]
            for person, code, worth in zip(held.people, held.given, self._worths(held), strict=True):
                self._put(person, code, worth, held.counted)
        for held in self._items.values():
            self._score(held, self._likelihoods(held))

    def _worths(self, held: _Item) -> list[float]:
        """Return what each vote on an item weighs in its rater's table, which stands at their last vote."""
        if self.half_life is None:
            return held.weights
        return [
            weight * self._keeps(person.time - time)
            for weight, person, time in zip(held.weights, held.people, held.times, strict=True)
        ]

    def _keeps(self, days: float) -> float:
        return 1.0 if self.half_life is None else float(0.5 ** (days / self.half_life))

    def _fade(self, person: _Rater, time: float) -> None:
        kept = self._keeps(time - person.time)
        person.counts = [[kept * count for count in row] for row in person.counts]
        person.total = [kept * total for total in person.total]
        person.right, person.votes = kept * person.right, kept * person.votes

    def _beta(self, right: float, votes: float) -> tuple[float, float]:
        crowd = (max(self._right, 0.0) + 1) / (self._compared + 2)
        return right + PRIOR_VOTES * crowd, max(votes - right, 0.0) + PRIOR_VOTES * (1 - crowd)

    def _contest(self, held: _Item) -> float:
        """Return how split the skilled raters of an item are; the measure of `contest`."""
        n_labels = len(self.labels)
        if n_labels == 1 or not held.raters:
            return 0.0
        trusts = []
        for rater in held.raters:
            alpha, beta = self._beta(self._raters[rater].right, self._raters[rater].votes)
            trusts.append(max(alpha / (alpha + beta) - 1 / n_labels, 0.0))
        if not any(trusts):
            trusts = [1.0] * len(trusts)
        weights = [0.5 / n_labels * max(trusts)] * n_labels
        for code, weight, trust in zip(held.given, held.weights, trusts, strict=True):
            weights[code] += weight * trust
        total = sum(weights)
        return min(1.0, -sum(w / total * log(w / total) for w in weights if w > 0) / log(n_labels))


def _plain(held: _Item | _Rater, *left_out: str) -> dict[str, Any]:
    return {name: _copy(getattr(held, name)) for name in held.__slots__ if name not in left_out}


def _fill(held: _Item | _Rater, fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        setattr(held, name, _copy(value))


def _copy(value: Any) -> Any:
    return [_copy(one) for one in value] if isinstance(value, list) else value
