"""What the dashboard draws, and how an answer reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.utils import dates
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop as known

from assay.platform.markdown import Written
from assay.platform.templatetags.assay import asked
from assay.wording import Sentence, translated

if TYPE_CHECKING:
    from assay.datasets import Format
    from assay.figures import Figure
    from assay.pipeline import Outcome


def drawn(outcome: Outcome, per_day: Mapping[str, int]) -> dict[str, Figure]:
    """Return the figures of a dashboard by name, those without data left out."""
    # Imported here: the start of the server need not wait for what only a dashboard draws.
    from assay import figures  # noqa: PLC0415
    from assay.evaluation import plots as evaluation  # noqa: PLC0415
    from assay.quality import plots as quality  # noqa: PLC0415

    found: dict[str, Figure] = {}
    if outcome.board and outcome.board.standings:
        found["standings"] = evaluation.standings(outcome.board)
    if outcome.skills:
        found["skills"] = quality.skills(outcome.skills)
    if outcome.verdicts:
        found["contest"] = quality.contest(outcome.verdicts)
    if per_day:
        found["per-day"] = figures.timeline(gettext("Judgments per day"), per_day)
    return found


WORDS = (
    *(known("rater"), known("question"), known("right"), known("low"), known("high"), known("votes")),
    *(known("against"), known("model"), known("rating"), known("ranks"), known("contest"), known("day")),
    *(known("verdicts"), known("count"), known("language"), known("compared"), known("change")),
    *(known("first"), known("second"), known("by chance"), known("people"), known("items")),
    *(known("user"), known("assistant"), known("system"), known("tool"), known("agent")),
    *(known("gold"), known("per day"), known("measured against"), known("share of right votes")),
    known("how often they mean what they say"),
    known("share of the labels that hold that they tick"),
    known("precision against the others' spans"),
    known("precision against the others' boxes"),
    known("likeness to what the others wrote"),
    known("reliability (share of variance the items explain)"),
)
"""What figures and tables call their columns, and what a skill is measured by: shown in every language."""


def all_in_words(drawn: Mapping[str, Figure]) -> dict[str, Figure]:
    """Return figures in the reader's language; what is downloaded keeps the words of programs."""
    return {name: in_words(figure) for name, figure in drawn.items()}


def in_words(figure: Figure) -> Figure:
    """Return a figure in the reader's language; names of people, models and questions stay."""
    title, caption = (translated(text, gettext, ngettext) for text in (figure.title, figure.caption))
    spec = {**_in_words(figure.spec), "description": f"{title} · {caption}"}
    if (get_language() or "en").partition("-")[0] != "en":
        spec["config"] = {**spec.get("config", {}), "locale": {"time": _calendar()}}
    rows = [{name: _cell(name, value) for name, value in row.items()} for row in figure.rows]
    return replace(figure, title=title, caption=caption, spec=spec, rows=rows)


def _cell(name: str, value: object) -> object:
    if name == "question":
        return asked(str(value))
    return gettext(value) if name == "against" and isinstance(value, str) and value else value


def _in_words(part: Any) -> Any:
    """Translate the titles in a specification, and leave its data as they are."""
    if isinstance(part, Mapping):
        return {
            name: value
            if name == "data"
            else gettext(value)
            if name == "title" and type(value) is str and value
            else _in_words(value)
            for name, value in part.items()
        }
    if isinstance(part, list | tuple):
        return [_in_words(each) for each in part]
    return translated(part, gettext, ngettext) if isinstance(part, Sentence) else part


def _calendar() -> dict[str, object]:
    """Return the names of days and months as D3 wants them, Sunday first."""
    days = [str(dates.WEEKDAYS[(place + 6) % 7]) for place in range(7)]
    return {
        "dateTime": "%x %X",
        "date": "%Y-%m-%d",
        "time": "%H:%M",
        "periods": ["AM", "PM"],
        "days": days,
        "shortDays": days,
        "months": [str(dates.MONTHS[month]) for month in range(1, 13)],
        "shortMonths": [str(dates.MONTHS[month]) for month in range(1, 13)],
    }


def formats_for(outcome: Outcome) -> list[tuple[str, Format]]:
    """Return the registered formats that can hold what a project has come to."""
    from assay import datasets, registry  # noqa: PLC0415 -- as above

    shapes = {example.shape for example in outcome.examples}
    forms = [(name, datasets.format_named(name)) for name in registry.names("formats")]
    return [(name, form) for name, form in forms if shapes & set(form.shapes)]


