"""How sure a choice among texts is, learned by holding out one writer after the other.

Without right answers there is still something to learn from: leave out one writer, choose among the rest, and
see whether the choice is the one most like what was left out. How often it is, and how that hangs on the lead
of the choice, is then true of the whole choice and the next good writer, of whom a right answer is one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from assay.quality.reading import Codes, Floats
from assay.quality.texts.columns import Texts

LOOSE = 0.25
"""Prior precision of both parameters: weak beside ten items, and at nothing the choice is one by lot."""

CELLS = 2_000_000
"""Numbers held at once."""

STEPS = 30


@dataclass(frozen=True, eq=False)
class Certainty:
    """What is said of each item's choice.

    Attributes
    ----------
    best_I
        Probability that no other text of the item is more like what another good writer would write.
    expected_I
        Expected likeness (cosine) of the choice to that.
    """

    best_I: Floats
    expected_I: Floats


@dataclass(frozen=True, eq=False)
class _Choices:
    """Choices in many small contests: lead, different texts, mean likeness to all, how many texts there are.

    And of held-out ones: whether the choice was the one most like what was left out, how like, its weight.
    """

    lead_C: Floats
    candidates_C: Floats
    support_C: Floats
    texts_C: Floats
    hit_C: Floats
    like_C: Floats
    weight_C: Floats


def certainty(texts: Texts, alike_P: Floats, weight_N: Floats, *, own: bool) -> Certainty:
    """Return how sure each choice is.

    odds(best) = exp(a + b·lead) / (k − 1) for a choice among k different texts; a and b by weighted logistic
    regression on the held-out choices, every item counting as one and every writer by their weight. `lead` is
    that of the choice before the best different text, over the root of all squared weights. With two
    different texts a is left out, since there is no middle to be nearest to. One text alone: ½, nothing to
    tell by; all the same: 1.

    Parameters
    ----------
    own
        Whether a text's likeness to itself counts in its favour, as in the choice.
    """
    held_out = _joined(list(_contests(texts, alike_P, weight_N, own=own, leave_out=True)))
    whole = _joined(list(_contests(texts, alike_P, weight_N, own=own, leave_out=False)))
    learned = held_out.candidates_C > 1
    scale = float(held_out.lead_C[learned].std()) if learned.any() else 0.0
    scale = scale or 1.0
    a, b = _fitted(held_out, scale) if learned.any() else (0.0, 0.0)
    best_I = np.ones(len(texts.items))
    several = whole.candidates_C > 1
    best_I[several] = _chance(a, b, whole.lead_C / scale, whole.candidates_C)[several]
    best_I[whole.texts_C == 1] = 0.5
    return Certainty(best_I, _expected(held_out, whole))


def _chance(a: float, b: float, lead_C: Floats, candidates_C: Floats) -> Floats:
    middle_C = a * (candidates_C > 2)
    chance_C: Floats = expit(middle_C + b * lead_C - np.log(np.maximum(candidates_C - 1, 1)))
    return chance_C


def _fitted(held_out: _Choices, scale: float) -> tuple[float, float]:
    """Return a and b by Newton's method."""
    use = held_out.candidates_C > 1
    lead_C, candidates_C = held_out.lead_C[use] / scale, held_out.candidates_C[use]
    hit_C, weight_C = held_out.hit_C[use], held_out.weight_C[use]
    design_C_2 = np.stack([(candidates_C > 2).astype(np.float64), lead_C], axis=1)
    found_2 = np.zeros(2)
    for _ in range(STEPS):
        chance_C = _chance(float(found_2[0]), float(found_2[1]), lead_C, candidates_C)
        slope_2 = design_C_2.T @ (weight_C * (hit_C - chance_C)) - LOOSE * found_2
        slack_C = weight_C * chance_C * (1 - chance_C)
        step_2 = np.linalg.solve(design_C_2.T @ (design_C_2 * slack_C[:, None]) + LOOSE * np.eye(2), slope_2)
        found_2 = found_2 + np.clip(step_2, -1, 1)
        if np.abs(step_2).max() < 1e-9:
            break
    # A longer lead never makes a choice worse; where it seems to, it is chance.
    return float(found_2[0]), max(float(found_2[1]), 0.0)


def _expected(held_out: _Choices, whole: _Choices) -> Floats:
    """Return expected likeness to another writer's text: a line through support, found on the held-out."""
    weight_C = held_out.weight_C
    total = weight_C.sum()
    if total == 0:
        return whole.support_C
    x, y = float(weight_C @ held_out.support_C / total), float(weight_C @ held_out.like_C / total)
    away_C = held_out.support_C - x
    # One item's worth of a line through the mean with slope 1.
    usual = float(weight_C @ away_C**2 / total)
    steep = float(
        (weight_C @ (away_C * (held_out.like_C - y)) + usual) / (weight_C @ away_C**2 + usual + 1e-12)
    )
    expected_I: Floats = np.clip(y + steep * (whole.support_C - x), 0, 1)
    return np.where(whole.texts_C == 1, y, expected_I)


