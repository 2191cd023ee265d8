"""Tables of texts, read into a `Study`."""

from __future__ import annotations

import numpy as np
import polars as pl

from assay import tables
from assay.errors import AssayError
from assay.quality import texts
from assay.quality.asking import Asked, counts, people_of, study_of
from assay.quality.findings import Study


def written(asked: Asked) -> Study:
    held = texts.Texts.from_frame(
        tables.pick(asked.frame, ("item", "rater"), optional=("weight",), blank=("text",))
    )
    if asked.known is not None:
        column = "text" if tables.find(asked.known, "text") else "label"
        known = tables.pick(asked.known, ("item", column))
        held = held.knowing(tables.gold(known.rename({column: "label"})))
    result = asked.run(held)
    if asked.gold is not None:
        raise AssayError("texts have no right answer to be scored against here; leave --gold out")
    verdicts = pl.DataFrame(
        {
            "item": held.items,
            "verdict": result.text_I,
            "probability": result.sure_I,
            "support": result.support_I,
            "expected": result.expected_I,
            "doubt": np.clip(2 * (1 - result.ahead_I), 0, 1),
            "answers": counts(held.item_N, len(held.items)),
        }
    )
    votes = counts(held.rater_N, len(held.raters))
    people = people_of(held.raters, result.quality_R, result.quality_low_R, result.quality_high_R, votes)
    return study_of(
        asked,
        held,
        verdicts,
        people,
        measure="likeness to what the others wrote",
        notes=(),
        scores={},
        detail=result,
    )
