"""The files that items show, for programs: bring them, list them. They are read where pages read them."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import File, Router
from ninja.files import UploadedFile

from assay.errors import AssayError
from assay.platform import files
from assay.platform.actions import attachments as actions
from assay.platform.queries import attachments, people, projects

router = Router()


@router.get("projects/{slug}/attachments")
def list_files(request: HttpRequest, slug: str) -> list[dict[str, Any]]:
    """List the files of a project, by name."""
    member = projects.membership(people.signed_in(request.user), slug, "manage")
    return [
        {"name": row.name, "media_type": row.media_type, "size": row.size, "sha256": row.digest, "url": url}
        for row, url in attachments.listed(member.project)
    ]


@router.post("projects/{slug}/attachments")
def bring_files(
    request: HttpRequest, slug: str, attachments: File[list[UploadedFile] | None] = None
) -> dict[str, Any]:
    """Bring files or ZIP archives of them: all of it, or nothing; the same ones again change nothing."""
    member = projects.membership(people.signed_in(request.user), slug, "manage")
    if not attachments:
        raise AssayError(_("Choose a file first."))
    along = files.from_uploads(attachments)
    return {"new": actions.keep_files(project=member.project, files=along), "brought": len(along)}
