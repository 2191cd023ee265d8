"""How everybody is scored: NumPy only, so that peers in their own environments run the very same code.

Categorical: labels as text, classes = sorted labels seen, of a rater's votes on an item the last counts,
gold items without votes are left out, a gold class that nobody ever gave is a miss. Accuracy shares the
credit among labels that tie within 1e-9; log-loss is natural, probabilities clipped to [1e-6, 1]; ECE has ten
equal bins of the top probability, and of tied labels takes the first.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

CORE = (
    "bluebird", "rte", "product", "trec2011", "trec_vuurens", "zencrowd_in", "zencrowd_us", "zencrowd_all",
    "snow_temp", "dog", "music_genre", "weather_cf", "weather_amt", "snow_wsd", "web",
)  # fmt: skip
ALL = (*CORE, "sp_states_mit", "sp_states_lab", "sp_lesions", "covid_s6")
RATINGS = ("snow_anger", "snow_sadness", "snow_valence", "snow_wordsim", "covid_s6", "web")
PAIRS = ("music_pairs", "pair_valence", "pair_wordsim")
TEXTS = ("crowdwsa_t1", "crowdwsa_t2")
SPANS = ("pico_spans",)
SEEDS = range(5)
FOLDS = 5


class Scores(NamedTuple):
    accuracy: float
    log_loss: float
    ece: float
    items: int


def categorical(
    items: Sequence[str], labels: Sequence[str], posterior_I_K: np.ndarray, gold: Mapping[str, str]
) -> Scores:
    """Score a posterior, items × labels."""
    place = {item: row for row, item in enumerate(items)}
    code = {label: column for column, label in enumerate(labels)}
    hits, losses, tops, firsts = [], [], [], []
    for item, right in gold.items():
        if item not in place:
            continue
        posterior_K = posterior_I_K[place[item]] / posterior_I_K[place[item]].sum()
        top = posterior_K.max()
        tied_K = posterior_K >= top - 1e-9
        known = right in code
        hits.append(tied_K[code[right]] / tied_K.sum() if known else 0.0)
        losses.append(-np.log(np.clip(posterior_K[code[right]] if known else 0.0, 1e-6, 1)))
        tops.append(top)
        firsts.append(float(known and np.argmax(posterior_K) == code[right]))
    hit, top = np.array(hits), np.array(tops)
    bins = np.minimum((top * 10).astype(int), 9)
    gap = np.abs(np.bincount(bins, np.array(firsts), 10) - np.bincount(bins, top, 10)).sum() / len(hit)
    return Scores(100 * float(hit.mean()), float(np.mean(losses)), float(gap), len(hit))


def ranks(values: np.ndarray) -> np.ndarray:
    """Ranks, equal values sharing their mean."""
    _, inverse, count = np.unique(values, return_inverse=True, return_counts=True)
    end = np.cumsum(count)
    return ((end - count + end + 1) / 2)[inverse]


def pearson(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a - a.mean(), b - b.mean()
    scale = np.sqrt((a * a).sum() * (b * b).sum())
    return float((a * b).sum() / scale) if scale > 0 else 0.0


def raters(
    estimate: Mapping[str, float], votes: Sequence[tuple[str, str, str]], gold: Mapping[str, str]
) -> tuple[float, float] | None:
    """Spearman with true accuracy and AUC for the worst fifth, or `None` where too few raters can be told.

    `votes` are (item, rater, label), each rater once an item. Raters with at least 10 gold items, sets with
    at least 15 of them; the worst fifth are those at or below the 20th percentile of true accuracy.
    """
    right, total = Counter(), Counter()
    for item, rater, label in votes:
        if item in gold:
            total[rater] += 1
            right[rater] += label == gold[item]
    known = [rater for rater in sorted(total) if total[rater] >= 10]
    if len(known) < 15:
        return None
    truth = np.array([right[rater] / total[rater] for rater in known])
    said = np.array([estimate[rater] for rater in known])
    worst = truth <= np.quantile(truth, 0.2)
    auc = 1.0
    if not worst.all():
        rank = ranks(-said)
        n_worst = worst.sum()
        auc = (rank[worst].sum() - n_worst * (n_worst + 1) / 2) / (n_worst * (~worst).sum())
    return pearson(ranks(truth), ranks(said)), float(auc)


def kendall(a: np.ndarray, b: np.ndarray) -> float:
    """Kendall's tau-b."""
    sign_a, sign_b = np.sign(a[:, None] - a), np.sign(b[:, None] - b)
    return float((sign_a * sign_b).sum() / np.sqrt((sign_a**2).sum() * (sign_b**2).sum()))


Comparison = tuple[str, str, str, str]
"""left, right, label, rater"""


def held_out(rows: Sequence[Comparison], fit: Callable[[list[Comparison]], Mapping[str, float]]) -> float:
    """Share of comparisons foretold by scores that were fitted without their raters.

    Raters are dealt to five folds, five times; ties are left out of the test, equal (or missing, or NaN)
    scores count half.
    """
    names = sorted({row[3] for row in rows})
    hits = []
    for seed in SEEDS:
        order = np.random.default_rng(seed).permutation(len(names))
        fold = {names[place]: number % FOLDS for number, place in enumerate(order)}
        for out in range(FOLDS):
            score = fit([row for row in rows if fold[row[3]] != out])
            for left, right, label, rater in rows:
                if fold[rater] == out and label != "tie":
                    gap = score.get(left, 0.0) - score.get(right, 0.0)
                    hits.append(0.5 if not gap or np.isnan(gap) else float((gap > 0) == (label == left)))
    return float(np.mean(hits))


def chrf(said: Sequence[str], meant: Sequence[str], order: int = 6, beta: float = 2.0) -> float:
    """chrF of a set (Popović 2015): character n-grams up to 6 without blanks, pooled, F2, 0 to 100.

    As sacrebleu's default: precision and recall are averaged over the lengths, then combined.
    """
    matched, has, wants = np.zeros(order), np.zeros(order), np.zeros(order)
    for ours, theirs in zip(said, meant, strict=True):
        a, b = "".join(ours.split()), "".join(theirs.split())
        for n in range(1, order + 1):
            grams_a = Counter(a[i : i + n] for i in range(len(a) - n + 1))
            grams_b = Counter(b[i : i + n] for i in range(len(b) - n + 1))
            matched[n - 1] += sum((grams_a & grams_b).values())
            has[n - 1] += sum(grams_a.values())
            wants[n - 1] += sum(grams_b.values())
    precision, recall = matched / np.maximum(has, 1), matched / np.maximum(wants, 1)
    p, r = float(precision.mean()), float(recall.mean())
    return 100 * (1 + beta**2) * p * r / max(beta**2 * p + r, 1e-16)


def characters(spans: Sequence[Sequence[int]]) -> set[int]:
    return {place for start, stop in spans for place in range(start, stop)}


def spans(said: Mapping[str, set[int]], gold: Mapping[str, str]) -> tuple[float, float]:
    """Mean over items of character F1 and IoU against what at least half of the experts marked."""
    f1, iou = [], []
    for item, value in gold.items():
        experts = [characters(one) for one in json.loads(value)]
        marked = Counter(place for one in experts for place in one)
        meant = {place for place, count in marked.items() if count * 2 >= len(experts)}
        ours = said.get(item, set())
        both, either = len(ours & meant), len(ours | meant)
        f1.append(2 * both / (len(ours) + len(meant)) if either else 1.0)
        iou.append(both / either if either else 1.0)
    return float(np.mean(f1)), float(np.mean(iou))
