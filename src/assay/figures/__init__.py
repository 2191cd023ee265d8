"""Figures: a Vega-Lite specification with its title, its caption and the rows behind it.

A figure is plain data. A web page, a notebook and a file on disk draw the same one with the same script,
`vega.js`, which needs no network and no `eval`. `tools/figures` builds that script.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from html import escape
from importlib import resources
from typing import Any

from assay.errors import AssayError
from assay.wording import ENGLISH, Sentence, Words, say

MEDIA_TYPE = "application/vnd.vegalite.v6+json"
_OLDER_MEDIA_TYPE = "application/vnd.vegalite.v5+json"  # what notebooks draw that ship the version before
TABLE_ROWS = 200  # a page shows so many; `rows` holds them all
DATA = say("The data as a table")
FEWEST_DAYS = 14  # a shorter timeline would draw bars as broad as walls
_SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"  # a name; nothing is fetched from it


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture of one finding, and the same finding as a table.

    `title` names the subject, `caption` says what lines and colours mean, `spec` is a whole Vega-Lite
    specification with its data, and `rows` are what a reader who cannot see the picture gets instead: all of
    them, as numbers, also where the picture shows a part.
    """

    title: str
    caption: str
    spec: Mapping[str, Any]
    rows: Sequence[Mapping[str, Any]]

    def said(self, words: Words) -> Figure:
        """Return the figure in a reader's language: titles, captions and axes; what it shows stays.

        >>> turkish = Words({"Nothing has happened on any day yet.": "Daha bir şey olmadı."}.get, tag="tr")
        >>> timeline("Judgments", {}).said(turkish).caption
        'Daha bir şey olmadı.'
        """
        title, caption = words(self.title), words(self.caption)
        spec = {**_said(self.spec, words), "description": f"{title} · {caption}"}
        return replace(self, title=title, caption=caption, spec=spec)

    def fragment(self, words: Words = ENGLISH) -> str:
        """Return the figure as HTML for a page that loads `vega.js` itself.

        >>> print(timeline("Judgments", {"2026-03-01": 4}).fragment()[:36])
        <figure class="assay-figure">
        <div c
        """
        if not self.rows:
            return f'<p class="assay-nothing"{_flow(self.caption)}>{escape(words(self.caption))}</p>'
        spec = self.spec if words == ENGLISH else self.said(words).spec
        return (
            '<figure class="assay-figure">\n'
            '<div class="assay-drawing"></div>\n'
            f'<script type="{MEDIA_TYPE}">{_json_in_html(spec)}</script>\n'
            f"<figcaption{_flow(self.caption)}>{escape(words(self.caption))}</figcaption>\n"
            f"<details><summary>{escape(words(DATA))}</summary>{_table(self.rows, words)}</details>\n"
            "</figure>"
        )

    def to_html(self) -> str:
        """Return one self-contained page: the script is inside it, and it works from a file.

        >>> timeline("Judgments", {"2026-03-01": 4}).to_html().startswith("<!doctype html>")
        True
        """
        return page(self.title, [self])

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        """Let a notebook draw the figure with its own Vega-Lite, or show the table."""
        spec = {**self.spec, "title": self.title}
        text = f"<h4>{escape(self.title)}</h4>{_table(self.rows, ENGLISH)}<p>{escape(self.caption)}</p>"
        return {
            MEDIA_TYPE: spec,
            _OLDER_MEDIA_TYPE: {**spec, "$schema": _SCHEMA.replace("v6", "v5")},
            "text/html": text,
            "text/plain": f"{self.title}\n{self.caption}",
        }


@dataclass(frozen=True, slots=True)
class Passage:
    """Words and perhaps a table between figures: `sentences` as a list, `rows` open to read."""

    title: str
    sentences: Sequence[str] = ()
    rows: Sequence[Mapping[str, Any]] = ()

    def fragment(self, words: Words = ENGLISH) -> str:
        """Return the passage as HTML.

        >>> Passage("Next", ["Read <b>this</b>."]).fragment()
        '<ul><li dir="auto">Read &lt;b&gt;this&lt;/b&gt;.</li></ul>'
        """
        lines = "".join(f"<li{_flow(sentence)}>{escape(words(sentence))}</li>" for sentence in self.sentences)
        return (f"<ul>{lines}</ul>" if lines else "") + _table(self.rows, words)


def specification(
    description: str, rows: Sequence[Mapping[str, Any]], *, height: int | Mapping[str, int], **parts: Any
) -> dict[str, Any]:
    """Return a whole Vega-Lite specification around `parts`, as wide as what holds it.

    `description` is read aloud in place of the picture.
    """
    return {
        "$schema": _SCHEMA,
        "description": description,
        "width": "container",
        "height": height,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "data": {"values": [dict(row) for row in rows]},
        **parts,
    }


def leader(x: Mapping[str, Any], y: Mapping[str, Any]) -> dict[str, Any]:
    """Return the dotted line that leads the eye from a name to where its interval (`low`) begins."""
    return {
        "mark": {"type": "rule", "style": "leader"},
        "encoding": {"x": {**x, "field": "low"}, "x2": {"value": 0}, "y": y},
    }


def nothing(title: str, sentence: str) -> Figure:
    """Return the figure for a finding that has no data yet: a sentence that says what is missing.

    >>> nothing("Skills", "No rater has a vote yet.").rows
    ()
    """
    mark = {"type": "text", "text": sentence, "style": "quiet", "fontSize": 14}
    return Figure(title, sentence, specification(sentence, [{}], height=80, mark=mark), ())


