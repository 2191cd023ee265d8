"""What the dashboard draws, and how an answer reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

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


def told(answer: Mapping[str, object], authors: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return an answer as names and values to read, whatever its kind; a sample is named by its author.

    >>> told({"choice": "moon/b", "labels": {"ear": "yes"}}, {"moon/b": "Ben"})
    [('choice', 'Ben'), ('ear', 'yes')]
    """
    rows: list[tuple[str, str]] = []
    for name, value in answer.items():
        if isinstance(value, Mapping):
            rows += told(value, authors)
        else:
            rows.append((name, authors.get(str(value), str(value))))
    return rows
