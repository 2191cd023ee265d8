"""What a table says of the models beside their votes: makers, registrations, releases, promised shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from assay import tables
from assay.errors import TableError
from assay.evaluation.selection import Registry, Variant


@dataclass(frozen=True)
class Record:
    """What is known of the models beside their votes; `None` and empty where nothing is."""

    providers: Mapping[str, str] = field(default_factory=dict)
    policy: Mapping[str, float] | None = None
    registry: Registry | None = None
    released: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, frame: pl.DataFrame) -> Record:
        """Read a table with `model` and, where known, `provider`, `registered`, `released` and `share`.

        `registered` and `released` are times, `share` is the share of draws that the policy gives the
        provider (the rows of a provider are added up).

        Raises
        ------
        TableError
            Where a column is missing, a model comes twice, or a cell is no time or no share; names the row.

        >>> days = [None, "2026-02-01"]
        >>> found = Record.of(pl.DataFrame({"model": ["v1", "v2"], "provider": "ours", "released": days}))
        >>> found.providers["v1"], sorted(found.released)
        ('ours', ['v2'])
        """
        by_lower = {column.strip().lower(): column for column in reversed(frame.columns)}
        if "model" not in by_lower:
            raise TableError(f"there is no column model; the table has {', '.join(frame.columns[:12])}")
        cells = {
            name: frame[column].cast(pl.String).str.strip_chars().replace("", None)
            for name, column in by_lower.items()
            if name in {"model", "provider", "registered", "released", "share"}
        }
        models = cells["model"]
        for wrong, why in ((models.is_null(), "is empty"), (~models.is_first_distinct(), "comes twice")):
            if wrong.any():
                row = int(wrong.arg_true()[0]) + 1
                raise TableError(f"the model {why}", row=row, column=by_lower["model"])
        maker = cells["provider"].fill_null(models) if "provider" in cells else models
        policy: dict[str, float] | None = None
        if "share" in cells:
            share = cells["share"].cast(pl.Float64, strict=False)
            strange = ~(share >= 0).fill_null(value=False)
            if strange.any():
                row = int(strange.arg_true()[0]) + 1
                raise TableError("the share is no number of 0 or more", row=row, column=by_lower["share"])
            policy = {}
            for name, part in zip(maker, share, strict=True):
                policy[name] = policy.get(name, 0.0) + float(part)
        registry = None
        if "registered" in cells:
            told = pl.DataFrame({"at": cells["registered"], "maker": maker, "model": models}).drop_nulls()
            tables.days(cells["registered"])
            variants = sorted(Variant(*row) for row in told.iter_rows())
            registry = Registry(tuple(variants))
        released = {}
        if "released" in cells:
            released = {
                name: float(day)
                for name, day in zip(models, tables.days(cells["released"]), strict=True)
                if day is not None and np.isfinite(day)
            }
        return cls(dict(zip(models, maker, strict=True)), policy, registry, released)
