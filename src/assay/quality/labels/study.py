"""Tables of labels, of labels in order and of sets of labels, read into a `Study`."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from assay import tables
from assay.errors import AssayError
from assay.quality import ratings
from assay.quality.agreement import alpha
from assay.quality.asking import SEED, Asked, as_json, counts, people_of, study_of, unsaid
from assay.quality.findings import Study
from assay.quality.labels import ticks as ticked
from assay.quality.labels.columns import Columns
from assay.quality.labels.dawid_skene import dawid_skene
from assay.quality.labels.difficulty import difficulty
from assay.quality.labels.majority import majority
from assay.quality.labels.scores import score
from assay.quality.labels.weigh import Finding, weigh


def categorical(asked: Asked) -> Study:
    columns = Columns.from_frame(tables.votes(asked.frame))
    gold = tables.gold(asked.gold) if asked.gold is not None else {}
    answered, right = set(columns.items), dict(gold)
    given = columns.labels
    if asked.known is not None:
        taught = tables.gold(asked.known)
        right |= taught
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
    notes += unsaid(given, (label for item, label in right.items() if item in answered), "label")
    verdicts = pl.DataFrame(
        {
            "item": columns.items,
            "verdict": [verdict.label for verdict in finding.verdicts],
            "probability": [verdict.probability for verdict in finding.verdicts],
            "doubt": [verdict.contest for verdict in finding.verdicts],
            "difficulty": difficulty(result).mean_I,
            "answers": counts(columns.item_N, len(columns.items)),
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
        raters=people_of(columns.raters, means, lows, highs, [skill.votes for skill in skills]),
        measure="share of right votes",
        against="gold" if any(skill.against == "gold" for skill in skills) else "verdicts",
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


def ordinal(asked: Asked) -> Study:
    found = categorical(asked)
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


def _sorted_levels(labels: Sequence[str]) -> list[str]:
    """Return labels that are numbers from the lowest up; words have an order that only people know."""
    try:
        place = {label: float(label) for label in labels}
        if not all(map(math.isfinite, place.values())):
            raise ValueError
        return sorted(labels, key=lambda label: place[label])
    except ValueError:
        example = ",".join(labels[:3])
        raise AssayError(
            f"say which label is higher, from the lowest up: --levels {example} (or in Python levels=[…])"
        ) from None


def multilabel(asked: Asked) -> Study:
    held = ticked.Ticks.from_frame(tables.votes(as_json(asked.frame, "label")))
    known = _sets(asked.known)
    weighed = {} if held.weights is None else {"weights": dict(zip(held.shown, held.weights, strict=True))}
    result = asked.run(held.ticks, held.shown, gold=known, **weighed)
    notes = unsaid(
        {name for _, _, name in held.ticks},
        (name for item, own in known.items() if item in result.items for name in own),
        "label",
    )
    scores: dict[str, Mapping[str, float]] = {}
    if asked.gold is not None:
        right = _sets(asked.gold)
        gold = {item: names for item, names in right.items() if item not in known}
        theirs = (name for item, own in gold.items() if item in result.items for name in own)
        notes += unsaid({name for _, _, name in held.ticks}, theirs, "label")
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
    people = people_of(
        result.raters,
        right_R.sensitivity_R,
        right_R.sensitivity_low_R,
        right_R.sensitivity_high_R,
        list(votes.values()),
    ).with_columns(pl.Series("precision", right_R.precision_R))
    return study_of(
        asked,
        held,
        verdicts,
        people,
        measure="share of the labels that hold that they tick",
        notes=notes,
        scores=scores,
        detail=result,
    )


def _sets(frame: pl.DataFrame | None) -> dict[str, list[str]]:
    """Return item → right labels, from a JSON list an item or a row a label."""
    if frame is None:
        return {}
    picked = tables.pick(as_json(frame, "label"), ("item", "label")).with_columns(rater=pl.lit("gold"))
    if picked["label"].str.starts_with("[").all():
        tables.gold(picked)  # two different lists for one item are an error
    held = ticked.Ticks.from_frame(picked)
    found: dict[str, list[str]] = {item: [] for item, _ in held.shown}
    for item, _, name in held.ticks:
        found[item].append(name)
    return found


def _ticked_by_most(held: Any) -> dict[str, frozenset[str]]:
    """Return item → the labels that more than half of those who looked ticked."""
    weight = dict(zip(held.shown, held.weights or [1.0] * len(held.shown), strict=True))
    looked: Counter[str] = Counter()
    ticked: Counter[tuple[str, str]] = Counter()
    for item, rater in held.shown:
        looked[item] += weight[item, rater]
    for item, rater, name in held.ticks:
        ticked[item, name] += weight[item, rater]
    found: dict[str, set[str]] = {item: set() for item in looked}
    for (item, name), times in ticked.items():
        if 2 * times > looked[item]:
            found[item].add(name)
    return {item: frozenset(names) for item, names in found.items()}
