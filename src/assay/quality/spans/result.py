"""What a method for spans returns: spans for each item, a probability for each character, raters' errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np

from assay.quality.labels.shares import pooled
from assay.quality.reading import Floats, summed
from assay.quality.spans.columns import MarkHistory, Spans


@dataclass(frozen=True, eq=False)
class SpansResult:
    """The outcome of one method on spans.

    Attributes
    ----------
    spans_I
        The verdict: each item's spans [start, end), sorted and apart.
    probability_U
        For each run of `spans.runs` the probability that its characters belong to the verdict: a character
        probability in run-length form, as long as there are boundaries, not characters.
    sure_I
        Expected share of right calls among the characters that anybody marked; 1 where nobody marked any.
    precision_R, recall_R and their ends low and high
        Share of the characters a rater marks that the others' verdict has too, and of the characters in it
        that the rater marks; pooled over items, shrunk by three of the crowd's, with 95 % intervals that
        count an item, not a character, as one observation.
    method, threshold, assumed, converged, iterations
        The registered name, from which probability on a character belongs, and what has to hold.
    history
        What each rater marked, here and remembered: what `Spans.remembering` takes next time.
    """

    spans: Spans
    spans_I: tuple[tuple[tuple[int, int], ...], ...]
    probability_U: Floats
    sure_I: Floats
    precision_R: Floats
    precision_low_R: Floats
    precision_high_R: Floats
    recall_R: Floats
    recall_low_R: Floats
    recall_high_R: Floats
    method: str
    threshold: float
    assumed: tuple[str, ...] = ()
    converged: bool = True
    iterations: int = 0
    history: Mapping[str, MarkHistory] = field(default_factory=dict, repr=False)

    @cached_property
    def verdicts(self) -> dict[str, tuple[tuple[int, int], ...]]:
        """Item → spans."""
        return dict(zip(self.spans.items, self.spans_I, strict=True))

    def probabilities(self, item: str) -> tuple[tuple[int, int, float], ...]:
        """Return the item's runs (start, end, probability), those that anybody might mark, in order."""
        runs = self.spans.runs
        own_U = (runs.item_U == self.spans.items.index(item)) & (self.probability_U > 0)
        columns = (runs.start_U[own_U], runs.end_U[own_U], self.probability_U[own_U])
        return tuple(zip(*(column.tolist() for column in columns), strict=True))


class SpansMethod(Protocol):
    """A method for spans: one function, spans in, a frozen result out."""

    def __call__(self, spans: Spans, /) -> SpansResult: ...


def result_of(
    spans: Spans,
    probability_U: Floats,
    weight_R: Floats,
    method: str,
    *,
    threshold: float,
    assumed: tuple[str, ...],
    converged: bool = True,
    iterations: int = 0,
) -> SpansResult:
    """Return the verdict at a threshold, and raters against the others' vote with weights `weight_R`."""
    runs, n_items = spans.runs, len(spans.items)
    anybody_U = np.asarray(runs.covered.sum(axis=0)).ravel() > 0
    size_U = runs.size_U * anybody_U
    calls_U = size_U * np.maximum(probability_U, 1 - probability_U)
    size_I = summed(runs.item_U, size_U, n_items)
    calls_I = summed(runs.item_U, calls_U, n_items)
    marks = _marks(spans, weight_R, threshold)
    precision, recall = marks.pooled(spans)
    # Rounding makes ties exact that differ in the last bit only, so that they break the same everywhere.
    chosen_U = np.round(probability_U, 9) >= threshold
    return SpansResult(
        spans=spans,
        spans_I=runs.joined(chosen_U, n_items),
        probability_U=probability_U,
        sure_I=np.where(size_I > 0, calls_I / np.maximum(size_I, 1e-12), 1.0),
        precision_R=precision[0],
        precision_low_R=precision[1],
        precision_high_R=precision[2],
        recall_R=recall[0],
        recall_low_R=recall[1],
        recall_high_R=recall[2],
        method=method,
        threshold=threshold,
        assumed=assumed,
        converged=converged,
        iterations=iterations,
        history=marks.history(spans),
    )


def against_others(
    spans: Spans, weight_R: Floats, threshold: float
) -> tuple[tuple[Floats, Floats, Floats], tuple[Floats, Floats, Floats]]:
    """Return precision and recall of each rater, each with its interval, against everybody else's vote."""
    return _marks(spans, weight_R, threshold).pooled(spans)


