"""Tables of marks in texts, read into a `Study`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from assay import tables
from assay.errors import TableError
from assay.quality import spans
from assay.quality.agreement import Agreement, gamma, span_alpha
from assay.quality.agreement.gamma import MOST_RATERS
from assay.quality.asking import SEED, Asked, counts, json_of, people_of, study_of
from assay.quality.findings import Study
from assay.quality.labels.columns import VotesError
from assay.quality.spans.columns import read_marks

LONGEST_ALIGNED = 10**6
"""Characters of a text in which marks can still be moved to any place by chance."""

MOST_ALIGNED = 100
"""Items whose marks are lined up for a coefficient of agreement; of more a part is drawn."""


def marked(asked: Asked) -> Study:
    known = {} if asked.known is None else tables.gold(asked.known)
    frame = tables.votes(asked.frame)
    if "length" in asked.frame.columns:
        frame = frame.with_columns(asked.frame["length"])
    held = spans.Spans.from_frame(frame).knowing(_known_marks(known))
    result = asked.run(held)
    scores: dict[str, Mapping[str, float]] = {}
    if asked.gold is not None:
        experts = {item: label for item, label in tables.gold(asked.gold).items() if item not in known}
        scores[asked.method] = {"F1 by character": _span_f1(result.verdicts, experts)}
    verdicts = pl.DataFrame(
        {
            "item": held.items,
            "verdict": [json.dumps([list(span) for span in found]) for found in result.spans_I],
            "probability": result.sure_I,
            "doubt": np.clip(2 * (1 - result.sure_I), 0, 1),
            "answers": counts(held.item_N, len(held.items)),
        }
    )
    votes = counts(held.rater_N, len(held.raters))
    people = people_of(
        held.raters, result.precision_R, result.precision_low_R, result.precision_high_R, votes
    )
    people = people.with_columns(pl.Series("recall", result.recall_R))
    return study_of(
        asked,
        held,
        verdicts,
        people,
        measure="precision against the others' spans",
        notes=(),
        scores=scores,
        agreement=_span_agreement(held),
        detail=result,
    )


def _known_marks(known: Mapping[str, str]) -> dict[str, list[tuple[int, int]]]:
    """Return item → right spans, of one expert: of several there is no one answer to hold an item at."""
    found = {}
    for row, (item, text) in enumerate(known.items(), start=1):
        experts = _experts(text, row)
        if len(experts) > 1:
            raise TableError("several people's marks are not known ones; give one", row=row, column="label")
        found[item] = experts[0]
    return found


def _experts(text: str, row: int) -> list[list[tuple[int, int]]]:
    """Return the spans of each expert of a cell: a list of spans, or a list of such lists."""
    said = json_of(text, row)
    several = bool(said) and isinstance(said[0], list) and (not said[0] or isinstance(said[0][0], list))
    return [read_marks(json.dumps(one), row) for one in (said if several else [said])]


def _span_agreement(held: Any) -> Agreement:
    """Return gamma, of items drawn where there are many; alpha on characters for large crowds or texts."""
    rng = np.random.default_rng(SEED)
    spans, shown, lengths = held.marked()
    if np.bincount(held.item_N).max() > MOST_RATERS or held.length_I.max() > LONGEST_ALIGNED:
        return span_alpha(spans, shown, lengths, rng=rng)
    # Who marked alone has nobody to agree with.
    shared = np.flatnonzero(np.bincount(held.item_N) > 1)
    if len(shared) <= MOST_ALIGNED:
        return gamma(spans, shown, lengths, rng=rng, precision=0.1, limit=20_000)
    drawn = {held.items[place] for place in rng.choice(shared, MOST_ALIGNED, replace=False).tolist()}
    found = gamma(
        [span for span in spans if span.item in drawn],
        [pair for pair in shown if pair[0] in drawn],
        lengths,
        rng=rng,
        precision=0.1,
        limit=20_000,
    )
    return replace(found, name=f"{found.name} on {MOST_ALIGNED} of {len(held.items):,} items, drawn,")


def _span_f1(verdicts: Mapping[str, Sequence[tuple[int, int]]], gold: Mapping[str, str]) -> float:
    """Return the mean F1 over items, each against each expert's characters; two empty answers agree."""
    each = []
    for row, (item, text) in enumerate(gold.items(), start=1):
        experts = _experts(text, row)
        if item not in verdicts:
            continue
        ours = verdicts[item]
        for theirs in experts:
            size = sum(end - start for start, end in (*ours, *theirs))
            both = sum(max(0, min(a[1], b[1]) - max(a[0], b[0])) for a in ours for b in theirs)
            each.append(2 * both / size if size else 1.0)
    if not each:
        raise VotesError("none of the gold items got an answer; check that both tables use the same item ids")
    return float(np.mean(each))
