"""What leaves: rows with their history, a card that says what they are, and one file for each format."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol, cast

from assay import registry
from assay.errors import AssayError
from assay.records import Brief, Example
from assay.wording import say

_WRITE = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode
"""Made once: `json.dumps` makes its encoder anew for every row."""


class DatasetError(AssayError):
    """Rows that cannot be written in the format that was asked for."""


class Format(Protocol):
    """What a file under `formats/` has to offer.

    Attributes
    ----------
    title
        What people read.
    suffix
        The ending of the file, with its dot.
    shapes
        The shapes of examples it can hold; others are left out and counted.
    """

    title: str
    suffix: str
    shapes: tuple[str, ...]

    def row(self, example: Example) -> Mapping[str, object]:
        """Return one row as JSON values; every row of a format has the same keys."""
        ...


def format_named(name: str) -> Format:
    """Return a format by its registered name.

    >>> format_named("trl-preference").shapes
    ('preference',)
    """
    return cast("Format", registry.get("formats", name))


def rows(
    examples: Iterable[Example], form: Format, *, least_weight: float = 0.0
) -> Iterator[Mapping[str, object]]:
    """Yield the rows that a format can hold, from examples at least `least_weight` sure.

    Of rows that are alike in the columns which a format names in `once`, only the first is written: the best
    of eight is one ideal answer, though it is preferred to seven.
    """
    once, seen = getattr(form, "once", ()), set()
    for example in examples:
        if example.shape in form.shapes and example.weight >= least_weight:
            row = form.row(example)
            alike = hash(json.dumps([row[column] for column in once])) if once else None
            if alike is None or alike not in seen:
                seen.add(alike)
                yield row


def lines(examples: Sequence[Example], form: Format, *, least_weight: float = 0.0) -> Iterator[str]:
    """Yield JSON lines, or say why there would be none.

    Raises
    ------
    DatasetError
        Before the first line, where no example fits, so that no empty file is ever left behind.

    >>> list(lines([], format_named("jsonl")))
    Traceback (most recent call last):
    assay.datasets.DatasetError: there is nothing to export yet; judge some work first
    """
    if not examples:
        raise DatasetError(say("there is nothing to export yet; judge some work first"))
    if not any(example.shape in form.shapes for example in examples):
        held = ", ".join(sorted({example.shape for example in examples}))
        raise DatasetError(
            f"{form.title} holds {' and '.join(form.shapes)} rows, and the project has {held} rows"
        )
    if not any(example.shape in form.shapes and example.weight >= least_weight for example in examples):
        raise DatasetError(
            f"no row is at least {least_weight:g} sure; lower the limit or collect more judgments"
        )
    for row in rows(examples, form, least_weight=least_weight):
        yield _WRITE(row) + "\n"


def card(brief: Brief, examples: Sequence[Example]) -> str:
    """Return a data card in Markdown: what the rows are for, who they came from, how sure they are.

    >>> print(card(Brief("poems", "Delight.", "pairwise"), []).splitlines()[0])
    # poems
    """
    shapes = Counter(str(example.shape) for example in examples)
    languages = Counter(example.language for example in examples)
    weights = sorted(example.weight for example in examples)
    judgments = {judgment for example in examples for judgment in example.judgments}
    parts = [f"# {brief.project}", "", brief.goal, ""]
    if brief.principles:
        parts += ["## Principles", "", *(f"- {principle}" for principle in brief.principles), ""]
    parts += [
        "## Rows",
        "",
        f"- shape: {_listed(shapes) or 'none'}",
        f"- language: {_listed(languages) or 'none'}",
        f"- judgments behind them: {len(judgments)}, by brief version {brief.version} or earlier",
    ]
    if weights:
        parts.append(
            f"- weight (probability that the verdict is right): median {weights[len(weights) // 2]:.2f}, "
            f"lowest {weights[0]:.2f}"
        )
    return "\n".join([*parts, ""])


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common())
