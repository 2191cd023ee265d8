"""A file of an item, for those who may see its project: whole, or the part that a player asks for."""

from __future__ import annotations

import io
import re
from typing import BinaryIO

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from assay.platform import files
from assay.platform.pages.request import person_of
from assay.platform.queries import attachments as queries

# Whatever it is, it runs nothing and asks nobody, also where somebody opens it on its own.
POLICY = "default-src 'none'; img-src 'self'; media-src 'self'; frame-ancestors 'none'; sandbox"


class Part(io.RawIOBase):
    """The bytes of an open file from where it stands, `left` of them."""

    def __init__(self, file: BinaryIO, left: int) -> None:
        super().__init__()
        self.file, self.left = file, left

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        part = self.file.read(self.left if size < 0 else min(size, self.left))
        self.left -= len(part)
        return part

    def close(self) -> None:
        """Close the file too."""
        self.file.close()
        super().close()


@login_required
@require_safe
def attachment(request: HttpRequest, slug: str, name: str) -> HttpResponseBase:
    """Give a file of a project."""
    row = queries.attachment(person_of(request), slug, name)
    headers = {
        "Content-Security-Policy": POLICY,
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "private, max-age=3600",
        "Accept-Ranges": "bytes",
        "ETag": f'"{row.digest}"',
        "Content-Disposition": content_disposition_header(
            not row.media_type.startswith(files.INLINE), name
        ) or "inline",
    }  # fmt: skip
    if request.headers.get("If-None-Match") == headers["ETag"]:
        return HttpResponse(status=304, headers=headers)
    begin, end = 0, row.size
    asked = request.headers.get("Range")
    if asked and request.headers.get("If-Range", headers["ETag"]) == headers["ETag"]:
        wanted = span(asked, row.size)
        if wanted is None:
            return HttpResponse(status=416, headers={**headers, "Content-Range": f"bytes */{row.size}"})
        begin, end = wanted
        headers["Content-Range"] = f"bytes {begin}-{end - 1}/{row.size}"
    try:
        file = files.path_of(row.digest).open("rb")
    except FileNotFoundError as gone:
        raise Http404 from gone
    file.seek(begin)
    kind = "text/plain; charset=utf-8" if row.media_type == "text/plain" else row.media_type
    response = FileResponse(
        Part(file, end - begin), status=206 if "Content-Range" in headers else 200, content_type=kind
    )
    for header, value in {**headers, "Content-Length": str(end - begin)}.items():
        response.headers[header] = value
    return response


def span(asked: str, size: int) -> tuple[int, int] | None:
    """Return where the bytes begin and end that a Range header asks for; `None` where there are none.

    Of several ranges the first is given; what is no range of bytes asks for everything.

    >>> span("bytes=2-5", 10), span("bytes=-3", 10), span("bytes=7-", 10), span("bytes=12-", 10)
    ((2, 6), (7, 10), (7, 10), None)
    """
    found = re.fullmatch(r"bytes=(\d*)-(\d*)(,.*)?", asked.strip())
    if not found or not (found[1] or found[2]):
        return 0, size
    if not found[1]:
        last = min(int(found[2]), size)
        return (size - last, size) if last else None
    begin, end = int(found[1]), min(int(found[2]) + 1, size) if found[2] else size
    return (begin, end) if begin < end and begin < size else None
