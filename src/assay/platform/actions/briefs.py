"""Publishing the next version of a brief; no version is ever changed."""

from __future__ import annotations

from dataclasses import replace

from django.db import transaction
from django.utils.translation import gettext as _

from assay import briefs
from assay.errors import AssayError
from assay.judgments import kind as kind_named
from assay.platform.actions.settings import recap
from assay.platform.models import BriefRow, ProjectRow
from assay.platform.queries import pilots, projects
from assay.records import Brief


@transaction.atomic
def publish(*, project: ProjectRow, brief: Brief) -> BriefRow:
    """Publish a brief as the next version. People at a work finish it by the version they began with.

    Where it wants more judgments for each work, works to come get them; where it wants fewer, none that is
    there gets more than these any more.
    The name of the project and the kind of its judgments stay: works are laid out by them. While a pilot or
    an experiment runs, the version it is about stays in force.
    """
    project = ProjectRow.objects.select_for_update().get(pk=project.pk)
    if pilots.running(project):
        raise AssayError(_("A pilot of this brief is running: close or withdraw it first."))
    if project.experimenting:
        raise AssayError(_("Two versions of this brief are being tried: close the experiment first."))
    return next_version(project, brief)


def next_version(project: ProjectRow, brief: Brief) -> BriefRow:
    """Keep a brief as the next version of a project, whose row is locked."""
    was = projects.latest_brief(project)
    now = was.record()
    brief = briefs.check(replace(brief, project=now.project, kind=now.kind, version=now.version + 1))
    if replace(brief, version=now.version) == now:
        raise AssayError(_("Nothing has changed: version %s says the same.") % now.version)
    kind_named(brief.kind).questions(brief)  # one that its kind cannot ask is refused here
    if (cap := brief.judgments_per_work) != now.judgments_per_work:
        most = max(project.most, cap)
        if cap < project.cap:  # how far works may grow beyond it is for the settings to say
            most = cap
            recap(project, cap=cap, most=most)
        project.cap, project.most = cap, most
        project.save(update_fields=["cap", "most"])
    return BriefRow.objects.create(project=project, version=brief.version, content=briefs.to_mapping(brief))
