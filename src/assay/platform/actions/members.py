"""Who belongs to a project as what, and what people say of themselves."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from assay.errors import AnswerError, AssayError
from assay.platform.actions.people import invite_person
from assay.platform.actions.work import put_aside
from assay.platform.models import (
    AdjudicationRow,
    InvitationRow,
    LeaseRow,
    MembershipRow,
    PersonRow,
    ProjectRow,
    ReviewRow,
    Role,
)
from assay.platform.queries import members, projects

SKILLS_LIMIT, SKILL_LIMIT = 50, 200


@transaction.atomic
def change_role(*, project: ProjectRow, number: int, role: str) -> MembershipRow:
    """Give a member another role; a project always keeps an owner."""
    member = members.member(project, number)
    if role not in Role.values:
        raise AssayError(_("Choose one of the roles."))
    if role != Role.OWNER:
        _keep_an_owner(member)
    member.role = role
    member.save(update_fields=["role"])
    if not projects.may(member, "judge"):
        _stop_judging(member)
    if not projects.may(member, "review"):
        _stop_reading(member)
    return member


@transaction.atomic
def remove_member(*, project: ProjectRow, number: int) -> MembershipRow:
    """Take somebody out of a project; what they said stays, and what they held goes to others."""
    member = members.member(project, number)
    _keep_an_owner(member)
    _stop_judging(member)
    _stop_reading(member)
    member.delete()
    return member


def _stop_judging(member: MembershipRow) -> None:
    """Give the place of what somebody holds to others; their draft stays for when they come back."""
    held = LeaseRow.objects.filter(project=member.project_id, person=member.person_id, state=LeaseRow.HELD)
    for lease in held.select_for_update():
        put_aside(lease, until=timezone.now())


def _stop_reading(member: MembershipRow) -> None:
    """Leave what somebody reads or decides to others at once."""
    now = timezone.now()
    read = ReviewRow.objects.filter(project=member.project_id, reader=member.person_id)
    read.filter(state=ReviewRow.HELD).update(expires_at=now)
    cases = AdjudicationRow.objects.filter(project=member.project_id, adjudicator=member.person_id)
    cases.filter(decided_at__isnull=True).update(expires_at=now)


def _keep_an_owner(member: MembershipRow) -> None:
    owners = MembershipRow.objects.select_for_update().filter(project=member.project_id, role=Role.OWNER)
    if list(owners.values_list("pk", flat=True)) == [member.pk]:
        raise AssayError(_("A project needs an owner: make somebody else one first."))


def revoke_invitation(*, project: ProjectRow, number: int) -> None:
    """Make a link that nobody has used yet open no door."""
    InvitationRow.objects.filter(project=project, pk=number, used_at__isnull=True).delete()


@transaction.atomic
def renew_password_link(*, project: ProjectRow, number: int, by: PersonRow) -> str:
    """Return the token of a link by which a member chooses a new password; earlier ones stop working.

    Only administrators may ask: whoever holds such a link holds the account.
    """
    member = members.member_to_renew(project, number, by)
    InvitationRow.objects.filter(person=member.person_id, used_at__isnull=True).delete()
    return invite_person(person=member.person)


def change_password(*, person: PersonRow, old: str, new: str) -> None:
    """Give somebody the password they chose, if they know the one they have."""
    if not person.check_password(old):
        raise AnswerError("old", _("The password you have now is another."))
    try:
        validate_password(new, person)
    except ValidationError as wrong:
        raise AnswerError("new", " ".join(wrong.messages)) from wrong
    person.set_password(new)
    person.save(update_fields=["password"])


def describe_oneself(*, person: PersonRow, languages: Sequence[str], skills: Sequence[str]) -> None:
    """Keep the languages somebody reads, and what they say they can do."""
    if len(skills) > SKILLS_LIMIT or any(len(skill) > SKILL_LIMIT for skill in skills):
        raise AnswerError("skills", _("Name at most 50 skills, each in at most 200 characters."))
    person.languages, person.skills = list(languages), list(dict.fromkeys(skills))
    person.save(update_fields=["languages", "skills"])
