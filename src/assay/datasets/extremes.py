"""The best and the worst of what came in, to read: no number shows anybody what their data is like."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from assay.records import Brief, Example


@dataclass(frozen=True, slots=True)
class Reading:
    """One answer worth reading: how it fared, from 0 (worst) to 1 (best), and over how many rows."""

    prompt: str
    text: str
    author: str
    score: float
    rows: int
    work: str
    language: str


def extremes(
    brief: Brief, examples: Iterable[Example], *, count: int = 5
) -> tuple[list[Reading], list[Reading]]:
    """Return the answers that fared best and those that fared worst, each list its most extreme first.

    An answer's score is the mean over its rows: the probability that it is the better one where it was
    compared, and its place between the worst and the best label where it was judged by ordered questions. One
    row is shrunk towards the middle, as half a row of no opinion, so that a long good record comes before a
    single lucky one. Answers on nothing but unordered questions have no score, and are left out; no answer is
    in both lists.

    >>> row = Example("1", "preference", "Moon?", "w", (), chosen="A coin.", rejected="Round.", weight=0.9)
    >>> best, worst = extremes(Brief("moon", "Delight.", "pairwise"), [row])
    >>> best[0].text, worst[0].text
    ('A coin.', 'Round.')
    """
    places = {
        question.name: {
            label: place / (len(question.labels) - 1) for place, label in enumerate(question.labels)
        }
        for question in brief.questions
        if question.ordered and len(question.labels) > 1
    }
    scores: dict[tuple[str, str], list[float]] = defaultdict(list)
    about: dict[tuple[str, str], tuple[str, Example]] = {}
    for example in examples:
        for text, author, score in _scored(example, places):
            key = example.prompt, text
            scores[key].append(score)
            about.setdefault(key, (author, example))
    ranked = sorted(
        (
            Reading(
                prompt,
                text,
                about[prompt, text][0],
                (sum(own) + 0.25) / (len(own) + 0.5),
                len(own),
                about[prompt, text][1].work,
                about[prompt, text][1].language,
            )
            for (prompt, text), own in scores.items()
        ),
        key=lambda reading: (-reading.score, reading.prompt, reading.text),
    )
    middle = len(ranked) // 2
    return ranked[: min(count, len(ranked) - middle)], ranked[::-1][: min(count, middle)]


def _scored(example: Example, places: dict[str, dict[str, float]]) -> list[tuple[str, str, float]]:
    if example.shape == "preference":
        return [
            (example.chosen, example.chosen_author, example.weight),
            (example.rejected, example.rejected_author, 1 - example.weight),
        ]
    known = [
        places[question][label]
        for question, label in example.ratings.items()
        if label in places.get(question, {})
    ]
    return [(example.completion, example.chosen_author, sum(known) / len(known))] if known else []
