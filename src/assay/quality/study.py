"""One question, any type of answer: a long table in, the same findings out.

For people and programs that do not want to know which of several shapes their answers have. Each type names
its columns, its registry group and its default method; the rest of Assay and the command line read `Study`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import polars as pl

from assay import registry, tables
from assay.errors import AssayError, TableError
from assay.quality.agreement import Agreement, alpha, gamma, span_alpha
from assay.quality.agreement import Ratings as AgreedRatings
from assay.quality.agreement.gamma import MOST_RATERS
from assay.quality.crowd import with_people
from assay.quality.findings import Study
from assay.quality.labels.columns import Columns, Floats, VotesError
from assay.quality.labels.dawid_skene import dawid_skene
from assay.quality.labels.difficulty import difficulty
from assay.quality.labels.majority import majority
from assay.quality.labels.scores import score
from assay.quality.labels.weigh import Finding, weigh

MOST_CLASSES = 10
"""More different whole numbers than this are ratings; fewer may be names of classes."""

MOST_ALIGNED = 100
"""Items whose marks are lined up for a coefficient of agreement; of more a part is drawn."""

SEED = 0
"""Of the resampling behind the interval of agreement: the same table always gives the same sentence."""

SIGNS = r"^\s*[^\[>=\s][^>=]*[>=]\s*[^>=\s]"
"""How an order begins whose candidates stand between signs: ``b > a = c``."""

FOUR_NUMBERS = r"^\s*\[\s*\[(?:\s*-?\d[\d.eE+-]*\s*,){3}\s*-?\d"
"""How a list of boxes begins; a span has two numbers."""


def guess(table: object) -> str:  # noqa: PLR0911 -- one line for each type
    """Return the type that a table's columns and cells suggest.

    >>> guess(pl.DataFrame({"left": ["a"], "right": ["b"], "label": ["a"], "worker": ["ann"]}))
    'pairs'
    >>> guess(pl.DataFrame({"task": ["i"], "worker": ["ann"], "label": ["[[0, 4]]"]}))
    'spans'
    >>> guess(pl.DataFrame({"task": ["i"], "worker": ["ann"], "label": ["[[10, 20, 50, 80]]"]}))
    'boxes'
    >>> guess(pl.DataFrame({"task": ["i"], "worker": ["ann"], "label": ["b > a = c"]}))
    'rankings'
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
    frame = _as_json(frame, label, "shown")
    cells = frame[label].drop_nulls().cast(pl.String)
    if "shown" in names:
        return "rankings" if len(cells) and _orders(cells.head(50)).all() else "best-of-n"
    if len(cells) and cells.head(50).str.contains(r"^\s*\[").all() and (named := _named_lists(frame, label)):
        return named
    if len(cells) and cells.head(50).str.contains(SIGNS).all() and cells.str.contains(">").any():
        return "rankings"
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


def _orders(cells: pl.Series) -> pl.Series:
    """Say which cells can only be read as an order: several in a list, or a sign of order between them."""
    return cells.str.contains(r"^\s*\[.*,") | cells.str.contains(SIGNS)


def _named_lists(frame: pl.DataFrame, label: str) -> str:
    """Return the type of a column of JSON lists of names; empty where they hold numbers, marks, or nothing.

    An order has lists in it, or the same names in different orders and nothing else; a set has not.
    """
    item = tables.find(frame, "item")
    rows = frame.select(item or label, label).drop_nulls().head(1_000).cast(pl.String).rows()
    try:
        lists = [(of, json.loads(cell)) for of, cell in rows]
    except (ValueError, RecursionError):
        return ""
    names = [part for _, said in lists for part in said if isinstance(part, str)]
    if not names:
        return ""
    if any(isinstance(part, list) for _, said in lists for part in said):
        return "rankings"
    orders: dict[str, set[tuple[str, ...]]] = {}
    for of, said in lists:
        orders.setdefault(of, set()).add(tuple(map(str, said)))
    sets = [{frozenset(order) for order in own} for own in orders.values()]
    if any(len(own) > 1 for own in sets) or any(len(order) < 2 for own in orders.values() for order in own):
        return "multilabel"
    if any(len(own) > 1 for own in orders.values()):
        return "rankings"
    raise AssayError(
        "these lists may be rankings or sets of labels; say which: --type rankings or --type multilabel"
    )


