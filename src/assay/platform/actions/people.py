"""Letting people in."""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import timedelta

from django.contrib.auth import authenticate
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from assay.errors import AnswerError, AssayError
from assay.platform.models import InvitationRow, MembershipRow, PersonRow, ProjectRow, Role
from assay.platform.queries import people

ADMINISTRATOR = "administrator"
INVITATION_DAYS = 14
UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs"})
JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
"""Unseen, and part of how Persian and Indic names are written."""
ATTEMPTS, ATTEMPTS_WITHIN = 10, 300


def recognise(*, name: str, password: str) -> PersonRow:
    """Return the person behind a name and a password.

    Ten wrong passwords for a name within five minutes, and the name has to wait.
    """
    name = _written(name)
    key = f"attempts-{people.digest(name.casefold())}"
    if (cache.get_or_set(key, 0, ATTEMPTS_WITHIN) or 0) >= ATTEMPTS:
        raise AssayError(_("Too many wrong passwords for this name; wait five minutes."))
    person = authenticate(username=name, password=password)
    if not isinstance(person, PersonRow):
        with suppress(ValueError):  # the five minutes ended while the password was checked
            cache.incr(key)
        raise AssayError(_("Name or password is wrong."))
    cache.delete(key)
    return person


def add_person(
    *, name: str, password: str | None = None, languages: Sequence[str] = (), administrator: bool = False
) -> PersonRow:
    """Add a person; without a password they cannot sign in."""
    name = _clean_name(name)
    if people.is_taken(name):
        raise AssayError(f"somebody is already called {name!r}; choose another name")
    person = PersonRow(name=name, languages=list(languages), is_administrator=administrator)
    person.set_password(password)
    person.save(force_insert=True)
    return person


def people_named(*, names: Iterable[str]) -> dict[str, PersonRow]:
    """Return a person for each name, adding those who are new; they cannot sign in."""
    wanted = sorted(set(names))
    PersonRow.objects.bulk_create(
        [PersonRow(name=name, password=make_password(None)) for name in wanted],
        ignore_conflicts=True,
        batch_size=200,
    )
    found: dict[str, PersonRow] = {}
    for start in range(0, len(wanted), 500):
        found |= {row.name: row for row in PersonRow.objects.filter(name__in=wanted[start : start + 500])}
    return found


@transaction.atomic
def ensure_administrator() -> PersonRow:
    """Return the administrator, who is added on the first start and claims their own name later."""
    return people.administrator() or add_person(name=ADMINISTRATOR, administrator=True)


@transaction.atomic
def renew_administrator_link() -> str | None:
    """Return the token of a fresh link for the administrator, `None` once they have claimed it.

    Links given out before stop working.
    """
    person = ensure_administrator()
    if person.has_usable_password():
        return None
    InvitationRow.objects.filter(person=person, used_at__isnull=True).delete()
    return _invite(person=person)


def invite(*, project: ProjectRow, role: str) -> str:
    """Return the token of a link that lets one person into a project."""
    if role not in Role.values or role == Role.OWNER:
        raise AssayError(_("Choose one of the roles."))
    return _invite(project=project, role=role)


def invite_person(*, person: PersonRow) -> str:
    """Return the token of a link by which somebody known chooses a new name and password."""
    return _invite(person=person)


def _invite(*, person: PersonRow | None = None, project: ProjectRow | None = None, role: str = "") -> str:
    token = secrets.token_urlsafe(32)
    expires_at = timezone.now() + timedelta(days=INVITATION_DAYS)
    InvitationRow.objects.create(
        digest=people.digest(token), expires_at=expires_at, person=person, project=project, role=role
    )
    return token


@transaction.atomic
def accept_invitation(*, token: str, name: str, password: str, languages: Sequence[str]) -> PersonRow:
    """Give a person the name and password they chose; the link is dead from then on."""
    invitation = people.invitation(token)
    name = _clean_name(name)
    person = invitation.person or PersonRow()
    if people.is_taken(name, by_other_than=invitation.person):
        raise AnswerError("name", _("Somebody already has this name; choose another."))
    person.name = name
    person.languages = list(languages)
    try:
        validate_password(password, person)
    except ValidationError as wrong:
        raise AnswerError("password", " ".join(wrong.messages)) from wrong
    person.set_password(password)
    _use(invitation)
    person.save()
    _join(invitation, person)
    return person


@transaction.atomic
def join_project(*, token: str, person: PersonRow) -> ProjectRow:
    """Let somebody who is already known into the project of an invitation; the link is dead from then on."""
    invitation = people.invitation(token)
    if invitation.project is None:
        raise AssayError(_("Sign out first: this link is for somebody else."))
    _use(invitation)
    _join(invitation, person)
    return invitation.project


def add_member(*, project: ProjectRow, name: str, role: str) -> MembershipRow:
    """Give a known person a role in a project, or another one than they had."""
    person = people.named(name)
    if person is None:
        raise AssayError(f"there is nobody called {name!r}; add them first")
    if role not in Role.values:
        raise AssayError(f"there is no role {role!r}; known: {', '.join(Role.values)}")
    member, _created = MembershipRow.objects.update_or_create(
        project=project, person=person, defaults={"role": role}
    )
    return member


def _use(invitation: InvitationRow) -> None:
    unused = InvitationRow.objects.filter(pk=invitation.pk, used_at__isnull=True)
    if not unused.update(used_at=timezone.now()):  # somebody else was faster with the same link
        raise AssayError(_("This link has been used."))


def _join(invitation: InvitationRow, person: PersonRow) -> None:
    if invitation.project:
        MembershipRow.objects.get_or_create(
            project=invitation.project, person=person, defaults={"role": invitation.role}
        )


def _written(name: str) -> str:
    """Return a name in the one form in which it is kept, however a keyboard wrote it."""
    return PersonRow.normalize_username(" ".join(name.split()))


def _clean_name(name: str) -> str:
    name = _written(name)
    if not 1 <= len(name) <= 150:
        raise AnswerError("name", _("Choose a name of 1 to 150 characters."))
    # What is unseen lets somebody pass for another; what begins like a formula runs in a spreadsheet.
    unseen = any(unicodedata.category(sign) in UNSEEN and sign not in JOINERS for sign in name)
    if unseen or not (name[0].isalnum() or name[0] == "_"):
        raise AnswerError(
            "name", _("Choose a name of visible characters that begins with a letter or a digit.")
        )
    return name