def timeline(title: str, counts: Mapping[str, int]) -> Figure:
    """Return bars over days; `counts` maps an ISO date to how many, and a day left out means none.

    >>> timeline("Judgments", {"2026-03-02": 7, "2026-03-01": 4}).caption
    '11 in all, from 2026-03-01 to 2026-03-02; the highest day is 2026-03-02 with 7.'
    """
    days = sorted(counts, key=_date)
    if not days:
        return nothing(title, say("Nothing has happened on any day yet."))
    last = _date(days[-1])
    first = min(_date(days[0]), last - timedelta(days=FEWEST_DAYS - 1))
    highest = max(days, key=lambda day: counts[day])
    total = sum(counts.values())
    caption = (
        say(
            "{total} in all, from {first} to {last}; the highest day is {highest} with {most}.",
            total=total,
            first=days[0],
            last=days[-1],
            highest=highest,
            most=counts[highest],
        )
        if len(days) > 1
        else say("{total} in all, all on {day}.", total=total, day=days[0])
    )
    rows = [{"day": day, "count": counts[day]} for day in days]
    spec = specification(
        f"{title}: bars by day. {caption}",
        rows,
        height=180,
        mark={"type": "bar", "cornerRadiusTopLeft": 2, "cornerRadiusTopRight": 2},
        encoding={
            # UTC, because a bare date is read as midnight there; local time would move it a day west of it
            "x": {
                "field": "day",
                "type": "temporal",
                "timeUnit": "utcyearmonthdate",
                "title": "day",
                "scale": {"domain": [_moment(first), _moment(last + timedelta(days=1))]},
                "axis": {"format": "%e %b", "grid": False, "tickMinStep": 86_400_000},
            },
            "y": {
                "field": "count",
                "type": "quantitative",
                "title": "per day",
                "axis": {"tickMinStep": 1},
            },
            "tooltip": [
                {"field": "day", "type": "nominal", "title": "day"},
                {"field": "count", "type": "quantitative", "title": "count"},
            ],
        },
    )
    return Figure(title, caption, spec, rows)


def page(title: str, figures: Iterable[Figure | Passage], *, intro: str = "", words: Words = ENGLISH) -> str:
    """Return figures and passages as one HTML page that needs nothing but itself.

    Its policy lets exactly our script and our style run, so a name in the data stays a name. With `words` it
    speaks another language than English, from right to left where that is written so.
    """
    script, style = _resource("vega.js"), _resource("page.css")
    policy = f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'"
    sections = "\n".join(
        f"<section><h2{_flow(figure.title)}>{escape(words(figure.title))}</h2>\n{figure.fragment(words)}\n</section>"
        for figure in figures
    )
    return (
        f'<!doctype html>\n<html lang="{escape(words.tag)}" dir="{words.direction}">\n<head>\n'
        '<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(words(title))}</title>\n<style>{style}</style>\n</head>\n<body>\n<main>\n"
        f"<h1{_flow(title)}>{escape(words(title))}</h1>\n"
        + (f"<p{_flow(intro)}>{escape(words(intro))}</p>\n" if intro else "")
        + f"{sections}\n</main>\n<script>{script}</script>\n</body>\n</html>\n"
    )


def _date(day: str) -> date:
    try:
        return date.fromisoformat(day)
    except ValueError:
        raise AssayError(f"{day!r} is not a date; write it as 2026-03-01") from None


def _moment(day: date) -> dict[str, Any]:
    return {"year": day.year, "month": day.month, "date": day.day, "utc": True}


def _resource(name: str) -> str:
    return resources.files(__name__).joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _json_in_html(value: object) -> str:
    """Write JSON so that nothing in it can end the element around it."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"), default=dict)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _said(part: Any, words: Words) -> Any:
    """Say the titles in a specification in another language, and leave its data as they are."""
    if isinstance(part, Mapping):
        return {
            name: value
            if name == "data"
            else words.word(value)
            if name == "title" and type(value) is str
            else _said(value, words)
            for name, value in part.items()
        }
    if isinstance(part, list | tuple):
        return [_said(each, words) for each in part]
    return words(part) if isinstance(part, Sentence) else part


def _table(rows: Sequence[Mapping[str, Any]], words: Words) -> str:
    if not rows:
        return ""
    head = "".join(f'<th scope="col">{escape(words.word(str(name)))}</th>' for name in rows[0])
    body = "".join(
        f"<tr>{''.join(_cell(value, words) for value in row.values())}</tr>" for row in rows[:TABLE_ROWS]
    )
    first = say("The first {shown} of {all} rows.", shown=TABLE_ROWS, all=len(rows))
    more = f"<p>{escape(words(first))}</p>" if len(rows) > TABLE_ROWS else ""
    return (
        f'<div class="assay-table" role="region" aria-label="{escape(words(DATA))}" tabindex="0">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{more}"
    )


def _cell(value: object, words: Words) -> str:
    told = words(value) if isinstance(value, Sentence) else str(value)
    return f"<td><bdi>{escape(told)}</bdi></td>"


def _flow(text: str) -> str:
    """Let text go its own way; a sentence of ours goes as its page does, whatever name it begins with."""
    return "" if isinstance(text, Sentence) else ' dir="auto"'
