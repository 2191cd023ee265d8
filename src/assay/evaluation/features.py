"""What of texts can be seen without reading them, as one table, and as differences of two texts.

The difference of two texts is (A − B) / (A + B + 1), which lies between −1 and 1, is 0 where both have as
much, and turns its sign when the sides are swapped. It is **not** mean-centred: a mean that is not 0 would
turn into a taste for one side of the page.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from assay.evaluation.battles import Battles, BoardError, Floats
from assay.evaluation.seen import FEATURES, FOUR


def measured(texts: Sequence[str], features: Sequence[str] = FOUR) -> Floats:
    """Return how much of each feature each text has, one row a text.

    Source: the counts of tokens, headers, list items and bold spans are those of FastChat's style control
    (Apache-2.0), which removes fenced code first; the others follow the arena's list of stylistic tells.

    Raises
    ------
    BoardError
        Where a feature is not known.

    >>> measured(["# Hi\\n\\n- **one**\\n- two", "Hi!"], ["headers", "list_items", "bold_spans"]).tolist()
    [[1.0, 2.0, 1.0], [0.0, 0.0, 0.0]]
    """
    if strange := [name for name in features if name not in FEATURES]:
        raise BoardError(f"there is no feature {strange[0]!r}; there are: {', '.join(FEATURES)}")
    known: dict[str, list[float]] = {}
    for text in texts:
        if text not in known:
            known[text] = [float(FEATURES[name](text)) for name in features]
    return np.array([known[text] for text in texts]).reshape(len(texts), len(features))


def differences(first: Sequence[str], second: Sequence[str], features: Sequence[str] = FOUR) -> Floats:
    """Return (A − B) / (A + B + 1) of each feature, N×K.

    >>> differences(["one two three"], ["one"], ["tokens"]).tolist()
    [[0.4]]
    """
    return _apart(measured(first, features), measured(second, features))


def _apart(a_N_K: Floats, b_N_K: Floats) -> Floats:
    difference: Floats = (a_N_K - b_N_K) / (a_N_K + b_N_K + 1)
    return difference


def told(battles: Battles, features: Sequence[str] = FOUR) -> str:
    """Say where the features of both answers are known from: `numbers`, `texts`, or nowhere."""
    held = set(battles.detail.columns if battles.detail is not None else [])
    if {f"{name}_{side}" for name in features for side in "ab"} <= held:
        return "numbers"
    return "texts" if {"response_a", "response_b"} <= held else ""


def of_battles(battles: Battles, features: Sequence[str] = FOUR) -> Floats:
    """Return the differences of the two answers of each comparison, N×K; a missing text counts as empty.

    Columns such as `tokens_a` and `tokens_b` say how much there is, where somebody counted before; else the
    texts are counted.
    """
    if told(battles, features) == "numbers":
        return _apart(*(_counted(battles, [f"{name}_{side}" for name in features]) for side in "ab"))
    first, second = (battles.column(f"response_{side}").fill_null("").to_list() for side in "ab")
    return differences(first, second, features)


def _counted(battles: Battles, columns: Sequence[str]) -> Floats:
    counts = [battles.column(name).cast(pl.Float64).fill_null(0).to_numpy() for name in columns]
    return np.stack(counts, axis=1)


def leaning_K(style_N_K: Floats) -> Floats:
    """Return how many standard errors the mean of each feature's difference lies from 0: the position check.

    Where the sides were drawn at random it stays within about ±3. Beyond, one side of the page shows more of
    the feature, and what looks like a taste for it may be a taste for the side.

    >>> leaning_K(np.array([[0.1], [-0.1], [0.3], [-0.3]])).tolist()
    [0.0]
    """
    spread_K = style_N_K.std(axis=0)
    error_K = np.where(spread_K > 0, spread_K, 1.0) / np.sqrt(max(len(style_N_K), 1))
    leaning: Floats = style_N_K.mean(axis=0) / error_K
    return leaning
