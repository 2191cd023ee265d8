"""What an audit finds of one task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

FLOOR = 0.05
"""What may be had without the work, at most."""


@dataclass(frozen=True)
class Audited:
    """What the audit found of one task.

    Attributes
    ----------
    oracle
        What the oracle got.
    rewards
        What got whoever deserves nothing → reward.
    early
        What half of the oracle's steps got: part of the work, which may be part of the score.
    sibling
        What the oracle of the same template with another seed got; `None` where there is no other.
    broke
        What is wrong, one sentence each.
    notes
        What is worth knowing, and wrong only where it is meant otherwise.
    """

    task: str
    template: str
    oracle: float
    rewards: Mapping[str, float]
    early: float | None = None
    sibling: float | None = None
    steps: int | None = None
    broke: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def floor(self) -> float:
        """The most that any cheat got."""
        return max(self.rewards.values(), default=0.0)

    @property
    def gap(self) -> float:
        """How much more the work gets than the best cheat."""
        return self.oracle - self.floor

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.broke


def memorised(found: Sequence[Audited], *, fewest: int = 4) -> list[str]:
    """Return the templates whose answers are the same for every seed that was tried.

    >>> one = Audited("t", "t", 1.0, {}, 0.0, 1.0, 3)
    >>> memorised([one] * 4), memorised([one] * 3)
    (['t'], [])
    """
    names = dict.fromkeys(each.template for each in found)
    tried = {
        name: [each.sibling for each in found if each.template == name and each.sibling is not None]
        for name in names
    }
    return [name for name, got in tried.items() if len(got) >= fewest and min(got) >= 1]
