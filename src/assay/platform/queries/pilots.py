"""Pilots: how far they are, what they turned up, and what a project lacks before it may open."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from django.db.models import Count, Q, QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from assay.judgments import kind as kind_named
from assay.platform.models import (
    EdgeCaseRow,
    FlagRow,
    GoldRow,
    JudgmentRow,
    PersonRow,
    PilotRow,
    ProjectRow,
    SkillRow,
    State,
    WorkRow,
)
from assay.platform.queries.projects import latest_brief
from assay.platform.queries.work import samples_of
from assay.records import Brief, Judgment, Question, Sample, Work

ENOUGH = 2
"""Judgments that a work needs before anybody can part on it."""

PLACES = "ABCDEFGH"
WORDS = {
    "tie": gettext_lazy("Equally good"),
    "both_bad": gettext_lazy("Both bad"),
    "all_bad": gettext_lazy("All bad"),
}
"""What people read in place of the labels that comparisons have beside their samples."""

Thing = TypeVar("Thing")


# -- the life of a project -------------------------------------------------------------------------------


def running(project: ProjectRow) -> PilotRow | None:
    """Return the pilot that runs just now."""
    return PilotRow.objects.filter(project=project, closed_at__isnull=True).select_related("brief").first()


def last(project: ProjectRow) -> PilotRow | None:
    """Return the pilot that runs, or else the last one that counts."""
    found = PilotRow.objects.filter(project=project, withdrawn="").select_related("brief")
    return found.order_by("-pk").first()


def lacking(project: ProjectRow) -> str:
    """Say in a sentence what a project lacks before it may open; nothing where it may."""
    if project.state == State.OPEN:
        return _("The project is open already.")
    if not WorkRow.objects.filter(project=project).exists() and not lays_out_itself(project):
        return _("Bring in something to judge first.")
    if project.waived:
        return ""
    pilot = last(project)
    if pilot is None:
        return _("Run a pilot first: a few people judge a sample, and you settle what the brief left open.")
    if pilot.closed_at is None:
        return _("A pilot is running: settle or dismiss its edge cases, then close it.")
    return ""


def lays_out_itself(project: ProjectRow) -> bool:
    """Say whether a project's works come from battles that people hold, and not from what is brought in."""
    return bool(latest_brief(project).content.get("live"))


def lacking_to_close(pilot: PilotRow) -> str:
    """Say in a sentence what a pilot lacks before it may close; nothing where it may."""
    judged = works_of(pilot).filter(judged__gte=ENOUGH).count()
    needed = (pilot.works + 1) // 2
    if judged < needed:
        text = _(
            "Two people have judged %(judged)s of its %(works)s works; wait until they have judged "
            "%(needed)s, or withdraw the pilot."
        )
        return text % {"judged": judged, "works": pilot.works, "needed": needed}
    left = cases(pilot).filter(state=EdgeCaseRow.OPEN).count()
    if left:
        return ngettext(
            "%(left)s edge case is open: settle or dismiss it.",
            "%(left)s edge cases are open: settle or dismiss each.",
            left,
        ) % {"left": left}
    return ""


# -- a pilot -----------------------------------------------------------------------------------------------


def works_of(pilot: PilotRow) -> QuerySet[WorkRow]:
    """Return the works of the pilot that runs."""
    return WorkRow.objects.filter(project=pilot.project_id, use=WorkRow.PILOT).order_by("pk")


def pilots(project: ProjectRow) -> QuerySet[PilotRow]:
    """Return every pilot of a project, the last first, with its version."""
    return PilotRow.objects.filter(project=project).select_related("brief").order_by("-pk")


@dataclass(frozen=True)
class Share:
    """How much of a pilot one person has judged."""

    person: str
    done: int


@dataclass(frozen=True)
class Progress:
    """How far a pilot is: judgments there and wanted, and who made them."""

    done: int
    wanted: int
    twice: int
    people: tuple[Share, ...]


