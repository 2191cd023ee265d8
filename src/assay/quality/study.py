"""One question, any type of answer: a long table in, the same findings out.

For people and programs that do not want to know which of several shapes their answers have. Each type names
its columns, its registry group and its default method; the rest of Assay and the command line read `Study`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import polars as pl

from assay import registry, tables
from assay.errors import AssayError
from assay.quality.agreement import Agreement, alpha
from assay.quality.agreement import Ratings as AgreedRatings
from assay.quality.findings import Study
from assay.quality.labels.columns import Columns, Floats, VotesError
from assay.quality.labels.dawid_skene import dawid_skene
from assay.quality.labels.difficulty import difficulty
from assay.quality.labels.majority import majority
from assay.quality.labels.scores import score
from assay.quality.labels.weigh import Finding, weigh

MOST_CLASSES = 10
"""More different whole numbers than this are ratings; fewer may be names of classes."""

SEED = 0
"""Of the resampling behind the interval of agreement: the same table always gives the same sentence."""

FOUR_NUMBERS = r"^\s*\[\s*\[(?:\s*-?\d[\d.eE+-]*\s*,){3}\s*-?\d"
"""How a list of boxes begins; a span has two numbers."""


def guess(table: object) -> str:
    """Return the type that a table's columns and cells suggest.

    >>> guess(pl.DataFrame({"left": ["a"], "right": ["b"], "label": ["a"], "worker": ["ann"]}))
    'pairs'
    >>> guess(pl.DataFrame({"task": ["i"], "worker": ["ann"], "label": ["[[0, 4]]"]}))
    'spans'
    >>> guess(pl.DataFrame({"task": ["i"], "worker": ["ann"], "label": ["[[10, 20, 50, 80]]"]}))
    'boxes'
    >>> guess(pl.DataFrame({"task": ["i"], "worker": ["ann"], "label": ["yes"]}))
    'categorical'
    """
    frame = tables.frame_of(table)
    names = {name.lower() for name in frame.columns}
    if {"left", "right"} <= names:
        return "pairs"
    label = tables.find(frame, "label")
    if label is None:
        return "texts" if "text" in names else "categorical"
    if isinstance(frame.schema[label], pl.List):
        return "spans"
    cells = frame[label].drop_nulls().cast(pl.String)
    if len(cells) and cells.head(50).str.contains(r"^\s*\[").all():
        # Nothing marked looks the same for both.
        marked = cells.filter(~cells.str.contains(r"^\s*\[\s*\]\s*$")).head(50)
        return "boxes" if len(marked) and marked.str.contains(FOUR_NUMBERS).all() else "spans"
    number = cells.cast(pl.Float64, strict=False)
    # Codes of classes are whole and few; ratings run over a scale.
    whole = number.null_count() == 0 and bool((number == number.floor()).all())
    if number.null_count() == 0 and len(cells) and (not whole or number.n_unique() > MOST_CLASSES):
        return "ratings"
    return "categorical"


def study(
    table: object,
    *,
    type: str = "auto",  # noqa: A002 -- the word that people use
    method: str | None = None,
    gold: object = None,
    known: object = None,
    levels: Sequence[str] | None = None,
) -> Study:
    """Read a table of answers, weigh it, and say what it comes to.

    Parameters
    ----------
    table
        One row an answer, under the column names that `assay.tables` knows: polars, pandas, Arrow or a
        mapping of columns. For one column a rater see `tables.from_wide`.
    type
        A key of `TYPES`, or `auto` to go by the columns.
    method
        A name in the type's registry group; its default where not given.
    gold
        Right answers, for scores: `item` and `label` (for comparisons and ratings a number).
    known
        Right answers, for the method to learn from: its items are held fixed, teach who is reliable and how
        sure to be, and are left out of the scores. For labels only.
    levels
        For ordered classes, their labels from the lowest up; needed unless they are numbers.

    Raises
    ------
    AssayError
        With the row and the column where a cell is at fault.

    >>> found = study({"item": ["i"] * 3, "rater": ["ann", "ben", "cleo"], "label": ["yes", "yes", "no"]})
    >>> found.type, found.verdicts["verdict"][0]
    ('categorical', 'yes')
    """
    frame = tables.frame_of(table)
    right = None if gold is None else tables.frame_of(gold)
    named = guess(frame) if type == "auto" else type
    if named not in TYPES:
        raise AssayError(f"there is no type {named!r} of answers; known: auto, {', '.join(TYPES)}")
    kind = TYPES[named]
    taught = {} if known is None else tables.gold(tables.frame_of(known))
    if taught and kind.group != "quality":
        raise AssayError(f"known answers teach labels only, and these are {named}; leave them out")
    chosen = method or kind.default
    run = cast("Callable[[Any], Any]", registry.get(kind.group, chosen))
    return kind.read(_Asked(frame, named, chosen, run, right, taught, levels))


@dataclass(frozen=True, eq=False)
class _Asked:
    frame: pl.DataFrame
    type: str
    method: str
    run: Callable[[Any], Any]
    gold: pl.DataFrame | None
    known: Mapping[str, str]
    levels: Sequence[str] | None

    def numbers(self) -> dict[str, float]:
        """Return gold as item → number."""
        if self.gold is None:
            return {}
        name = "score" if "score" in self.gold.columns else "label"
        kept = self.gold.rename({name: "value"}) if name != "value" else self.gold
        item = "item" if tables.find(kept, "item") else "label"
        column = tables.find(kept, "item") or item
        values = kept["value"].cast(pl.Float64, strict=False)
        if values.null_count():
            raise AssayError("gold for these answers is a number for each item; some cells are none")
        return dict(zip(kept[column].cast(pl.String).to_list(), values.to_list(), strict=True))


def _doubt(spread_I: Floats) -> Floats:
    """Return spreads as doubts in [0, 1]: the widest verdict is 1, a certain one 0."""
    widest = float(spread_I.max()) if len(spread_I) else 0.0
    return spread_I / widest if widest > 0 else np.zeros_like(spread_I)


def _counts(code_N: np.ndarray[Any, Any], size: int) -> list[int]:
    counts: list[int] = np.bincount(code_N, minlength=size).tolist()
    return counts


def _people(
    raters: Sequence[str], mean: Floats, low: Floats, high: Floats, votes: Sequence[int]
) -> pl.DataFrame:
    return pl.DataFrame({"rater": raters, "mean": mean, "low": low, "high": high, "votes": votes})


def _categorical(asked: _Asked) -> Study:
    columns = Columns.from_frame(tables.votes(asked.frame))
    gold = tables.gold(asked.gold) if asked.gold is not None else {}
    if asked.known:
        columns = columns.knowing(asked.known)
        # A method that was told the answer gets no credit for knowing it.
        gold = {item: label for item, label in gold.items() if item not in asked.known}
    finding = weigh(columns, method=asked.method, gold=gold)
    result = finding.result
    scores: dict[str, Mapping[str, float]] = {}
    if gold:
        # Beside the chosen method, what everybody knows: a claim without its baselines is none.
        known = {asked.method: result, "dawid-skene": dawid_skene(columns), "majority": majority(columns)}
        for name, outcome in known.items():
            found = score(outcome, gold)
            scores[name] = {
                "accuracy": found.accuracy,
                "log-loss": found.log_loss,
                "calibration error": found.calibration_error,
            }
    notes = [] if result.converged else [f"{asked.method} was still moving after {result.iterations} rounds"]
    if len(columns.labels) == 1:
        notes.append("every answer has the same label: there is nothing to weigh")
    if gold and (unvoted := len(gold) - len(set(gold) & set(columns.items))):
        notes.append(f"{unvoted:,} gold items got no answer and are left out")
    verdicts = pl.DataFrame(
        {
            "item": columns.items,
            "verdict": [verdict.label for verdict in finding.verdicts],
            "probability": [verdict.probability for verdict in finding.verdicts],
            "doubt": [verdict.contest for verdict in finding.verdicts],
            "difficulty": difficulty(result).mean_I,
            "answers": _counts(columns.item_N, len(columns.items)),
            **{f"p[{label}]": result.posterior_I_K[:, code] for code, label in enumerate(columns.labels)},
        }
    )
    skills = finding.skills
    means, lows, highs = (
        np.array([getattr(skill, name) for skill in skills]) for name in ("mean", "low", "high")
    )
    return Study(
        type=asked.type,
        method=asked.method,
        answers=len(columns),
        repeated=columns.repeated,
        verdicts=verdicts,
        raters=_people(columns.raters, means, lows, highs, [skill.votes for skill in skills]),
        measure="share of right votes",
        against=skills[0].against,
        assumed=result.assumed,
        notes=tuple(notes),
        scores=scores,
        agreement=alpha(columns, rng=np.random.default_rng(SEED)),
        calibrated=_calibrated(finding, gold) if scores else None,
        detail=finding,
    )


def _calibrated(finding: Finding, gold: Mapping[str, str]) -> tuple[list[float], list[float]]:
    known = [verdict for verdict in finding.verdicts if verdict.item in gold]
    stated = [verdict.probability for verdict in known]
    return stated, [float(verdict.label == gold[verdict.item]) for verdict in known]


def _sorted_levels(labels: Sequence[str]) -> list[str]:
    """Return labels that are numbers from the lowest up; words have an order that only people know."""
    try:
        return sorted(labels, key=float)
    except ValueError:
        example = ",".join(labels[:3])
        raise AssayError(
            f"say which label is higher, from the lowest up: --levels {example} (or in Python levels=[…])"
        ) from None


def _ordinal(asked: _Asked) -> Study:
    from assay.quality import ratings  # noqa: PLC0415 -- only this type and the next pay for it

    found = _categorical(asked)
    columns = found.detail.result.columns
    levels = list(asked.levels) if asked.levels else _sorted_levels(columns.labels)
    scaled = ratings.chosen(ratings.Ratings.from_votes(columns, levels))
    verdicts = found.verdicts.with_columns(
        pl.Series("level", scaled.value_I), pl.Series("level sd", scaled.sd_I)
    )
    ladder = f"levels from the lowest up: {', '.join(levels)}"
    return replace(
        found,
        verdicts=verdicts,
        notes=(*found.notes, ladder),
        agreement=alpha(columns, "ordinal", order=levels, rng=np.random.default_rng(SEED)),
    )


def _of(
    asked: _Asked,
    held: Any,
    verdicts: pl.DataFrame,
    people: pl.DataFrame,
    *,
    measure: str,
    notes: Sequence[str],
    scores: Mapping[str, Mapping[str, float]],
    detail: Any,
    agreement: Agreement | None = None,
) -> Study:
    return Study(
        type=asked.type,
        method=asked.method,
        answers=len(held),
        repeated=held.repeated,
        verdicts=verdicts,
        raters=people,
        measure=measure,
        against="verdicts",
        assumed=detail.assumed,
        notes=(*notes, *([] if detail.converged else [f"{asked.method} had not come to rest"])),
        scores=scores,
        agreement=agreement,
        detail=detail,
    )


def _correlation(a: Floats, b: Floats) -> float:
    if len(a) < 3 or a.std() == 0 or b.std() == 0:
        raise VotesError(
            "fewer than three gold items were answered, or they are all the same: nothing to compare"
        )
    return float(np.corrcoef(a, b)[0, 1])


def _ratings(asked: _Asked) -> Study:
    from assay.quality import ratings  # noqa: PLC0415

    frame = tables.votes(asked.frame).rename({"label": "value"})
    held = ratings.Ratings.from_frame(frame)
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
            "doubt": _doubt(result.sd_I),
            "answers": _counts(held.item_N, len(held.items)),
        }
    )
    people = _people(
        held.raters,
        result.reliability_R,
        result.reliability_low_R,
        result.reliability_high_R,
        _counts(held.rater_N, len(held.raters)),
    ).with_columns(pl.Series("offset", result.offset_R), pl.Series("slope", result.slope_R))
    compared = [f"{name}: {value:.3f}" for name, value in result.compared.items()]
    agreed = AgreedRatings.from_lists(
        [held.items[code] for code in held.item_N], [held.raters[code] for code in held.rater_N], held.value_N
    )
    notes = [*result.notes, *([f"held-out log density of {', '.join(compared)}"] if compared else [])]
    return _of(
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


def _pairs(asked: _Asked) -> Study:
    from assay.quality import pairs  # noqa: PLC0415

    rater = tables.find(asked.frame, "rater")
    frame = asked.frame.rename({rater: "rater"}) if rater else asked.frame
    held = pairs.Pairs.from_frame(frame)
    result = asked.run(held)
    scores: dict[str, Mapping[str, float]] = {}
    if gold := asked.numbers():
        places = [place for place, item in enumerate(held.items) if item in gold]
        right = np.array([gold[held.items[place]] for place in places])
        scores[asked.method] = {"Kendall": _kendall(result.score_I[places], right)}
    order = np.argsort(-np.round(result.score_I, 9), kind="stable")
    rank_I = np.empty(len(order), dtype=np.int64)
    rank_I[order] = np.arange(1, len(order) + 1)
    both_N = np.concatenate([held.left_N, held.right_N])
    verdicts = pl.DataFrame(
        {
            "item": held.items,
            "verdict": rank_I,
            "score": result.score_I,
            "sd": result.sd_I,
            "doubt": _doubt(result.sd_I),
            "answers": _counts(both_N, len(held.items)),
        }
    )
    people = _people(
        held.raters,
        result.reliability_R,
        result.reliability_low_R,
        result.reliability_high_R,
        _counts(held.rater_N, len(held.raters)),
    )
    return _of(
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


def _texts(asked: _Asked) -> Study:
    from assay.quality import texts  # noqa: PLC0415

    held = texts.Texts.from_frame(tables.pick(asked.frame, ("item", "rater"), blank=("text",)))
    result = asked.run(held)
    if asked.gold is not None:
        raise AssayError("texts have no right answer to be scored against here; leave --gold out")
    verdicts = pl.DataFrame(
        {
            "item": held.items,
            "verdict": result.text_I,
            "probability": result.sure_I,
            "support": result.support_I,
            "doubt": np.clip(2 * (1 - result.sure_I), 0, 1),
            "answers": _counts(held.item_N, len(held.items)),
        }
    )
    votes = _counts(held.rater_N, len(held.raters))
    people = _people(held.raters, result.quality_R, result.quality_low_R, result.quality_high_R, votes)
    return _of(
        asked,
        held,
        verdicts,
        people,
        measure="likeness to what the others wrote",
        notes=(),
        scores={},
        detail=result,
    )


def _spans(asked: _Asked) -> Study:
    from assay.quality import spans  # noqa: PLC0415

    held = spans.Spans.from_frame(tables.votes(asked.frame))
    result = asked.run(held)
    scores: dict[str, Mapping[str, float]] = {}
    if asked.gold is not None:
        experts = tables.gold(asked.gold)
        scores[asked.method] = {"F1 by character": _span_f1(result.verdicts, experts)}
    verdicts = pl.DataFrame(
        {
            "item": held.items,
            "verdict": [json.dumps([list(span) for span in found]) for found in result.spans_I],
            "probability": result.sure_I,
            "doubt": np.clip(2 * (1 - result.sure_I), 0, 1),
            "answers": _counts(held.item_N, len(held.items)),
        }
    )
    votes = _counts(held.rater_N, len(held.raters))
    people = _people(held.raters, result.precision_R, result.precision_low_R, result.precision_high_R, votes)
    people = people.with_columns(pl.Series("recall", result.recall_R))
    return _of(
        asked,
        held,
        verdicts,
        people,
        measure="precision against the others' spans",
        notes=(),
        scores=scores,
        detail=result,
    )


def _span_f1(verdicts: Mapping[str, Sequence[tuple[int, int]]], gold: Mapping[str, str]) -> float:
    """Return the mean F1 over items, each against each expert's characters; two empty answers agree."""

    def characters(found: Sequence[Sequence[int]]) -> set[int]:
        return {place for start, end in found for place in range(start, end)}

    each = []
    for item, text in gold.items():
        if item not in verdicts:
            continue
        marked = json.loads(text)
        experts = marked if marked and isinstance(marked[0], list) and _nested(marked[0]) else [marked]
        ours = characters(verdicts[item])
        for expert in experts:
            theirs = characters(expert)
            both = len(ours & theirs)
            each.append(2 * both / (len(ours) + len(theirs)) if ours or theirs else 1.0)
    if not each:
        raise VotesError("none of the gold items got an answer; check that both tables use the same item ids")
    return float(np.mean(each))


