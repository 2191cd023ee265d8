"""Parts of a page that come after it, because they take counting; and each of them as a page of its own.

A browser with scripts asks for a part with the header `HX-Request` and sets it into the page it shows.
Whoever follows the address itself, or has no scripts, gets the same part with everything around it.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from assay.platform.queries import projects


def part(
    request: HttpRequest,
    template: str,
    found: Mapping[str, object],
    *,
    project: projects.Project,
    title: str,
    up: tuple[str, str] | None = None,
    waits: bool = False,
) -> HttpResponse:
    """Answer with a part of a page, or with a whole page around it.

    `up` is the address and the name of the page that the part belongs to, where that is not the project's;
    `waits` has the whole page ask again.
    """
    context = {**found, "project": project}
    if request.headers.get("HX-Request"):
        response = render(request, template, context)
    else:
        around = {"part": template, "title": title, "up": up, "waits_for_more": waits}
        response = render(request, "platform/part.html", context | around)
    response.headers["Vary"] = "HX-Request, Cookie, Accept-Language"
    return response
