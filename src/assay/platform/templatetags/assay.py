"""Filters and tags for the platform's pages and for those of kinds: `{% load assay %}`."""

from __future__ import annotations

from django import template
from django.utils.html import format_html, json_script
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext, pgettext_lazy

from assay.platform import markdown
from assay.platform.queries.attachments import Files
from assay.platform.queries.briefs import pay_of
from assay.records import Brief
from assay.wording import Sentence, translated

register = template.Library()


@register.filter
def prose(text: str, language: str = "und") -> SafeString:
    """Show somebody's text: Markdown made safe, in its own language and direction."""
    lang = format_html(' lang="{}"', language) if language and language != "und" else ""
    return format_html('<div class="prose" dir="auto"{}>{}</div>', lang, markdown.html(text or ""))


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
