"""Style by experiment: show the same answer in another dress, drawn at random, and see what that changes.

A regression compares answers that differ in style and in all else. Where the dress is drawn by lot, the
difference of the win rates is caused by the dress.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.special import stdtrit

from assay.evaluation.battles import Battles, BoardError, Floats
from assay.evaluation.features import of_battles
from assay.evaluation.seen import BOLD, FENCED

DRAWN = 0.2
"""In what share of the battles each side's dress is drawn at all; the rest is shown as it came."""

FORMATS = ("headers", "list_items", "bold_spans")
"""What a renderer changes; a change of length is none of its business."""

_HEADER = re.compile(r"^ {0,3}#{1,6} +(.*?)[ \t]*#*[ \t]*$", re.MULTILINE)
_BULLET = re.compile(r"^([ \t]*)[-*+•][ \t]+", re.MULTILINE)
_NUMBER = re.compile(r"^([ \t]*)\d+\.[ \t]+", re.MULTILINE)
_RULE = re.compile(r"^[ \t]*(?:[-*_][ \t]*){3,}$\n?", re.MULTILINE)
_TABLE_RULE = re.compile(
    r"^[ \t]*\|?(?:[ \t]*:?-{2,}:?[ \t]*\|)+[ \t]*:?-*:?[ \t]*\|?[ \t]*$\n?", re.MULTILINE
)
_TABLE_ROW = re.compile(r"^[ \t]*\|(.*)\|[ \t]*$", re.MULTILINE)
_ITALIC = re.compile(r"(?<![\w*])\*([^*\s][^*\n]*?)\*(?![\w*])")


def as_is(text: str) -> str:
    """Return the text as its model wrote it."""
    return text


def plain(text: str) -> str:
    """Return the words of a text without any marks of Markdown; code keeps its lines.

    >>> plain("# Why\\n\\n- **one**\\n- two")
    'Why\\n\\none\\ntwo'
    """
    return _outside_code(text, _bare)


def light_markdown(text: str) -> str:
    """Return a text with its lists, and without headers, bold and tables.

    >>> light_markdown("# Why\\n\\n- **one**\\n- two")
    'Why\\n\\n- one\\n- two'
    """
    return _outside_code(text, _unadorned)


RENDERERS: Mapping[str, Callable[[str], str]] = {
    "as-is": as_is,
    "plain": plain,
    "light-markdown": light_markdown,
}
"""Name, as a battle records it → how the answer was shown."""


def draw(rng: np.random.Generator, share: float = DRAWN) -> tuple[str, str]:
    """Return how the two answers of one battle are to be shown, each side drawn by itself.

    >>> draw(np.random.default_rng(0), share=0.0)
    ('as-is', 'as-is')
    """
    if rng.random() >= share:
        return "as-is", "as-is"
    names = list(RENDERERS)
    first, second = rng.integers(len(names), size=2)
    return names[first], names[second]


@dataclass(frozen=True)
class Effect:
    """What an experiment says: an estimate with its 95 % interval, and how many battles bear on it."""

    estimate: float
    low: float
    high: float
    error: float
    battles: int


def effect(battles: Battles, shown: str = "as-is", instead: str = "plain") -> Effect:
    """Estimate how much more often an answer wins when it is shown one way instead of another.

    The other side stays as it is. Each battle gives score − ½ = side + β·(dress of the first −
    dress of the second), by least squares, which needs nothing but the draw to be right. A tie is half a win.
    Errors take a rater's battles together where raters are known, and each battle by itself otherwise.

    Raises
    ------
    BoardError
        Where the renderers are not recorded, or one of the two was never shown.

    >>> from assay.records import Battle
    >>> said = [Battle("i", "x", "y", "a", renderer_b="plain")] * 3 + [Battle("i", "x", "y", "b")] * 3
    >>> said += [Battle("i", "x", "y", "b", renderer_b="plain"), Battle("i", "x", "y", "a")]
    >>> said += [Battle("i", "x", "y", "b", renderer_a="plain")] * 4
    >>> bool(effect(Battles.from_records(said)).estimate > 0)
    True
    """
    first_N, second_N = _dresses(battles)
    names = sorted(set(first_N) | set(second_N))
    for name in (shown, instead):
        if name not in names:
            raise BoardError(f"no answer was shown as {name!r}; there are: {', '.join(names)}")
    others = [name for name in names if name != instead]
    columns = [(first_N == name).astype(float) - (second_N == name) for name in others]
    at = others.index(shown)
    slope, error, groups = _least_squares(battles, np.column_stack([*columns, np.ones(len(battles))]), at)
    return _effect(slope, error, groups, int(np.count_nonzero(columns[at])))


