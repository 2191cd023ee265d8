"""What routing saves: votes at equal accuracy, accuracy at equal votes."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
import crowds
from harness import QUICK, Figure, step, write

START = 2
CONFIDENCES = (0.7, 0.8, 0.9)
TOLD = 0.8
"""The confidence that the targets are about; see the README for how it was chosen."""
DRAWS = 2 if QUICK else 3
STEPS = (1, 2, 3, 4, 5, 6, 8, 10, 12)


def overlap() -> list[Figure]:
    """Growing overlap against a fixed one: a made-up crowd, then each real one."""
    told: list[Figure] = []
    gains: dict[float, list[float]] = {confidence: [] for confidence in CONFIDENCES}
    names = ["simulated", *([] if QUICK or not crowds.TRUTH.exists() else crowds.REAL)]
    for name in names:
        step(f"overlap: {name}")
        found: dict[float, list[tuple[crowds.Point, float]]] = {confidence: [] for confidence in CONFIDENCES}
        for seed in range(DRAWS):
            rng = np.random.default_rng(seed)
            queues, gold = (
                crowds.simulated(rng, items=400, people=40) if name == "simulated" else crowds.real(name, rng)
            )
            most = min(max(len(queue) for queue in queues.values()), STEPS[-1])
            curve = [crowds.fixed(queues, gold, each) for each in STEPS if each <= most]
            for confidence in CONFIDENCES:
                point = crowds.growing(queues, gold, start=START, most=most, confidence=confidence)
                found[confidence].append((point, crowds.votes_of_fixed(curve, point.accuracy)))
        for confidence, runs in found.items():
            spent = float(np.mean([point.votes for point, _ in runs]))
            needed = float(np.mean([votes for _, votes in runs]))
            accuracy = 100 * float(np.mean([point.accuracy for point, _ in runs]))
            saved = 100 * (1 - spent / needed)
            if name != "simulated":
                gains[confidence].append(saved)
            target = ">= 20" if name == "simulated" and confidence == TOLD else ""
            what = f"overlap until {confidence:g}: {name}"
            told += [
                Figure(f"{what}, votes saved at equal accuracy", saved, "%", target),
                Figure(f"{what}, votes an item", spent, "votes", "", "fixed", f"{needed:.4g}"),
                Figure(f"{what}, accuracy", accuracy, "%"),
            ]
    for confidence, own in gains.items():
        if own:
            target = ">= 20" if confidence == TOLD else ""
            what = f"overlap until {confidence:g}: real crowds, votes saved, mean"
            told.append(Figure(what, float(np.mean(own)), "%", target))
    return told


def routing() -> list[Figure]:
    """Choice by skill against drawing any open work, at the same number of votes."""
    step("routing by skill")
    found = {
        by_skill: [
            crowds.routed(np.random.default_rng(seed), by_skill=by_skill, items=300, people=20)
            for seed in range(DRAWS)
        ]
        for by_skill in (True, False)
    }
    ours, drawn = (100 * float(np.mean([point.accuracy for point in found[each]])) for each in (True, False))
    avoided = 100 * (ours - drawn) / (100 - drawn)
    return [
        Figure("routing: by skill, accuracy", ours, "%", "", "drawn", f"{drawn:.4g}"),
        Figure("routing: by skill, errors of drawing avoided", avoided, "%", ">= 25"),
        Figure("routing: votes an item", float(np.mean([p.votes for p in found[True]])), "votes"),
    ]


if __name__ == "__main__":
    write("routing", [*overlap(), *routing()])
