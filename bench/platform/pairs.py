"""Pairs to judge: prompts of 40 words, answers of 150, the same for every platform."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np


def pairs(count: int) -> Iterator[dict[str, str]]:
    """Draw so many pairs from seed 7, as rows of a table."""
    rng = np.random.default_rng(7)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    words = np.array(["".join(rng.choice(letters, rng.integers(2, 10))) for _ in range(3_000)])
    for number in range(count):
        drawn = words[rng.integers(0, len(words), 340)].tolist()
        texts = [" ".join(part) for part in (drawn[:40], drawn[40:190], drawn[190:])]
        row = dict(zip(("prompt", "response_a", "response_b"), texts, strict=True))
        yield row | {"item": f"new{number}", "model_a": "x", "model_b": "y"}
