"""A person at the pages, as their script asks for them: a page, its form, and in answer the next page."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import load

SCRIPT = {"X-Assay-Next": "page"}
"""What the page's own script asks for: the next page in answer to the form."""


def judge(person: load.Person, slug: str, count: int) -> int:
    """Judge so many works by the forms of their pages, and return how many were taken."""
    status, body = person.ask("GET", f"/projects/{slug}/judge/")
    for done in range(count):
        page = body.decode()
        token = re.search(r'data-token="([^"]+)"', page)
        if status != 200 or token is None:
            return done
        fields = {
            "choice": re.search(r'name="choice" value="([^"]+)"', page)[1],
            "csrfmiddlewaretoken": re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1],
            "seconds": "1",
        }
        status, body = person.ask("POST", f"/work/{token[1]}/submit/", urlencode(fields), SCRIPT)
        if status == 302:
            status, body = person.ask("GET", f"/projects/{slug}/judge/")
    return count
