"""Figures as Vega-Lite specifications: plain JSON that a page, a report and a notebook draw alike.

The drawing is Vega's, from the one script beside this file; Python only says what to draw. A figure carries
its rows, so that whoever cannot see it reads the same numbers in a table.
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
MIME = "application/vnd.vegalite.v6+json"
MOST_ROWS = 60
"""More lines than this nobody reads in a figure; the table below it holds them all."""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Figure:
    """A figure, its words, and the rows it draws.

    Attributes
    ----------
    title, caption
        What it shows, and what its marks mean.
    spec
        A Vega-Lite specification, complete with its data.
    rows
        The data as a table: every row has the same columns.
    """

    title: str
    caption: str
    spec: Mapping[str, Any]
    rows: Sequence[Row] = field(repr=False)

    def to_html(self) -> str:
        """Return one page with nothing to load, that draws the figure from a file or a server."""
        return page(self.title, [self])

    def _repr_mimebundle_(self, **kwargs: object) -> dict[str, object]:
        """Let a notebook draw it; where it cannot, the table stands in."""
        return {
            MIME: dict(self.spec),
            "text/html": _table(self),
            "text/plain": f"{self.title}: {self.caption}",
        }


def specification(rows: Sequence[Row], description: str, **parts: Any) -> dict[str, Any]:
    """Return a specification over rows, as wide as its place, with a description for who cannot see it."""
    return {
        "$schema": SCHEMA,
        "description": description,
        "data": {"values": [dict(row) for row in rows]},
        "width": "container",
        "autosize": {"type": "fit-x", "contains": "padding"},
        **parts,
    }


def intervals(
    title: str,
    caption: str,
    rows: Sequence[Row],
    *,
    name: str,
    middle: str,
    low: str,
    high: str,
    axis: Mapping[str, Any],
    scale: Mapping[str, Any],
    facet: str | None = None,
) -> Figure:
    """Draw one line a row, from `low` to `high` with a dot at `middle`, in the order of the rows.

    Parameters
    ----------
    name, middle, low, high, facet
        Columns of `rows`; each value of `facet` gets a panel of its own.
    axis, scale
        Vega-Lite's, for the numbers.
    """
    shown = rows[:MOST_ROWS]
    if left := len(rows) - len(shown):
        caption = f"{caption} The first {len(shown)} are drawn; the table holds {left} more."
    described = [{"field": column, "title": column} for column in (rows[0] if rows else {})]
    lines = {
        "field": name,
        "type": "nominal",
        "sort": None,
        "title": None,
        "axis": {"labelLimit": 220, "grid": True},
    }
    layers = [
        {
            "mark": {"type": "rule", "strokeWidth": 2.5, "opacity": 0.55},
            "encoding": {
                "x": {"field": low, "type": "quantitative", "axis": dict(axis), "scale": dict(scale)},
                "x2": {"field": high},
                "y": lines,
                "tooltip": described,
            },
        },
        {
            "mark": {"type": "point", "filled": True, "size": 70, "opacity": 1},
            "encoding": {
                "x": {"field": middle, "type": "quantitative"},
                "y": lines,
                "tooltip": described,
            },
        },
    ]
    panel = {"height": {"step": 22}, "layer": layers}
    panels = list(dict.fromkeys(row[facet] for row in shown)) if facet else []
    described_as = f"{title}. {caption}"
    if len(panels) <= 1:
        return Figure(title, caption, specification(shown, described_as, **panel), rows)
    # A facet cannot follow its container's width, panels one below the other can.
    spec = specification(shown, described_as)
    width = spec.pop("width")
    spec.pop("autosize")
    spec["vconcat"] = [
        {
            "title": str(value),
            "width": width,
            "transform": [{"filter": {"field": facet, "equal": value}}],
            **panel,
        }
        for value in panels
    ]
    return Figure(title, caption, spec, rows)


def timeline(title: str, counts: Mapping[str, int], *, caption: str = "One bar a day.") -> Figure:
    """Draw a count for each day.

    Parameters
    ----------
    counts
        ISO date → count.

    >>> timeline("Judgments per day", {"2026-01-02": 3}).rows[0]["count"]
    3
    """
    rows = [{"day": day, "count": count} for day, count in sorted(counts.items())]
    spec = specification(
        rows,
        f"{title}. {caption}",
        height=140,
        mark={"type": "bar", "cornerRadiusEnd": 2},
        encoding={
            "x": {
                "field": "day",
                "type": "ordinal",
                "timeUnit": "utcyearmonthdate",
                "title": None,
                "axis": {"labelAngle": 0, "labelOverlap": True, "format": "%d %b"},
            },
            "y": {
                "field": "count",
                "type": "quantitative",
                "title": None,
                "axis": {"tickMinStep": 1, "tickCount": 4},
            },
            "tooltip": [{"field": "day", "title": "day"}, {"field": "count", "title": "count"}],
        },
    )
    return Figure(title, caption, spec, rows)


def script() -> str:
    """Return the drawing script, for whoever serves or inlines it."""
    return resources.files(__name__).joinpath("vega.js").read_text(encoding="utf-8")


STYLE = """
:root { color-scheme: light dark; --ink: #1f2430; --soft: #5a6272; --ground: #fbfbfc; --line: #d9dde5 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8eaf0; --soft: #a3abbb; --ground: #15181e; --line: #3a4150 } }
body { margin: 0 auto; max-width: 60rem; padding: 2rem 1.25rem 4rem; background: var(--ground);
  color: var(--ink);  font: 16px/1.55 system-ui, sans-serif; overflow-wrap: anywhere }
h1 { font-size: 1.6rem; line-height: 1.25 } h2 { font-size: 1.15rem; margin: 2.5rem 0 .25rem }
.caption, .intro { color: var(--soft); max-width: 44rem } .figure { width: 100% }
details { margin-top: .5rem } summary { cursor: pointer; color: var(--soft) }
.scroll { overflow-x: auto } table { border-collapse: collapse; font-size: .875rem; margin-top: .5rem }
th, td { text-align: start; padding: .25rem .9rem .25rem 0; border-bottom: 1px solid var(--line) }
td.number { text-align: end; font-variant-numeric: tabular-nums }
"""


def page(title: str, figures: Sequence[Figure], *, intro: str = "", body: str = "") -> str:
    """Return several figures as one self-contained HTML page: no address in it is ever loaded.

    Everything but `body` is escaped; `body` is HTML of the caller's own making, put before the figures.

    >>> "<script>alert" in page("<script>alert(1)</script>", [])
    False
    """
    parts = "".join(
        f'<section><h2>{html.escape(figure.title)}</h2><p class="caption">{html.escape(figure.caption)}</p>'
        f'<div class="figure" role="img" aria-label="{html.escape(figure.title)}"></div>'
        f'<script type="{MIME}">{as_json(figure.spec)}</script>{_table(figure)}</section>'
        for figure in figures
    )
    # The bundle is ours and closes no tag; figures come from people's files and are escaped above.
    drawing = f"<script>{script()}</script>" if figures else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{STYLE}</style></head><body>"
        f"<h1>{html.escape(title)}</h1>"
        + (f'<p class="intro">{html.escape(intro)}</p>' if intro else "")
        + f"{body}{parts}{drawing}</body></html>"
    )


def as_json(spec: Mapping[str, Any]) -> str:
    """Return a specification as JSON that can stand inside a script element, whatever names it holds.

    >>> as_json({"name": "</script>"})
    '{"name": "\\\\u003c/script>"}'
    """
    return json.dumps(spec, ensure_ascii=False).replace("<", "\\u003c").replace("\u2028", "\\u2028")


def _table(figure: Figure) -> str:
    if not figure.rows:
        return "<p>There is nothing to draw yet.</p>"
    head = "".join(f"<th>{html.escape(str(name))}</th>" for name in figure.rows[0])
    lines = "".join("<tr>" + "".join(_cell(value) for value in row.values()) + "</tr>" for row in figure.rows)
    return (
        "<details><summary>The numbers</summary>"
        f'<div class="scroll"><table><tr>{head}</tr>{lines}</table></div></details>'
    )


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f'<td class="number">{value:.4g}</td>'
    if isinstance(value, int):
        return f'<td class="number">{value}</td>'
    return f'<td dir="auto">{html.escape(str(value))}</td>'
