"""HTML whose every text is escaped: worlds hold what hostile people write."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from html import escape
from importlib import resources

from assay.environments import clock

Row = Mapping[str, object]


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
    return Html("" if value is None else escape(str(value)))


def tag(name: str, *inside: object, **attributes: object) -> Html:
    """Return an element; `class_` and `for_` lose their underscore, other underscores become hyphens.

    >>> tag("a", "<b>", href="x.html?a=1&b=2")
    '<a href="x.html?a=1&amp;b=2">&lt;b&gt;</a>'
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Html(f"<{name}{written}>{''.join(map(of, inside))}</{name}>")


def join(parts: Iterable[object]) -> Html:
    """Return parts one after the other."""
    return Html("".join(map(of, parts)))


def text(value: object) -> Html:
    """Return text as it was written, in its own direction."""
    return tag("p", value, class_="text", dir="auto")


def listed(items: Iterable[object], **attributes: object) -> Html:
    """Return a list."""
    return tag("ul", *(tag("li", item) for item in items), **attributes)


def pairs(found: Mapping[str, object]) -> Html:
    """Return names with their values; what is empty is left out."""
    kept = {name: value for name, value in found.items() if value not in (None, "")}
    return tag("dl", *(join((tag("dt", name), tag("dd", value, dir="auto"))) for name, value in kept.items()))


def table(label: str, rows: Sequence[Mapping[str, object]]) -> Html:
    """Return a table that can be scrolled by keyboard; a sentence where it has no rows."""
    if not rows:
        return tag("p", "None.", class_="soft")
    head = tag("tr", *(tag("th", name, scope="col") for name in rows[0]))
    body = (tag("tr", *(tag("td", value, dir="auto") for value in row.values())) for row in rows)
    inner = tag("table", tag("thead", head), tag("tbody", *body))
    return tag("div", inner, class_="scroll", role="region", aria_label=label, tabindex="0")


def folded(summary: object, *inside: object) -> Html:
    """Return something to be opened."""
    return tag("details", tag("summary", summary), *inside)


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


def page(title: str, body: Html, *, here: str, menu: Mapping[str, str], name: str, about: str) -> str:
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
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy()}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<meta name="referrer" content="no-referrer">\n'
        f"<title>{of(title)} · {of(name)}</title>\n<style>{style()}</style>\n</head>\n<body>\n"
        f'<a class="skip" href="#content">Skip to the page</a>\n'
        f"<header>{tag('p', name, tag('small', about))}"
        f"{tag('nav', tag('ul', *entries), aria_label='Parts of the company')}</header>\n"
        f'<main id="content">\n{tag("h1", title, dir="auto")}\n{body}\n</main>\n</body>\n</html>\n'
    )
