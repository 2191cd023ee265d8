"""Text from models and strangers, made safe to show: Markdown in, clean HTML out.

The text is hostile until proven otherwise. No HTML passes the parser, an allow-list passes the cleaner, and
pictures never do: a picture from elsewhere tells its owner who reads what, and when.
"""

from __future__ import annotations

from functools import lru_cache

import nh3
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

# Markdown can be made slow on purpose (50,000 brackets take half a second), so longer texts stay plain.
LONGEST = 40_000

_PARSER = MarkdownIt("commonmark", {"html": False, "linkify": True}).enable(
    ["table", "strikethrough", "linkify"]
)
_TAGS = {
    "a", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p",
    "pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href", "title"}, "code": {"class"}, "ol": {"start"}}


@lru_cache(maxsize=2_000)
def html(text: str) -> SafeString:
    """Return text as safe HTML.

    >>> html("**moon** <script>")
    '<p><strong>moon</strong> &lt;script&gt;</p>\\n'
    """
    if len(text) > LONGEST:
        return mark_safe(f'<p class="plain">{escape(text)}</p>')  # noqa: S308 -- escaped
    clean = nh3.clean(
        _PARSER.render(text),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow ugc",
    )
    return mark_safe(clean)  # noqa: S308 -- cleaned
