"""What the dashboard draws, and how an answer reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

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
        found["per-day"] = figures.timeline("Judgments per day", per_day)
    return found


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
}
VALUES = {
    "tie": _("Equally good"),
    "both_bad": _("Both bad"),
    "all_bad": _("All bad"),
}
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
        if isinstance(value, Mapping):
            rows += told(value, authors)
        elif name == "turns" and isinstance(value, list):
            rows += [
                row for number, turn in enumerate(value, start=1) for row in _turn(number, turn, authors)
            ]
        elif name == "strength" and value in STRENGTHS:
            rows.append((str(NAMES[name]), str(STRENGTHS[value])))
        elif text := _told(value, authors, joined=" > " if name == "ranking" else "\n"):
            rows.append((str(NAMES.get(name, name)), text))
    return rows


def _turn(number: int, turn: Mapping[str, object], authors: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return one turn of a conversation: what was said, each answer, and what came of them."""
    replies = turn.get("replies")
    answers = replies.items() if isinstance(replies, Mapping) else ()
    rows = [(str(_("Turn %s")) % number, str(turn.get("said", "")))]
    rows += [(authors.get(voice, str(NAMES.get(voice, voice))), str(text)) for voice, text in answers]
    rest = {name: turn[name] for name in ("choice", "strength", "edited") if turn.get(name)}
    return rows + told(rest, authors)


def _told(value: object, authors: Mapping[str, str], *, joined: str) -> str:
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if isinstance(value, Mapping):
        if "start" in value:
            stretch = f"{value['start']}–{value['end']}"
            rest = (str(value[part]) for part in ("label", "degree", "source", "comment") if value.get(part))
            return " · ".join((stretch, *rest))
        return " · ".join(filter(None, (_told(part, authors, joined=" ") for part in value.values())))
    if isinstance(value, list | tuple):
        return joined.join(_told(part, authors, joined=" = ") for part in value)
    text = "" if value is None else str(value)
    return authors.get(text, str(VALUES.get(text, text)))
