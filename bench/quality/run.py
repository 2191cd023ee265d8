"""Measure what votes are worth, and how fast: make bench AREA=quality [QUICK=1]."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import tempfile
from dataclasses import asdict, fields
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))
import categorical
import data
import kinds
import numpy as np
import people
import robust
import speed
import turns
from harness import QUICK, ROOT, SCRATCH, Figure, environment, step, timed, write

from assay.quality import Columns

HERE = Path(__file__).parent
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1"}
PEERS = (
    "crowd-kit==1.4.2",
    "scikit-learn==1.6.1",
    "pyarrow",
    "evalica==0.4.2",
    "choix==0.4.1",
    "krippendorff",
)


def measured_peers() -> list[dict]:
    """Run the peers on the same files; --keep-peers takes what an earlier run found."""
    if QUICK or not data.there():
        return []
    out = SCRATCH / "quality-peers.json"
    if "--keep-peers" not in sys.argv or not out.exists():
        programs = environment("quality-peers", *PEERS)
        step("peers, some minutes")
        subprocess.run([programs / "python", HERE / "peers.py", data.TRUTH, out], check=True, env=ONE_THREAD)
    return json.loads(out.read_text())


def figures_of_peers(found: list[dict]) -> dict[str, str]:
    """Means over sets, by "<kind>: <peer> <method>|<version>"; only where every set worked."""
    told: dict[str, str] = {}
    kinds_of = {
        "pairs accuracy": ("pairs accuracy", "accuracy", None),
        "pairs kendall": ("pairs kendall", "kendall", None),
        "texts": ("texts {set}", "chrf", "set"),
        "spans": ("spans {set}", "f1", "set"),
    }
    groups: dict[tuple[str, str], list[dict]] = {}
    for row in found:
        if row["kind"] not in kinds_of:
            continue
        named = f"{row['peer']} {row['method']}|{row['version']}"
        for column, prefix in (
            [("f1", f"spans f1 {row['set']}"), ("iou", f"spans iou {row['set']}")]
            if row["kind"] == "spans"
            else [(kinds_of[row["kind"]][1], kinds_of[row["kind"]][0].format(**row))]
        ):
            groups.setdefault((f"{prefix}: {named}", column), []).append(row)
    for (name, column), rows in groups.items():
        if all(column in row for row in rows):
            told[name] = str(np.mean([row[column] for row in rows]))
    return told


def labels(peers: list[dict]) -> tuple[list[categorical.Row], list[Figure]]:
    found = categorical.rows()
    theirs = []
    version = ""
    for row in peers:
        if row["kind"] in {"labels", "raters"} and "broken" not in row and row["method"] != "KOS":
            version = row["version"]
            theirs.append(
                categorical.Row(
                    row["set"],
                    row["method"],
                    row.get("accuracy", float("nan")),
                    row.get("log_loss", float("nan")),
                    row.get("ece", float("nan")),
                    row.get("items", 0),
                    row["cpu_s"],
                    0,
                    True,
                    row.get("rater_spearman", ""),
                    row.get("rater_auc", ""),
                )
            )
    told = categorical.figures(found, theirs, version)
    if theirs:
        step("speed on the real sets, in turns")
        told += in_turns(version)
    return found, told


def in_turns(version: str) -> list[Figure]:
    """Ours and crowd-kit's one after the other: a ratio of two times needs one state of the machine."""
    programs = environment("quality-peers", *PEERS)
    forms = {"text": "", "codes": ", from integer codes"}
    return [
        Figure(
            f"speed: crowd-kit DawidSkene ÷ {method}, CPU over the 19 sets{forms[form]}",
            ratio,
            "times",
            ">= 15",
            "crowd-kit DawidSkene, s CPU",
            f"{base:.4g}",
            version,
        )
        for (method, form), (ratio, base) in turns.ratios(programs / "python", data.TRUTH, ONE_THREAD).items()
    ]


