"""Tables of numbers, read into a `Study`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from assay import tables
from assay.errors import TableError
from assay.quality import ratings
from assay.quality.agreement import Ratings as AgreedRatings
from assay.quality.agreement import alpha
from assay.quality.asking import SEED, Asked, counts, doubts, people_of, study_of
from assay.quality.findings import Study
from assay.quality.labels.columns import VotesError
from assay.quality.ratings import history
from assay.quality.reading import Floats


def numbers(asked: Asked) -> Study:
    frame = tables.votes(asked.frame).rename({"label": "value"})
    try:
        held = ratings.Ratings.from_frame(frame).knowing(asked.known_numbers())
    except TableError as wrong:
        if wrong.column != "value":
            raise
        # The table has a name of its own for it.
        raise TableError(wrong.said, row=wrong.row, column=tables.find(asked.frame, "label")) from None
    if asked.history is not None:
        held = held.remembering(history.from_frame(asked.history))
    result = asked.run(held)
    scores: dict[str, Mapping[str, float]] = {}
    if gold := asked.numbers():
        places = [place for place, item in enumerate(held.items) if item in gold]
        right = np.array([gold[held.items[place]] for place in places])
        for name, outcome in {asked.method: result, "mean": ratings.mean(held)}.items():
            value = outcome.value_I[places]
            scores[name] = {
                "Pearson": _correlation(value, right),
                "mean absolute error": float(np.abs(value - right).mean()),
            }
    verdicts = pl.DataFrame(
        {
            "item": held.items,
            "verdict": result.value_I,
            "low": result.low_I,
            "high": result.high_I,
            "doubt": doubts(result.sd_I),
            "answers": counts(held.item_N, len(held.items)),
        }
    )
    people = people_of(
        held.raters,
        result.reliability_R,
        result.reliability_low_R,
        result.reliability_high_R,
        counts(held.rater_N, len(held.raters)),
    ).with_columns(
        pl.Series("offset", result.offset_R),
        pl.Series("slope", result.slope_R),
        pl.Series("noise", result.noise_R),
        *history.to_frame(result.history).select(history.COLUMNS),
    )
    compared = [f"{name}: {value:.3f}" for name, value in result.compared.items()]
    agreed = AgreedRatings.from_lists(
        [held.items[code] for code in held.item_N], [held.raters[code] for code in held.rater_N], held.value_N
    )
    remembered = [f"of {len(held.history)} of {len(held.raters)} raters earlier ratings are known"]
    notes = [
        *result.notes,
        *(remembered if asked.history is not None else []),
        *([f"held-out log density of {', '.join(compared)}"] if compared else []),
    ]
    return study_of(
        asked,
        held,
        verdicts,
        people,
        measure="reliability (share of variance the items explain)",
        notes=tuple(notes),
        scores=scores,
        detail=result,
        agreement=alpha(agreed, "interval", rng=np.random.default_rng(SEED)),
    )


def _correlation(a: Floats, b: Floats) -> float:
    if len(a) < 3 or a.std() == 0 or b.std() == 0:
        raise VotesError(
            "fewer than three gold items were answered, or they are all the same: nothing to compare"
        )
    return float(np.corrcoef(a, b)[0, 1])
