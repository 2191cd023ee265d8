"""What is asked: a goal, the principles behind it, questions and worked examples, in one version.

Takes what an author wrote, gives a checked `Brief` and the works that follow from it.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from itertools import combinations
from typing import Any

from assay.errors import AssayError
from assay.records import Brief, Item, Live, Pay, Question, Sample, Work, WorkedExample
from assay.wording import say

TYPES = ("categorical", "ordinal", "ratings", "spans", "rankings", "texts", "boxes")
"""What a vote on a question can be; statistics have methods for each."""

LABELLED = ("categorical", "ordinal")
"""The types whose votes are one of the question's labels."""

TOGETHER = 8
"""Nobody compares more samples than this at once; an item with more is laid out as several works."""

LONGEST_KEY = 300
"""A work named after many authors gets a digest in their place from this length on."""


LONGEST_TALK = 50
"""A conversation has no more turns than this."""

MOST_FOLLOW_UPS = 9
"""A battle goes on no more often than this: what is compared has to be read."""


class BriefError(AssayError):
    """A brief that nobody could work from."""


def check(brief: Brief) -> Brief:
    """Return the brief, or say in one sentence what it lacks.

    >>> check(Brief(project="poems", goal="", kind="pairwise"))
    Traceback (most recent call last):
    assay.briefs.BriefError: the brief has no goal; say in a sentence what the data is for
    """
    if not brief.project.strip():
        raise BriefError(say("the brief has no project name; give it one"))
    if not brief.goal.strip():
        raise BriefError(say("the brief has no goal; say in a sentence what the data is for"))
    if brief.judgments_per_work < 1:
        raise BriefError(say("judgments_per_work must be at least 1"))
    least, most = brief.turns
    if not 1 <= least <= most <= LONGEST_TALK:
        raise BriefError(
            say(
                "a conversation has from 1 to {most} turns; write for example [2, 6] for `turns`",
                most=LONGEST_TALK,
            )
        )
    if (pay := brief.pay) is not None:
        _check_pay(pay)
    if (live := brief.live) is not None:
        _check_live(brief.kind, live)
    seen: set[str] = set()
    for question in brief.questions:
        _check_question(question)
        if question.name in seen:
            raise BriefError(say("question {name!r} is asked twice; rename one of them", name=question.name))
        seen.add(question.name)
    return brief


def _check_pay(pay: Pay) -> None:
    if not isinstance(pay.amount, int | float) or not math.isfinite(pay.amount) or pay.amount < 0:
        raise BriefError(say("pay needs an amount of 0 or more"))
    if not (isinstance(pay.currency, str) and len(pay.currency) == 3 and pay.currency.isalpha()):
        raise BriefError(
            say(
                "{currency!r} is not a currency; write its three letters, for example EUR",
                currency=pay.currency,
            )
        )
    if pay.per not in ("judgment", "hour"):
        raise BriefError(say("pay is per judgment or per hour, not per {per!r}", per=pay.per))


def _check_live(kind: str, live: Live) -> None:
    if kind != "pairwise":
        raise BriefError(say("models answer live where two answers are compared; choose the kind pairwise"))
    if not 0 <= live.follow_ups <= MOST_FOLLOW_UPS:
        raise BriefError(say("a battle has from 0 to {most} follow-ups", most=MOST_FOLLOW_UPS))


def _check_question(question: Question) -> None:
    name = question.name
    if not name.strip():
        raise BriefError(say("a question has no name; give it one"))
    if question.type not in TYPES:
        known = ", ".join(TYPES)
        raise BriefError(
            say(
                "question {name!r} has the unknown type {type!r}; known: {known}",
                name=name,
                type=question.type,
                known=known,
            )
        )
    if question.type in LABELLED and len(set(question.labels)) < 2:
        raise BriefError(say("question {name!r} needs at least two different labels", name=name))
    if len(set(question.labels)) < len(question.labels):
        raise BriefError(say("question {name!r} gives a label twice; remove one of them", name=name))
    if not all(label.strip() for label in question.labels):
        raise BriefError(say("question {name!r} has an empty label; name it or remove it", name=name))
    if question.type == "ratings":
        if question.low is None or question.high is None:
            raise BriefError(
                say("question {name!r} asks for a number; say from which `low` to which `high`", name=name)
            )
        if not (math.isfinite(question.low) and math.isfinite(question.high)):
            raise BriefError(
                say("question {name!r} has a scale without an end; `low` and `high` are numbers", name=name)
            )
        if question.low >= question.high:
            raise BriefError(
                say("question {name!r} has a scale that does not rise; set `low` below `high`", name=name)
            )


def revise(brief: Brief, **changes: Any) -> Brief:
    """Return the next version of a brief.

    >>> revise(Brief(project="poems", goal="delight", kind="pairwise"), goal="astonish").version
    2
    """
    return check(replace(brief, **changes, version=brief.version + 1))


def to_mapping(brief: Brief) -> dict[str, Any]:
    """Return a brief as JSON values."""
    return asdict(brief)


