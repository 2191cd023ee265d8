"""Agreement on marked stretches of text: alpha over characters.

Gamma lines whole units up and is the richer measure (see `gamma`). What it sees and this does not: two
stretches marked side by side, or one stretch, look the same character by character.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from assay.quality.agreement.ratings import AgreementError
from assay.quality.agreement.result import DRAWS, Agreement, Size, settle
from assay.quality.labels.columns import Floats


@dataclass(frozen=True, slots=True)
class Span:
    """One stretch that a rater marked in an item: characters `start` to `end`, the last one not included."""

    item: str
    rater: str
    start: int
    end: int
    label: str = "marked"


def span_alpha(
    spans: Iterable[Span],
    shown: Iterable[tuple[str, str]],
    lengths: Mapping[str, int],
    *,
    label: str | None = None,
    rng: np.random.Generator | None = None,
    draws: int = DRAWS,
) -> Agreement:
    """Return Krippendorff's alpha on characters: for each label, is this character inside it or not.

    Disagreement is added up over labels before it is divided, so that a label marked rarely does not count as
    much as a frequent one, and stretches of different labels may overlap. Characters are never unrolled: the
    text falls into segments between the ends of spans, and a segment counts its length.

    Source: the unitising alphas of Krippendorff, Mathet, Bouvry & Widlöcher, "On the reliability of unitizing
    textual continua: further developments", Quality & Quantity 50 (2016), 2347–2364, here without their
    comparison across gaps.

    Parameters
    ----------
    spans
        What was marked. Stretches of one rater and label that overlap count once.
    shown
        (item, rater) for everybody who looked, those who marked nothing included.
    lengths
        Item → number of characters.
    label
        Look at this one only.
    rng
        Dice for an interval from resampling items.

    >>> spans = [Span("t", "ann", 0, 10), Span("t", "ben", 5, 10)]
    >>> round(span_alpha(spans, [("t", "ann"), ("t", "ben")], {"t": 20}).coefficient, 3)
    0.48
    """
    pairs = set(shown)
    raters_of: dict[str, int] = {}
    for item, _ in pairs:
        if item not in lengths:
            raise AgreementError(f"the length of item {item!r} is not given")
        raters_of[item] = raters_of.get(item, 0) + 1
    marked: dict[tuple[str, str], dict[str, list[tuple[int, int]]]] = {}
    labels = set()
    for span in spans:
        if (span.item, span.rater) not in pairs:
            raise AgreementError(f"{span.rater!r} marked {span.item!r}, which was not shown to them")
        if not 0 <= span.start < span.end <= lengths[span.item]:
            where = f"{span.start} to {span.end}"
            raise AgreementError(f"a span in {span.item!r} runs from {where}, outside the text")
        if label is None or span.label == label:
            labels.add(span.label)
            by_rater = marked.setdefault((span.item, span.label), {})
            by_rater.setdefault(span.rater, []).append((span.start, span.end))

    items = sorted(item for item, raters in raters_of.items() if raters > 1 and lengths[item] > 0)
    names = sorted(labels)
    place = {item: row for row, item in enumerate(items)}
    votes_I = np.array([raters_of[item] * lengths[item] for item in items], dtype=np.float64)
    inside_I_L, apart_I_L = np.zeros((2, len(items), len(names)))
    for (item, name), by_rater in marked.items():
        if item in place:
            cell = place[item], names.index(name)
            inside_I_L[cell], apart_I_L[cell] = _segments(list(by_rater.values()), raters_of[item])

    def measure(drawn_B_I: Floats) -> tuple[Floats, Floats]:
        votes_B, inside_B_L = drawn_B_I @ votes_I, drawn_B_I @ inside_I_L
        expected_B_L = 2 * inside_B_L * (votes_B[:, None] - inside_B_L)
        observed_B = (drawn_B_I @ apart_I_L).sum(axis=1) / votes_B
        return observed_B, expected_B_L.sum(axis=1) / (votes_B * (votes_B - 1))

    compared = [pair for pair in pairs if pair[0] in place]
    size = Size(len(items), len({rater for _, rater in compared}), len(compared), len(pairs) - len(compared))
    return settle("alpha on characters", size, measure, np.ones(len(items)), rng=rng, draws=draws)


def _segments(marks: Sequence[list[tuple[int, int]]], raters: int) -> tuple[float, float]:
    """Return characters marked, summed over raters, and Σ length · 2 c (m − c) / (m − 1) over segments."""
    events: list[tuple[int, int]] = []
    for own in marks:
        reach = -1
        for start, end in sorted(own):
            if start > reach:
                if reach >= 0:
                    events.append((reach, -1))
                events.append((start, 1))
                reach = end
            reach = max(reach, end)
        events.append((reach, -1))
    inside = apart = 0.0
    covering, before = 0, 0
    for position, change in sorted(events):
        length = position - before
        inside += length * covering
        apart += length * 2 * covering * (raters - covering) / (raters - 1)
        covering, before = covering + change, position
    return inside, apart
