"""People and their invitations."""

from __future__ import annotations

import hashlib

from django.contrib.auth.backends import ModelBackend
from django.http import Http404
from django.utils import timezone

from assay.platform.models import InvitationRow, PersonRow
from assay.platform.queries.statements import Select

Person = PersonRow
"""For those who name the type of a person and touch no table."""


_PERSON = Select("SELECT {p} FROM platform_personrow p WHERE p.id = %s AND p.is_active", p=PersonRow)


class Recognition(ModelBackend):
    """Django's way to recognise people, with the one read that every request needs written out."""

    def get_user(self, user_id: int) -> PersonRow | None:
        """Return an active person by number."""
        found = _PERSON.first([user_id])
        return found[0] if found else None


def signed_in(user: object) -> PersonRow:
    """Return who asks, behind a door that lets in only those who signed in."""
    if not isinstance(user, PersonRow):
        raise Http404
    return user


def digest(token: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def invitation(token: str) -> InvitationRow:
    """Return an invitation that still opens its door."""
    found = (
        InvitationRow.objects.select_related("person", "project")
        .filter(digest=digest(token), used_at__isnull=True, expires_at__gt=timezone.now())
        .first()
    )
    if found is None:
        raise Http404
    return found


def administrator() -> PersonRow | None:
    """Return the first administrator."""
    return PersonRow.objects.filter(is_administrator=True).order_by("pk").first()


def is_taken(name: str, *, by_other_than: PersonRow | None = None) -> bool:
    """Say whether somebody else goes by this name, however they write it."""
    others = PersonRow.objects.filter(name__iexact=name)
    return others.exclude(pk=by_other_than.pk).exists() if by_other_than else others.exists()


def named(name: str) -> PersonRow | None:
    """Return a person by name."""
    return PersonRow.objects.filter(name=name).first()
