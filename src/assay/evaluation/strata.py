"""A board for other people than those who came: votes weighed so that groups are as large as they should be.

Who votes is who has time. Where people say what they are (a job, a country, a first language), each group's
votes can count as that group does among the people for whom the board speaks. That mends what the groups
differ in, and nothing else; and it costs: a few votes that stand for many are a wide interval.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from assay.evaluation.battles import Battles, BoardError, Floats

FEW_PEOPLE = 5
"""A group of fewer people than this cannot stand for others."""


@dataclass(frozen=True, eq=False)
class Weighed:
    """How much each vote counts (mean 1), and what that costs.

    Attributes
    ----------
    came, wanted
        Group → its share of the votes, and the share that it should have.
    worth
        As how many votes of equal weight these are worth (Kish), as a share of all of them.
    """

    weight_N: Floats
    came: Mapping[str, float]
    wanted: Mapping[str, float]
    worth: float

    def sentence(self) -> str:
        """Say whom the board speaks for now, and what it costs.

        >>> Weighed(np.ones(2), {"sea": 0.2}, {"sea": 0.5}, 0.7).sentence()
        'Weighed to be: sea 50 % (20 % of the votes); so weighed, the votes are worth 70 % of their number.'
        """
        groups = ", ".join(
            f"{name} {100 * share:.0f} % ({100 * self.came[name]:.0f} % of the votes)"
            for name, share in self.wanted.items()
        )
        worth = f"the votes are worth {100 * self.worth:.0f} % of their number"
        return f"Weighed to be: {groups}; so weighed, {worth}."


def groups(battles: Battles, column: str) -> tuple[str, ...]:
    """Return the group of each rater; the empty name where nobody said.

    Raises
    ------
    BoardError
        Where raters or the column are not known, or one person is in two groups.

    >>> from assay.records import Battle
    >>> said = [Battle("i", "x", "y", "a", "ann", domain="sea"), Battle("j", "x", "y", "a", "ben")]
    >>> groups(Battles.from_records(said), "domain")
    ('sea', '')
    """
    if not battles.raters:
        raise BoardError("groups of people need to know who voted; give a column rater")
    code_N, names = battles.coded(column)
    found = [""] * len(battles.raters)
    pairs = np.unique(np.stack([battles.rater_N, code_N]), axis=1).T
    for rater, code in pairs.tolist():
        name = names[code]
        if name and found[rater] and found[rater] != name:
            raise BoardError(
                f"{battles.raters[rater]!r} is both {found[rater]!r} and {name!r} in {column}; a person is "
                "in one group"
            )
        found[rater] = found[rater] or name
    return tuple(found)


def weighed(battles: Battles, column: str, wanted: Mapping[str, float]) -> Weighed:
    """Weigh the votes so that each group has the share that it should have; others count for nothing.

    Source: post-stratification: Holt & Smith, JRSS A 142 (1979); effective size: Kish (1965).

    Raises
    ------
    BoardError
        Where a group has too few people, or the shares are none.

    >>> from assay.records import Battle
    >>> said = [Battle("i", "x", "y", "a", f"r{n}", domain="sea" if n < 10 else "moon") for n in range(40)]
    >>> found = weighed(Battles.from_records(said), "domain", {"sea": 0.5, "moon": 0.5})
    >>> found.weight_N[:1].round(2).tolist(), round(found.worth, 2)
    ([2.0], 0.75)
    """
    total = sum(wanted.values())
    if total <= 0 or min(wanted.values()) < 0:
        raise BoardError("the shares of the groups must be positive")
    group_R = np.array(groups(battles, column))
    group_N = group_R[battles.rater_N]
    weight_N = np.zeros(len(battles))
    came = {}
    for name, share in wanted.items():
        people = int((group_R == name).sum())
        if share and people < FEW_PEOPLE:
            known = ", ".join(sorted(set(group_R) - {""}))
            raise BoardError(
                f"{people} people belong to {column}={name}, too few to stand for others; there are: {known}"
            )
        own_N = group_N == name
        came[name] = float(own_N.mean())
        if share:
            weight_N[own_N] = share / total / came[name]
    worth = float(weight_N.sum() ** 2 / (weight_N**2).sum() / len(battles))
    return Weighed(weight_N, came, {name: share / total for name, share in wanted.items()}, worth)
