"""Projects: whose they are, how far they are, and what their brief says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import connection
from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import TruncDate
from django.http import Http404
from django.utils.text import slugify

from assay.errors import AssayError
from assay.judgments import kind as kind_named
from assay.platform.models import BriefRow, JudgmentRow, MembershipRow, PersonRow, ProjectRow, Role, WorkRow
from assay.platform.queries.statements import Select, link

SLUG_LIMIT, TITLE_LIMIT = 100, 200
Right = Literal["judge", "read", "review", "manage", "connect", "invite"]

RIGHTS: dict[Right, tuple[str, ...]] = {
    "judge": (Role.OWNER, Role.AUTHOR, Role.REVIEWER, Role.CONTRIBUTOR),
    # Contributors do not see what others said: it would bend what they say.
    "read": (Role.OWNER, Role.AUTHOR, Role.REVIEWER, Role.VIEWER),
    "review": (Role.OWNER, Role.AUTHOR, Role.REVIEWER),
    "manage": (Role.OWNER, Role.AUTHOR),
    # Who names the address of a model sends our server there: that is for whoever answers for the project.
    "connect": (Role.OWNER,),
    "invite": (Role.OWNER,),
}


_MEMBERSHIP = Select(
    "SELECT {m}, {p} FROM platform_membershiprow m JOIN platform_projectrow p ON p.id = m.project_id "
    "WHERE m.person_id = %s AND p.slug = %s",
    m=MembershipRow,
    p=ProjectRow,
)


def membership(person: PersonRow, slug: str, right: Right) -> MembershipRow:
    """Return a person's membership with its project, if it gives them the right."""
    found = _MEMBERSHIP.first([person.pk, slug])
    if found is None or found[0].role not in RIGHTS[right]:
        raise Http404
    member, project = found
    link(member, project=project, person=person)
    return cast("MembershipRow", member)


def may(found: MembershipRow, right: Right) -> bool:
    """Say whether a membership gives a right."""
    return found.role in RIGHTS[right]


Project = ProjectRow
Person = PersonRow
"""For those who name the type of a project or a person and touch no table."""


def judges(project: ProjectRow) -> int:
    """Count the people who may judge in a project."""
    return MembershipRow.objects.filter(project=project, role__in=RIGHTS["judge"]).count()


def rights_of(found: MembershipRow) -> dict[str, bool]:
    """Say for each right whether a membership gives it."""
    return {right: may(found, right) for right in RIGHTS}


def roles_to_give() -> list[tuple[str, str]]:
    """Return the roles that an invitation can carry, with what people read."""
    return [(value, str(label)) for value, label in Role.choices if value != Role.OWNER]


def may_open(person: PersonRow) -> bool:
    """Say whether a person may open a project."""
    return person.is_administrator


@dataclass(frozen=True)
class Progress:
    """How far a project is: `done` of `wanted` judgments; works in all, and finished."""

    works: int
    finished: int
    done: int
    wanted: int

    @property
    def share(self) -> float:
        """The share of the wanted judgments that are there."""
        return self.done / self.wanted if self.wanted else 0.0


def progress(project: ProjectRow) -> Progress:
    """Count the works of a project and the judgments on them, those aside whose answer is known."""
    wanted = WorkRow.objects.filter(project=project).exclude(
        use__in=[WorkRow.GOLD, WorkRow.TRAINING, WorkRow.WITHHELD]
    )
    found = wanted.aggregate(
        works=Count("pk"),
        finished=Count("pk", filter=Q(judged__gte=F("cap"))),
        done=Sum("judged", default=0),
        wanted=Sum("cap", default=0),
    )
    return Progress(**found)


@dataclass(frozen=True)
class Card:
    """A project as a person sees it in their list; `progress` only where they may read it."""

    project: ProjectRow
    role: str
    goal: str
    judges: bool
    reads: bool
    own: int
    progress: Progress | None


def cards(person: PersonRow) -> list[Card]:
    """Return the projects a person belongs to, the newest first."""
    judged = JudgmentRow.objects.filter(person=person, supersedes__isnull=True)  # a work counts once
    own = dict(judged.values_list("project").annotate(Count("pk")).order_by())
    found = MembershipRow.objects.filter(person=person).select_related("project").order_by("-project__pk")
    return [
        Card(
            project=each.project,
            role=each.get_role_display(),
            goal=latest_brief(each.project).content["goal"],
            judges=may(each, "judge"),
            reads=may(each, "read"),
            own=own.get(each.project_id, 0),
            progress=progress(each.project) if may(each, "read") else None,
        )
        for each in found
    ]


_LATEST = Select(
    "SELECT {b} FROM platform_briefrow b WHERE b.project_id = %s ORDER BY b.version DESC LIMIT 1", b=BriefRow
)


def latest_brief(project: ProjectRow) -> BriefRow:
    """Return the brief in force."""
    found = _LATEST.first([project.pk])
    if found is None:
        raise BriefRow.DoesNotExist
    return cast("BriefRow", found[0])


def has_budget(project: ProjectRow) -> bool:
    """Say whether a project has a budget by now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT budget IS NOT NULL FROM platform_projectrow WHERE id = %s", [project.pk])
        return bool(cursor.fetchone()[0])


def is_live(project: ProjectRow) -> bool:
    """Say whether people talk to models in a project."""
    return bool(getattr(kind_named(latest_brief(project).content["kind"]), "live", False))


def briefs(project: ProjectRow) -> QuerySet[BriefRow]:
    """Return every version, the newest first."""
    return BriefRow.objects.filter(project=project).order_by("-version")


def members(project: ProjectRow) -> QuerySet[MembershipRow]:
    """Return who belongs to a project, by name."""
    return MembershipRow.objects.filter(project=project).select_related("person").order_by("person__name")


def judged_from_outside(project: ProjectRow) -> int:
    """Count the people who judged, are no members and cannot sign in: their judgments came in a table."""
    inside = MembershipRow.objects.filter(project=project).values("person")
    outside = JudgmentRow.objects.filter(
        project=project, person__password__startswith=UNUSABLE_PASSWORD_PREFIX
    ).exclude(person__in=inside)
    return outside.values("person").distinct().count()


def per_day(project: ProjectRow) -> dict[str, int]:
    """Count the judgments of each day."""
    rows = (
        JudgmentRow.objects.filter(project=project)
        .annotate(day=TruncDate("submitted_at"))
        .values_list("day")
        .annotate(Count("pk"))
        .order_by("day")
    )
    return {day.isoformat(): count for day, count in rows}


# -- for a shell, where whoever holds the files holds every right ------------------------------------------


def named(name: str) -> ProjectRow | None:
    """Return the project that goes by a name: the one in its address, or the one on its page."""
    same = Q(slug=name) | Q(title=name[:TITLE_LIMIT])
    if slug := slugify(name)[:SLUG_LIMIT]:
        same |= Q(slug=slug)
    return ProjectRow.objects.filter(same).first()


def numbered(number: int) -> ProjectRow:
    """Return a project by the number of its row."""
    return ProjectRow.objects.get(pk=number)


def by_slug(slug: str) -> ProjectRow:
    """Return a project by its name, or say which there are."""
    found = named(slug)
    if found is None:
        known = ", ".join(ProjectRow.objects.order_by("slug").values_list("slug", flat=True)[:20])
        raise AssayError(f"there is no project {slug!r}; known: {known or 'none yet'}")
    return found


def everything() -> list[tuple[ProjectRow, Progress]]:
    """Return every project with its progress, by name."""
    return [(project, progress(project)) for project in ProjectRow.objects.order_by("slug")]
