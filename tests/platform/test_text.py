"""Hostile text, shown."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from linkify_it import LinkifyIt

from assay.platform import markdown
from assay.platform.actions import projects
from assay.records import Item

pytestmark = pytest.mark.anywhere  # text is made safe before any table is asked
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


PARTS = [
    *("moon", "www", "localhost", "LocalHost", "http", "mailto", "org", "com", "1", "٣", "é"),
    *(".", ":", "@", "/", "//", "-", " ", "\n", "<", "("),
]


@given(st.lists(st.sampled_from(PARTS), max_size=14))
def test_texts_without_addresses_are_told_as_the_library_tells_them(parts):
    text = "".join(parts)

    assert LinkifyIt().test(text) <= markdown._PARSER.linkify.pretest(text)


def test_links_tell_nothing_and_vouch_for_nothing():
    assert markdown.html("[moon](https://moon.example)") == (
        '<p><a href="https://moon.example" rel="noopener noreferrer nofollow ugc">moon</a></p>\n'
    )


FORMULAS = {
    "between dollars": ("so $x^2$ is", "msup"),
    "between brackets": (r"so \(x_1\) is", "msub"),
    "on lines of its own": ("$$\n\\frac{a}{b}\n+ c\n$$", "mfrac"),
    "in square brackets": ("\\[\n\\sqrt{2}\n\\]", "msqrt"),
    "aligned": (r"$$\begin{aligned}a&=b\\c&=d\end{aligned}$$", "mtable"),
}


@pytest.mark.parametrize(("text", "tag"), FORMULAS.values(), ids=FORMULAS)
def test_a_formula_is_drawn_from_left_to_right(text, tag):
    shown = markdown.html(text)

    assert '<math dir="ltr"' in shown
    assert f"<{tag}" in shown
    assert "$" not in shown


@pytest.mark.parametrize(
    "text", ["It costs $5 and $10.", r"\$x\$", "`$x$`", "a $ b $ c", "$$", "$ $", r"\[ \]"]
)
def test_what_is_no_formula_stays_as_it_is(text):
    assert "<math" not in markdown.html(text)


HOSTILE_FORMULAS = (
    r"$\text{<img src=x onerror=alert(1)>}$",
    r"$\text{</math><script>alert(1)</script>}$",
    r"$\text{<img src='x' onerror='alert(1)'/>}$",
    r"$\href{javascript:alert(1)}{x}$",
    r"$\style{position:fixed}{x}$",
    r"$\class{panel}{x}$",
    r"$\newcommand{\a}{\b\b}\newcommand{\b}{\a\a}\a$",
    "$" + "{" * 1500 + "$",
)


@pytest.mark.parametrize("text", HOSTILE_FORMULAS)
def test_a_hostile_formula_comes_out_harmless(text):
    for tag in re.findall(r"<[^>]*>", markdown.html(text)):
        assert re.match(r"</?(p|code|math|m[a-z]+)\b", tag), tag
        assert not re.search(r"\bon\w+=|javascript:|style=|src=|href=|class=", tag), tag


@pytest.mark.parametrize("part", ["$a ", "$$a ", r"\[", r"\(", "$x$ ", "$$\n", "$$a\n", "- $", "x\n\n"])
def test_formulas_made_slow_on_purpose_are_shown_soon(part, yardsticks):
    slow = (part * 40_000)[: markdown.LONGEST]

    assert yardsticks(lambda: markdown.html(slow), rounds=2) < 400


def test_a_picture_from_elsewhere_is_a_link_that_nobody_follows_unasked():
    assert markdown.html("![the moon](https://spy.example/a.png)") == (
        '<p><a href="https://spy.example/a.png" rel="noopener noreferrer nofollow ugc">the moon</a></p>\n'
    )


FILES = {"a chart.png": "/files/1", "voice.mp3": "/files/2", "clip.webm": "/files/3", "data.csv": "/files/4"}


def test_files_of_an_item_are_shown_where_they_lie():
    shown = markdown.html(
        "![chart](<attachment:a chart.png>) ![v](attachment:voice.mp3) ![c](attachment:clip.webm) "
        "[rows](attachment:data.csv)",
        FILES,
    )

    assert '<img src="/files/1" alt="chart" loading="lazy">' in shown
    assert '<audio controls="" preload="metadata" src="/files/2"></audio>' in shown
    assert '<video controls="" preload="metadata" src="/files/3"></video>' in shown
    assert '<a href="/files/4"' in shown


@pytest.mark.parametrize("url", ["https://spy.example/a.png", "//spy.example/a.png", "javascript:alert(1)"])
def test_a_file_lies_on_this_server_or_is_not_shown(url):
    shown = markdown.html("![x](attachment:x.png) [x](attachment:x.png)", {"x.png": url})

    assert "src=" not in shown
    assert "href=" not in shown


def test_blocks_have_the_direction_of_their_first_letter():
    shown = markdown.html(
        "سلام **moon**\n\nHello\n\n1. `code` سلام\n2. abc\n\n| a | ب |\n|---|--:|\n| 1 | 2 |"
    )

    assert '<p dir="rtl">سلام' in shown
    assert "<p>Hello</p>" in shown
    assert '<ol dir="rtl">\n<li><code>' in shown
    assert '<li dir="ltr">abc</li>' in shown
    assert '<th dir="rtl" class="end">ب</th>' in shown


def test_text_made_slow_on_purpose_is_shown_plain_and_soon(yardsticks):
    shown = markdown.html("[" * 50_000)

    assert shown == f'<p class="plain">{"[" * 50_000}</p>'
    assert yardsticks(lambda: markdown.html("[" * 50_000), rounds=2) < 30


def test_a_page_shows_an_item_in_its_language_and_its_own_direction(cast, client_of):
    item = Item("qamar", "اكتب بيتين عن القمر <script>alert(1)</script>", language="ar")
    project = projects.open_project(owner=cast.ann, brief=_writing(), waived="It is a test.")
    projects.bring_in(project=project, items=[item])

    page = client_of("Ann").get(f"/projects/{project.slug}/judge/").content.decode()

    assert '<div class="prose" dir="auto" lang="ar">' in page
    assert "<script>" not in page


def _writing():
    from assay.records import Brief

    return Brief("qamar", "Delight.", "demonstration")
