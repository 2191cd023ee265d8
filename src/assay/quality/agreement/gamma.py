"""Gamma: agreement on units that raters both found and named, compared whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from assay.quality.agreement.alignment import LIMIT, Units, least_disorder
from assay.quality.agreement.ratings import AgreementError
from assay.quality.agreement.result import DRAWS, Agreement, Size, settle, undefined
from assay.quality.agreement.spans import Span
from assay.quality.labels.columns import Floats
from assay.quality.progress import each

FIRST = 30
"""Random texts behind the chance level at first, over all items together and at least two for each."""

MOST_RATERS = 12
"""With more raters in one item a best alignment cannot be found by listing."""

NOTHING = "because nobody marked anything"


def gamma(
    spans: Iterable[Span],
    shown: Iterable[tuple[str, str]],
    lengths: Mapping[str, int],
    *,
    rng: np.random.Generator,
    alpha: float = 1.0,
    beta: float = 1.0,
    precision: float = 0.02,
    most_samples: int = 10_000,
    draws: int = DRAWS,
    limit: int = LIMIT,
) -> Agreement:
    """Return Mathet's gamma: 1 − disorder of the best alignment / the same of random annotations.

    Units are first lined up, so that each disorder is that of the reading most favourable to the raters. Two
    units differ by α · ((|start − start'| + |end − end'|) / (length + length'))² + β · [labels differ]; a
    unit without a partner costs 1. The best alignment is exact, by integer programming, where the unitary
    alignments it may hold can be listed (`limit`); longer texts are taken window by window, which can only
    overstate the disorder, and `name` then says so.

    The chance level is the mean disorder of random annotations of the same item: each takes the units of a
    rater drawn at random and shifts them all by a random distance, around the end to the beginning; shifts
    are at least half a mean unit apart. As many are drawn as bring the 95 % interval of that mean within
    `precision` of it: 0.01 is high, 0.02 medium, 0.1 low.

    Over several items disorders are added up, each weighted by its number of units, before they are divided.
    The interval is from drawing items again; for one item it is that of the drawn chance level alone.

    Source: Mathet, Widlöcher & Métivier, "The unified and holistic method gamma (γ) for inter-annotator
    agreement measure and alignment", Computational Linguistics 41 (2015), 437–479; the least distance of
    shifts after Titeux & Riad, JOSS 6 (2021).

    Parameters
    ----------
    spans, shown, lengths
        As for `span_alpha`; marks of one rater may overlap.
    rng
        Dice for the random annotations and the interval.
    alpha, beta
        What place and label weigh.

    Raises
    ------
    AgreementError
        Where a span lies outside its text, was not shown to its rater, or an item has more than 12 raters.

    >>> spans = [Span("t", who, 10, 20) for who in ("ann", "ben")] + [Span("t", "ann", 60, 64)]
    >>> shown = [("t", "ann"), ("t", "ben")]
    >>> found = gamma(spans, shown, {"t": 100}, rng=np.random.default_rng(0))
    >>> 0.2 < found.coefficient < 0.6
    True
    """
    texts, size = _texts(spans, shown, lengths)
    if not size.items:
        return settle("gamma", size, _nothing, np.ones(1), rng=None, draws=0)
    kept = [(units, length) for units, length in texts if len(units)]
    if not kept:
        return undefined("gamma", size, NOTHING)
    whole = [
        least_disorder(units, alpha, beta, limit=limit)
        for units, _ in each("lining up marks", kept, len(kept))
    ]
    exact = all(fine for _, fine in whole)
    observed_I = np.array([disorder for disorder, _ in whole])
    units_I = np.array([len(units) / units.raters for units, _ in kept])
    drawn: list[list[float]] = [[] for _ in kept]
    wanted = max(2, -(-FIRST // len(kept)))
    while True:
        pairs = zip(drawn, kept, strict=True)
        for own, (units, length) in each("lining up marks moved by chance", pairs, len(kept)):
            for _ in range(wanted - len(own)):
                random = _shifted(units, length, rng)
                disorder, fine = least_disorder(random, alpha, beta, limit=limit)
                own.append(disorder / (len(random) / random.raters))
                exact &= fine
        chance_I = np.array([np.mean(own) for own in drawn])
        noise_I = np.array([np.var(own, ddof=1) for own in drawn])
        chance = float(units_I @ chance_I)
        error = 1.96 * float(np.sqrt(units_I**2 @ noise_I / wanted)) / max(chance, 1e-12)
        if error <= precision or wanted >= most_samples:
            break
        wanted = min(most_samples, max(wanted + 1, int(np.ceil(wanted * (error / precision) ** 2))))

    def measure(drawn_B_I: Floats) -> tuple[Floats, Floats]:
        units_B = np.maximum(drawn_B_I @ units_I, 1e-12)
        return drawn_B_I @ observed_I / units_B, drawn_B_I @ (units_I * chance_I) / units_B

    name = "gamma" if exact else "gamma (by windows)"
    found = settle(name, size, measure, np.ones(len(kept)), rng=rng, draws=draws)
    if found.coefficient is None or len(kept) > 1:
        return found
    apart = [1 - (1 - found.coefficient) / (1 + sign * error) for sign in (-1, 1)]
    return replace(
        found, low=apart[0], high=apart[1], interval=f"95 % for the chance level of {wanted} random texts"
    )


def _nothing(drawn_B_P: Floats) -> tuple[Floats, Floats]:
    return np.zeros(len(drawn_B_P)), np.zeros(len(drawn_B_P))


def _texts(
    spans: Iterable[Span], shown: Iterable[tuple[str, str]], lengths: Mapping[str, int]
) -> tuple[list[tuple[Units, float]], Size]:
    """Return the units of each item that at least two raters saw, with its length, and how much that is."""
    pairs = set(shown)
    raters_of: dict[str, list[str]] = {}
    for item, rater in sorted(pairs):
        if item not in lengths:
            raise AgreementError(f"the length of item {item!r} is not given")
        raters_of.setdefault(item, []).append(rater)
    own: dict[str, list[Span]] = {}
    labels = set()
    for span in spans:
        if (span.item, span.rater) not in pairs:
            raise AgreementError(f"{span.rater!r} marked {span.item!r}, which was not shown to them")
        if not 0 <= span.start < span.end <= lengths[span.item]:
            where = f"{span.start} to {span.end}"
            raise AgreementError(f"a span in {span.item!r} runs from {where}, outside the text")
        labels.add(span.label)
        own.setdefault(span.item, []).append(span)
    code = {label: place for place, label in enumerate(sorted(labels))}
    compared = [item for item in sorted(raters_of) if len(raters_of[item]) > 1]
    found = []
    for item in compared:
        raters = raters_of[item]
        if len(raters) > MOST_RATERS:
            raise AgreementError(
                f"{item!r} has {len(raters)} raters; gamma takes at most {MOST_RATERS} an item, so draw some"
            )
        # In an order of their own, so that equal answers draw equal dice whatever the raters are called.
        marks = sorted(own.get(item, []), key=lambda span: (span.start, span.end, span.label))
        place = {rater: number for number, rater in enumerate(_order(raters, marks))}
        marks.sort(key=lambda span: (place[span.rater], span.start, span.end, span.label))
        found.append(
            (
                Units(
                    np.array([place[span.rater] for span in marks], dtype=np.int64),
                    np.array([span.start for span in marks], dtype=np.float64),
                    np.array([span.end for span in marks], dtype=np.float64),
                    np.array([code[span.label] for span in marks], dtype=np.int64),
                    len(raters),
                ),
                float(lengths[item]),
            )
        )
    votes = sum(len(raters_of[item]) for item in compared)
    people = {rater for item in compared for rater in raters_of[item]}
    return found, Size(len(compared), len(people), votes, len(pairs) - votes)


def _order(raters: list[str], marks: list[Span]) -> list[str]:
    """Return raters in an order that hangs on what they marked, and on their names only between equals."""
    said: dict[str, list[tuple[int, int, str]]] = {rater: [] for rater in raters}
    for span in marks:
        said[span.rater].append((span.start, span.end, span.label))
    return sorted(raters, key=lambda rater: (said[rater], rater))


def _shifted(units: Units, length: float, rng: np.random.Generator) -> Units:
    """Return random annotations: for each rater those of a random one, moved around by a random distance."""
    apart = float((units.end_U - units.start_U).mean()) / 2
    while True:
        taken: list[float] = []
        place, shift, who = [], [], []
        for rater in range(units.raters):
            move = _free(taken, length, apart, rng)
            taken.append(move)
            own = np.flatnonzero(units.rater_U == rng.integers(units.raters))
            place.append(own)
            shift.append(np.full(len(own), move))
            who.append(np.full(len(own), rater))
        every = np.concatenate(place)
        # A text in which nobody marks anything has no disorder to be compared with.
        if len(every):
            break
    moved = units.start_U[every] + np.concatenate(shift)
    start = np.where(moved >= length, moved - length, moved)
    return Units(
        np.concatenate(who),
        start,
        start + units.end_U[every] - units.start_U[every],
        units.class_U[every],
        units.raters,
    )


def _free(taken: list[float], length: float, apart: float, rng: np.random.Generator) -> float:
    """Return a whole distance at least `apart` from those taken, around the circle; any if none is left."""
    where = np.arange(int(length))
    away = np.abs(where[:, None] - np.array(taken)[None, :]) if taken else np.full((len(where), 1), np.inf)
    free = where[np.minimum(away, length - away).min(axis=1) >= apart] if taken else where
    return float(rng.choice(free if len(free) else where))
