"""How answers look, in numbers: taken once, when they are laid before their reader, and kept."""

from __future__ import annotations

from assay.evaluation.seen import FEATURES, FOUR, words

RENDERER = "assay-markdown"
"""How answers are shown: Markdown made safe, by the platform's own renderer."""

COLUMNS = tuple(f"{name}_{side}" for side in "ab" for name in ("words", *FOUR))
"""What is kept of the two answers of a battle, in the order of the models."""


def looks(first: str, second: str) -> list[float]:
    """Return the numbers of `COLUMNS`.

    >>> looks("One **two**.", "")
    [2, 7, 0, 0, 1, 0, 0, 0, 0, 0]
    """
    count = (words, *(FEATURES[name] for name in FOUR))
    return [each(text) for text in (first, second) for each in count]