def per_set(found: list[categorical.Row], peers: list[dict]) -> None:
    """Write every method on every set, peers and what broke in them beside."""
    names = [field.name for field in fields(categorical.Row)]
    lines = [{**asdict(row), "peer": "", "broken": ""} for row in found]
    for row in peers:
        if row["kind"] in {"labels", "raters", "texts", "spans", "pairs kendall", "pairs accuracy"}:
            # Scores of other kinds stand in the column of accuracy: chrF, F1, Kendall, held-out accuracy.
            value = next((row[key] for key in ("accuracy", "chrf", "f1", "kendall") if key in row), "")
            method = (
                row["method"] if row["kind"] in {"labels", "raters"} else f"{row['method']} ({row['kind']})"
            )
            lines.append(
                {
                    **{name: row.get(name, "") for name in names},
                    "method": method,
                    "accuracy": value,
                    "peer": f"{row['peer']} {row['version']}",
                    "broken": row.get("broken", ""),
                }
            )
    if not QUICK:
        table(HERE / "per-set.csv", [*names, "peer", "broken"], lines)


def table(path: Path, names: list[str], lines: list[dict]) -> None:
    def brief(value: object) -> object:
        return f"{value:.4g}" if isinstance(value, float) else value

    with path.open("w", newline="", encoding="utf-8") as stream:
        rows = csv.DictWriter(stream, names, lineterminator="\n")
        rows.writeheader()
        rows.writerows({key: brief(value) for key, value in line.items()} for line in lines)


def honest() -> list[Figure]:
    lines = [*(robust.real() if data.there() else []), *robust.simulated()]
    names = ["crowd", "method", "accuracy", "log_loss", "ece"]
    if not QUICK:
        table(HERE / "robust.csv", names, [dict(zip(names, line, strict=True)) for line in lines])
    told = []
    for crowd, method, accuracy, log_loss, ece in lines:
        if method == categorical.DEFAULT:
            beside = {m: (a, ll, e) for c, m, a, ll, e in lines if c == crowd}
            ds, plain = beside["dawid-skene"], beside["majority"]
            said = "dawid-skene; majority (ours)"
            told += [
                Figure(f"robust: {crowd}, accuracy", accuracy, "%", "", said, f"{ds[0]:.4g}; {plain[0]:.4g}"),
                Figure(
                    f"robust: {crowd}, log-loss", log_loss, "nats", "", said, f"{ds[1]:.4g}; {plain[1]:.4g}"
                ),
                Figure(f"robust: {crowd}, ECE", ece, "", "", said, f"{ds[2]:.4g}; {plain[2]:.4g}"),
            ]
    return told


def agreement(peers: list[dict]) -> list[Figure]:
    """Krippendorff's alpha against the package of that name: the largest difference, and CPU."""
    theirs = {row["set"]: row for row in peers if row["kind"] == "alpha" and "alpha" in row}
    if not theirs:
        return []
    import time

    from assay.quality.agreement import alpha

    gap, took = 0.0, 0.0
    for name, row in theirs.items():
        columns = Columns.from_frame(data.table(name))
        start = time.process_time()
        found = alpha(columns).coefficient
        took += time.process_time() - start
        gap = max(gap, abs((found or 0.0) - row["alpha"]))
    version = next(iter(theirs.values()))["version"]
    cpu = sum(row["cpu_s"] for row in theirs.values())
    return [
        Figure(
            "agreement: alpha, largest difference over the sets",
            gap,
            "",
            "<= 1e-9",
            "krippendorff",
            0,
            version,
        ),
        Figure(
            "agreement: alpha, CPU over the sets", took, "s CPU", "", "krippendorff", f"{cpu:.4g}", version
        ),
    ]


