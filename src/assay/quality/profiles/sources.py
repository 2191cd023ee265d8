"""Evidence about people from all that speaks of them: gold, peers, review, outcomes, earlier projects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np
import polars as pl
from scipy.special import expit, logit, ndtr

from assay import tables
from assay.errors import AssayError, TableError
from assay.quality.labels.result import Result
from assay.quality.labels.skills import SIGMAS, rightness
from assay.quality.pairs.result import PairsResult
from assay.quality.profiles.evidence import AXES, Evidence
from assay.quality.profiles.fit import profiles

SOURCES = ("gold", "peers", "reviews", "outcomes", "earlier")
"""Where evidence comes from; the names of the columns that say how much."""

YARDSTICK_ERROR = 0.75
"""Standard deviation, in log-odds, of how far verdicts may all err in one direction for a person.

Chosen on simulated crowds whose people share mistakes: there the intervals of profiles hold the true share
for 95 % of people, with and without known answers for a tenth of the items."""

MOST_CELLS = 2**27
"""Numbers in everybody's covariances, above which no profile is drawn (1 GB)."""


@dataclass(frozen=True, eq=False)
class Gathered:
    """Evidence by where it comes from; `unsure` is the part of it that rests on verdicts, here or earlier."""

    by_source: Mapping[str, Evidence]
    unsure: Evidence | None = None

    @property
    def evidence(self) -> Evidence:
        """All of it in one sum."""
        if not self.by_source:
            raise AssayError("there is no evidence about anybody; give an answer that can be judged")
        return reduce(add, self.by_source.values())

    def profiles(self) -> pl.DataFrame | None:
        """Return one row a person × skill × language × domain that anything is known of, the best first.

        `mean`, `low`, `high` are the fitted skill; `right` of `total` is what it rests on, in votes, and goes
        back in as the history of a later project; `gold`, `peers`, `reviews`, `outcomes` and `earlier` are
        the parts of `total`, and `unsure` what of it rests on verdicts. `None` where people × levels are too
        many to fit together.

        The interval knows that verdicts err, and err together: on the scale of log-odds its variance grows by
        that of `YARDSTICK_ERROR`, times the share that is unsure, of the cell or of the person, squared.
        """
        evidence = self.evidence
        levels = 1 + sum(evidence.frame[axis].n_unique() for axis in AXES)
        if evidence.frame["rater"].n_unique() * levels**2 > MOST_CELLS:
            return None
        keys = ["rater", *AXES]
        found = profiles(evidence).table(evidence.frame).with_columns(evidence.frame["right", "total"])
        for source in SOURCES:
            if source in self.by_source:
                part = self.by_source[source].frame.select(*keys, pl.col("total").alias(source))
                found = found.join(part, on=keys, how="left", maintain_order="left")
            else:
                found = found.with_columns(pl.lit(None, pl.Float64).alias(source))
        if self.unsure is not None:
            part = self.unsure.frame.select(*keys, pl.col("total").alias("unsure"))
            found = found.join(part, on=keys, how="left", maintain_order="left")
        else:
            found = found.with_columns(pl.lit(0.0).alias("unsure"))
        found = _widened(found.with_columns(pl.col(*SOURCES, "unsure").fill_null(0.0)))
        return found.sort(*AXES, "mean", "rater", descending=[False, False, False, True, False])