def _nested(part: Sequence[object]) -> bool:
    return not part or isinstance(part[0], list)


def _boxes(asked: _Asked) -> Study:
    from assay.quality import boxes  # noqa: PLC0415

    held = boxes.Boxes.from_frame(tables.votes(asked.frame))
    result = asked.run(held)
    scores: dict[str, Mapping[str, float]] = {}
    if asked.gold is not None:
        gold = tables.gold(asked.gold)
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
            "answers": _counts(held.item_N, len(held.items)),
        }
    )
    votes = _counts(held.rater_N, len(held.raters))
    people = _people(held.raters, result.precision_R, result.precision_low_R, result.precision_high_R, votes)
    people = people.with_columns(pl.Series("recall", result.recall_R), pl.Series("iou", result.iou_R))
    return _of(
        asked,
        held,
        verdicts,
        people,
        measure="precision against the others' boxes",
        notes=(),
        scores=scores,
        detail=result,
    )


@dataclass(frozen=True)
class AnswerType:
    """How answers of one type are read: its registry group, its default method, and its reader."""

    title: str
    group: str
    default: str
    read: Callable[[_Asked], Study]


TYPES: Mapping[str, AnswerType] = {
    "categorical": AnswerType("one of several labels", "quality", "ensemble", _categorical),
    "ordinal": AnswerType("one of several labels in order", "quality", "ensemble", _ordinal),
    "ratings": AnswerType("a number", "ratings", "chosen", _ratings),
    "pairs": AnswerType("the better of two: left, right, label", "pairs", "crowd-bradley-terry", _pairs),
    "texts": AnswerType("a text", "texts", "rasa", _texts),
    "spans": AnswerType("a JSON list of [start, end)", "spans", "soft", _spans),
    "boxes": AnswerType("a JSON list of [x0, y0, x1, y1]", "boxes", "fused", _boxes),
}
"""The types of answers that `study` reads."""