def format_worth(battles: Battles) -> Effect:
    """Estimate what formatting itself is worth, per unit of difference, with the draw as the instrument.

    The shown texts are made again from `response_a`, `response_b` and their renderers; formatting is the
    mean of the differences in headers, list items and bold. What varies between models is left out: only the
    part that the draw explains moves the estimate (two-stage least squares).

    Source: Angrist, Imbens & Rubin, JASA 91 (1996).

    Raises
    ------
    BoardError
        Where renderers or texts are not recorded, or the draw changed no formatting.
    """
    first_N, second_N = _dresses(battles)
    shown = [
        pl.Series(
            f"response_{side}",
            [RENDERERS[name](text) for name, text in zip(dress_N, texts, strict=True)],
        )
        for side, dress_N, texts in (
            ("a", first_N, battles.column("response_a").fill_null("").to_list()),
            ("b", second_N, battles.column("response_b").fill_null("").to_list()),
        )
    ]
    dressed = Battles(
        battles.a_N, battles.b_N, battles.score_N, battles.rater_N, battles.models, battles.raters,
        detail=pl.DataFrame(shown),
    )  # fmt: skip
    worn_N = of_battles(dressed, FORMATS).mean(axis=1)
    names = [name for name in RENDERERS if name != "as-is"]
    lots = [(first_N == name).astype(float) - (second_N == name) for name in names]
    lot_N_L = np.column_stack([*lots, np.ones(len(battles))])
    explained_N = lot_N_L @ np.linalg.lstsq(lot_N_L, worn_N, rcond=None)[0]
    if explained_N.std() < 1e-9:
        raise BoardError("the draw changed no formatting; show some answers with formatting as plain")
    slope, error, groups = _least_squares(
        battles, np.column_stack([explained_N, np.ones(len(battles))]), 0, actual_N=worn_N
    )
    return _effect(slope, error, groups, int(np.count_nonzero(first_N != second_N)))


def twins(battles: Battles, verbose: str, concise: str) -> Effect:
    """Estimate how much more often the long twin of a model wins than the short one, prompt by prompt.

    Both are one model under an instruction about length. On each item that both fought, the mean score of the
    short one is taken from that of the long one: what is hard about the item cancels. Errors are by item.

    Raises
    ------
    BoardError
        Where the two share fewer than two items, or the items are not known.

    >>> from assay.records import Battle
    >>> said = [Battle(f"i{n}", "long", "x", "a" if n else "tie") for n in range(4)]
    >>> said += [Battle(f"i{n}", "short", "x", "b") for n in range(4)]
    >>> twins(Battles.from_records(said), "long", "short").estimate
    0.875
    """
    if battles.item_N is None:
        raise BoardError("twins are compared item by item, and the items are not known; give a column item")
    for name in (verbose, concise):
        if name not in battles.models:
            raise BoardError(f"there is no model {name!r}; there are: {', '.join(battles.models[:12])}")
    long, short = battles.models.index(verbose), battles.models.index(concise)
    n_items = len(battles.items)
    mean = {}
    for twin, rival in ((long, short), (short, long)):
        first_N = (battles.a_N == twin) & (battles.b_N != rival)
        second_N = (battles.b_N == twin) & (battles.a_N != rival)
        won_N = np.where(first_N, battles.score_N, 1 - battles.score_N)
        fought_I = np.bincount(battles.items_N, first_N | second_N, n_items)
        total_I = np.bincount(battles.items_N, won_N * (first_N | second_N), n_items)
        mean[twin] = np.where(fought_I > 0, total_I / np.maximum(fought_I, 1), np.nan)
    gap_I = mean[long] - mean[short]
    gap_I = gap_I[np.isfinite(gap_I)]
    if len(gap_I) < 2:
        raise BoardError(
            f"{verbose!r} and {concise!r} share fewer than two items; show both on the same ones"
        )
    return _effect(
        float(gap_I.mean()), float(gap_I.std(ddof=1) / np.sqrt(len(gap_I))), len(gap_I), len(gap_I)
    )


