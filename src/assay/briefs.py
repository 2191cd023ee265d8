"""What is asked: a goal, the principles behind it, questions and worked examples, in one version.

Takes what an author wrote, gives a checked `Brief` and the works that follow from it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, replace
from itertools import combinations
from typing import Any

from assay.errors import AssayError
from assay.records import Brief, Item, Question, Sample, Work, WorkedExample


class BriefError(AssayError):
    """A brief that nobody could work from."""


def check(brief: Brief) -> Brief:
    """Return the brief, or say in one sentence what it lacks.

    >>> check(Brief(project="poems", goal="", kind="pairwise"))
    Traceback (most recent call last):
    assay.briefs.BriefError: the brief has no goal; say in a sentence what the data is for
    """
    if not brief.project.strip():
        raise BriefError("the brief has no project name; give it one")
    if not brief.goal.strip():
        raise BriefError("the brief has no goal; say in a sentence what the data is for")
    if brief.judgments_per_work < 1:
        raise BriefError("judgments_per_work must be at least 1")
    seen: set[str] = set()
    for question in brief.questions:
        if len(set(question.labels)) < 2:
            raise BriefError(f"question {question.name!r} needs at least two different labels")
        if question.name in seen:
            raise BriefError(f"question {question.name!r} is asked twice; rename one of them")
        seen.add(question.name)
    return brief


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
            f"the brief has unknown fields: {', '.join(unknown)}; known: {', '.join(sorted(known))}"
        )
    try:
        brief = Brief(
            project=str(fields["project"]),
            goal=str(fields["goal"]),
            kind=str(fields["kind"]),
            version=int(fields.get("version", 1)),
            principles=tuple(map(str, fields.get("principles", ()))),
            questions=tuple(
                Question(q["name"], q["text"], tuple(map(str, q["labels"])), bool(q.get("ordered", False)))
                for q in fields.get("questions", ())
            ),
            examples=tuple(WorkedExample(**example) for example in fields.get("examples", ())),
            languages=tuple(map(str, fields.get("languages", ()))),
            judgments_per_work=int(fields.get("judgments_per_work", 3)),
        )
    except KeyError as missing:
        raise BriefError(f"the brief lacks the field {missing}; add it") from missing
    except (TypeError, ValueError) as wrong:
        raise BriefError(f"a field of the brief has the wrong type: {wrong}") from wrong
    return check(brief)


def plan(
    items: Iterable[Item],
    samples: Iterable[Sample],
    *,
    shows: int,
    only: Collection[frozenset[str]] | None = None,
) -> list[Work]:
    """Lay out the works of a project: every group of `shows` samples of one item, judged together.

    Parameters
    ----------
    items, samples
        Samples whose item is not among `items` are an error.
    shows
        How many samples a kind shows at once: 0 for a demonstration, 1 for a rubric, 2 for a comparison.
    only
        The groups to lay out, each as the ids of its samples; all groups where not given.

    >>> moon = Item("moon", "Write eight lines about the moon.")
    >>> answers = [Sample(f"moon/{name}", "moon", name, "…") for name in ("a", "b", "c")]
    >>> [work.id for work in plan([moon], answers, shows=2)]
    ['moon:a|b', 'moon:a|c', 'moon:b|c']
    """
    by_item: dict[str, list[Sample]] = {}
    for sample in samples:
        by_item.setdefault(sample.item, []).append(sample)
    works: list[Work] = []
    for item in items:
        own = sorted(by_item.pop(item.id, []), key=lambda sample: sample.id)
        if not shows:
            works.append(Work(item.id, item))
            continue
        works.extend(
            Work(f"{item.id}:{'|'.join(sample.author for sample in group)}", item, group)
            for group in combinations(own, shows)
            if only is None or frozenset(sample.id for sample in group) in only
        )
    if by_item:
        raise BriefError(f"samples belong to an unknown item {next(iter(by_item))!r}; import its prompt too")
    return works
