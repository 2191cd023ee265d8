"""Other platforms and ours side by side: one scenario, one load generator, one run.

make bench AREA=platform, or ONLY=rivals for these alone.
"""

from __future__ import annotations

import sqlite3
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPException
from math import isnan
from pathlib import Path

from harness import QUICK, Figure, step
from label_studio import LabelStudio
from ours import Ours
from potato import Potato
from scenario import Found, Platform, drive

CLIENTS = (1, 8, 32)
LIMIT, SECONDS = (100, 5.0) if QUICK else (500, 15.0)
WORKS, TABLE, JUDGED = (500, 1_000, 200) if QUICK else (2_000, 10_000, 2_000)
LOOPS: tuple[tuple[str, str, Callable[[Found], float]], ...] = (
    ("server CPU", "ms CPU a judgment", lambda found: found.cpu_ms),
    ("judgments a second", "1/s", lambda found: found.per_second),
    ("loop p95", "ms wall", lambda found: found.p95_ms),
    ("loops answered 5xx", "%", lambda found: found.failed_percent),
    ("loops refused otherwise", "loops", lambda found: found.refused),
    (f"judgments accepted of {LIMIT} in {SECONDS:g} s", "judgments", lambda found: found.accepted),
)


@dataclass
class Side:
    """What one platform came to: values by the name of a figure and its unit."""

    name: str
    version: str
    values: dict[tuple[str, str], float] = field(default_factory=dict)
    at_least: set[tuple[str, str]] = field(default_factory=set)
    """Figures that would have been larger, had the measurement lasted longer."""

    def said(self, figure: tuple[str, str]) -> str:
        value = self.values[figure]
        sign = ">= " if figure in self.at_least else ""
        return "" if isnan(value) else f"{sign}{float(f'{value:.4g}'):g}"


def measured(platform: Platform) -> Side:
    """Take a platform through the scenario."""
    side = Side(platform.name, platform.version)
    keep = side.values

    step(f"{platform.name}: starts, an import, an export")
    empty, again = platform.starts()
    keep["start, everything in place", "s wall"] = again
    keep["start, for the first time", "s wall"] = empty
    for what, (first, next_) in {
        f"import of {TABLE:,} items": platform.imports(TABLE),
        f"export of {JUDGED:,} judged items": platform.exports(JUDGED),
    }.items():
        keep[f"{what}, the first since the start", "s wall"] = first
        keep[f"{what}, the next", "s wall"] = next_
    for clients in CLIENTS:
        step(f"{platform.name}: {clients} client{'s' * (clients > 1)}")
        name = f"{clients} client{'s' * (clients > 1)}"
        with platform.opened(WORKS, clients) as place:
            found = drive(place, limit=LIMIT, seconds=SECONDS)
        for what, unit, value in LOOPS:
            keep[f"{name}, {what}", unit] = value(found)
        if found.waiting_ms and found.p95_ms >= min(found.waiting_ms):
            side.at_least.add((f"{name}, loop p95", "ms wall"))
        keep[f"{name}, judgments above the cap", "judgments"] = platform.above()
        if clients == max(CLIENTS):
            keep[f"{name}, loops that were waiting at the end", "loops"] = len(found.waiting_ms)
            keep[f"{name}, memory after", "MB"] = found.memory_mb
            keep[f"{name}, the same with shared pages in each process", "MB"] = found.resident_mb
    return side


def side_by_side() -> list[Figure]:
    """Measure ours and each rival that can be installed here, and set them beside each other."""
    with tempfile.TemporaryDirectory() as folder:
        rivals = [found for kind in (LabelStudio, Potato) if (found := installed(kind, Path(folder)))]
        if not rivals:
            return []
        own = measured(Ours(Path(folder)))
        others = [side for rival in rivals if (side := measured_or_said(rival))]
    return [
        Figure(
            f"beside {other.name}: {figure}",
            value,
            unit,
            peer=other.name,
            peer_value=other.said((figure, unit)),
            peer_version=other.version,
        )
        for other in others
        for (figure, unit), value in own.values.items()
    ]


def measured_or_said(rival: Platform) -> Side | None:
    """Measure a rival; where it breaks, say so and go on without it."""
    try:
        return measured(rival)
    except (RuntimeError, OSError, ValueError, HTTPException, sqlite3.Error) as problem:
        step(f"left out {rival.name}, which broke: {problem!r}")
        return None


def installed(kind: Callable[[Path], Platform], folder: Path) -> Platform | None:
    """Return a rival in an environment of its own, `None` and a word why where it cannot be installed."""
    try:
        return kind(folder)
    except (subprocess.CalledProcessError, OSError) as problem:
        step(f"skipped {kind.__name__}, which could not be installed: {problem}")
        return None
