"""Hostile text, shown."""

from __future__ import annotations

import re
import time

import pytest

from assay.platform import markdown
from assay.platform.actions import projects
from assay.records import Item

HOSTILE = {
    "a script": "<script>alert(1)</script>",
    "an event": "<img src=x onerror=alert(1)>",
    "a remote image": "![pixel](https://spy.example/a.png)",
    "an image by reference": "![pixel][1]\n\n[1]: https://spy.example/a.png",
    "a javascript link": "[click](javascript:alert(1))",
    "a data link": "[click](data:text/html;base64,PHNjcmlwdD4=)",
    "an autolink": "<javascript:alert(1)>",
    "a style": '<p style="position:fixed">over everything</p>',
    "a frame": '<iframe src="https://spy.example"></iframe>',
    "a form": '<form action="https://spy.example"><input name="password"></form>',
    "a broken comment": "<!-- --!><script>alert(1)</script>",
    "a quote in a title": '[x](https://a.example "a" onmouseover="alert(1)")',
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_comes_out_harmless(text):
    tags = re.findall(r"<[^>]*>", markdown.html(text))

    for tag in tags:
        assert re.match(r"</?(p|a|em|strong|code|br)\b", tag), tag
        assert not re.search(r"\bon\w+=|javascript:|data:|style=|src=", tag), tag


def test_links_tell_nothing_and_vouch_for_nothing():
    assert markdown.html("[moon](https://moon.example)") == (
        '<p><a href="https://moon.example" rel="noopener noreferrer nofollow ugc">moon</a></p>\n'
    )


def test_text_made_slow_on_purpose_is_shown_plain_and_soon():
    begin = time.perf_counter()
    shown = markdown.html("[" * 50_000)

    assert shown == f'<p class="plain">{"[" * 50_000}</p>'
    assert time.perf_counter() - begin < 0.1


def test_a_page_shows_an_item_in_its_language_and_its_own_direction(cast, client_of):
    item = Item("qamar", "اكتب بيتين عن القمر <script>alert(1)</script>", language="ar")
    project = projects.open_project(owner=cast.ann, brief=_writing())
    projects.bring_in(project=project, items=[item])

    page = client_of("Ann").get(f"/projects/{project.slug}/judge/").content.decode()

    assert '<div class="prose" dir="auto" lang="ar">' in page
    assert "<script>" not in page


def _writing():
    from assay.records import Brief

    return Brief("qamar", "Delight.", "demonstration")
