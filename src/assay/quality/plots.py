"""What judgments are worth, as pictures: who is good at what, and where the raters part."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from assay.figures import Figure, leader, nothing, specification
from assay.quality.experiment import Effect
from assay.records import Skill, Verdict
from assay.wording import counted, joined, say

ROWS = 60  # more lines than this are a texture, not a figure
STRIPS = 24  # so many skills, languages and domains are drawn
BINS = 10
COLOURS = 7  # questions that colours can tell apart
RIGHT_VOTES = say("share of right votes")
_BETWEEN = "\x1f"  # stands between question and rater in the key of a line; nobody types it


def skills(
    skills: Sequence[Skill], *, title: str = say("Skill of the raters"), measure: str = RIGHT_VOTES
) -> Figure:
    """Return one line per rater and question: the dot is the mean, the line its 95 % interval.

    Questions follow each other, each with its best rater on top. Where there are too many raters, the best
    and the worst of each question stay: they are whom a data lead acts on.

    Parameters
    ----------
    measure
        What the numbers are, for the axis; they are shares of right votes where nobody says otherwise.

    >>> figure = skills([Skill("Ann", "better", mean=0.9, low=0.8, high=0.96, votes=40)])
    >>> figure.rows[0]["rater"], figure.rows[0]["low"], figure.rows[0]["high"]
    ('Ann', 0.8, 0.96)
    """
    if not skills:
        return nothing(
            title, say("No rater has a skill yet: it takes verdicts, or items with a known answer.")
        )
    ranked = sorted(skills, key=lambda skill: (skill.question, -skill.mean, skill.rater))
    shown = _both_ends(ranked)
    questions = list(dict.fromkeys(skill.question for skill in shown))
    domain: list[str] = []
    for question in questions:
        if len(questions) > 1:
            domain.append(question + _BETWEEN)  # a line of its own for the name of the question
        domain += dict.fromkeys(_key(skill) for skill in shown if skill.question == question)
    against = sorted({skill.against for skill in shown})
    left_out = len(skills) - len(shown)
    caption = joined(
        [
            say("Dot: how often the rater is right.")
            if measure == RIGHT_VOTES
            else say("Dot: {measure}.", measure=measure),
            say("Line: the 95 % interval of that."),
            *(_AGAINST[name] for name in against),
            *(
                [say("{count} are left out; the best and the worst are drawn.", count=left_out)]
                if left_out
                else []
            ),
        ]
    )
    rows = [
        {
            "key": _key(skill),
            "rater": skill.rater,
            "question": skill.question,
            "mean": round(skill.mean, 4),
            "low": round(skill.low, 4),
            "high": round(skill.high, 4),
            "interval": _interval(skill),
            "votes": skill.votes,
            "against": skill.against,
        }
        for skill in shown
    ]
    y = {
        "field": "key",
        "type": "nominal",
        "title": None,
        "scale": {"domain": domain},
        "axis": {
            "labelExpr": f"{_PART}[1] || {_PART}[0]",
            "labelFontWeight": {"condition": {"test": f"!{_PART}[1]", "value": "bold"}, "value": "normal"},
        },
    }
    share = {"type": "quantitative", "scale": {"domain": [0, 1]}, "axis": {"format": ".0%"}}
    x = {"field": "mean", "title": measure, **share}
    tooltip = [
        {"field": "rater", "type": "nominal", "title": "rater"},
        {"field": "question", "type": "nominal", "title": "question"},
        {"field": "mean", "type": "quantitative", "title": "mean", "format": ".0%"},
        {"field": "interval", "type": "nominal", "title": "95 % interval"},
        {"field": "votes", "type": "quantitative", "title": "votes"},
        {"field": "against", "type": "nominal", "title": "measured against"},
    ]
    point: dict[str, object] = {"x": x, "y": y, "tooltip": tooltip}
    if len(against) > 1:
        point["shape"] = {
            "field": "against",
            "type": "nominal",
            "title": "measured against",
            "scale": {"domain": ["gold", "verdicts"], "range": ["diamond", "circle"]},
        }
    spec = specification(
        f"{title}: one line per rater. {caption}",
        rows,
        height={"step": 22},
        layer=[
            # the whole line answers the pointer, not only the dot
            {"mark": {"type": "rect", "opacity": 0}, "encoding": {"y": y, "tooltip": tooltip}},
            leader(x, y),
            {
                "mark": {"type": "rule", "strokeWidth": 2.5, "opacity": 0.55},
                "encoding": {"x": {**x, "field": "low"}, "x2": {"field": "high"}, "y": y, "tooltip": tooltip},
            },
            {"mark": {"type": "point", "size": 70}, "encoding": point},
        ],
    )
    table = [
        {
            "rater": skill.rater,
            "question": skill.question,
            "right": round(skill.mean, 4),
            "low": round(skill.low, 4),
            "high": round(skill.high, 4),
            "votes": skill.votes,
            "against": skill.against,
        }
        for skill in ranked
    ]
    return Figure(title, caption, spec, table)


def good_at(cells: Sequence[Skill]) -> Figure:
    """Return one strip for each skill, language or domain (`question`): a mark for every person in it.

    The darker a mark, the surer it is; the best of each, by the lower end of the interval, has their name on
    it. So five people can be read, and three hundred seen.

    >>> cells = [Skill("Ann", "sw", 0.9, 0.8, 0.95, 30), Skill("Ben", "sw", 0.7, 0.6, 0.8, 30)]
    >>> [row["best"] for row in good_at(cells).spec["data"]["values"]]
    ['Ann', '']
    """
    title = "Who is good at what"
    if not cells:
        return nothing(
            title, "Nothing tells skills, languages or domains apart: add such columns to the votes."
        )
    best: dict[str, Skill] = {}
    count: dict[str, int] = {}
    for cell in cells:
        count[cell.question] = count.get(cell.question, 0) + 1
        held = best.get(cell.question)
        if held is None or (cell.low, cell.mean, cell.rater) > (held.low, held.mean, held.rater):
            best[cell.question] = cell
    order = sorted(count, key=lambda question: (-count[question], question))
    shown = order[:STRIPS]
    rows = [
        {
            "in": f"{cell.question} ({count[cell.question]})",
            "rater": cell.rater,
            "mean": round(cell.mean, 4),
            "interval": _interval(cell),
            "votes": cell.votes,
            "sure": round(1 - min(cell.high - cell.low, 1.0), 3),
            "best": cell.rater if best[cell.question] is cell else "",
        }
        for cell in sorted(cells, key=lambda cell: (order.index(cell.question), -cell.mean, cell.rater))
        if cell.question in shown
    ]
    left_out = len(order) - len(shown)
    caption = (
        "A mark is a person, darker where surer; in brackets, how many. Named: whose interval begins highest."
        + (f" {left_out} with fewer people are in the table alone." if left_out else "")
    )
    x = {
        "field": "mean",
        "type": "quantitative",
        "scale": {"domain": [0, 1]},
        "axis": {"format": ".0%"},
        "title": RIGHT_VOTES,
    }
    y = {
        "field": "in",
        "type": "nominal",
        "title": None,
        "scale": {"domain": [f"{question} ({count[question]})" for question in shown]},
    }
    tooltip = [
        {"field": "rater", "type": "nominal", "title": "rater"},
        {"field": "in", "type": "nominal", "title": "in"},
        {"field": "mean", "type": "quantitative", "title": "mean", "format": ".0%"},
        {"field": "interval", "type": "nominal", "title": "95 % interval"},
        {"field": "votes", "type": "quantitative", "title": "known answers it rests on"},
    ]
    sure = {"field": "sure", "type": "quantitative", "legend": None, "scale": {"range": [0.25, 1]}}
    spec = specification(
        f"{title}: one strip for each. {caption}",
        rows,
        height={"step": 46},
        layer=[
            {
                "mark": {"type": "tick", "thickness": 2.5, "size": 18},
                "encoding": {"x": x, "y": y, "opacity": sure, "tooltip": tooltip},
            },
            {
                "transform": [{"filter": "datum.best !== ''"}],
                "mark": {"type": "text", "dy": -15, "align": "right", "limit": 200},
                "encoding": {
                    "x": x,
                    "y": y,
                    "text": {"field": "best", "type": "nominal"},
                    "tooltip": tooltip,
                },
            },
        ],
    )
    table = [
        {
            "in": cell.question,
            "rater": cell.rater,
            "right": round(cell.mean, 4),
            "low": round(cell.low, 4),
            "high": round(cell.high, 4),
            "known answers": cell.votes,
        }
        for cell in sorted(cells, key=lambda cell: (order.index(cell.question), -cell.mean, cell.rater))
    ]
    return Figure(title, caption, spec, table)


def effects(named: Sequence[tuple[str, Effect]]) -> Figure:
    """Return one line per thing that two versions were compared on: the change, and its 95 % interval.

    >>> found = Effect(0.1, 0.02, 0.18, 0.03, 0.01, (0.7, 0.8), (6, 6), 40, 240)
    >>> effects([("agree", found)]).rows[0]["change"]
    10.0
    """
    title = say("What the second version changes")
    if not named:
        return nothing(title, say("Nothing has been judged by both versions yet."))
    rows = [
        {
            "compared": name,
            "change": round(100 * one.difference, 3),
            "low": None if one.low is None else round(100 * one.low, 3),
            "high": None if one.high is None else round(100 * one.high, 3),
            "first": round(one.means[0], 4),
            "second": round(one.means[1], 4),
            "by chance": round(one.chance, 4),
            "people": sum(one.people),
            "items": one.items,
        }
        for name, one in named
    ]
    caption = say(
        "Dot: the change in percentage points. Line: its 95 % interval. "
        "Left of 0 the first version has more of it, right of 0 the second."
    )
    y = {"field": "compared", "type": "nominal", "title": None, "sort": None, "axis": {"labelLimit": 240}}
    x = {"field": "change", "type": "quantitative", "title": "change in percentage points"}
    tooltip = [
        {"field": name, "type": "nominal" if name == "compared" else "quantitative", "title": name}
        for name in ("compared", "change", "low", "high", "by chance", "people", "items")
    ]
    spec = specification(
        f"{title}. {caption}",
        rows,
        height={"step": 34},
        layer=[
            {
                # the line of no change: nothing to read aloud
                "mark": {"type": "rule", "strokeDash": [3, 3], "opacity": 0.6, "aria": False},
                "encoding": {"x": {"datum": 0}},
            },
            {
                "mark": {"type": "rule", "strokeWidth": 2.5, "opacity": 0.55},
                "encoding": {"x": {**x, "field": "low"}, "x2": {"field": "high"}, "y": y, "tooltip": tooltip},
            },
            {"mark": {"type": "point", "size": 70}, "encoding": {"x": x, "y": y, "tooltip": tooltip}},
        ],
    )
    return Figure(title, caption, spec, rows)


def contest(verdicts: Sequence[Verdict]) -> Figure:
    """Return how contested the verdicts are: a histogram from 0 (agreed) to 1 (split evenly).

    The bars on the right are the works to read first: there the brief is unclear, or taste truly differs.

    >>> split = Verdict("w1", "better", "left", 0.5, {"left": 0.5, "right": 0.5}, 4, 0.97, "dawid-skene")
    >>> contest([split]).caption
    '0: the trusted raters agree. 1: they are split evenly. 1 of 1 verdicts is above 0.8; read those first.'
    """
    title = say("How contested the verdicts are")
    if not verdicts:
        return nothing(title, say("There is no verdict yet: it takes votes on a work."))
    questions = sorted({verdict.question for verdict in verdicts})
    coloured = 1 < len(questions) <= COLOURS
    counts: dict[tuple[str, int], int] = {}
    for verdict in verdicts:
        cell = (verdict.question if coloured else "", min(int(verdict.contest * BINS), BINS - 1))
        counts[cell] = counts.get(cell, 0) + 1
    above = sum(verdict.contest > 0.8 for verdict in verdicts)
    caption = joined(
        [
            say("0: the trusted raters agree. 1: they are split evenly."),
            counted(
                "{count} of {total} verdicts is above 0.8; read those first.",
                "{count} of {total} verdicts are above 0.8; read those first.",
                above,
                total=len(verdicts),
            ),
        ]
    )
    rows = [
        {
            "question": question,
            "low": step / BINS,
            "high": (step + 1) / BINS,
            "range": f"{step / BINS:.1f}–{(step + 1) / BINS:.1f}",
            "verdicts": counts.get((question, step), 0),
        }
        for question in (questions if coloured else [""])
        for step in range(BINS)
    ]
    tooltip = [
        {"field": "range", "type": "nominal", "title": "contest"},
        {"field": "verdicts", "type": "quantitative", "title": "verdicts"},
    ]
    encoding: dict[str, object] = {
        "x": {
            "field": "low",
            "type": "quantitative",
            "bin": {"binned": True, "step": 1 / BINS},
            "title": "contest (0 agreed, 1 split evenly)",
            "axis": {"grid": False, "values": [0, 0.2, 0.4, 0.6, 0.8, 1], "format": ".1f"},
        },
        "x2": {"field": "high"},
        "y": {
            "field": "verdicts",
            "type": "quantitative",
            "title": "verdicts",
            "axis": {"tickMinStep": 1},
        },
        "tooltip": tooltip,
    }
    if coloured:
        encoding["color"] = {"field": "question", "type": "nominal", "title": "question"}
        encoding["tooltip"] = [{"field": "question", "type": "nominal", "title": "question"}, *tooltip]
    spec = specification(f"{title}: a histogram. {caption}", rows, height=200, mark="bar", encoding=encoding)
    table = [
        {
            **({"question": row["question"]} if coloured else {}),
            "contest": row["range"],
            "verdicts": row["verdicts"],
        }
        for row in rows
    ]
    return Figure(title, caption, spec, table)


def calibration(stated: Sequence[float], right: Sequence[float]) -> Figure:
    """Return how often verdicts are right against how sure they were said to be.

    Parameters
    ----------
    stated, right
        For each gold item the probability of its verdict, and whether it was right (0 to 1).

    >>> calibration([0.95] * 10, [1.0] * 9 + [0.0]).rows[0]["right"]
    0.9
    """
    title = "When it says 90 %, is it right nine times in ten?"
    if not stated:
        return nothing(title, "There is no gold item to compare with.")
    members: dict[int, list[int]] = {}
    for place, probability in enumerate(stated):
        members.setdefault(min(int(probability * BINS), BINS - 1), []).append(place)
    rows = [
        {
            "stated": round(sum(stated[place] for place in places) / len(places), 4),
            "right": round(sum(right[place] for place in places) / len(places), 4),
            "items": len(places),
        }
        for _, places in sorted(members.items())
    ]
    caption = (
        "Each dot: the verdicts stated with about that probability; its size says how many. "
        "On the line the promise is kept; below it the verdicts are too sure, above it too modest."
    )
    scale = {"domain": [0, 1]}
    x = {
        "field": "stated",
        "type": "quantitative",
        "scale": scale,
        "title": "stated",
        "axis": {"format": ".0%"},
    }
    y = {
        "field": "right",
        "type": "quantitative",
        "scale": scale,
        "title": "right",
        "axis": {"format": ".0%"},
    }
    tooltip = [{"field": name, "type": "quantitative"} for name in ("stated", "right", "items")]
    size = {"field": "items", "type": "quantitative", "legend": None, "scale": {"range": [40, 500]}}
    ends = [{"stated": 0, "right": 0}, {"stated": 1, "right": 1}]
    promise = {
        "data": {"values": ends},
        "mark": {"type": "line", "strokeDash": [4, 4], "style": "quiet"},
        "encoding": {"x": x, "y": y},
    }
    dots = {
        "mark": {"type": "point", "opacity": 0.85},
        "encoding": {"x": x, "y": y, "size": size, "tooltip": tooltip},
    }
    spec = specification(f"{title} {caption}", rows, height=280, layer=[promise, dots])
    return Figure(title, caption, spec, rows)


_PART = f"split(datum.value, '{_BETWEEN}')"
_AGAINST = {
    "gold": say("Measured against items with a known answer."),
    "verdicts": say("Measured against what the others came to."),
}


def _key(skill: Skill) -> str:
    return f"{skill.question}{_BETWEEN}{skill.rater}"


def _interval(skill: Skill) -> str:
    return f"{100 * skill.low:.0f}–{100 * skill.high:.0f} %"


def _both_ends(ranked: list[Skill]) -> list[Skill]:
    """Keep at most `ROWS`, from both ends of every question."""
    if len(ranked) <= ROWS:
        return ranked
    groups = [list(group) for _, group in groupby(ranked, key=lambda skill: skill.question)]
    each = max(2, ROWS // len(groups))
    return [
        skill
        for group in groups[: ROWS // each]
        for skill in (group if len(group) <= each else [*group[: each - each // 2], *group[-(each // 2) :]])
    ]
