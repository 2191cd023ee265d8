"""People, and the links that let them in."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models


class PersonManager(BaseUserManager["PersonRow"]):
    """Finds people by name, as signing in needs."""


class PersonRow(AbstractBaseUser):
    """Somebody who judges, owns or reads; without a password until they have claimed their invitation.

    `languages` lists BCP-47 tags, the best first; `skills` what they say they can do, which opens work but
    proves nothing (`SkillRow` does). An administrator opens projects.
    """

    name = models.CharField(max_length=150, unique=True)
    languages = models.JSONField(default=list)
    skills = models.JSONField(default=list)
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


class SkillRow(models.Model):
    """What is known of a person on one skill, language and domain, from every project together.

    A posterior mean with its 95 % interval; `votes` is the evidence behind it, in votes. Blank language or
    domain: over all of them. Written when a project's outcome is worked out, read when work is given out.
    """

    person = models.ForeignKey(PersonRow, models.CASCADE, related_name="known_skills", db_index=False)
    skill = models.CharField(max_length=200)
    language = models.CharField(max_length=35, blank=True)
    domain = models.CharField(max_length=200, blank=True)
    mean = models.FloatField()
    low = models.FloatField()
    high = models.FloatField()
    votes = models.FloatField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["person", "skill", "language", "domain"], name="skill_once"),
        )

    def __str__(self) -> str:
        return f"{self.person_id} on {self.skill}"


class EvidenceRow(models.Model):
    """What one project tells about what a person can do: right answers of known ones, both may be fractions.

    Skills are fitted to the evidence of all projects together; what a project tells is replaced whenever its
    outcome is worked out again.
    """

    project = models.ForeignKey("ProjectRow", models.CASCADE, related_name="evidence", db_index=False)
    person = models.ForeignKey(PersonRow, models.CASCADE, related_name="evidence", db_index=False)
    skill = models.CharField(max_length=200)
    language = models.CharField(max_length=35, blank=True)
    domain = models.CharField(max_length=200, blank=True)
    right = models.FloatField()
    total = models.FloatField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["project", "person", "skill", "language", "domain"], name="evidence_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.person_id} on {self.skill} in {self.project_id}"


class OwnNumbersRow(models.Model):
    """What somebody was told last about their own work in a project; without one, over all of them.

    It is renewed in batches (`actions.own_numbers` says when and why): `judged` counts the judgments that
    it rests on, `known` those among them whose answer was known, and `looked` is how many there were when it
    was last asked whether a batch is complete. `skills` and `contested` are as the records have them.
    """

    person = models.ForeignKey(PersonRow, models.CASCADE, related_name="own_numbers", db_index=False)
    project = models.ForeignKey("ProjectRow", models.CASCADE, null=True, related_name="+")
    looked = models.PositiveIntegerField(default=0)
    judged = models.PositiveIntegerField(default=0)
    known = models.PositiveIntegerField(default=0)
    skills = models.JSONField(default=list)
    contested = models.JSONField(default=list)
    told_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["person", "project"], name="own_numbers_once"),
            models.UniqueConstraint(
                fields=["person"], condition=models.Q(project__isnull=True), name="own_numbers_over_all"
            ),
        )

    def __str__(self) -> str:
        return f"what {self.person_id} was told about {self.project_id}"