def progress(pilot: PilotRow) -> Progress:
    """Count the judgments of the pilot that runs, person by person."""
    works = list(works_of(pilot).values_list("judged", "cap"))
    rows = (
        JudgmentRow.objects.filter(
            work__in=works_of(pilot).values("pk"), superseded_by__isnull=True, brief=pilot.brief_id
        )
        .values_list("person__name")
        .annotate(done=Count("pk"))
        .order_by("-done", "person__name")
    )
    return Progress(
        done=sum(judged for judged, _cap in works),
        wanted=sum(cap for _judged, cap in works),
        twice=sum(judged >= ENOUGH for judged, _cap in works),
        people=tuple(Share(name, done) for name, done in rows),
    )


def draw(project: ProjectRow, count: int, rng: np.random.Generator) -> list[int]:
    """Return the numbers of so many works that nobody has begun, spread over languages, domains and items."""
    rows = WorkRow.objects.filter(project=project, use=WorkRow.WORK, taken=0).order_by("pk")
    places: dict[Hashable, list[tuple[int, int]]] = {}
    for number, item, language, domain in rows.values_list("pk", "item_id", "language", "domain"):
        places.setdefault((language, domain), []).append((number, item))
    spread: list[list[int]] = []
    for own in places.values():
        mixed = [own[place] for place in rng.permutation(len(own))]
        seen: Counter[int] = Counter()
        turn = []
        for number, item in mixed:
            turn.append((seen[item], number))
            seen[item] += 1
        spread.append([number for _turn, number in sorted(turn, key=lambda pair: pair[0])])
    return in_turns(spread, count)


def in_turns(groups: Sequence[Sequence[Thing]], count: int) -> list[Thing]:
    """Take one of each group in turn, until there are so many.

    >>> in_turns([["a", "b", "c"], ["x"]], 3)
    ['a', 'x', 'b']
    """
    longest = max(map(len, groups), default=0)
    turns = [group[turn] for turn in range(longest) for group in groups if turn < len(group)]
    return turns[:count]


@dataclass(frozen=True)
class Material:
    """What edge cases are found in; `silent` and `notes` by the id of a work."""

    brief: Brief
    works: list[Work]
    judgments: list[Judgment]
    numbers: Mapping[str, int]
    silent: Mapping[str, list[str]]
    known: Mapping[str, float]


def material(pilot: PilotRow) -> Material:
    """Read what the pilot that runs has come to."""
    rows = list(works_of(pilot).select_related("item"))
    samples = samples_of(rows)
    said = _said(pilot, [row.pk for row in rows])
    brief = pilot.brief.record()
    key_of = {row.pk: row.key for row in rows}
    silent: dict[str, list[str]] = {}
    for number, note in FlagRow.objects.filter(
        work__in=list(key_of), cause=FlagRow.SILENT, settled_at__isnull=True
    ).values_list("work", "note"):
        silent.setdefault(key_of[number], []).append(note)
    return Material(
        brief,
        [row.record(samples) for row in rows],
        [
            row.record(work=key_of[row.work_id], kind=brief.kind, version=brief.version)
            for row in said
            if row.work_id in key_of
        ],
        {row.key: row.pk for row in rows},
        silent,
        _known(brief, {row.person.name for row in said}),
    )


def _said(pilot: PilotRow, works: Sequence[int]) -> list[JudgmentRow]:
    return list(
        JudgmentRow.objects.filter(work__in=works, brief=pilot.brief_id, superseded_by__isnull=True)
        .select_related("person")
        .order_by("pk")
    )


def _known(brief: Brief, names: set[str]) -> dict[str, float]:
    """Return how good people have proved to be elsewhere at what the brief wants."""
    skills = list(brief.skills) or [brief.kind]
    rows = SkillRow.objects.filter(person__name__in=names, skill__in=skills, language="", domain="")
    found: dict[str, list[float]] = {}
    for name, mean in rows.values_list("person__name", "mean"):
        found.setdefault(name, []).append(mean)
    return {name: sum(means) / len(means) for name, means in found.items()}


