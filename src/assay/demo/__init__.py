"""A small project to try Assay with: real prompts, recorded answers, and people who are made up.

The prompts, the brief and the answers of the house were written for this demo; the other answers were
recorded from a small model (`assay.demo.record`). **The raters are simulated**: they have names, languages
and planted habits, but they read nothing (`assay.demo.raters`). The README beside this file says what is
what; whoever shows the demo says it too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from importlib import resources
from typing import Any

from assay import briefs
from assay.demo.raters import Planted, simulate, worths
from assay.records import Brief, Item, Sample

__all__ = ["HOUSE", "Fresh", "Planted", "load", "simulate", "worths"]

HOUSE = ("house-writer", "house-plain")
"""The authors whose answers were written for the demo instead of recorded from its model."""

Fresh = Callable[[Sequence[Item]], Iterable[Sample]]
"""Takes the demo's items and gives more samples; `assay.demo.record.live` makes one."""


def _read(name: str) -> str:
    return resources.files(__name__).joinpath(name).read_text(encoding="utf-8")


def _rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in _read(name).splitlines() if line.strip()]


def load(fresh: Fresh | None = None) -> tuple[Brief, list[Item], list[Sample]]:
    """Return the demo's brief, items and samples, and the samples of `fresh` after them where it is given.

    >>> brief, items, samples = load()
    >>> brief.kind, len(items), len(samples)
    ('pairwise', 26, 112)
    """
    brief = briefs.from_mapping(json.loads(_read("brief.json")))
    items = [Item(**row) for row in _rows("items.jsonl")]
    samples = [Sample(**row) for row in _rows("samples.jsonl")]
    return brief, items, [*samples, *(fresh(items) if fresh else ())]
