"""Works: which are open to a person, what they are at, and what there is to see."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from django.db import connection
from django.http import Http404
from django.utils.crypto import salted_hmac

from assay.judgments import Kind
from assay.judgments import kind as kind_named
from assay.platform.models import (
    BriefRow,
    ItemRow,
    JudgmentRow,
    LeaseRow,
    PersonRow,
    ProjectRow,
    SampleRow,
    WorkRow,
)
from assay.platform.queries.projects import RIGHTS
from assay.platform.queries.statements import Select, link
from assay.records import Brief, Sample, Work


@dataclass(frozen=True)
class Assignment:
    """What a person at a work sees: the brief, the work, and its samples in the order drawn for them.

    Nothing in `work` and `shown` hints at who wrote what: authors are left out, and samples have names drawn
    for this lease, since ids such as `moon/gpt` would tell. `names` leads from a drawn name to the id.
    """

    lease: LeaseRow
    brief: Brief
    work: Work
    shown: tuple[Sample, ...]
    kind: Kind
    names: Mapping[str, str]

    def concealed(self, answer: Mapping[str, object]) -> dict[str, object]:
        """Return an answer with the drawn names of samples in place of their ids, wherever they stand."""
        drawn = {real: name for name, real in self.names.items()}
        return cast("dict[str, object]", renamed(answer, drawn))

    def revealed(self, answer: Mapping[str, object]) -> dict[str, object]:
        """Return an answer with the ids of samples in place of their drawn names, wherever they stand."""
        return cast("dict[str, object]", renamed(answer, self.names))


def renamed(value: object, names: Mapping[str, str]) -> object:
    """Return a value with the texts in it replaced that stand in `names`, keys included, however deep."""
    if isinstance(value, Mapping):
        return {names.get(key, key): renamed(part, names) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [renamed(part, names) for part in value]
    return names.get(value, value) if isinstance(value, str) else value


def draft_of(given: Assignment, answer: Mapping[str, object]) -> dict[str, object]:
    """Return a checked answer as the form of its kind would send it."""
    own = getattr(given.kind, "typed", None)
    return as_typed(own(given.brief, answer) if own else answer)


def as_typed(answer: Mapping[str, object]) -> dict[str, object]:
    """Return a checked answer as a form would send it: numbers as text, lists as JSON, yes as `yes`.

    >>> as_typed({"strength": 2, "great": True, "labels": {"ear": "yes"}, "order": [["b"], ["a"]]})
    {'strength': '2', 'great': 'yes', 'labels': {'ear': 'yes'}, 'order': '[["b"], ["a"]]'}
    """
    return {name: _typed(value) for name, value in answer.items()}


def _typed(value: object) -> object:
    if isinstance(value, Mapping):
        return as_typed(value)
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, list | tuple):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else str(value)


_LEASES = Select(
    "SELECT {l} FROM platform_leaserow l WHERE l.person_id = %s AND l.project_id = %s "
    "AND l.state IN ('held', 'lapsed') ORDER BY l.state, l.expires_at DESC",
    l=LeaseRow,
)


def leases(person: PersonRow, project: ProjectRow) -> list[LeaseRow]:
    """Return what a person is at in a project, and what lapsed under their hands; the held one first."""
    return [found for (found,) in _LEASES.all([person.pk, project.pk])]


_LEASE = Select(
    """
SELECT {l}, {w}, {i}, {b}, {p} FROM platform_leaserow l
JOIN platform_membershiprow m ON m.project_id = l.project_id AND m.person_id = l.person_id
JOIN platform_workrow w ON w.id = l.work_id JOIN platform_itemrow i ON i.id = w.item_id
JOIN platform_briefrow b ON b.id = l.brief_id JOIN platform_projectrow p ON p.id = l.project_id
WHERE l.token = %s AND l.person_id = %s AND m.role IN (%s, %s, %s, %s)""",
    l=LeaseRow,
    w=WorkRow,
    i=ItemRow,
    b=BriefRow,
    p=ProjectRow,
)


def lease(person: PersonRow, token: str, *, lock: bool = False) -> LeaseRow | None:
    """Return a person's lease while they may judge in its project; `None` where it is gone or never was."""
    locked = " FOR UPDATE OF l" if lock and connection.features.has_select_for_update else ""
    found = _LEASE.first([token, person.pk, *RIGHTS["judge"]], more=locked)
    if found is None:
        return None
    own, work, item, brief, project = found
    link(work, item=item, project=project)
    link(own, work=work, brief=brief, project=project)
    return cast("LeaseRow", own)