def study(
    table: object,
    *,
    type: str = "auto",  # noqa: A002 -- the word that people use
    method: str | None = None,
    gold: object = None,
    known: object = None,
    levels: Sequence[str] | None = None,
    reviews: object = None,
    outcomes: object = None,
    history: object = None,
    half_life: float | None = None,
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
        sure to be, and are left out of the scores.
    levels
        For ordered classes, their labels from the lowest up; needed unless they are numbers.
    reviews, outcomes, history, half_life
        What else is known of people, for their profiles; see `profiles.evidence_of`.

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
    if gold is None and kind.group != "texts":
        right = _gold_of(frame)
    taught = None if known is None else tables.frame_of(known)
    chosen = method or kind.default
    run = cast("Callable[..., Any]", registry.get(kind.group, chosen))
    found = kind.read(_Asked(frame, named, chosen, run, right, taught, levels))
    known_right = tables.gold(right) if right is not None and kind.group == "quality" else None
    return with_people(
        found,
        frame,
        gold=known_right,
        reviews=reviews,
        outcomes=outcomes,
        history=history,
        half_life=half_life,
    )


def _gold_of(frame: pl.DataFrame) -> pl.DataFrame | None:
    """Return the right answers that stand beside the answers, in the column `gold`; `None` where none do."""
    item, gold = tables.find(frame, "item"), tables.find(frame, "gold")
    if item is None or gold is None:
        return None
    told = frame.select(pl.col(item).alias("item"), pl.col(gold).cast(pl.String).alias("label"))
    told = told.filter(pl.col("label").str.strip_chars() != "").unique(maintain_order=True)
    return told if len(told) else None


@dataclass(frozen=True, eq=False)
class _Asked:
    frame: pl.DataFrame
    type: str
    method: str
    run: Callable[..., Any]
    gold: pl.DataFrame | None
    known: pl.DataFrame | None
    levels: Sequence[str] | None

    def numbers(self) -> dict[str, float]:
        """Return gold as item → number, what was known left out."""
        taught = self.known_numbers()
        return {item: value for item, value in _numbers(self.gold).items() if item not in taught}

    def known_numbers(self) -> dict[str, float]:
        """Return what is known as item → number."""
        return _numbers(self.known)


def _numbers(table: pl.DataFrame | None) -> dict[str, float]:
    if table is None:
        return {}
    name = "score" if "score" in table.columns else "label"
    kept = table.rename({name: "value"}) if name != "value" else table
    item = "item" if tables.find(kept, "item") else "label"
    column = tables.find(kept, "item") or item
    values = kept["value"].cast(pl.Float64, strict=False)
    if values.null_count():
        raise AssayError("right answers to these are a number for each item; some cells are none")
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
    if asked.known is not None:
        taught = tables.gold(asked.known)
        columns = columns.knowing(taught)
        # A method that was told the answer gets no credit for knowing it.
        gold = {item: label for item, label in gold.items() if item not in taught}
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
    held = ratings.Ratings.from_frame(frame).knowing(asked.known_numbers())
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
    held = pairs.Pairs.from_frame(frame).knowing(asked.known_numbers())
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
    if asked.known is not None:
        column = "text" if tables.find(asked.known, "text") else "label"
        known = tables.pick(asked.known, ("item", column))
        held = held.knowing(dict(known.iter_rows()))
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

    known = {} if asked.known is None else tables.gold(asked.known)
    held = spans.Spans.from_frame(tables.votes(asked.frame)).knowing(_known_marks(known))
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
        agreement=_span_agreement(held),
        detail=result,
    )


def _known_marks(known: Mapping[str, str]) -> dict[str, list[list[int]]]:
    """Return item → right spans, of one expert: of several there is no one answer to hold an item at."""
    found = {}
    for row, (item, text) in enumerate(known.items(), start=1):
        marked = _json_of(text, row)
        if marked and isinstance(marked[0], list) and marked[0] and isinstance(marked[0][0], list):
            if len(marked) > 1:
                raise TableError(
                    "several people's marks are not known ones; give one", row=row, column="label"
                )
            marked = marked[0]
        found[item] = marked
    return found


def _json_of(text: str, row: int) -> list[Any]:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, list):
        raise TableError(f"{text[:40]!r} is no JSON list", row=row, column="label")
    return said


def _span_agreement(held: Any) -> Agreement:
    """Return gamma, of items drawn where there are many; alpha on characters for large crowds."""
    rng = np.random.default_rng(SEED)
    spans, shown, lengths = held.marked()
    if np.bincount(held.item_N).max() > MOST_RATERS:
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

    known = {} if asked.known is None else tables.gold(asked.known)
    held = boxes.Boxes.from_frame(tables.votes(asked.frame))
    held = held.knowing(
        {item: _json_of(text, row) for row, (item, text) in enumerate(known.items(), start=1)}
    )
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


