"""What every bench needs: whole processes timed, peers in environments of their own, one table at the end."""

from __future__ import annotations

import csv
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).parents[1]
SCRATCH = ROOT / ".bench"
QUICK = "--quick" in sys.argv


@dataclass(frozen=True)
class Figure:
    """One line of `results.csv`. `target` reads like "<= 0.15"; empty where the figure is only told."""

    figure: str
    value: float
    unit: str
    target: str = ""
    peer: str = ""
    peer_value: float | str = ""
    peer_version: str = ""

    @property
    def holds(self) -> bool | Literal[""]:
        if not self.target:
            return ""
        sign, bound = self.target.split()
        return self.value <= float(bound) if sign == "<=" else self.value >= float(bound)


def write(area: str, figures: Sequence[Figure]) -> None:
    """Write and print the table of an area."""
    path = ROOT / "bench" / area / ("results-quick.csv" if QUICK else "results.csv")
    names = [field.name for field in fields(Figure)]
    names.insert(names.index("target") + 1, "holds")
    with path.open("w", newline="", encoding="utf-8") as stream:
        table = csv.DictWriter(stream, names, lineterminator="\n")
        table.writeheader()
        for figure in figures:
            row = {**asdict(figure), "value": f"{figure.value:.4g}", "holds": str(figure.holds).lower()}
            table.writerow(row)
    for figure in figures:
        mark = {True: "holds ", False: "MISSED", "": "      "}[figure.holds]
        beside = f"   {figure.peer} {figure.peer_version}: {figure.peer_value}" if figure.peer else ""
        print(f"{mark} {figure.figure}: {figure.value:.4g} {figure.unit} {figure.target}{beside}")
    print(f"wrote {path.relative_to(ROOT)}")


def step(text: str) -> None:
    """Say what is being measured now."""
    print(f"· {text}", file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Timing:
    """Medians over several runs of a whole process; `peak_mb` is the largest resident set of any of them."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def timed(command: Sequence[str], *, runs: int, env: dict[str, str] | None = None) -> Timing:
    """Run a command several times, after one run that warms the disk."""
    walls, cpus = [], []
    for number in range(runs + 1):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.perf_counter()
        subprocess.run(
            command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, **(env or {})}, cwd=ROOT
        )
        wall = time.perf_counter() - start
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if number:
            walls.append(wall)
            cpus.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return Timing(statistics.median(walls), statistics.median(cpus), peak)


def environment(name: str, *packages: str, installer: Literal["pip", "uv"] = "pip") -> Path:
    """Create an environment of the bench's own with these packages, once; return its programs.

    pip compiles what it installs to byte code, uv leaves that to the first import.
    """
    folder = SCRATCH / name
    marker = folder / ".packages"
    wanted = "\n".join(packages)
    if not marker.exists() or marker.read_text() != wanted:
        step(f"installing {', '.join(packages)} into .bench/{name}")
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        own = [str(folder / "bin/python"), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        uv = [
            str(Path(sys.executable).with_name("uv")),
            "pip",
            "install",
            "-q",
            "-p",
            str(folder / "bin/python"),
        ]
        subprocess.run([*(own if installer == "pip" else uv), *packages], check=True)
        marker.write_text(wanted)
    return folder / "bin"


def installed(bin_folder: Path, package: str) -> str:
    """Return the version of a package in an environment."""
    code = f"from importlib.metadata import version; print(version({package!r}))"
    return subprocess.run(
        [str(bin_folder / "python"), "-c", code], check=True, capture_output=True, text=True
    ).stdout.strip()


def megabytes(folder: Path) -> float:
    """Return the size of a folder on disk, in MB (2^20), byte code included."""
    said = subprocess.run(["du", "-sk", str(folder)], check=True, capture_output=True, text=True).stdout
    return int(said.split()[0]) / 1024


def cpu_of(pid: int) -> float:
    """Return the CPU seconds of a process and the children it still has (Linux)."""
    ticks = 0
    for process in [pid, *children(pid)]:
        parts = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        ticks += int(parts[11]) + int(parts[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def resident_mb(pid: int) -> float:
    """Return the resident memory of a process and its children, in MB (Linux)."""
    pages = sum(
        int(Path(f"/proc/{process}/statm").read_text().split()[1]) for process in [pid, *children(pid)]
    )
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def memory_mb(pid: int) -> float:
    """Return the memory that a process and its children take together, in MB (Linux).

    Pages that several of them share, as after a fork, are counted once (proportional set size).
    """
    kilobytes = 0
    for process in [pid, *children(pid)]:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        kilobytes += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return kilobytes / 1024


def children(pid: int) -> list[int]:
    """Return the processes that descend from one (Linux)."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += [int(child), *children(int(child))]
    return found
