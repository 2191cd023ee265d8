"""What a method for texts returns: one text for each item, how sure, and how good each writer is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np

from assay.quality.reading import Codes, Floats
from assay.quality.texts.columns import Texts, WritingHistory

SHRUNK = 3.0
"""Answers that the crowd's mean quality weighs in each rater's."""


@dataclass(frozen=True, eq=False)
class TextsResult:
    """The outcome of one method on texts.

    Attributes
    ----------
    text_I
        The verdict on each item.
    choice_I
        Which of the texts it is, a place in `texts`; −1 where it was put together from several.
    sure_I
        For a chosen text, the probability that none of the item's texts is more like what another good writer
        would write, calibrated by holding out writers (`certainty`; ½ where there is nothing to tell by); for
        a composed one, the share of the weight behind its least supported word. 1 where it is known.
    ahead_I
        The probability that the choice stays ahead of the runner-up if other people had written the rest.
        How open an item is; not how good its text is.
    expected_I
        Expected likeness (cosine) of the choice to what another good writer would write; for a composed text
        that of the choice it was built on.
    support_I
        How like the verdict the other answers are, weighted, from 0 to 1.
    quality_R, quality_low_R, quality_high_R
        How like the others' consensus a rater's answers are, as a cosine: the mean over their items, each
        compared with what is usual for the item, shrunk by three answers; and its 95 % interval.
    weight_R
        What each rater counted in the end, mean 1.
    method, assumed, converged, iterations
        The registered name, what has to hold, and whether the rounds came to rest.
    history
        How each rater wrote, here and before: what `Texts.remembering` takes next time.
    """

    texts: Texts
    text_I: tuple[str, ...]
    choice_I: Codes
    sure_I: Floats
    support_I: Floats
    quality_R: Floats
    quality_low_R: Floats
    quality_high_R: Floats
    weight_R: Floats
    method: str
    assumed: tuple[str, ...] = ()
    converged: bool = True
    iterations: int = 0
    ahead_I: Floats = field(default_factory=lambda: np.zeros(0))
    expected_I: Floats = field(default_factory=lambda: np.zeros(0))
    history: Mapping[str, WritingHistory] = field(default_factory=dict, repr=False)

    @cached_property
    def verdicts(self) -> dict[str, str]:
        """Item → text."""
        return dict(zip(self.texts.items, self.text_I, strict=True))


class TextsMethod(Protocol):
    """A method for texts: one function, texts in, a frozen result out."""

    def __call__(self, texts: Texts, /) -> TextsResult: ...


def quality(texts: Texts, likeness_N: Floats, seen_N: Floats) -> tuple[Floats, Floats, Floats]:
    """Return each rater's shrunk mean likeness and its interval; `seen_N` is 0 where nobody else answered."""
    n_raters, n_items = len(texts.raters), len(texts.items)
    weight_N = seen_N * texts.weight_N
    total = weight_N.sum()
    if total == 0:
        half = np.full(n_raters, 0.5)
        return half, np.zeros(n_raters), np.ones(n_raters)
    usual = float(weight_N @ likeness_N / total)
    weight_I = np.bincount(texts.item_N, weight_N, n_items)
    usual_I = np.bincount(texts.item_N, weight_N * likeness_N, n_items) / np.maximum(weight_I, 1e-12)
    above_N = likeness_N - usual_I[texts.item_N]
    weight_R = np.bincount(texts.rater_N, weight_N, n_raters).astype(np.float64)
    above_R = np.bincount(texts.rater_N, weight_N * above_N, n_raters)
    for place, rater in enumerate(texts.raters):
        if rater in texts.history:
            past = texts.history[rater]
            weight_R[place] += past.texts
            above_R[place] += past.like - past.texts * usual
    mean_R = usual + above_R / (weight_R + SHRUNK)
    spread = float(np.sqrt(weight_N @ above_N**2 / total))
    half_R = 1.96 * spread / np.sqrt(weight_R + SHRUNK)
    return np.clip(mean_R, 0, 1), np.clip(mean_R - half_R, 0, 1), np.clip(mean_R + half_R, 0, 1)
