"""Tables of boxes in images, read into a `Study`."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
import polars as pl

from assay import tables
from assay.quality import boxes
from assay.quality.asking import Asked, counts, json_of, people_of, study_of
from assay.quality.findings import Study


def drawn(asked: Asked) -> Study:
    known = {} if asked.known is None else tables.gold(asked.known)
    held = boxes.Boxes.from_frame(tables.votes(asked.frame))
    held = held.knowing({item: json_of(text, row) for row, (item, text) in enumerate(known.items(), start=1)})
    result = asked.run(held)
    scores: dict[str, Mapping[str, float]] = {}
    if asked.gold is not None:
        gold = {item: label for item, label in tables.gold(asked.gold).items() if item not in known}
        right = boxes.Boxes.from_frame(
            pl.DataFrame({"item": list(gold), "rater": "gold", "label": list(gold.values())})
        )
        scores[asked.method] = boxes.against(result, right)
    verdicts = pl.DataFrame(
        {
            "item": held.items,
            "verdict": [json.dumps([list(box) for box in found]) for found in result.verdicts.values()],
            "probability": result.sure_I,
            "doubt": np.clip(2 * (1 - result.sure_I), 0, 1),
            "answers": counts(held.item_N, len(held.items)),
        }
    )
    votes = counts(held.rater_N, len(held.raters))
    people = people_of(
        held.raters, result.precision_R, result.precision_low_R, result.precision_high_R, votes
    )
    people = people.with_columns(pl.Series("recall", result.recall_R), pl.Series("iou", result.iou_R))
    return study_of(
        asked,
        held,
        verdicts,
        people,
        measure="precision against the others' boxes",
        notes=(),
        scores=scores,
        detail=result,
    )
