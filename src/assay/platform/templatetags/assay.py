"""Filters and tags for the platform's pages and for those of kinds: `{% load assay %}`."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from assay.platform import markdown

register = template.Library()


@register.filter
def prose(text: str, language: str = "und") -> SafeString:
    """Show somebody's text: Markdown made safe, in its own language and direction."""
    lang = format_html(' lang="{}"', language) if language and language != "und" else ""
    return format_html('<div class="prose" dir="auto"{}>{}</div>', lang, markdown.html(text or ""))


@register.filter
def percent(share: float) -> str:
    """Show a share as a whole per cent."""
    return f"{share:.0%}"


@register.filter
def get(mapping: object, key: str) -> object:
    """Look up a key that is itself a variable; nothing where it is missing."""
    found = mapping.get(key) if hasattr(mapping, "get") else None
    return "" if found is None else found
