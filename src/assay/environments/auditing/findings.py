"""What an audit finds of one task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

FLOOR = 0.05
"""What may be had without the work, at most."""

MOST_ALIKE = 0.25
"""Share of seeds for which one and the same answer may be right."""


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
    seeds, answers, alike
        How many seeds of the template were planted, how many different answers they have, and for which share
        of them one answer passes; `None` where there are no others.
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
    seeds: int | None = None
    answers: int | None = None
    alike: float | None = None
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
