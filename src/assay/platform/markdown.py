"""Text from models and strangers, made safe to show: Markdown in, clean HTML out.

The text is hostile until proven otherwise. No HTML passes the parser, an allow-list passes the cleaner, and
a picture from elsewhere never does: it tells its owner who reads what, and when. In its place stands a link.
Files that belong to an item are shown where they lie, on this server.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import unquote

import nh3
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from linkify_it import LinkifyIt
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererProtocol
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from assay.platform import mathematics

# Markdown can be made slow on purpose (50,000 brackets take half a second), so longer texts stay plain.
LONGEST = 40_000

ATTACHMENT = "attachment:"
"""How a text names a file of its item: `![the chart](attachment:chart.png)`."""

_MEDIA = {
    **dict.fromkeys(("png", "jpg", "jpeg", "gif", "webp", "avif", "svg"), "img"),
    **dict.fromkeys(("mp3", "wav", "ogg", "oga", "m4a", "flac", "opus", "aac"), "audio"),
    **dict.fromkeys(("mp4", "webm", "mov", "ogv", "m4v"), "video"),
}
_TAGS = {
    "a", "audio", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "img",
    "li", "ol", "p", "pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul", "video",
    *mathematics.TAGS,
}  # fmt: skip
_BLOCKS = {
    "paragraph_open", "heading_open", "blockquote_open", "bullet_list_open", "ordered_list_open",
    "list_item_open", "table_open", "th_open", "td_open",
}  # fmt: skip
_ATTRIBUTES = {
    "a": {"href", "title"},
    "audio": {"controls", "preload", "src"},
    "code": {"class"},
    "img": {"alt", "loading", "src"},
    "ol": {"start"},
    "video": {"controls", "preload", "src"},
    **{tag: set(mathematics.ATTRIBUTES) for tag in mathematics.TAGS},
}
_VALUES = {
    **{f"h{level}": {"dir": {"ltr", "rtl"}} for level in range(1, 7)},
    **{tag: {"dir": {"ltr", "rtl"}} for tag in ("p", "blockquote", "ul", "ol", "li", "table")},
    **{tag: {"dir": {"ltr", "rtl"}, "class": {"center", "end"}} for tag in ("th", "td")},
}


class Written(str):
    """What somebody wrote as Markdown, among values that are plain: the turns of a conversation, a text."""

    __slots__ = ()


def html(text: str, attachments: Mapping[str, str] | None = None) -> SafeString:
    """Return text as safe HTML.

    Parameters
    ----------
    attachments
        Name of a file → its address on this server, for what a text calls `attachment:NAME`.

    >>> html("**moon** <script>")
    '<p><strong>moon</strong> &lt;script&gt;</p>\\n'
    >>> html("![moon](attachment:moon.png)", {"moon.png": "/files/7"})
    '<p><img src="/files/7" alt="moon" loading="lazy"></p>\\n'
    """
    return _html(text, tuple(sorted((attachments or {}).items())))


@lru_cache(maxsize=2_000)
def _html(text: str, attachments: tuple[tuple[str, str], ...]) -> SafeString:
    if len(text) > LONGEST:
        return mark_safe(f'<p class="plain">{escape(text)}</p>')  # noqa: S308 -- escaped
    ours = {name: url for name, url in attachments if url.startswith("/") and not url.startswith("//")}
    rendered = _PARSER.render(text, {"attachments": ours})
    return mark_safe(_cleaner(frozenset(ours.values())).clean(rendered))  # noqa: S308 -- cleaned


@lru_cache(maxsize=200)
def _cleaner(shown: frozenset[str]) -> nh3.Cleaner:
    """Return a cleaner that leaves these addresses of files; making one takes ten times its work."""

    def only_ours(tag: str, name: str, value: str) -> str | None:
        return value if name != "src" or value in shown else None

    return nh3.Cleaner(
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        tag_attribute_values=_VALUES,
        attribute_filter=only_ours,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow ugc",
    )


def _directed(state: StateCore) -> None:
    """Give each block the direction of its first letter, where that is not the direction around it."""
    around = ["ltr"]
    for place, token in enumerate(state.tokens):
        if token.nesting < 0:
            around.pop()
        elif token.nesting > 0:
            own = _direction(state.tokens, place) if token.type in _BLOCKS else None
            if own and own != around[-1]:
                token.attrSet("dir", own)
            around.append(own or around[-1])
        if token.type in ("th_open", "td_open") and (style := token.attrs.pop("style", None)):
            # Columns are aligned with a class, since a page may carry no styles.
            side = str(style).partition(":")[2]
            if side in ("center", "right"):
                token.attrSet("class", "center" if side == "center" else "end")


def _direction(tokens: list[Token], opened: int) -> str | None:
    """Return the direction of the first letter within a block, code left out; `None` where there is none."""
    level = 0
    for place in range(opened, len(tokens)):
        token = tokens[place]
        level += token.nesting
        for child in token.children or ():
            if child.type == "text":
                for letter in child.content:
                    side = unicodedata.bidirectional(letter)
                    if side in ("L", "R", "AL"):
                        return "ltr" if side == "L" else "rtl"
        if level == 0:
            return None
    return None


def _image(
    self: RendererProtocol, tokens: list[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    token = tokens[index]
    source, named = str(token.attrs.get("src", "")), token.content
    if source.startswith(ATTACHMENT):
        return _attached(unquote(source.removeprefix(ATTACHMENT)), named, env)
    return format_html('<a href="{}">{}</a>', source, named or source)


def _attached(name: str, named: str, env: EnvType) -> str:
    url = env.get("attachments", {}).get(name)
    if url is None:
        return format_html("<code>{}</code>", name)
    tag = _MEDIA.get(name.rpartition(".")[2].lower())
    if tag == "img":
        return format_html('<img src="{}" alt="{}" loading="lazy">', url, named)
    if tag:
        return f'<{tag} controls preload="metadata" src="{escape(url)}"></{tag}>'
    return format_html('<a href="{}">{}</a>', url, named or name)


def _link(self: RendererProtocol, tokens: list[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    token = tokens[index]
    target = str(token.attrs.get("href", ""))
    if target.startswith(ATTACHMENT):
        name = unquote(target.removeprefix(ATTACHMENT))
        url = env.get("attachments", {}).get(name)
        token.attrs = {"href": url} if url else {}
    return self.renderToken(tokens, index, options, env)  # type: ignore[attr-defined,no-any-return]


class _Linkify(LinkifyIt):  # type: ignore[misc]  # the library carries no types
    """Finds addresses in text; most texts hold none, which is told ten times as fast as where one might be.

    Whatever it links has a dot, a colon or slashes with something behind them, an `@`, or is `localhost`.
    """

    LIKELY = re.compile(r"[.:@/]\S")

    def pretest(self, text: str) -> bool:
        """Say whether a text may hold an address."""
        likely = self.LIKELY.search(text) or "localhost" in text.lower()
        return bool(likely) and bool(super().pretest(text))


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": True}).enable(
        ["table", "strikethrough", "linkify"]
    )
    parser.linkify = _Linkify()
    mathematics.use(parser)
    parser.core.ruler.push("directed", _directed)
    parser.add_render_rule("image", _image)
    parser.add_render_rule("link_open", _link)
    return parser


_PARSER = _parser()