def _marks(spans: Spans, weight_R: Floats, threshold: float) -> _Marks:
    """Compare each answer with everybody else's vote, or with what is known of the item.

    Only runs that an answer or enough others mark matter, so the work is in the number of marks: an answer's
    own runs are looked up one by one, and for recall the others' verdict is the vote without anybody taken
    out, corrected on the own runs.
    """
    runs, item_U = spans.runs, spans.runs.item_U
    weight_N = spans.weight_N * weight_R[spans.rater_N]
    total_I = summed(spans.item_N, weight_N, len(spans.items))
    voted_U = np.asarray(weight_N @ runs.covered).ravel()
    marks = runs.covered.tocoo()
    answer_M, run_M = marks.row, marks.col
    others_M = total_I[spans.item_N[answer_M]] - weight_N[answer_M]
    agreed_M = np.round((voted_U[run_M] - weight_N[answer_M]) / np.maximum(others_M, 1e-12), 9) >= threshold
    seen_N = total_I[spans.item_N] - weight_N > 1e-9 * total_I[spans.item_N]
    n = len(spans)
    known_M = runs.known_U[run_M]
    agreed_M = np.where(np.isnan(known_M), agreed_M, known_M == 1)
    own_N = summed(answer_M, runs.size_U[run_M], n)
    both_N = summed(answer_M, runs.size_U[run_M] * agreed_M, n)
    missed_N = _missed(spans, voted_U / np.maximum(total_I[item_U], 1e-12), total_I, weight_N, threshold)
    theirs_N = both_N + missed_N
    if spans.known:
        known_I = np.array([item in spans.known for item in spans.items])
        wanted_I = summed(item_U, runs.size_U * (runs.known_U == 1), len(spans.items))
        theirs_N = np.where(known_I[spans.item_N], wanted_I[spans.item_N], theirs_N)
        seen_N = seen_N | known_I[spans.item_N]
    return _Marks(both_N * seen_N, own_N * seen_N, theirs_N * seen_N)


@dataclass(frozen=True, eq=False)
class _Marks:
    """Characters of each answer: those others have too, all it marks, and all that others have."""

    both_N: Floats
    own_N: Floats
    theirs_N: Floats

    def pooled(self, spans: Spans) -> tuple[tuple[Floats, Floats, Floats], tuple[Floats, Floats, Floats]]:
        """Return precision and recall of each rater with their intervals, what was remembered included."""
        before = [(spans.raters.index(rater), past) for rater, past in spans.history.items()]
        # What is remembered counts as answers of usual size: as many as there were items.
        times = [max(round(past.items), 1) for _, past in before]
        rater_N = np.append(spans.rater_N, np.repeat([rater for rater, _ in before], times).astype(np.int64))

        def with_past(amount_N: Floats, past: list[float]) -> Floats:
            each = np.repeat(np.array(past) / np.maximum(times, 1), times) if past else np.zeros(0)
            return np.append(amount_N, each)

        right = with_past(self.both_N, [past.right for _, past in before])
        own = with_past(self.own_N, [past.marked for _, past in before])
        theirs = with_past(self.theirs_N, [past.wanted for _, past in before])
        n_raters = len(spans.raters)
        return pooled(rater_N, n_raters, right, own), pooled(rater_N, n_raters, right, theirs)

    def history(self, spans: Spans) -> dict[str, MarkHistory]:
        """Return what was marked and what was remembered, for next time."""
        n_raters = len(spans.raters)
        sums = [summed(spans.rater_N, of, n_raters) for of in (self.both_N, self.own_N, self.theirs_N)]
        items_R = np.bincount(spans.rater_N, minlength=n_raters)
        found = {}
        for place, rater in enumerate(spans.raters):
            past = spans.history.get(rater, MarkHistory(0, 0, 0, 0))
            right, marked, wanted = (float(of[place]) for of in sums)
            found[rater] = MarkHistory(
                past.right + right,
                past.marked + marked,
                past.wanted + wanted,
                past.items + int(items_R[place]),
            )
        return found


def _missed(spans: Spans, share_U: Floats, total_I: Floats, weight_N: Floats, threshold: float) -> Floats:
    """Return for each answer how many characters the others' verdict has that it does not mark.

    A run is in the others' verdict where share · total / (total − own weight) reaches the threshold; the
    least share that does so depends on the answer, so each item's runs are sorted by share once.
    """
    runs = spans.runs
    order_U = np.lexsort((share_U, runs.item_U))
    item_U, sorted_U = runs.item_U[order_U], share_U[order_U]
    size_U = np.append(np.cumsum(runs.size_U[order_U][::-1])[::-1], 0.0)  # characters from here to the end
    until_I = np.searchsorted(item_U, np.arange(len(spans.items)), side="right")
    least_N = threshold * (total_I[spans.item_N] - weight_N) / np.maximum(total_I[spans.item_N], 1e-12)
    key_U = item_U + np.clip(np.round(sorted_U, 9), 0, 1) / 2
    from_N = np.searchsorted(key_U, spans.item_N + np.clip(least_N - 1e-9, 0, 1) / 2)
    wanted_N = size_U[from_N] - size_U[until_I[spans.item_N]]
    marks = runs.covered.tocoo()
    held_M = np.round(share_U[marks.col], 9) >= least_N[marks.row] - 1e-9
    held_N = summed(marks.row, runs.size_U[marks.col] * held_M, len(spans))
    missed: Floats = np.maximum(wanted_N - held_N, 0)
    return missed