# -- edge cases --------------------------------------------------------------------------------------------


def cases(pilot: PilotRow) -> QuerySet[EdgeCaseRow]:
    """Return the edge cases of a pilot, the most doubtful first."""
    return EdgeCaseRow.objects.filter(pilot=pilot).select_related("work__item").order_by("-doubt", "pk")


def case_row(project: ProjectRow, number: int) -> EdgeCaseRow:
    """Return one edge case of a project."""
    found = EdgeCaseRow.objects.filter(project=project, pk=number).select_related("work__item", "brief")
    row = found.first()
    if row is None:
        raise Http404
    return row


@dataclass(frozen=True)
class Choice:
    """A label that may be the right one: how it reads, and how many chose it."""

    label: str
    text: str
    votes: int
    chosen: bool


@dataclass(frozen=True)
class Asked:
    """A question of an edge case, with the labels to choose from; none for a number."""

    question: Question
    choices: tuple[Choice, ...]
    given: str


@dataclass(frozen=True)
class Said:
    """One judgment of an edge case without its author's name; `votes` pairs questions and how they read."""

    number: int
    answer: Mapping[str, object]
    votes: tuple[tuple[str, str], ...]
    seconds: float | None


@dataclass(frozen=True)
class Case:
    """An edge case with all its evidence; samples have letters in place of authors."""

    row: EdgeCaseRow
    brief: Brief
    work: Work
    places: tuple[tuple[str, int, str], ...]
    letters: Mapping[str, str]
    said: tuple[Said, ...]
    asked: tuple[Asked, ...]
    notes: tuple[str, ...]


def case(project: ProjectRow, number: int) -> Case:
    """Return an edge case as its author reads it."""
    row = case_row(project, number)
    samples = samples_of([row.work])
    work = row.work.record(samples)
    brief = row.brief.record()
    kind = kind_named(brief.kind)
    letters = {sample.id: _("Answer %s") % place for sample, place in zip(work.samples, PLACES, strict=False)}
    judgments = JudgmentRow.objects.filter(work=row.work, brief=row.brief, superseded_by__isnull=True)
    said, votes = [], {question.name: Counter[str]() for question in kind.questions(brief)}
    for place, judgment in enumerate(judgments.order_by("token"), 1):  # in an order that tells nothing
        own = kind.votes(brief, work, judgment.answer)
        worded = tuple((name, read(label, letters)) for name, label in own.items())
        said.append(Said(place, judgment.answer, worded, judgment.seconds))
        for name, label in own.items():
            votes[name][label] += 1
    return Case(
        row=row,
        brief=brief,
        work=work,
        places=tuple(
            (place, sample, samples[sample].text)
            for place, sample in zip(PLACES, row.work.samples, strict=False)
        ),
        letters=letters,
        said=tuple(said),
        asked=tuple(
            Asked(
                question,
                _choices(question, votes[question.name], row.labels.get(question.name, ""), letters),
                row.labels.get(question.name, ""),
            )
            for question in kind.questions(brief)
        ),
        notes=tuple(note for note in row.notes if note),
    )


def _choices(
    question: Question, votes: Counter[str], chosen: str, letters: Mapping[str, str]
) -> tuple[Choice, ...]:
    if question.type == "ratings":
        return ()
    labels = dict.fromkeys([*(question.labels if not question.several else ()), *votes])
    if question.compares and len(letters) < len(PLACES):
        outside = set(PLACES.lower()[len(letters) :])
        labels = {label: None for label in labels if label not in outside}
    return tuple(Choice(label, read(label, letters), votes[label], label == chosen) for label in labels)


