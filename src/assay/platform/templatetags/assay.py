"""Filters and tags for the platform's pages and for those of kinds: `{% load assay %}`."""

from __future__ import annotations

import html

from django import template
from django.template.base import FilterExpression, NodeList, Parser, Token
from django.template.defaultfilters import linebreaksbr
from django.utils.html import format_html, json_script, strip_tags
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, ngettext, pgettext_lazy

from assay import registry
from assay.judgments import kind as kind_named
from assay.platform import markdown
from assay.platform.queries.attachments import Files
from assay.platform.queries.briefs import pay_of
from assay.records import Brief
from assay.wording import Sentence, translated

register = template.Library()

LINE = 600
"""So many characters of a text are read for one line of a list."""

VARIANTS = 200
"""So many variants of a part of a page are kept before they are made anew."""


@register.tag
def kept(parser: Parser, token: Token) -> Kept:
    """Make a part of a page once for each language and each value of what it depends on, and keep it.

    `{% kept brief %}…{% endkept %}`. Nothing in between may say who is reading, and nothing but the named
    values may change it.
    """
    given = [parser.compile_filter(name) for name in token.split_contents()[1:]]
    inside = parser.parse(("endkept",))
    parser.delete_first_token()
    return Kept(given, inside)


class Kept(template.Node):
    """A part of a page that is the same for everybody."""

    def __init__(self, given: list[FilterExpression], nodelist: NodeList) -> None:
        self.given, self.nodelist = given, nodelist
        self.made: dict[tuple[object, ...], SafeString] = {}

    def render(self, context: template.Context) -> SafeString:
        """Give the part as it was made, or make it."""
        key = (get_language(), *(each.resolve(context) for each in self.given))
        found = self.made.get(key)
        if found is None:
            if len(self.made) >= VARIANTS:
                self.made.clear()
            found = self.made[key] = self.nodelist.render(context)
        return found


@register.filter
def prose(text: str, language: str = "und") -> SafeString:
    """Show somebody's text: Markdown made safe, in its own language and direction."""
    lang = format_html(' lang="{}"', language) if language and language != "und" else ""
    return format_html('<div class="prose" dir="auto"{}>{}</div>', lang, markdown.html(text or ""))


@register.filter
def plain(text: str) -> str:
    """Show the beginning of somebody's text in one line of a list, without its marks.

    >>> plain("# The **moon** &\\n*her* coin")
    'The moon & her coin'
    """
    bare = html.unescape(strip_tags(markdown.html((text or "")[:LINE])))
    return " ".join(bare.split())


@register.simple_tag
def item_text(text: str, language: str = "und", files: Files | None = None) -> SafeString:
    """Show a text of an item, with the files that it places."""
    lang = format_html(' lang="{}"', language) if language and language != "und" else ""
    urls = files.urls if files else {}
    return format_html('<div class="prose" dir="auto"{}>{}</div>', lang, markdown.html(text or "", urls))


@register.simple_tag
def item_files(files: Files | None = None) -> SafeString:
    """Show the files of an item that its text does not place."""
    if not files or not files.below:
        return SafeString("")
    return format_html('<div class="prose files">{}</div>', markdown.html(files.below, files.urls))


@register.simple_tag
def told_value(value: str, files: Files | None = None) -> SafeString:
    """Show one value of an answer: what was written as Markdown with its files, the rest line by line."""
    return item_text(value, files=files) if isinstance(value, markdown.Written) else linebreaksbr(value)


@register.filter
def said(text: str) -> str:
    """Say a sentence of the path in the reader's language; the names of questions in it, too."""
    return translated(_asked_in(text) if isinstance(text, Sentence) else text, gettext, ngettext)


def _asked_in(sentence: Sentence) -> Sentence:
    values = {
        name: _asked_in(value)
        if isinstance(value, Sentence)
        else asked(str(value))
        if name == "question"
        else value
        for name, value in sentence.values.items()
    }
    return Sentence(sentence.template, values, plural=sentence.plural, count=sentence.number)


QUESTIONS = {
    "better": pgettext_lazy("question", "better"),
    "best": pgettext_lazy("question", "best"),
    "order": pgettext_lazy("question", "order"),
    "great": pgettext_lazy("question", "great"),
    "rating": pgettext_lazy("question", "rating"),
    "quality": pgettext_lazy("question", "quality"),
    "outcome": pgettext_lazy("question", "outcome"),
    "good steps": pgettext_lazy("question", "good steps"),
    "wrong steps": pgettext_lazy("question", "wrong steps"),
    "first error": pgettext_lazy("question", "first error"),
    "error": pgettext_lazy("question", "error"),
    "penalty": pgettext_lazy("question", "penalty"),
}
"""The names of the questions that kinds bring themselves."""


@register.filter
def asked(name: str) -> str:
    """Say the name of a question in the reader's language, where it is one that a kind brings."""
    return str(QUESTIONS.get(name, name))


@register.filter
def among(value: object, words: str) -> str:
    """Give a value where it is one of these words, else nothing: what was typed must not fill what is `kept`.

    >>> among("2", "1 2 3"), among(["2"], "1 2 3"), among("2" * 1_000_000, "1 2 3")
    ('2', '', '')
    """
    return value if isinstance(value, str) and value in words.split() else ""


@register.filter
def kind_title(name: str) -> str:
    """Say what a kind is called, where it is one; a skill that somebody named stays as it is."""
    return gettext(kind_named(name).title) if name in registry.names("kinds") else name


@register.filter
def percent(share: float) -> str:
    """Show a share as a whole per cent."""
    return f"{share:.0%}"


@register.filter
def get(mapping: object, key: str) -> object:
    """Look up a key that is itself a variable; nothing where it is missing."""
    found = mapping.get(key) if hasattr(mapping, "get") else None
    return "" if found is None else found


@register.filter
def pay(brief: Brief) -> str:
    """Say what a brief pays."""
    return pay_of(brief)


@register.filter
def points(difference: float) -> SafeString:
    """Show a difference of shares in percentage points, its sign before it in either direction of writing.

    >>> points(-0.125)
    '<bdi dir="ltr">−12.5</bdi>'
    """
    sign = "−" if difference < 0 else "+"
    return format_html('<bdi dir="ltr">{}{}</bdi>', sign, f"{abs(difference) * 100:.1f}")


@register.filter
def times(factor: float) -> SafeString:
    """Show by what factor something changes.

    >>> times(1.254)
    '<bdi dir="ltr">×1.25</bdi>'
    """
    return format_html('<bdi dir="ltr">×{}</bdi>', f"{factor:.2f}")


@register.filter
def number(value: float) -> str:
    """Write a number for a program: with a point, in every language."""
    return f"{value:.4f}"


@register.filter
def cell(value: object) -> object:
    """Shorten a number for a table that people read; the download has all of it."""
    return (
        f"{value:.3g}"
        if isinstance(value, float) and abs(value) < 100
        else (f"{value:.0f}" if isinstance(value, float) else value)
    )


@register.filter
def figure_script(spec: dict[str, object], name: str) -> SafeString:
    """Write a figure's specification where figures.js finds it."""
    return json_script(spec, f"figure-{name}")
