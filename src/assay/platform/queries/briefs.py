"""Briefs: their versions, and what changed from one to the next."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from django.http import Http404
from django.utils.translation import gettext as _

from assay.platform.models import BriefRow, ProjectRow
from assay.records import Brief, Question

Sign = Literal["same", "gone", "new"]


@dataclass(frozen=True)
class Change:
    """What changed in one part of a brief: pieces of its text in their order, each the same, gone or new.

    Where the part is a list, each piece is an entry.
    """

    title: str
    pieces: tuple[tuple[Sign, str], ...]
    listed: bool


@dataclass(frozen=True)
class Version:
    """One version of a brief, and what it changed; nothing for the first."""

    row: BriefRow
    brief: Brief
    changes: tuple[Change, ...]


def versions(project: ProjectRow) -> list[Version]:
    """Return every version of a brief with what it changed, the newest first."""
    rows = list(BriefRow.objects.filter(project=project).order_by("version"))
    records = [row.record() for row in rows]
    before = [None, *records[:-1]]
    found = [
        Version(row, now, tuple(changes(was, now)) if was else ())
        for row, was, now in zip(rows, before, records, strict=True)
    ]
    return found[::-1]


def version(project: ProjectRow, number: int) -> BriefRow:
    """Return one version of a project's brief."""
    found = BriefRow.objects.filter(project=project, version=number).first()
    if found is None:
        raise Http404
    return found


def changes(was: Brief, now: Brief) -> list[Change]:
    """Return what changed between two versions of a brief, for people to read.

    >>> from dataclasses import replace
    >>> old = Brief("poems", "Delight a reader.", "pairwise", principles=("Be brief.",))
    >>> new = replace(old, goal="Delight every reader.", principles=("Be brief.", "Be odd."))
    >>> [(change.title, change.pieces) for change in changes(old, new)][0]
    ('Goal', (('same', 'Delight '), ('gone', 'a'), ('new', 'every'), ('same', ' reader.')))
    >>> changes(old, new)[1].pieces
    (('same', 'Be brief.'), ('new', 'Be odd.'))
    """
    texts = [
        (_("Goal"), was.goal, now.goal),
        (_("What great looks like"), was.great, now.great),
        (_("What merely ticks boxes"), was.ticks_boxes, now.ticks_boxes),
        (_("Privacy"), was.privacy, now.privacy),
        (_("Pay"), pay_of(was), pay_of(now)),
        (_("Judgments for each work"), str(was.judgments_per_work), str(now.judgments_per_work)),
        (_("Live battles"), live_of(was), live_of(now)),
    ]
    lists = [
        (_("Principles"), was.principles, now.principles),
        (_("Worked examples"), _examples(was), _examples(now)),
        (_("Questions"), tuple(map(told, was.questions)), tuple(map(told, now.questions))),
        (_("Languages of the items"), was.languages, now.languages),
        (_("Skills wanted"), was.skills, now.skills),
    ]
    return [
        *(Change(title, _words(old, new), False) for title, old, new in texts if old != new),
        *(Change(title, _entries(old, new), True) for title, old, new in lists if old != new),
    ]


def pay_of(brief: Brief) -> str:
    """Return what a brief pays, in words; empty where it says nothing.

    >>> from assay.records import Pay
    >>> pay_of(Brief("poems", "Delight.", "pairwise", pay=Pay(12.5, "EUR", "hour")))
    '12.50 EUR an hour'
    """
    if brief.pay is None:
        return ""
    places = {"amount": f"{brief.pay.amount:.2f}", "currency": brief.pay.currency.upper()}
    if brief.pay.per == "hour":
        return _("%(amount)s %(currency)s an hour") % places
    return _("%(amount)s %(currency)s a judgment") % places


def live_of(brief: Brief) -> str:
    """Return the terms of live battles, in words; empty where a brief has none.

    >>> from assay.records import Live
    >>> live_of(Brief("poems", "Delight.", "pairwise", live=Live(own=False)))
    'Prompts are given. No follow-ups. Which models answered is not shown.'
    """
    if (live := brief.live) is None:
        return ""
    parts = (
        _("People write prompts of their own.") if live.own else _("Prompts are given."),
        _("Follow-ups: %s.") % live.follow_ups if live.follow_ups else _("No follow-ups."),
        _("Which models answered is shown after the vote.")
        if live.reveal
        else _("Which models answered is not shown."),
    )
    return " ".join(parts)


def told(question: Question) -> str:
    """Return a question with its labels or its scale, in one line.

    >>> told(Question("new", "Is it new?", ("no", "yes")))
    'Is it new? (no, yes)'
    """
    scale = ", ".join(question.labels)
    if question.type == "ratings":
        scale = f"{question.low:g} – {question.high:g}"
    return f"{question.text} ({scale})" if scale else question.text


def _examples(brief: Brief) -> tuple[str, ...]:
    parts = []
    for example in brief.examples:
        title = _("Great") if example.great else _("Fails")
        parts.append(f"{title}: {example.answer}\n{example.because}")
    return tuple(parts)


def _words(was: str, now: str) -> tuple[tuple[Sign, str], ...]:
    old, new = (re.findall(r"\w+|\s+|[^\w\s]", text) for text in (was, now))
    return _pieces(old, new, join=True)


def _entries(was: Sequence[str], now: Sequence[str]) -> tuple[tuple[Sign, str], ...]:
    return _pieces(list(was), list(now), join=False)


def _pieces(old: list[str], new: list[str], *, join: bool) -> tuple[tuple[Sign, str], ...]:
    found: list[tuple[Sign, str]] = []
    for what, start, stop, first, last in difflib.SequenceMatcher(None, old, new, False).get_opcodes():
        sides: list[tuple[Sign, list[str]]] = [("same", old[start:stop])]
        if what != "equal":
            sides = [("gone", old[start:stop]), ("new", new[first:last])]
        for sign, parts in sides:
            found += [(sign, "".join(parts))] if join and parts else [(sign, part) for part in parts]
    return tuple(found)
