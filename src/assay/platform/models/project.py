"""Projects, the versions of their briefs, and who belongs to them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from assay import briefs
from assay.records import Brief


class Role(models.TextChoices):
    """What a person is in a project; `queries.projects` says what each may do."""

    OWNER = "owner", _("owner")
    AUTHOR = "author", _("author")
    REVIEWER = "reviewer", _("reviewer")
    CONTRIBUTOR = "contributor", _("contributor")
    VIEWER = "viewer", _("viewer")


class ProjectRow(models.Model):
    """One project. `cap` is for new works; `languages` are those of its items, for finding works fast."""

    slug = models.SlugField(max_length=100, unique=True)
    title = models.CharField(max_length=200)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    cap = models.PositiveIntegerField(default=3)
    languages = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.title


class BriefRow(models.Model):
    """One version of a brief; never changed, so whoever judged by it can be understood later."""

    project = models.ForeignKey(ProjectRow, models.CASCADE, related_name="briefs")
    version = models.PositiveIntegerField()
    content = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["project", "version"], name="brief_version_once"),)

    def __str__(self) -> str:
        return f"{self.project_id} v{self.version}"

    def record(self) -> Brief:
        """Return the brief."""
        return briefs.from_mapping(self.content)


class MembershipRow(models.Model):
    """What one person is in one project."""

    project = models.ForeignKey(ProjectRow, models.CASCADE, related_name="memberships")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=12, choices=Role.choices)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["project", "person"], name="member_once"),)

    def __str__(self) -> str:
        return f"{self.person_id} is {self.role} of {self.project_id}"
