"""People: do the 95 % intervals of skills hold the true share of right votes as often as they say?

People with at least 20 votes, all on items with gold, in sets with at least 15 such people; their true share
is then known exactly. Of a rater's votes on an item the last counts.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import protocol
from data import gold, table
from harness import QUICK, Figure, step

from assay import registry
from assay.quality import Columns, Result, skills
from assay.quality.profiles import evidence_of

METHODS = ("ensemble", "dawid-skene", "majority")
FEWEST_VOTES, FEWEST_PEOPLE = 20, 15
DRAWS = 1 if QUICK else 5
CROWDS = 20 if QUICK else 120


def true_shares(columns: Columns, right: Mapping[str, str]) -> tuple[np.ndarray, np.ndarray]:
    """Return each rater's share of right votes, and who is known well enough to be asked about."""
    code = {label: place for place, label in enumerate(columns.labels)}
    gold_I = np.array([code.get(right[item], -1) if item in right else -2 for item in columns.items])
    gold_N = gold_I[columns.item_N]
    votes_R = np.bincount(columns.rater_N)
    known_R = np.bincount(columns.rater_N, gold_N != -2)
    share_R = np.bincount(columns.rater_N, gold_N == columns.label_N) / np.maximum(known_R, 1)
    return share_R, (known_R == votes_R) & (votes_R >= FEWEST_VOTES)


def held(
    low_R: np.ndarray, high_R: np.ndarray, share_R: np.ndarray, asked_R: np.ndarray
) -> tuple[float, float]:
    """Return the share of people whose interval holds their true share, and how wide it is, in per cent."""
    inside = (low_R <= share_R + 1e-9) & (share_R - 1e-9 <= high_R)
    return 100 * float(inside[asked_R].mean()), 100 * float((high_R - low_R)[asked_R].mean())


def by_profiles(result: Result, frame: object, known: Mapping[str, str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the intervals of profiles from votes and gold together, in the order of the raters."""
    found = evidence_of(frame, result, known).profiles()
    ends = {rater: (low, high) for rater, low, high in found.select("rater", "low", "high").iter_rows()}
    each = np.array([ends.get(rater, (0.0, 1.0)) for rater in result.columns.raters])
    return each[:, 0], each[:, 1]


def simulated(rng: np.random.Generator) -> tuple[Columns, dict[str, str]]:
    """Return a crowd that shares mistakes: items differ in difficulty, and wrong answers have a favourite."""
    n_items, n_raters, votes, n_labels = (
        int(rng.choice(of)) for of in ([100, 300, 800], [20, 40, 80], [3, 5, 10], [2, 2, 3, 5])
    )
    hardness, favourite, level = (
        rng.choice([0.0, 1, 2]),
        rng.choice([0.3, 0.6, 1]),
        rng.choice([0.8, 1.3, 1.8]),
    )
    truth_I = rng.integers(n_labels, size=n_items)
    level_R, hard_I = rng.normal(level, 0.8, n_raters), rng.normal(0, hardness, n_items)
    tempting_I = (truth_I + rng.integers(1, n_labels, size=n_items)) % n_labels
    busy_R = rng.gamma(1, 1, n_raters) + 0.05
    busy_R /= busy_R.sum()
    item_N = np.repeat(np.arange(n_items), votes)
    rater_N = np.concatenate([rng.choice(n_raters, votes, replace=False, p=busy_R) for _ in range(n_items)])
    # Hard items make everybody worse; the level is stretched so that crowds stay alike in the mean.
    level_N = level_R[rater_N] * np.sqrt(1 + 0.35 * hardness**2) - hard_I[item_N]
    right_N = rng.random(len(item_N)) < 1 / (1 + np.exp(-level_N))
    other_N = (truth_I[item_N] + rng.integers(1, n_labels, size=len(item_N))) % n_labels
    wrong_N = np.where(rng.random(len(item_N)) < favourite, tempting_I[item_N], other_N)
    label_N = np.where(right_N, truth_I[item_N], wrong_N)
    names = [f"i{code}" for code in range(n_items)]
    columns = Columns.from_lists(
        [names[code] for code in item_N], [f"r{code}" for code in rater_N], label_N.tolist()
    )
    return columns, dict(zip(names, map(str, truth_I.tolist()), strict=True))


def on_simulated() -> list[Figure]:
    told = []
    for method in METHODS:
        rng = np.random.default_rng(0)
        found = []
        for _ in range(CROWDS):
            columns, right = simulated(rng)
            share_R, asked_R = true_shares(columns, right)
            if asked_R.sum() >= 5:
                known = skills(registry.get("quality", method)(columns))
                found.append(held(known.low_R, known.high_R, share_R, asked_R)[0])
        said = f"skill intervals: {method}, coverage of the true share, {len(found)} simulated crowds"
        told.append(Figure(said, float(np.mean(found)), "%"))
    return told


def on_real() -> list[Figure]:
    covered: dict[tuple[str, str], dict[str, tuple[float, float]]] = {}
    for name in protocol.ALL:
        frame, right = table(name), gold(name)
        columns = Columns.from_frame(frame)
        share_R, asked_R = true_shares(columns, right)
        if asked_R.sum() < FEWEST_PEOPLE:
            continue
        for method in METHODS:
            result = registry.get("quality", method)(columns)
            known = skills(result)
            covered.setdefault((method, "verdicts"), {})[name] = held(
                known.low_R, known.high_R, share_R, asked_R
            )
            if method != METHODS[0]:
                continue
            alone, both = [], []
            for seed in range(DRAWS):
                drawn = np.random.default_rng(seed).permutation(sorted(right))[: len(right) // 10]
                tenth = {item: right[item] for item in drawn}
                some = skills(result, tenth)
                alone.append(held(some.low_R, some.high_R, share_R, asked_R))
                both.append(held(*by_profiles(result, frame, tenth), share_R, asked_R))
            covered.setdefault((method, "gold"), {})[name] = tuple(np.mean(alone, axis=0))
            covered.setdefault((method, "both"), {})[name] = tuple(np.mean(both, axis=0))
            none = held(*by_profiles(result, frame, {}), share_R, asked_R)
            covered.setdefault((method, "profiles"), {})[name] = none
    return [line for key, sets in covered.items() for line in lines(*key, sets)]


def lines(method: str, against: str, sets: Mapping[str, tuple[float, float]]) -> list[Figure]:
    what = {
        "verdicts": f"skill intervals: {method}",
        "gold": f"skill intervals: {method}, gold for a tenth of the items",
        "profiles": f"profile intervals: {method}",
        "both": f"profile intervals: {method}, gold for a tenth of the items",
    }[against]
    core = [value for name, (value, _) in sets.items() if name in protocol.CORE]
    said = f"{what}, coverage of the true share"
    lowest = min(sets, key=lambda name: sets[name][0])
    target = ">= 95" if (method, against) == (METHODS[0], "verdicts") else ""
    return [
        Figure(f"{said}, core ({len(core)} sets)", float(np.mean(core)), "%", target),
        Figure(
            f"{said}, all ({len(sets)} sets)",
            float(np.mean([value for value, _ in sets.values()])),
            "%",
            target,
        ),
        Figure(f"{what}, lowest coverage ({lowest})", sets[lowest][0], "%"),
        Figure(f"{what}, mean width", float(np.mean([width for _, width in sets.values()])), "points"),
    ]


def figures(*, real: bool) -> list[Figure]:
    step("people: intervals of skills")
    return [*(on_real() if real else []), *on_simulated()]