def evidence_of(
    table: object,
    found: Result | PairsResult | None,
    gold: Mapping[str, str] | None = None,
    *,
    reviews: object = None,
    outcomes: object = None,
    history: object = None,
    half_life: float | None = None,
) -> Gathered:
    """Turn answers and all that is known of them into evidence about people.

    Gold: a vote is right or wrong. Peers: it is right with the probability that everybody else's votes give
    its label, and the intervals of profiles know that this may be off. A comparison is right with the
    probability that the one chosen is truly above, that comparison left out; ties say nothing. Reviews and
    outcomes are shares from 0 to 1, with a `weight` each where there is one: what an outcome is worth as a
    known answer.

    Parameters
    ----------
    table
        The answers that `found` was reached from, with any of `skill`, `language`, `domain` and `at`.
    found
        What a method came to; `None` where answers say nothing of being right.
    reviews, outcomes
        `rater`, `right` (a share, or yes and no), and any of `skill`, `language`, `domain`, `weight`, `at`.
    history
        The profiles of earlier projects, as `Gathered.profiles` returns them.
    half_life
        Days after which evidence counts half; needs `at` in every table but the history.

    Raises
    ------
    TableError
        Where a cell is not what it has to be; names the row.

    >>> from assay.quality import Columns, majority
    >>> votes = {"item": ["i"] * 3, "rater": ["ann", "ben", "cleo"], "label": ["yes", "yes", "no"],
    ...          "language": ["sw"] * 3}
    >>> found = majority(Columns.from_frame(pl.DataFrame(votes)))
    >>> evidence_of(votes, found, {"i": "yes"}).profiles().select("rater", "language", "right", "gold").rows()
    [('ann', 'sw', 1.0, 1.0), ('ben', 'sw', 1.0, 1.0), ('cleo', 'sw', 0.0, 1.0)]
    """
    frame = tables.frame_of(table)
    told: dict[str, pl.DataFrame] = {}
    if found is not None:
        judged = _labels(frame, found, gold or {}) if isinstance(found, Result) else _pairs(frame, found)
        told = {source: judged.filter(pl.col("source") == source) for source in ("gold", "peers")}
    for source, given in (("reviews", reviews), ("outcomes", outcomes)):
        if given is not None:
            told[source] = _told(tables.frame_of(given), source)
    now = _latest(list(told.values())) if half_life is not None else None
    gathered = {
        source: Evidence.from_frame(rows, now=now, half_life=half_life)
        for source, rows in told.items()
        if len(rows)
    }
    unsure = [gathered["peers"]] if "peers" in gathered else []
    if history is not None:
        gathered["earlier"], more = earlier(tables.frame_of(history))
        unsure += [more] if more is not None else []
    return Gathered(gathered, reduce(add, unsure) if unsure else None)


def earlier(frame: pl.DataFrame) -> tuple[Evidence, Evidence | None]:
    """Read the profiles of earlier projects as evidence, and the part of it that rested on verdicts.

    >>> kept = {"rater": ["ann"], "language": ["sw"], "right": [9.0], "total": [10.0]}
    >>> earlier(pl.DataFrame(kept))[0].frame["total"].to_list()
    [10.0]
    """
    for name in ("rater", "right", "total"):
        if name not in frame.columns:
            raise TableError(
                f"there is no column {name!r}; a history is a profiles.parquet that assay quality wrote"
            )
    numbers = frame.with_columns(pl.col("right", "total").cast(pl.Float64, strict=False))
    wrong = ~numbers.select(
        ((pl.col("total") > 0) & pl.col("total").is_finite() & pl.col("right").is_between(0, pl.col("total")))
        .fill_null(value=False)
    ).to_series()  # fmt: skip
    if wrong.any():
        row = int(wrong.arg_true()[0]) + 1
        raise TableError("a total is above 0, and right is from 0 to it", row=row, column="right")
    rows = numbers.with_columns(pl.col("right") / pl.col("total"), weight=pl.col("total"))
    known = Evidence.from_frame(rows.select(pl.all().exclude("total", "at")))
    if "unsure" not in frame.columns:
        return known, None
    part = rows.with_columns(pl.col("unsure").cast(pl.Float64, strict=False).clip(0, pl.col("total")))
    part = part.filter(pl.col("unsure") > 0).with_columns(weight=pl.col("unsure"))
    return known, Evidence.from_frame(part.select(pl.all().exclude("total", "at"))) if len(part) else None


def _widened(found: pl.DataFrame) -> pl.DataFrame:
    """Return profiles whose intervals know how much of their evidence rests on verdicts."""
    person = pl.col("unsure").sum().over("rater") / pl.col("total").sum().over("rater")
    share = found.select(pl.max_horizontal(pl.col("unsure") / pl.col("total"), person)).to_series()
    low, high = (logit(found[end].to_numpy()) for end in ("low", "high"))
    middle = (low + high) / 2
    half = np.hypot((high - low) / 2, SIGMAS * YARDSTICK_ERROR * share.to_numpy())
    return found.with_columns(pl.Series("low", expit(middle - half)), pl.Series("high", expit(middle + half)))


