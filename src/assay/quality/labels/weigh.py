"""From the votes on one question to records that travel: verdicts and skills."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from assay import registry
from assay.quality.labels.columns import Columns
from assay.quality.labels.contest import contest
from assay.quality.labels.result import Method, Result
from assay.quality.labels.skills import skills
from assay.records import Skill, Verdict


@dataclass(frozen=True)
class Finding:
    """What the votes on one question come to: one verdict for each item, one skill for each rater."""

    result: Result
    verdicts: tuple[Verdict, ...]
    skills: tuple[Skill, ...]

    @property
    def contested(self) -> tuple[Verdict, ...]:
        """Verdicts, the most contested first."""
        return tuple(sorted(self.verdicts, key=lambda verdict: (-verdict.contest, verdict.item)))


def weigh(
    columns: Columns,
    *,
    question: str = "label",
    method: str = "ensemble",
    gold: Mapping[str, str] | None = None,
) -> Finding:
    """Weigh votes with a registered method.

    Parameters
    ----------
    gold
        Item → right label; raters are measured against it where votes fall on it.

    >>> finding = weigh(Columns.from_lists(["i"] * 3, ["ann", "ben", "cleo"], ["yes", "yes", "no"]))
    >>> finding.verdicts[0].label, finding.verdicts[0].votes
    ('yes', 3)
    """
    result = cast("Method", registry.get("quality", method))(columns)
    known = skills(result, gold)
    contest_I = contest(columns, known)
    votes_I = columns.counts_I_K.sum(axis=1)
    verdicts = tuple(
        Verdict(
            item=item,
            question=question,
            label=columns.labels[choice],
            probability=posterior_K[choice],
            posterior=dict(zip(columns.labels, posterior_K, strict=True)),
            votes=int(count),
            contest=spread,
            method=result.method,
        )
        for item, choice, posterior_K, count, spread in zip(
            columns.items,
            result.choice_I.tolist(),
            result.posterior_I_K.tolist(),
            votes_I.tolist(),
            contest_I.tolist(),
            strict=True,
        )
    )
    people = tuple(
        Skill(rater, question, mean, low, high, count, "gold" if own_gold else "verdicts")
        for rater, mean, low, high, count, own_gold in zip(
            known.raters,
            known.mean_R.tolist(),
            known.low_R.tolist(),
            known.high_R.tolist(),
            known.votes_R.tolist(),
            known.gold_votes_R.tolist(),
            strict=True,
        )
    )
    return Finding(result, verdicts, people)