def _dresses(battles: Battles) -> tuple[np.ndarray, np.ndarray]:
    if battles.detail is None or not {"renderer_a", "renderer_b"} & set(battles.detail.columns):
        raise BoardError(
            "how the answers were shown is not recorded; give the columns renderer_a and renderer_b"
        )
    worn = []
    for name in ("renderer_a", "renderer_b"):
        if name in battles.detail.columns:
            column = battles.column(name).fill_null("as-is").to_numpy()
        else:
            column = np.full(len(battles), "as-is", dtype=object)
        if strange := sorted(set(column) - set(RENDERERS)):
            raise BoardError(f"there is no renderer {strange[0]!r}; there are: {', '.join(RENDERERS)}")
        worn.append(column)
    return worn[0], worn[1]


def _least_squares(
    battles: Battles, design_N_K: Floats, at: int, *, actual_N: Floats | None = None
) -> tuple[float, float, int]:
    """Return a slope, its clustered standard error and how many clusters there are.

    With `actual_N` the first column is what instruments explain of it, and the residuals are those of the
    actual one, as in two-stage least squares.
    """
    wanted_N = battles.score_N - 0.5
    inverse = np.linalg.pinv(design_N_K.T @ design_N_K)
    slope_K = inverse @ (design_N_K.T @ wanted_N)
    fitted = design_N_K
    if actual_N is not None:
        fitted = design_N_K.copy()
        fitted[:, at] = actual_N
    left_N = wanted_N - fitted @ slope_K
    cluster_N = battles.rater_N if battles.raters else np.arange(len(battles))
    group_N = np.unique(cluster_N, return_inverse=True)[1]
    groups = int(group_N.max()) + 1
    score_G_K = np.column_stack([np.bincount(group_N, left_N * column, groups) for column in design_N_K.T])
    covariance = inverse @ (score_G_K.T @ score_G_K) @ inverse * groups / max(groups - 1, 1)
    return float(slope_K[at]), float(np.sqrt(max(covariance[at, at], 0.0))), groups


def _effect(slope: float, error: float, groups: int, battles: int) -> Effect:
    half = float(stdtrit(max(groups - 1, 1), 0.975)) * error
    return Effect(slope, slope - half, slope + half, error, battles)


def _outside_code(text: str, change: Callable[[str], str]) -> str:
    """Change what is no fenced code; code is indented as it was, without its fences."""
    parts, at = [], 0
    for block in FENCED.finditer(text):
        parts.append(change(text[at : block.start()]))
        parts.append(block.group())
        at = block.end()
    return "".join([*parts, change(text[at:])])


def _unadorned(text: str) -> str:
    text = _TABLE_RULE.sub("", _RULE.sub("", text))
    text = _TABLE_ROW.sub(lambda row: ", ".join(cell.strip() for cell in row.group(1).split("|")), text)
    text = _HEADER.sub(r"\1", text)
    return BOLD.sub(lambda span: span.group()[2:-2], text)


def _bare(text: str) -> str:
    text = _NUMBER.sub(r"\1", _BULLET.sub(r"\1", _unadorned(text)))
    return _ITALIC.sub(r"\1", text).replace("`", "")