def _joined(parts: list[tuple[Codes, _Choices]]) -> _Choices:
    """Return the choices of all parts, sorted by their places."""
    if not parts:
        return _Choices(*(np.zeros(0) for _ in range(7)))
    order = np.argsort(np.concatenate([place for place, _ in parts]), kind="stable")
    names = _Choices.__dataclass_fields__
    return _Choices(
        *(np.concatenate([getattr(choices, name) for _, choices in parts])[order] for name in names)
    )


def _contests(
    texts: Texts, alike_P: Floats, weight_N: Floats, *, own: bool, leave_out: bool
) -> Iterator[tuple[Codes, _Choices]]:
    """Yield contests of items with equally many texts: one an item, or one for each writer left out."""
    n_items = len(texts.items)
    size_I = np.bincount(texts.item_N, minlength=n_items)
    first_I = np.cumsum(size_I) - size_I
    start_I = np.cumsum(size_I * (size_I - 1)) - size_I * (size_I - 1)
    name_N = np.unique(np.array(texts.text_N), return_inverse=True)[1]
    known_I = np.array([item in texts.known for item in texts.items])
    for size in np.unique(size_I[size_I >= (3 if leave_out else 1)]):
        every = np.flatnonzero((size_I == size) & ~(known_I & leave_out))
        step = max(1, CELLS // int(size) ** 2)
        for at in range(0, len(every), step):
            item_B = every[at : at + step]
            place_B_S = first_I[item_B][:, None] + np.arange(size)
            alike = np.ones((len(item_B), size, size))
            pairs = alike_P[start_I[item_B][:, None] + np.arange(size * (size - 1))]
            alike[:, ~np.eye(size, dtype=bool)] = pairs
            out = np.eye(size) if leave_out else np.zeros((1, size))
            choices = _chosen(alike, weight_N[place_B_S], name_N[place_B_S], out, own=own)
            yield np.repeat(item_B, len(out)), choices


def _chosen(
    alike_B_S_S: Floats, weight_B_S: Floats, name_B_S: Codes, out_H_S: Floats, *, own: bool
) -> _Choices:
    """Choose in each of B items, once for each row of `out_H_S`, which is 1 for the text left out."""
    shape = (len(alike_B_S_S), len(out_H_S), alike_B_S_S.shape[1])
    there_H_S = 1 - out_H_S
    weight_B_H_S = weight_B_S[:, None, :] * there_H_S
    towards = weight_B_H_S @ alike_B_S_S  # alike is symmetric
    others = towards - weight_B_H_S
    gone = np.broadcast_to(out_H_S > 0, shape)
    score = np.where(gone, -np.inf, np.round(towards if own else others, 9))
    choice = score.argmax(axis=2)
    name = np.broadcast_to(name_B_S[:, None, :], shape)
    same = name == np.take_along_axis(name, choice[..., None], 2)
    rival = np.where(same, -np.inf, score)
    second = rival.argmax(axis=2)
    alone = ~np.isfinite(_at(rival, second))
    # With two texts there is nobody else to tell by. Sums are over everybody, so that of people who wrote the
    # same it does not matter who stands for them.
    square = (weight_B_H_S**2).sum(axis=2)
    told = ~alone & (there_H_S.sum(axis=1) > 2)
    gap = np.where(told, _at(score, choice) - np.where(alone, 0, _at(score, second)), 0)
    lead = gap / np.sqrt(np.maximum(square, 1e-12))
    support = _at(towards, choice) / np.maximum(weight_B_H_S.sum(axis=2), 1e-12)
    # How many different texts are left: all, less the one that was left out if nobody wrote the same.
    sorted_B_S = np.sort(name_B_S, axis=1)
    different_B = 1 + (np.diff(sorted_B_S, axis=1) > 0).sum(axis=1)
    only_B_S = (name_B_S[:, :, None] == name_B_S[:, None, :]).sum(axis=2) == 1
    candidates = different_B[:, None] - only_B_S.astype(np.float64) @ out_H_S.T
    if out_H_S.any():
        # Rows are the texts left out, in order.
        to_out = np.where(gone, -np.inf, alike_B_S_S)
        like = _at(alike_B_S_S, choice)
        hit = (like >= to_out.max(axis=2) - 1e-9).astype(np.float64)
        weight = weight_B_S / weight_B_S.sum(axis=1, keepdims=True)
    else:
        like, hit, weight = (np.zeros(shape[:2]) for _ in range(3))
    size = np.full(shape[:2], float(shape[2])) - out_H_S.sum(axis=1)
    return _Choices(*(np.asarray(of).ravel() for of in (lead, candidates, support, size, hit, like, weight)))


def _at(of_B_H_S: Floats, place_B_H: Codes) -> Floats:
    """Return the entry at one place of each row."""
    found: Floats = np.take_along_axis(of_B_H_S, place_B_H[..., None], 2)[..., 0]
    return found