def _labels(frame: pl.DataFrame, found: Result, gold: Mapping[str, str]) -> pl.DataFrame:
    columns = found.columns
    right_of = dict(gold)
    if columns.gold_I is not None:
        taught = zip(columns.items, columns.gold_I.tolist(), strict=True)
        right_of |= {item: columns.labels[code] for item, code in taught if code >= 0}
    code = {label: place for place, label in enumerate(columns.labels)}
    gold_I = np.array([code.get(right_of[item], -1) if item in right_of else -2 for item in columns.items])
    gold_N = gold_I[columns.item_N]
    known_N = gold_N != -2
    against = rightness(found)
    right_N = np.where(known_N, columns.label_N == gold_N, against.right_N)
    rows = pl.DataFrame(
        {
            "item": pl.Series(columns.items)[columns.item_N],
            "rater": pl.Series(columns.raters)[columns.rater_N],
            "right": np.clip(right_N, 0, 1),
            "weight": columns.weights_N,
            "source": pl.Series(["peers", "gold"])[known_N.astype(np.int64)],
            "counts": known_N | (against.counted_N > 0),
        }
    )
    return _placed(rows.filter("counts").drop("counts"), frame, ["item", "rater"])


def _pairs(frame: pl.DataFrame, found: PairsResult) -> pl.DataFrame:
    pairs = found.pairs
    gap_N = found.score_I[pairs.left_N] - found.score_I[pairs.right_N]
    variance_N = found.sd_I[pairs.left_N] ** 2 + found.sd_I[pairs.right_N] ** 2
    if found.covariance_I_I is not None:
        variance_N = variance_N - 2 * np.asarray(found.covariance_I_I[pairs.left_N, pairs.right_N]).ravel()
    variance_N = np.maximum(variance_N, 1e-9)
    # One Newton step back: what the gap would be without this comparison, as in case deletion.
    chance_N = 1 / (1 + np.exp(-gap_N))
    tells_N = np.minimum(pairs.weight_N * chance_N * (1 - chance_N) * variance_N, 0.9)
    gap_N = gap_N - variance_N * pairs.weight_N * (pairs.score_N - chance_N) / (1 - tells_N)
    above_N = ndtr(gap_N / np.sqrt(variance_N / (1 - tells_N)))
    names = pl.Series(pairs.items)
    rows = pl.DataFrame(
        {
            "left": names[pairs.left_N],
            "right_one": names[pairs.right_N],
            "rater": pl.Series(pairs.raters)[pairs.rater_N],
            "right": np.where(pairs.score_N > 0.5, above_N, 1 - above_N),
            "weight": pairs.weight_N,
            "source": ["peers"] * len(pairs),
        }
    ).filter(pl.Series(pairs.score_N != 0.5))
    rater = tables.find(frame, "rater")
    renamed = {"right": "right_one", **({rater: "rater"} if rater else {})}
    return _placed(rows, frame.rename(renamed), ["left", "right_one", "rater"])


def _placed(rows: pl.DataFrame, frame: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """Return judged answers with the skill, language, domain and time that their table gives them."""
    own = [name for name in keys if name not in tables.ALIASES]
    wanted = [name for name in keys if name in tables.ALIASES]
    picked = tables.pick(frame, wanted, optional=(*AXES, "at")).with_columns(
        frame[name].cast(pl.String).alias(name) for name in own
    )
    last = _dated(picked).unique(keys, keep="last", maintain_order=True)
    return rows.join(last, on=keys, how="left", maintain_order="left")


def _told(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    picked = tables.pick(frame, ("rater", "right"), optional=(*AXES, "weight", "at"))
    words = {"yes": "1", "true": "1", "accepted": "1", "no": "0", "false": "0", "rejected": "0"}
    said = picked["right"].str.to_lowercase().replace(words)
    right = said.cast(pl.Float64, strict=False)
    wrong = ~right.is_between(0, 1).fill_null(value=False)
    if wrong.any():
        row = int(wrong.arg_true()[0])
        what = f"{picked['right'][row]!r} is neither yes, no nor a share from 0 to 1, in the table of {name}"
        raise TableError(what, row=row + 1, column=tables.find(frame, "right"))
    return _dated(picked.with_columns(right))


def _dated(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(tables.days(frame["at"])) if "at" in frame.columns else frame


def _latest(told: Sequence[pl.DataFrame]) -> float:
    times = [frame["at"].cast(pl.Float64) for frame in told if "at" in frame.columns]
    known = pl.concat(times).drop_nulls().to_numpy() if times else np.empty(0)
    if not len(known):
        raise TableError("forgetting needs the column 'at', when each answer was given")
    return float(known.max())