def lease_or_404(person: PersonRow, token: str) -> LeaseRow:
    """Return a person's lease."""
    found = lease(person, token)
    if found is None:
        raise Http404
    return found


def is_superseded(judgment: int) -> bool:
    """Say whether something took the place of a judgment, by its number."""
    return JudgmentRow.objects.filter(supersedes=judgment).exists()


def judged(person: PersonRow, token: str) -> JudgmentRow | None:
    """Return the judgment a person already made with this token."""
    return JudgmentRow.objects.filter(token=token, person=person).select_related("project").first()


_WORK = Select(
    "SELECT {w}, {i}, p.budget IS NOT NULL FROM platform_workrow w "
    "JOIN platform_itemrow i ON i.id = w.item_id JOIN platform_projectrow p ON p.id = w.project_id "
    "WHERE w.id = %s",
    w=WorkRow,
    i=ItemRow,
)


def work_with_item(number: int) -> WorkRow:
    """Return a work by the number of its row, with its item."""
    return work_and_budget(number)[0]


def work_and_budget(number: int) -> tuple[WorkRow, bool]:
    """Return a work by the number of its row, with its item, and whether its project has a budget by now."""
    found = _WORK.first([number])
    if found is None:
        raise Http404
    row, item, has_budget = found
    link(row, item=item)
    return cast("WorkRow", row), bool(has_budget)


_SAMPLES = Select("SELECT {s} FROM platform_samplerow s WHERE s.id IN ", s=SampleRow)


def samples_of(works: Iterable[WorkRow]) -> dict[int, SampleRow]:
    """Return the sample rows of works, by id."""
    wanted = [number for work in works for number in work.samples]
    found: dict[int, SampleRow] = {}
    for start in range(0, len(wanted), 500):  # SQLite takes a thousand parameters
        some = wanted[start : start + 500]
        rows = _SAMPLES.all(some, more=f"({', '.join(['%s'] * len(some))})")
        found |= {row.pk: row for (row,) in rows}
    return found


def assignment(lease: LeaseRow) -> Assignment:
    """Return what the person who holds a lease sees."""
    rows = samples_of([lease.work])
    brief = lease.brief.record()
    item = replace(lease.work.item.record(), id=lease.token)
    drawn = {
        number: Sample(
            salted_hmac("assay.sample", f"{lease.token}/{number}").hexdigest()[:20],
            item.id,
            "",
            rows[number].text,
        )
        for number in lease.shown
    }
    return Assignment(
        lease=lease,
        brief=brief,
        work=Work(lease.token, item, tuple(drawn[number] for number in lease.work.samples)),
        shown=tuple(drawn.values()),
        kind=kind_named(brief.kind),
        names={sample.id: rows[number].key for number, sample in drawn.items()},
    )


def by_key(project: ProjectRow, keys: Sequence[str]) -> dict[str, WorkRow]:
    """Return works of a project by their keys, with their items."""
    found: dict[str, WorkRow] = {}
    for start in range(0, len(keys), 500):
        rows = WorkRow.objects.filter(project=project, key__in=keys[start : start + 500])
        found |= {row.key: row for row in rows.select_related("item")}
    return found


@dataclass(frozen=True)
class Reading:
    """One work with everything that was said about it."""

    row: WorkRow
    work: Work
    judgments: list[JudgmentRow]


def reading(project: ProjectRow, number: int) -> Reading:
    """Return a work of a project and the judgments on it that are in force."""
    row = WorkRow.objects.filter(project=project, pk=number).select_related("item").first()
    if row is None:
        raise Http404
    said = (
        JudgmentRow.objects.filter(work=row, superseded_by__isnull=True)
        .select_related("person", "brief")
        .order_by("submitted_at")
    )
    return Reading(row, row.record(samples_of([row])), list(said))


def numbers(project: ProjectRow, keys: Sequence[str]) -> dict[str, tuple[int, str]]:
    """Return key → row id and prompt, for links."""
    rows = WorkRow.objects.filter(project=project, key__in=list(keys)[:500])
    return {key: (number, prompt) for key, number, prompt in rows.values_list("key", "pk", "item__prompt")}