NAMES = {
    "choice": _("Better answer"),
    "strength": _("By how much"),
    "reason": _("Why"),
    "note": _("Note"),
    "text": _("Text"),
    "ranking": _("Order"),
    "marks": _("Marked"),
    "great": _("As good as it can be"),
    "rating": _("Rating"),
    "turns": _("Conversation"),
    "reply": _("The model"),
    "model": _("Model"),
    "edited": _("Written instead"),
    "outcome": _("Did it reach the goal?"),
}
VALUES = {
    "tie": _("Equally good"),
    "both_bad": _("Both bad"),
    "all_bad": _("All bad"),
}
# What kinds themselves ask: the steps of an agent, marks where the brief names no labels.
OWN = {
    "good": _("Good"),
    "neutral": _("Neutral"),
    "wrong": _("Wrong"),
    "failed": _("failed"),
    "partly": _("partly"),
    "reached": _("reached"),
    "accuracy": _("accuracy"),
    "fluency": _("fluency"),
    "style": _("style"),
    "other": _("other"),
    "minor": _("minor"),
    "major": _("major"),
    "critical": _("critical"),
}
WRITTEN = {"text", "edited"}
"""What people write as Markdown; reasons and notes are plain."""

STRENGTHS = {1: _("Slightly"), 2: _("Clearly"), 3: _("Far better")}


def told(answer: Mapping[str, object], authors: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return an answer as names and values to read, whatever its kind; a sample is named by its author.

    >>> told({"choice": "moon/b", "strength": 2, "labels": {"ear": "yes"}}, {"moon/b": "Ben"})
    [('Better answer', 'Ben'), ('By how much', 'Clearly'), ('ear', 'yes')]
    >>> told({"ranking": ["A", ["B", "C"]]}, {})
    [('Order', 'A > B = C')]
    """
    rows: list[tuple[str, str]] = []
    for name, value in answer.items():
        if name == "steps" and isinstance(value, Mapping):
            rows += [(str(_("Step %s")) % step, str(OWN.get(said, said))) for step, said in value.items()]
        elif name == "outcome":
            rows.append((str(NAMES[name]), str(OWN.get(str(value), value))))
        elif isinstance(value, Mapping):
            rows += [(each, str(text)) for each, text in told(value, authors)]
        elif name == "turns" and isinstance(value, list):
            rows += [
                row for number, turn in enumerate(value, start=1) for row in _turn(number, turn, authors)
            ]
        elif name == "strength" and value in STRENGTHS:
            rows.append((str(NAMES[name]), str(STRENGTHS[value])))
        elif name in WRITTEN and isinstance(value, str):
            rows.append((str(NAMES[name]), Written(value)))
        elif text := _told(value, authors, joined=" > " if name == "ranking" else "\n"):
            rows.append((str(NAMES.get(name, name)), text))
    return rows


def _turn(number: int, turn: Mapping[str, object], authors: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return one turn of a conversation: what was said, each answer, and what came of them."""
    replies = turn.get("replies")
    answers = replies.items() if isinstance(replies, Mapping) else ()
    rows: list[tuple[str, str]] = [(str(_("Turn %s")) % number, Written(turn.get("said", "")))]
    rows += [(authors.get(voice, str(NAMES.get(voice, voice))), Written(text)) for voice, text in answers]
    rest = {name: turn[name] for name in ("choice", "strength", "edited") if turn.get(name)}
    return rows + told(rest, authors)


def _told(value: object, authors: Mapping[str, str], *, joined: str) -> str:
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if isinstance(value, Mapping):
        if "start" in value:
            stretch = f"{value['start']}–{value['end']}"
            marked = (
                str(OWN.get(value[part], value[part])) for part in ("label", "degree") if value.get(part)
            )
            noted = (str(value[part]) for part in ("source", "comment") if value.get(part))
            return " · ".join((stretch, *marked, *noted))
        return " · ".join(filter(None, (_told(part, authors, joined=" ") for part in value.values())))
    if isinstance(value, list | tuple):
        return joined.join(_told(part, authors, joined=" = ") for part in value)
    text = "" if value is None else str(value)
    return authors.get(text, str(VALUES.get(text, text)))
