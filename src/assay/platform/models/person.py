"""People, and the links that let them in."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models


class PersonManager(BaseUserManager["PersonRow"]):
    """Finds people by name, as signing in needs."""


class PersonRow(AbstractBaseUser):
    """Somebody who judges, owns or reads; without a password until they have claimed their invitation.

    `languages` lists BCP-47 tags, the best first. An administrator opens projects.
    """

    name = models.CharField(max_length=150, unique=True)
    languages = models.JSONField(default=list)
    is_active = models.BooleanField(default=True)
    is_administrator = models.BooleanField(default=False)

    objects = PersonManager()

    USERNAME_FIELD = "name"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return self.name


class InvitationRow(models.Model):
    """A link that works once: it claims `person`, or lets somebody new into `project` with `role`.

    Only a digest of the token is kept, so that a copy of the database opens no door.
    """

    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    person = models.ForeignKey(PersonRow, models.CASCADE, null=True, related_name="invitations")
    project = models.ForeignKey("ProjectRow", models.CASCADE, null=True, related_name="invitations")
    role = models.CharField(max_length=12, blank=True)

    def __str__(self) -> str:
        return f"invitation {self.pk}"
