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


class State(models.TextChoices):
    """Where a project stands. Work is given out in a pilot, to try the brief, and while it is open."""

    DRAFT = "draft", _("draft")
    PILOT = "pilot", _("pilot")
    OPEN = "open", _("open")
    PAUSED = "paused", _("paused")
    CLOSED = "closed", _("closed")


class ProjectRow(models.Model):
    """One project.

    Attributes
    ----------
    cap, most, confidence
        Judgments for a new work; where they leave the verdict less sure than `confidence`, the work's cap
        grows, one judgment at a time, up to `most`.
    budget, taken
        Judgments that the project may take in all, those on gold and training included; none where nobody set
        a limit. `taken` counts the places given out against it, and is kept only where there is one.
    gold_share
        How many of the works that a person is given have an answer that is known.
    review_share
        How many judgments a second reader sees.
    languages
        Those of its items, for finding works fast.
    waived
        Why it was opened without a pilot, which only a shell can do; empty where it had one.
    experimenting
        Whether two versions of its brief run side by side just now.
    """

    slug = models.SlugField(max_length=100, unique=True)
    title = models.CharField(max_length=200)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    state = models.CharField(max_length=6, choices=State.choices, default=State.DRAFT)
    cap = models.PositiveIntegerField(default=3)
    most = models.PositiveIntegerField(default=3)
    confidence = models.FloatField(default=0.9)
    budget = models.PositiveIntegerField(null=True)
    taken = models.PositiveIntegerField(default=0, db_default=0)
    gold_share = models.FloatField(default=0.1)
    review_share = models.FloatField(default=0.0)
    languages = models.JSONField(default=list)
    waived = models.CharField(max_length=400, blank=True)
    experimenting = models.BooleanField(default=False, db_default=False)
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


class EndpointRow(models.Model):
    """A model that answers in live conversations: any endpoint that speaks OpenAI's protocol.

    Its `key` never leaves the server. A blank `url` is the small model in the box.
    """

    project = models.ForeignKey(ProjectRow, models.CASCADE, related_name="endpoints")
    name = models.CharField(max_length=200)
    url = models.CharField(max_length=500, blank=True)
    model = models.CharField(max_length=200, blank=True)
    key = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["project", "name"], name="endpoint_name_once"),)

    def __str__(self) -> str:
        return self.name
