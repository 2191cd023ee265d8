"""How many judgments a work gets: as many as its verdict needs, and no more than the budget has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf, log

from assay.errors import AssayError


@dataclass(frozen=True, slots=True)
class Finished:
    """A work with all the judgments it was given places for, and what they came to.

    `posteriors` maps question → label → probability, `votes` counts its judgments.
    """

    work: str
    votes: int
    posteriors: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @property
    def doubt(self) -> float:
        """The probability that the verdict on its least sure question is wrong; 0 without any."""
        return max(
            (1 - max(shares.values(), default=0.0) for shares in self.posteriors.values()), default=0.0
        )


def wants_another(
    posterior: Mapping[str, float],
    votes: int,
    *,
    confidence: float,
    most: int,
    left: int | None = None,
    skills: Sequence[float] | None = None,
) -> bool:
    """Say whether a question that has `votes` needs one more.

    It does not where its verdict is as sure as `confidence` asks, where it has `most`, where the budget has
    nothing `left`, and where more votes would not change the verdict: not even if all who can still judge it
    (`skills`, how often each is right) said the runner-up, as many as there is room for. The last saves votes
    on works that a few weak votes cannot settle.

    Errors are taken to be spread evenly over the other labels, and people to err apart from each other.

    >>> split, sure = {"a": 0.6, "b": 0.4}, {"a": 0.97, "b": 0.03}
    >>> wants_another(split, 3, confidence=0.9, most=5), wants_another(sure, 3, confidence=0.9, most=5)
    (True, False)
    >>> wants_another({"a": 0.85, "b": 0.15}, 4, confidence=0.9, most=5, skills=[0.6, 0.55])
    False
    """
    if not 0 < confidence <= 1:
        raise AssayError("confidence is a probability above 0 and at most 1")
    if votes >= most or (left is not None and left <= 0):
        return False
    shares = sorted(posterior.values(), reverse=True)
    if not shares:
        return votes == 0
    if shares[0] >= confidence:
        return False
    if skills is None or len(shares) == 1:
        return True
    lead = log(shares[0] / shares[1]) if shares[1] > 0 else inf
    best = sorted(skills, reverse=True)[: most - votes]
    return sum(_weight(skill, len(shares)) for skill in best) > lead


def _weight(skill: float, labels: int) -> float:
    """Return by how much a vote shifts the log odds of its label against another one."""
    skill = min(max(skill, 1e-6), 1 - 1e-6)
    return max(log(skill * (labels - 1) / (1 - skill)), 0.0)


def grow(
    finished: Iterable[Finished],
    *,
    confidence: float,
    most: int,
    left: int | None = None,
    skills: Mapping[str, Sequence[float]] | None = None,
) -> list[str]:
    """Return the works that get one more place, the most doubtful first, as many as the budget has `left`.

    A work wants another judgment if one of its questions does. `skills` maps work → how often each person is
    right who could still judge it; left out, somebody is always taken to be able to change a verdict.

    >>> split = Finished("ode", 3, {"best": {"a": 0.5, "b": 0.5}})
    >>> torn = Finished("haiku", 3, {"best": {"a": 0.7, "b": 0.3}})
    >>> sure = Finished("sonnet", 3, {"best": {"a": 0.98, "b": 0.02}})
    >>> grow([sure, torn, split], confidence=0.9, most=5)
    ['ode', 'haiku']
    >>> grow([sure, torn, split], confidence=0.9, most=5, left=1)
    ['ode']
    """
    wanting = [
        each
        for each in finished
        if any(
            wants_another(
                shares,
                each.votes,
                confidence=confidence,
                most=most,
                left=left,
                skills=None if skills is None else skills.get(each.work, ()),
            )
            for shares in each.posteriors.values()
        )
    ]
    wanting.sort(key=lambda each: (-each.doubt, each.work))
    return [each.work for each in (wanting if left is None else wanting[: max(left, 0)])]
