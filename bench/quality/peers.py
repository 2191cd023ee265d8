"""What peers come to on the same files, run in an environment of their own: peers.py DATA OUT [PART].

Writes a JSON list of {peer, version, kind, set, method, ...}: scores of `protocol.py`, CPU seconds of the
call (reading left out), or `broken` with the reason. A fit may take 100 s of CPU.
"""

from __future__ import annotations

import contextlib
import io
import json
import signal
import sys
import time
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import protocol

warnings.simplefilter("ignore")
DATA, OUT = Path(sys.argv[1]), Path(sys.argv[2])
LIMIT_S = 100.0


class TooLongError(Exception):
    """The CPU limit is reached."""


def _stop(*_: object) -> None:
    raise TooLongError(f"more than {LIMIT_S:.0f} s of CPU")


def read(name: str, *, text: bool = True) -> pd.DataFrame:
    frame = pd.read_parquet(DATA / name / "labels.parquet")
    return frame.astype(str) if text else frame


def gold(name: str, value: str = "label", key: str = "task") -> dict[str, str]:
    frame = pd.read_parquet(DATA / name / "gold.parquet")
    return dict(zip(frame[key].astype(str), frame[value].astype(str), strict=True))


FOUND: list[dict] = []


def attempt(peer: str, kind: str, name: str, method: str, run, score) -> None:  # noqa: PLR0917
    """Run and score; whatever goes wrong is the peer's result."""
    row = {"peer": peer, "version": version(peer), "kind": kind, "set": name, "method": method}
    signal.signal(signal.SIGPROF, _stop)
    # Held-out accuracy is 25 fits in one call.
    limit = LIMIT_S * (25 if kind == "pairs accuracy" else 1)
    signal.setitimer(signal.ITIMER_PROF, limit)
    start = time.process_time()
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            said = run()
        row["cpu_s"] = time.process_time() - start
        signal.setitimer(signal.ITIMER_PROF, 0)
        found = score(said)
        if not all(np.isfinite(value) for value in found.values()):
            raise ValueError("scores that cannot be ranked: all equal, infinite or NaN")
        row.update(found)
    except Exception as problem:  # noqa: BLE001  (whatever a peer raises is recorded)
        signal.setitimer(signal.ITIMER_PROF, 0)
        text = (str(problem).splitlines() or [""])[0]
        row["broken"] = f"{type(problem).__name__}: {text}"[:160]
    FOUND.append(row)
    OUT.write_text(json.dumps(FOUND))


def labels() -> None:
    from crowdkit.aggregation import (
        GLAD,
        KOS,
        MACE,
        DawidSkene,
        MajorityVote,
        OneCoinDawidSkene,
        Wawa,
        ZeroBasedSkill,
    )

    methods = {
        "MajorityVote": MajorityVote,
        "Wawa": Wawa,
        "DawidSkene": lambda: DawidSkene(n_iter=100),
        "OneCoinDawidSkene": lambda: OneCoinDawidSkene(n_iter=100),
        "ZeroBasedSkill": ZeroBasedSkill,
        "KOS": lambda: KOS(random_state=0),
        "MACE": lambda: MACE(random_state=0),
        "GLAD": lambda: GLAD(n_iter=100),
    }
    for method, make in methods.items():
        for name in protocol.ALL:
            votes = read(name)[["task", "worker", "label"]].drop_duplicates(["task", "worker"], keep="last")
            right = gold(name)
            if method == "KOS" and votes["label"].nunique() > 2:
                continue

            def run(make=make, votes=votes, method=method):
                if method == "KOS":
                    return make().fit_predict(votes)
                return make().fit_predict_proba(votes)

            def score(said, method=method, right=right, votes=votes):
                if method == "KOS":
                    hits = [said.get(item) == label for item, label in right.items() if item in said.index]
                    return {"accuracy": 100 * float(np.mean(hits)), "items": len(hits)}
                said = said.fillna(0.0)
                for label in set(votes["label"]) - set(said.columns):
                    said[label] = 0.0
                said = said[sorted(said.columns)]
                return protocol.categorical(
                    list(said.index), list(said.columns), said.to_numpy(), right
                )._asdict()

            attempt("crowd-kit", "labels", name, method, run, score)
    for name in protocol.ALL:
        votes = read(name)[["task", "worker", "label"]].drop_duplicates(["task", "worker"], keep="last")

        def score(said, votes=votes, name=name):
            ranked = protocol.raters(
                dict(said.skills_), list(votes.itertuples(index=False, name=None)), gold(name)
            )
            return {"rater_spearman": ranked[0], "rater_auc": ranked[1]} if ranked else {}

        attempt("crowd-kit", "raters", name, "Wawa skills", lambda votes=votes: Wawa().fit(votes), score)


