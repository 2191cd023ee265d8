"""Who belongs to a project, and who is invited."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone

from assay.platform.models import InvitationRow, MembershipRow, PersonRow, ProjectRow, Role


def member(project: ProjectRow, number: int) -> MembershipRow:
    """Return a member of a project."""
    rows = MembershipRow.objects.filter(project=project, pk=number).select_related("person")
    found = rows.first()
    if found is None:
        raise Http404
    return found


def member_to_renew(project: ProjectRow, number: int, by: PersonRow) -> MembershipRow:
    """Return a member whose password this person may renew: an administrator may, but not another's."""
    found = member(project, number)
    if not may_renew(by, found.person):
        raise Http404
    return found


def may_renew(by: PersonRow, whom: PersonRow) -> bool:
    """Say whether somebody may hand out a link to another person's account."""
    return by.is_administrator and not whom.is_administrator


def roles() -> list[tuple[str, str]]:
    """Return every role with what people read."""
    return [(value, str(label)) for value, label in Role.choices]


def open_invitations(project: ProjectRow) -> QuerySet[InvitationRow]:
    """Return the links into a project that still work, the latest first."""
    now = timezone.now()
    rows = InvitationRow.objects.filter(project=project, used_at__isnull=True, expires_at__gt=now)
    return rows.order_by("-pk")
