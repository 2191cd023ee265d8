"""The development sets, read from beside the checkout."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1]))
from harness import ROOT

TRUTH = ROOT.parent / "shared" / "data" / "truth"
NAMES = {"task": "item", "worker": "rater"}


def there() -> bool:
    return TRUTH.exists()


@cache
def votes(name: str) -> pl.DataFrame:
    """Rows as they came; the columns `task, worker` renamed to `item, rater`."""
    return pl.read_parquet(TRUTH / name / "labels.parquet").rename(NAMES, strict=False)


@cache
def table(name: str) -> pl.DataFrame:
    """`item, rater, label` as text."""
    return votes(name).select(pl.col("item", "rater", "label").cast(pl.String))


@cache
def gold(name: str, value: str = "label", key: str = "item") -> dict[str, str]:
    frame = pl.read_parquet(TRUTH / name / "gold.parquet").rename(NAMES, strict=False)
    return dict(frame.select(pl.col(key, value).cast(pl.String)).iter_rows())


def last(frame: pl.DataFrame) -> list[tuple[str, str, str]]:
    """Each rater's last vote on each item."""
    return frame.unique(["item", "rater"], keep="last", maintain_order=True).rows()