def read(label: str, letters: Mapping[str, str]) -> str:
    """Return a label as people read it, samples by their letters.

    >>> letters = {"m/x": "Answer A", "m/y": "Answer B"}
    >>> read("b", letters), read('["m/y", ["m/x"]]', letters), read("yes", letters)
    ('Answer B', 'Answer B, Answer A', 'yes')
    """
    if label in letters:
        return letters[label]
    if len(label) == 1 and label.upper() in PLACES[: len(letters)]:
        return list(letters.values())[PLACES.index(label.upper())]
    if label in WORDS:
        return str(WORDS[label])
    if label.startswith("["):
        try:
            return ", ".join(_flat(json.loads(label), letters))
        except ValueError:
            return label
    return label


def _flat(value: object, letters: Mapping[str, str]) -> list[str]:
    if isinstance(value, list):
        if value and all(isinstance(part, int | float) for part in value):
            return [" – ".join(map(str, value))]
        return [text for part in value for text in _flat(part, letters)]
    return [letters.get(str(value), str(value))]


# -- what training teaches ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Point:
    """One question of a training work: what somebody said, and what is right."""

    question: str
    said: str
    right: str
    agrees: bool


@dataclass(frozen=True)
class Lesson:
    """What was right about a training work, and why."""

    project: ProjectRow
    work: Work
    places: tuple[tuple[str, str], ...]
    points: tuple[Point, ...]
    because: str

    @property
    def right(self) -> bool:
        """Whether everything that was said is right."""
        return all(point.agrees for point in self.points)


def teaches(judgment: JudgmentRow) -> bool:
    """Say whether a judgment was made to learn from."""
    return judgment.work.use == WorkRow.TRAINING


def lesson(judgment: JudgmentRow) -> Lesson | None:
    """Return what a judgment on a training work teaches; `None` for any other work."""
    gold = (
        GoldRow.objects.filter(work=judgment.work_id, work__use=WorkRow.TRAINING)
        .select_related("work__item")
        .first()
    )
    if gold is None:
        return None
    work = gold.work.record(samples_of([gold.work]))
    brief = judgment.brief.record()
    kind = kind_named(brief.kind)
    letters = {sample.id: _("Answer %s") % place for sample, place in _in_order(judgment, work)}
    by_place = {
        sample.id: letters[sample.id] for sample in work.samples
    }  # a label's letter is the work's order
    votes = kind.votes(brief, work, judgment.answer)
    texts = {question.name: question.text for question in kind.questions(brief)}
    points = []
    for name, right in gold.labels.items():
        said = votes.get(name, "")
        if name in texts:
            points.append(Point(texts[name], read(said, by_place), read(right, by_place), said == right))
    text_of = {sample.id: sample.text for sample in work.samples}
    places = tuple((letter, text_of[sample]) for sample, letter in letters.items())
    return Lesson(judgment.project, work, places, tuple(points), gold.because)


def own_lesson(person: PersonRow, number: int) -> Lesson:
    """Return what one's own judgment on a training work teaches."""
    row = (
        JudgmentRow.objects.filter(Q(pk=number), person=person, project__memberships__person=person)
        .select_related("project", "brief")
        .first()
    )
    found = lesson(row) if row else None
    if found is None:
        raise Http404
    return found


def _in_order(judgment: JudgmentRow, work: Work) -> list[tuple[Sample, str]]:
    """Return the samples with their letters as the person saw them."""
    by_id = {sample.id: sample for sample in work.samples}
    shown = [by_id[sample] for sample in judgment.shown if sample in by_id]
    rest = [sample for sample in work.samples if sample not in shown]
    return list(zip([*shown, *rest], PLACES, strict=False))


# -- for the pages -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Life:
    """Where a project stands on its way, and what it lacks before it may open."""

    state: str
    title: str
    lacking: str
    waived: str
    pilot: PilotRow | None
    open_cases: int

    @property
    def opens(self) -> bool:
        """Whether it may be opened now."""
        return not self.lacking


def life(project: ProjectRow) -> Life:
    """Return where a project stands."""
    pilot = last(project)
    left = cases(pilot).filter(state=EdgeCaseRow.OPEN).count() if pilot and pilot.closed_at is None else 0
    title = str(State(project.state).label)
    return Life(project.state, title, lacking(project), project.waived, pilot, left)
