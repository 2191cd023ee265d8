"""Answers that are no labels: ratings, comparisons, texts, spans. Every registered method on its sets."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import polars as pl
import protocol
from data import gold, votes
from harness import QUICK, Figure, step

from assay import registry

Peer = Mapping[str, str]
"""Figure of a peer by name; see `peers.py`."""


def names(group: str) -> list[str]:
    """Registered methods of a group, the default first; none where the group does not exist yet."""
    try:
        return registry.names(group)
    except registry.RegistryError:
        step(f"{group}: nothing is registered yet, skipped")
        return []


def best(peers: Peer, prefix: str) -> tuple[str, str, str]:
    """The best of the peers whose figures start so, with its value and version."""
    found = [(float(value), key) for key, value in peers.items() if key.startswith(prefix)]
    if not found:
        return ("", "", "")
    value, key = max(found)
    return (key.removeprefix(prefix).split("|")[0], f"{value:.4g}", key.split("|")[1])


def ratings() -> list[Figure]:
    from assay.quality.ratings import Ratings

    found: dict[str, dict[str, float]] = {}
    for name in protocol.RATINGS:
        frame = votes(name).select("item", "rater", value=pl.col("label").cast(pl.Float64))
        right = gold(name)
        read = Ratings.from_frame(frame)
        for method in names("ratings"):
            said = registry.get("ratings", method)(read)
            pairs = [
                (v, float(right[i]))
                for i, v in zip(said.ratings.items, said.value_I, strict=True)
                if i in right
            ]
            ours, theirs = np.array(pairs).T
            found.setdefault(method, {})[name] = protocol.pearson(ours, theirs)
    told = []
    for place, (method, by_set) in enumerate(found.items()):
        gap = {name: value - found["mean"][name] for name, value in by_set.items()}
        where = min(gap, key=gap.__getitem__)
        targets = (">= 0.02", ">= -0.02") if not place else ("", "")
        default = " (default)" if not place else ""
        told += [
            Figure(f"ratings: {method}{default}, mean Pearson, 6 sets", np.mean(list(by_set.values())), "r"),
            Figure(
                f"ratings: {method}{default}, mean Pearson minus plain mean",
                np.mean(list(gap.values())),
                "r",
                targets[0],
            ),
            Figure(
                f"ratings: {method}{default}, worst against plain mean ({where})", gap[where], "r", targets[1]
            ),
        ]
    return told


def pairs(peers: Peer) -> list[Figure]:
    from assay.quality.pairs import Pairs

    told = []
    for place, method in enumerate(names("pairs")):
        run = registry.get("pairs", method)
        accuracy, tau = [], []
        for name in protocol.PAIRS:
            rows = votes(name).select(pl.col("left", "right", "label", "rater").cast(pl.String)).rows()

            def fit(some: list[protocol.Comparison], run: Callable = run) -> Mapping[str, float]:
                return run(Pairs.from_lists(*zip(*some, strict=True))).verdicts

            right = {item: float(score) for item, score in gold(name, "score", "label").items()}
            score = fit(rows)
            common = [item for item in right if item in score]
            tau.append(
                protocol.kendall(np.array([score[i] for i in common]), np.array([right[i] for i in common]))
            )
            accuracy.append(np.nan if QUICK else protocol.held_out(rows, fit))
        targets = (">= 0.813", ">= 0.665") if not place else ("", "")
        default = " (default)" if not place else ""
        if not QUICK:
            told.append(
                Figure(
                    f"pairs: {method}{default}, held-out accuracy, 3 sets",
                    float(np.mean(accuracy)),
                    "",
                    targets[0],
                    *best(peers, "pairs accuracy: "),
                )
            )
        told.append(
            Figure(
                f"pairs: {method}{default}, Kendall with gold, 3 sets",
                float(np.mean(tau)),
                "tau",
                targets[1],
                *best(peers, "pairs kendall: "),
            )
        )
        if not QUICK:
            told += [
                Figure(f"pairs: {method}, held-out accuracy, {name}", value, "")
                for name, value in zip(protocol.PAIRS, accuracy, strict=True)
            ]
        told += [
            Figure(f"pairs: {method}, Kendall, {name}", value, "tau")
            for name, value in zip(protocol.PAIRS, tau, strict=True)
        ]
    return told


def texts(peers: Peer) -> list[Figure]:
    from assay.quality.texts import Texts

    told = []
    for name, target in zip(protocol.TEXTS, (">= 53.5", ">= 52.7"), strict=True):
        read = Texts.from_frame(votes(name).select("item", "rater", "text"))
        right = gold(name, "text")
        for place, method in enumerate(names("texts")):
            said = registry.get("texts", method)(read).verdicts
            value = protocol.chrf([said[item] for item in right], list(right.values()))
            default = " (default)" if not place else ""
            told.append(
                Figure(
                    f"texts: {method}{default}, chrF, {name}",
                    value,
                    "",
                    "" if place else target,
                    *best(peers, f"texts {name}: "),
                )
            )
    return told


def spans(peers: Peer) -> list[Figure]:
    from assay.quality.spans import Spans

    told = []
    for name in protocol.SPANS:
        read = Spans.from_frame(votes(name).select("item", "rater", "label"))
        for place, method in enumerate(names("spans")):
            said = registry.get("spans", method)(read).verdicts
            f1, iou = protocol.spans(
                {item: protocol.characters(one) for item, one in said.items()}, gold(name)
            )
            default = " (default)" if not place else ""
            told += [
                Figure(
                    f"spans: {method}{default}, F1, {name}",
                    f1,
                    "",
                    "" if place else ">= 0.702",
                    *best(peers, f"spans f1 {name}: "),
                ),
                Figure(
                    f"spans: {method}{default}, IoU, {name}",
                    iou,
                    "",
                    "" if place else ">= 0.586",
                    *best(peers, f"spans iou {name}: "),
                ),
            ]
    return told