def speeds() -> list[Figure]:
    told = []
    sizes = (100_000,) if QUICK else (100_000, 1_000_000, 10_000_000)
    targets = {1_000_000: "<= 1", 10_000_000: "<= 12"}
    default = categorical.DEFAULT
    for votes in sizes:
        for method in (default, "hierarchical", "dawid-skene", "majority"):
            step(f"speed: {method}, {votes:,} votes")
            found = speed.ask(method, votes, runs=3 if votes < 10_000_000 else 1)
            own = method == default
            name = f"{method} (default)" if own else method
            told += [
                Figure(
                    f"speed: {name}, {votes:.0e} votes",
                    found["cpu_s"],
                    "s CPU",
                    targets.get(votes, "") if own else "",
                ),
                Figure(
                    f"speed: {name}, {votes:.0e} votes, peak of the process",
                    found["peak_mb"],
                    "MB",
                    "<= 2500" if own and votes == sizes[-1] else "",
                ),
                Figure(f"speed: {name}, {votes:.0e} votes, accuracy", found["accuracy"], "%"),
            ]
    step("speed: streaming")
    votes = sizes[0]
    told.append(
        Figure(
            "speed: la, one pass as votes arrive",
            speed.ask("la", votes, runs=3)["cpu_s"] / votes * 1e6,
            "microseconds CPU a vote",
            "<= 20",
        )
    )
    found = speed.ask("stream", votes, runs=3)
    name = f"speed: Stream, a verdict and skills after every vote, {votes:.0e} votes"
    told += [
        Figure(name, found["cpu_s"] / votes * 1e6, "microseconds CPU a vote", "<= 20"),
        Figure(f"{name}, accuracy", found["accuracy"], "%"),
        Figure(f"{name}, peak of the process", found["peak_mb"], "MB"),
    ]
    step("speed: larger than memory")
    for votes in sizes[-1:]:
        with tempfile.TemporaryDirectory() as folder:
            speed.ask("write", folder, votes)
            for held, name in ((0, "nothing held"), (500, "codes held")):
                found = speed.ask("parts", folder, held)
                per = found["cpu_s"] / found["rounds"] / votes * 1e9
                told += [
                    Figure(
                        f"parts: hierarchical from Parquet, {votes:.0e} votes, {name}",
                        found["cpu_s"],
                        "s CPU",
                    ),
                    Figure(f"parts: the same, {name}, a round", per, "ns CPU a vote"),
                    Figure(f"parts: the same, {name}, peak of the process", found["peak_mb"], "MB"),
                ]
    step("import")
    bare = timed([sys.executable, "-c", "pass"], runs=5)
    libraries = "import numpy, polars, scipy.sparse, scipy.special"
    base = timed([sys.executable, "-c", libraries], runs=5, env=ONE_THREAD)
    taken = timed([sys.executable, "-c", "import assay.quality"], runs=5 if QUICK else 15, env=ONE_THREAD)
    told += [
        Figure("import assay.quality, whole process", taken.wall_s, "s wall", "<= 0.3"),
        Figure("import assay.quality, whole process, CPU", taken.cpu_s, "s CPU"),
        Figure(
            "import of numpy, scipy.sparse, scipy.special and polars, whole process", base.wall_s, "s wall"
        ),
        Figure("an empty Python, whole process", bare.wall_s, "s wall"),
    ]
    return told


def main() -> None:
    told: list[Figure] = []
    if data.there():
        peers = measured_peers()
        beside = figures_of_peers(peers)
        found, told = labels(peers)
        per_set(found, peers)
        for kind in ("ratings", "pairs", "texts", "spans"):
            step(kind)
            told += kinds.ratings() if kind == "ratings" else getattr(kinds, kind)(beside)
        told += agreement(peers)
    else:
        print(f"skipped all real crowds: needs {data.TRUTH.relative_to(ROOT.parent)} beside this checkout")
    told += people.figures(real=data.there())
    told += honest()
    told += speeds()
    write("quality", told)


if __name__ == "__main__":
    main()