def from_mapping(fields: Mapping[str, Any]) -> Brief:
    """Read a brief from JSON values, and check it.

    Raises
    ------
    BriefError
        Where a field is missing, unknown or of the wrong type.
    """
    known = set(Brief.__dataclass_fields__)
    if unknown := sorted(set(fields) - known):
        raise BriefError(
            say(
                "the brief has unknown fields: {unknown}; known: {known}",
                unknown=", ".join(unknown),
                known=", ".join(sorted(known)),
            )
        )
    try:
        brief = Brief(
            project=str(fields["project"]),
            goal=str(fields["goal"]),
            kind=str(fields["kind"]),
            version=int(fields.get("version", 1)),
            principles=tuple(map(str, fields.get("principles", ()))),
            questions=tuple(_question(question) for question in fields.get("questions", ())),
            examples=tuple(WorkedExample(**example) for example in fields.get("examples", ())),
            languages=tuple(map(str, fields.get("languages", ()))),
            judgments_per_work=int(fields.get("judgments_per_work", 3)),
            great=str(fields.get("great", "")),
            ticks_boxes=str(fields.get("ticks_boxes", "")),
            skills=tuple(map(str, fields.get("skills", ()))),
            privacy=str(fields.get("privacy", "")),
            turns=_turns(fields.get("turns", Brief.__dataclass_fields__["turns"].default)),
            pay=None if fields.get("pay") is None else Pay(**fields["pay"]),
            live=None if fields.get("live") is None else Live(**fields["live"]),
        )
    except KeyError as missing:
        raise BriefError(
            say("the brief lacks the field {missing}; add it", missing=str(missing))
        ) from missing
    except (TypeError, ValueError) as wrong:
        raise BriefError(say("a field of the brief has the wrong type: {wrong}", wrong=str(wrong))) from wrong
    return check(brief)


def _turns(said: Sequence[Any]) -> tuple[int, int]:
    least, most = said
    return int(least), int(most)


def _question(fields: Mapping[str, Any]) -> Question:
    known = set(Question.__dataclass_fields__)
    if unknown := sorted(set(fields) - known):
        raise BriefError(
            say(
                "a question has unknown fields: {unknown}; known: {known}",
                unknown=", ".join(unknown),
                known=", ".join(sorted(known)),
            )
        )
    low, high = (None if fields.get(end) is None else float(fields[end]) for end in ("low", "high"))
    return Question(
        name=str(fields["name"]),
        text=str(fields["text"]),
        labels=tuple(map(str, fields.get("labels", ()))),
        type=str(fields.get("type", "categorical")),
        low=low,
        high=high,
        **{flag: bool(fields.get(flag, False)) for flag in ("ordered", "several", "sourced", "compares")},
    )


def plan(
    items: Iterable[Item],
    samples: Iterable[Sample],
    *,
    shows: int | None,
    bare: bool = False,
    only: Collection[frozenset[str]] | None = None,
) -> list[Work]:
    """Lay out the works of a project: every group of `shows` samples of one item, judged together.

    Parameters
    ----------
    items, samples
        Samples whose item is not among `items` are an error.
    shows
        How many samples a kind shows at once: 0 for a demonstration, 1 for a rubric, 2 for a comparison;
        `None` for all samples of an item, of which there must be two. More than eight become several works
        of nearly the same size.
    bare
        Whether an item without any sample is a work of its own.
    only
        The groups to lay out, each as the ids of its samples; all groups where not given.

    >>> moon = Item("moon", "Write eight lines about the moon.")
    >>> answers = [Sample(f"moon/{name}", "moon", name, "…") for name in ("a", "b", "c")]
    >>> [work.id for work in plan([moon], answers, shows=2)]
    ['moon:a|b', 'moon:a|c', 'moon:b|c']
    >>> [work.id for work in plan([moon], answers, shows=None)]
    ['moon:a|b|c']
    """
    by_item: dict[str, list[Sample]] = {}
    for sample in samples:
        by_item.setdefault(sample.item, []).append(sample)
    works: list[Work] = []
    for item in items:
        own = sorted(by_item.pop(item.id, []), key=lambda sample: sample.id)
        if shows == 0 or (bare and not own):
            works.append(Work(item.id, item))
            continue
        works.extend(
            Work(_key(item, group), item, group)
            for group in (_together(own) if shows is None else combinations(own, shows))
            if only is None or frozenset(sample.id for sample in group) in only
        )
    if by_item:
        raise BriefError(
            say(
                "samples belong to an unknown item {item!r}; import its prompt too",
                item=next(iter(by_item)),
            )
        )
    return works


def _together(own: Sequence[Sample]) -> list[tuple[Sample, ...]]:
    """Return samples in groups of at most `TOGETHER`, as even as can be; none where there is only one."""
    if len(own) < 2:
        return []
    groups = math.ceil(len(own) / TOGETHER)
    return [tuple(own[start::groups]) for start in range(groups)]


def _key(item: Item, group: Sequence[Sample]) -> str:
    names = "|".join(sample.author for sample in group)
    if len(group) > 2 and len(names) > LONGEST_KEY:
        names = hashlib.sha256(names.encode()).hexdigest()[:32]
    return f"{item.id}:{names}"