def _ordered(asked: _Asked) -> Study:
    """Read rankings and best-of-n choices: a pooled ranking for each item."""
    from assay.quality import pairs  # noqa: PLC0415
    from assay.quality.pairs import pooling, rankings  # noqa: PLC0415

    choices = asked.type == "best-of-n"
    frame = _as_json(asked.frame, "label", "shown")
    picked = tables.votes(frame)
    if "shown" in frame.columns:
        picked = picked.with_columns(frame["shown"].cast(pl.String))
    held = pairs.Rankings.from_choices(picked) if choices else pairs.Rankings.from_frame(picked)
    known, right = (
        {
            item: rankings.read_order(label)
            for item, label in (tables.gold(_as_json(table, "label")) if table is not None else {}).items()
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
            "answers": _counts(held.item_N, len(held.items)),
        }
    )
    if choices:
        verdicts = verdicts.with_columns(pl.Series("order", whole), pl.Series("none good", found.none_I))
    people = _people(
        held.raters,
        found.compared.reliability_R,
        found.compared.reliability_low_R,
        found.compared.reliability_high_R,
        _counts(held.rater_N, len(held.raters)),
    )
    notes = []
    if found.overall is not None:
        listed = [f"{name} {value:+.2f} ± {1.96 * sd:.2f}" for name, value, sd in found.board]
        notes.append(
            f"every item has the same {len(listed)} candidates; over all items: {', '.join(listed)} (if a "
            "name means something else in each item, this is about the name)"
        )
    return replace(
        _of(
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


def _as_json(frame: pl.DataFrame, *names: str) -> pl.DataFrame:
    """Return a table whose columns of lists are JSON texts."""
    for name in names:
        column = tables.find(frame, name) if name in tables.ALIASES else name
        if column in frame.columns and isinstance(frame.schema[column], pl.List):
            cells = [None if cell is None else json.dumps(cell.to_list()) for cell in frame[column]]
            frame = frame.with_columns(pl.Series(column, cells, dtype=pl.String))
    return frame


def _multilabel(asked: _Asked) -> Study:
    from assay.quality.labels import ticks as ticked  # noqa: PLC0415

    held = ticked.Ticks.from_frame(tables.votes(_as_json(asked.frame, "label")))
    known = _sets(asked.known)
    result = asked.run(held.ticks, held.shown, gold=known)
    scores: dict[str, Mapping[str, float]] = {}
    if asked.gold is not None:
        right = _sets(asked.gold)
        gold = {item: names for item, names in right.items() if item not in known}
        for name, sets in {asked.method: result.verdicts(), "majority": _ticked_by_most(held)}.items():
            scores[name] = ticked.sets_score(sets, gold)
    holds_I_L = result.posterior_I_L
    counted = dict.fromkeys(result.items, 0)
    votes = dict.fromkeys(result.raters, 0)
    for item, rater in held.shown:
        counted[item] += 1
        votes[rater] += 1
    verdicts = pl.DataFrame(
        {
            "item": result.items,
            "verdict": [json.dumps(sorted(own), ensure_ascii=False) for own in result.verdicts().values()],
            "probability": np.maximum(holds_I_L, 1 - holds_I_L).prod(axis=1),
            "doubt": 2 * np.minimum(holds_I_L, 1 - holds_I_L).max(axis=1),
            "answers": list(counted.values()),
            **{f"p[{label}]": holds_I_L[:, code] for code, label in enumerate(result.labels)},
        }
    )
    right_R = ticked.ticked_right(held, result)
    people = _people(
        result.raters,
        right_R.sensitivity_R,
        right_R.sensitivity_low_R,
        right_R.sensitivity_high_R,
        list(votes.values()),
    ).with_columns(pl.Series("precision", right_R.precision_R))
    return _of(
        asked,
        held,
        verdicts,
        people,
        measure="share of the labels that hold that they tick",
        notes=(),
        scores=scores,
        detail=result,
    )


def _sets(frame: pl.DataFrame | None) -> dict[str, list[str]]:
    """Return item → right labels, from a JSON list an item or a row a label."""
    from assay.quality.labels import ticks as ticked  # noqa: PLC0415

    if frame is None:
        return {}
    picked = tables.pick(_as_json(frame, "label"), ("item", "label")).with_columns(rater=pl.lit("gold"))
    held = ticked.Ticks.from_frame(picked)
    found: dict[str, list[str]] = {item: [] for item, _ in held.shown}
    for item, _, name in held.ticks:
        found[item].append(name)
    return found


def _ticked_by_most(held: Any) -> dict[str, frozenset[str]]:
    """Return item → the labels that more than half of those who looked ticked."""
    looked = Counter(item for item, _ in held.shown)
    found: dict[str, set[str]] = {item: set() for item in looked}
    for (item, name), times in Counter((item, name) for item, _, name in held.ticks).items():
        if 2 * times > looked[item]:
            found[item].add(name)
    return {item: frozenset(names) for item, names in found.items()}


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
    "rankings": AnswerType("a ranking, best first", "pairs", "crowd-bradley-terry", _ordered),
    "best-of-n": AnswerType("the best of what was shown", "pairs", "crowd-bradley-terry", _ordered),
    "multilabel": AnswerType("a set of labels", "sets", "multilabel", _multilabel),
    "texts": AnswerType("a text", "texts", "rasa", _texts),
    "spans": AnswerType("a JSON list of [start, end)", "spans", "soft", _spans),
    "boxes": AnswerType("a JSON list of [x0, y0, x1, y1]", "boxes", "fused", _boxes),
}
"""The types of answers that `study` reads."""