def pairs() -> None:
    import choix
    import evalica
    from crowdkit.aggregation import BradleyTerry, NoisyBradleyTerry

    def crowd_kit(make):
        def fit(rows):
            frame = pd.DataFrame(rows, columns=["left", "right", "label", "worker"])
            frame = frame[frame["label"] != "tie"]
            return dict(make().fit_predict(frame))

        return fit

    def with_choix(solve):
        def fit(rows):
            place = {name: code for code, name in enumerate(sorted({n for row in rows for n in row[:2]}))}
            wins = [
                (place[label], place[right if label == left else left])
                for left, right, label, _ in rows
                if label != "tie"
            ]
            return dict(zip(place, solve(len(place), wins), strict=True))

        return fit

    def with_evalica(solve):
        def fit(rows):
            winners = [
                evalica.Winner.Draw
                if label == "tie"
                else evalica.Winner.X
                if label == left
                else evalica.Winner.Y
                for left, _, label, _ in rows
            ]
            said = solve([row[0] for row in rows], [row[1] for row in rows], winners).scores
            return {name: float(value) for name, value in said.items()}

        return fit

    methods = {
        ("crowd-kit", "NoisyBradleyTerry"): crowd_kit(lambda: NoisyBradleyTerry(n_iter=100, random_state=0)),
        ("crowd-kit", "BradleyTerry"): crowd_kit(lambda: BradleyTerry(n_iter=100)),
        ("choix", "opt_pairwise"): with_choix(lambda n, wins: choix.opt_pairwise(n, wins, alpha=0.01)),
        ("evalica", "elo"): with_evalica(evalica.elo),
        ("evalica", "bradley_terry"): with_evalica(evalica.bradley_terry),
        ("evalica", "newman"): with_evalica(evalica.newman),
    }
    for (peer, method), fit in methods.items():
        for name in protocol.PAIRS:
            frame = read(name)[["left", "right", "label", "worker"]]
            rows = list(frame.itertuples(index=False, name=None))
            right = {item: float(value) for item, value in gold(name, "score", "label").items()}

            def score(said, right=right):
                common = [item for item in right if item in said]
                ours = np.array([said[item] for item in common])
                if not np.isfinite(ours).all():
                    raise ValueError("NaN among the scores")
                return {"kendall": protocol.kendall(ours, np.array([right[item] for item in common]))}

            attempt(peer, "pairs kendall", name, method, lambda fit=fit, rows=rows: fit(rows), score)
            attempt(
                peer,
                "pairs accuracy",
                name,
                method,
                lambda fit=fit, rows=rows: protocol.held_out(rows, fit),
                lambda said: {"accuracy": said},
            )


def texts() -> None:
    from crowdkit.aggregation import ROVER, TextHRRASA, TextRASA
    from sklearn.feature_extraction.text import HashingVectorizer

    hashed = HashingVectorizer(analyzer="char", ngram_range=(1, 4), n_features=2**12, alternate_sign=False)

    def encoder(text):
        return hashed.transform([text]).toarray()[0]

    methods = {
        "TextRASA": lambda votes: TextRASA(encoder).fit_predict(votes, None),
        "TextHRRASA": lambda votes: TextHRRASA(encoder).fit_predict(votes, None),
        "ROVER": lambda votes: ROVER(str.split, " ".join).fit_predict(votes),
    }
    for method, run in methods.items():
        for name in protocol.TEXTS:
            votes, right = read(name), gold(name, "text")

            def score(said, right=right):
                said = said["output"] if isinstance(said, pd.DataFrame) else said
                return {"chrf": protocol.chrf([str(said[item]) for item in right], list(right.values()))}

            attempt("crowd-kit", "texts", name, method, lambda run=run, votes=votes: run(votes), score)


def spans() -> None:
    from crowdkit.aggregation import SegmentationEM, SegmentationMajorityVote, SegmentationRASA

    methods = {
        "SegmentationMajorityVote": SegmentationMajorityVote,
        "SegmentationRASA": SegmentationRASA,
        "SegmentationEM": SegmentationEM,
    }
    for name in protocol.SPANS:
        votes = read(name)
        marked = [protocol.characters(json.loads(label)) for label in votes["label"]]
        length = votes["task"].map(
            {
                task: 1 + max((max(m, default=0) for m in group), default=0)
                for task, group in pd.Series(marked).groupby(votes["task"])
            }
        )
        votes["segmentation"] = [
            np.isin(np.arange(long), list(places))[None] for long, places in zip(length, marked, strict=True)
        ]
        for method, make in methods.items():

            def score(said, name=name):
                f1, iou = protocol.spans(
                    {t: set(np.flatnonzero(np.asarray(m)).tolist()) for t, m in said.items()}, gold(name)
                )
                return {"f1": f1, "iou": iou}

            attempt(
                "crowd-kit",
                "spans",
                name,
                method,
                lambda make=make, votes=votes: make().fit_predict(votes[["task", "worker", "segmentation"]]),
                score,
            )


def agreement() -> None:
    import krippendorff

    for name in protocol.ALL:
        votes = read(name)[["task", "worker", "label"]].drop_duplicates(["task", "worker"], keep="last")
        counts = pd.crosstab(votes["task"], votes["label"]).to_numpy()
        attempt(
            "krippendorff",
            "alpha",
            name,
            "alpha",
            lambda counts=counts: krippendorff.alpha(value_counts=counts, level_of_measurement="nominal"),
            lambda said: {"alpha": float(said)},
        )


if __name__ == "__main__":
    for part in (agreement, spans, texts, pairs, labels):
        if sys.argv[3:] and part.__name__ not in sys.argv[3:]:
            continue
        part()
        print(f"· peers: {part.__name__} done", file=sys.stderr, flush=True)
