"""HTML whose every text is escaped: worlds hold what hostile people write."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib import resources
from typing import Any

from assay.environments import clock
from assay.wording import Sentence, say, translated

Row = Mapping[Any, object]
"""Name, a sentence or a text → value."""

RIGHT_TO_LEFT = frozenset({"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})
"""Languages that are written from right to left."""


@dataclass(frozen=True)
class Language:
    """What pages say their own words in, and what a world says its words in.

    Attributes
    ----------
    tag, own
        Of the pages and of the world, by BCP 47.
    one, several
        Translate templates, as `gettext` and `ngettext` do.
    """

    tag: str = "en"
    own: str = "en"
    one: Callable[[str], str] = str
    several: Callable[[str, str, int], str] = lambda one, many, count: one if count == 1 else many


ENGLISH = Language()

_language: ContextVar[Language] = ContextVar("_language", default=ENGLISH)


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Make pages in a language for a while."""
    before = _language.set(language)
    try:
        yield
    finally:
        _language.reset(before)


def said(value: object) -> str:
    """Return a text: sentences of ours in the language of the page, everything else as it is."""
    now = _language.get()
    if not isinstance(value, Sentence) or now == ENGLISH:
        return str(value)
    # Names of the world keep their own direction within a sentence of another one.
    apart = {name: _apart(each) for name, each in value.values.items()}
    again = Sentence(value.template, apart, plural=value.plural, count=value.number)
    return translated(again, now.one, now.several)


def _apart(value: object) -> object:
    return f"\u2068{value}\u2069" if isinstance(value, str) and not isinstance(value, Sentence) else value


def foreign(value: object) -> str | None:
    """Return the language of words of the world, where it is not the page's."""
    now = _language.get()
    ours = isinstance(value, Sentence | Html) or value in (None, "")
    return None if ours or now.own == now.tag else now.own


class Html(str):
    """Text that is markup already; everything else is escaped by `of`."""

    __slots__ = ()


def of(value: object) -> Html:
    """Return a value as markup.

    >>> of("<b>"), of(Html("<b>")), of(None)
    ('&lt;b&gt;', '<b>', '')
    """
    if isinstance(value, Html):
        return value
    return Html("" if value is None else escape(said(value)))


def tag(name: str, *inside: object, **attributes: object) -> Html:
    """Return an element; `class_` and `for_` lose their underscore, other underscores become hyphens.

    >>> tag("a", "<b>", href="x.html?a=1&b=2")
    '<a href="x.html?a=1&amp;b=2">&lt;b&gt;</a>'
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(said(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Html(f"<{name}{written}>{''.join(map(of, inside))}</{name}>")


def join(parts: Iterable[object]) -> Html:
    """Return parts one after the other."""
    return Html("".join(map(of, parts)))


def text(value: object) -> Html:
    """Return text as it was written, in its own direction."""
    return tag("p", value, class_="text", dir="auto", lang=foreign(value))


def own(value: object) -> Html:
    """Return words of the world among words of the page, each in its own direction.

    >>> own("api")
    '<bdi>api</bdi>'
    """
    return tag("bdi", value, lang=foreign(value))


def listed(items: Iterable[object], **attributes: object) -> Html:
    """Return a list."""
    return tag("ul", *(tag("li", item) for item in items), **attributes)


def pairs(found: Row) -> Html:
    """Return names with their values; what is empty is left out."""
    kept = {name: value for name, value in found.items() if value not in (None, "")}
    return tag(
        "dl",
        *(
            join((tag("dt", name), tag("dd", value, dir="auto", lang=foreign(value))))
            for name, value in kept.items()
        ),
    )


def table(label: object, rows: Sequence[Row]) -> Html:
    """Return a table that can be scrolled by keyboard; a sentence where it has no rows."""
    if not rows:
        return tag("p", say("None."), class_="soft")
    head = tag("tr", *(tag("th", name, scope="col") for name in rows[0]))
    body = (
        tag("tr", *(tag("td", value, dir="auto", lang=foreign(value)) for value in row.values()))
        for row in rows
    )
    inner = tag("table", tag("thead", head), tag("tbody", *body))
    return tag("div", inner, class_="scroll", role="region", aria_label=label, tabindex="0")


def folded(summary: object, *inside: object, opened: bool = False) -> Html:
    """Return something to be opened, or closed."""
    return tag("details", tag("summary", summary), *inside, open="" if opened else None)


def when(moment: object) -> str:
    """Return a moment to the minute, as people read it.

    >>> when(0)
    'W1 Mon 00:00'
    """
    return clock.shown(moment)[:-3] if isinstance(moment, int) else ""


def money(cents: object, currency: object = "EUR") -> str:
    """Return an amount.

    >>> money(123456)
    '1,234.56 EUR'
    """
    return f"{cents / 100:,.2f} {currency}" if isinstance(cents, int) else str(cents)


def slug(key: object) -> str:
    """Return the name of a file for a key, whatever the key holds.

    >>> slug("OPS-12"), slug("../etc") == slug("../etc") != slug(".._etc")
    ('OPS-12', True)
    """
    plain = str(key)
    kept = re.sub(r"[^A-Za-z0-9-]", "_", plain)[:60]
    if kept == plain:
        return plain
    return f"{kept}_{hashlib.blake2b(plain.encode('utf-8', 'replace'), digest_size=4).hexdigest()}"


@cache
def style() -> str:
    """Return the style of every page."""
    return resources.files(__package__ or "").joinpath("page.css").read_text(encoding="utf-8")


@cache
def policy() -> str:
    """Return what a page may do: look as it should, lead to its neighbours, and nothing else."""
    digest = base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def page(title: object, body: Html, *, here: str, menu: Mapping[str, str], name: str, about: str) -> str:
    """Return a whole page.

    Parameters
    ----------
    here
        The file of the menu's entry that this page belongs to.
    menu
        File → what it is called.
    name, about
        Of the world: its name, and which moment of it is shown.
    """
    entries = (
        tag("li", tag("a", called, href=file, aria_current="page" if file == here else None))
        for file, called in menu.items()
    )
    language = _language.get().tag
    direction = "rtl" if language.partition("-")[0] in RIGHT_TO_LEFT else "ltr"
    return (
        f'<!doctype html>\n<html lang="{language}" dir="{direction}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy()}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<meta name="referrer" content="no-referrer">\n'
        f"{tag('title', title, ' · ', name, lang=foreign(title))}\n"
        f"<style>{style()}</style>\n</head>\n<body>\n"
        f"{tag('a', say('Skip to the page'), class_='skip', href='#content')}\n"
        f"<header>{tag('p', own(name), tag('small', about))}"
        f"{tag('nav', tag('ul', *entries), aria_label=say('Parts of the company'))}</header>\n"
        f'<main id="content">\n{tag("h1", title, dir="auto", lang=foreign(title))}\n{body}\n</main>\n'
        "</body>\n</html>\n"
    )
