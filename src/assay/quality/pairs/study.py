"""Tables of comparisons, of rankings and of choices of the best, read into a `Study`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from assay import tables
from assay.quality import pairs
from assay.quality.asking import Asked, as_json, counts, doubts, people_of, study_of
from assay.quality.findings import Study
from assay.quality.labels.columns import VotesError
from assay.quality.pairs import pooling, rankings
from assay.quality.reading import Floats


def compared(asked: Asked) -> Study:
    rater = tables.find(asked.frame, "rater")
    frame = asked.frame.rename({rater: "rater"}) if rater else asked.frame
    held = pairs.Pairs.from_frame(frame).knowing(asked.known_numbers())
    result = asked.run(held)
    scores: dict[str, Mapping[str, float]] = {}
    if gold := asked.numbers():
        places = [place for place, item in enumerate(held.items) if item in gold]
        right = np.array([gold[held.items[place]] for place in places])
        scores[asked.method] = {"Kendall": _kendall(result.score_I[places], right)}
    # Between groups that never met only the prior decides: a place is one within its group.
    group_I = held.group_I
    order = np.lexsort((-np.round(result.score_I, 9), group_I))
    start_G = np.cumsum(np.bincount(group_I)) - np.bincount(group_I)
    rank_I = np.empty(len(order), dtype=np.int64)
    rank_I[order] = np.arange(1, len(order) + 1) - start_G[group_I[order]]
    both_N = np.concatenate([held.left_N, held.right_N])
    verdicts = pl.DataFrame(
        {
            "item": held.items,
            "verdict": rank_I,
            "score": result.score_I,
            "sd": result.sd_I,
            "doubt": doubts(result.sd_I),
            "answers": counts(both_N, len(held.items)),
            **({"group": group_I + 1} if held.groups > 1 else {}),
        }
    )
    people = people_of(
        held.raters,
        result.reliability_R,
        result.reliability_low_R,
        result.reliability_high_R,
        counts(held.rater_N, len(held.raters)),
    )
    return study_of(
        asked,
        held,
        verdicts,
        people,
        measure="how often they mean what they say",
        notes=result.notes,
        scores=scores,
        detail=result,
    )


def _kendall(a: Floats, b: Floats) -> float:
    """Return Kendall's tau-b, by counting pairs."""
    sign_A, sign_B = (np.sign(values[:, None] - values[None, :]) for values in (a, b))
    above = np.triu_indices(len(a), 1)
    one, other = sign_A[above], sign_B[above]
    size = np.sqrt((one != 0).sum() * (other != 0).sum())
    if size == 0:
        raise VotesError("fewer than two gold items differ: nothing to compare")
    return float((one * other).sum() / size)


def ordered(asked: Asked) -> Study:
    """Read rankings and best-of-n choices: a pooled ranking for each item."""
    choices = asked.type == "best-of-n"
    frame = as_json(asked.frame, "label", "shown")
    picked = tables.votes(frame)
    if "shown" in frame.columns:
        picked = picked.with_columns(frame["shown"].cast(pl.String))
    held = pairs.Rankings.from_choices(picked) if choices else pairs.Rankings.from_frame(picked)
    known, right = (
        {
            item: rankings.read_order(label)
            for item, label in (tables.gold(as_json(table, "label")) if table is not None else {}).items()
        }
        for table in (asked.known, asked.gold)
    )
    held = held.knowing(known)
    found = pairs.ranked(held, asked.run)
    scores: dict[str, Mapping[str, float]] = {}
    if asked.gold is not None:
        right = {item: order for item, order in right.items() if item not in known}
        for name, orders in {asked.method: found.verdicts, "borda": pairs.borda(held)}.items():
            scores[name] = pooling.scores(orders, right)
    bad_I = found.none_sure_I > 0.5
    none_I = np.where(found.none_I > 0, np.minimum(found.none_sure_I, 1 - found.none_sure_I), 0)
    size_I = np.bincount(found.item_C)
    best = [
        "none" if bad else (order[0][0] if len(order[0]) == 1 else rankings.as_text(order[:1]))
        for bad, order in zip(bad_I.tolist(), found.order_I, strict=True)
    ]
    whole = [rankings.as_text(order) for order in found.order_I]
    open_I = (1 - found.sure_I) * size_I / np.maximum(size_I - 1, 1) if choices else found.doubt_I
    verdicts = pl.DataFrame(
        {
            "item": held.items,
            "verdict": best if choices else whole,
            "probability": np.where(bad_I & choices, found.none_sure_I, found.sure_I),
            "scores": _scores_in_order(found),
            "doubt": np.clip(np.maximum(np.where(bad_I & choices, 0, open_I), 2 * none_I), 0, 1),
            "answers": counts(held.item_N, len(held.items)),
        }
    )
    if choices:
        verdicts = verdicts.with_columns(pl.Series("order", whole), pl.Series("none good", found.none_I))
    people = people_of(
        held.raters,
        found.compared.reliability_R,
        found.compared.reliability_low_R,
        found.compared.reliability_high_R,
        counts(held.rater_N, len(held.raters)),
    )
    candidates: dict[str, set[str]] = {item: set() for item in held.items}
    for place, name in held.cells:
        candidates[held.items[place]].add(name)
    strange = [
        (item, name)
        for item, order in {**right, **known}.items()
        for tied in order
        for name in tied
        if name not in candidates.get(item, {name, "none"}) and name != "none"
    ]
    notes = [
        f"{name!r} is said to be right and is no candidate of item {item!r}" for item, name in strange[:3]
    ]
    if found.overall is not None:
        listed = [f"{name} {value:+.2f} ± {1.96 * sd:.2f}" for name, value, sd in found.board]
        notes.append(
            f"every item has the same {len(listed)} candidates; over all items: {', '.join(listed)} (if a "
            "name means something else in each item, this is about the name)"
        )
    return replace(
        study_of(
            asked,
            held,
            verdicts,
            people,
            measure="how often they mean what they say",
            notes=notes,
            scores=scores,
            detail=found.compared,
        ),
        detail=found,
    )


def _scores_in_order(found: Any) -> list[str]:
    """Return each item's scores as JSON, in the order of its candidates, each with its standard deviation."""
    each: list[list[tuple[float, str, float]]] = [[] for _ in found.order_I]
    cells = zip(found.item_C.tolist(), found.name_C, found.score_C, found.sd_C, strict=True)
    for item, name, value, sd in cells:
        each[item].append((-round(float(value), 9), name, round(float(sd), 3)))
    return [json.dumps([[round(-value, 3) + 0.0, sd] for value, _, sd in sorted(own)]) for own in each]
