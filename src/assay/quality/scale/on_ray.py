"""The same fit as a Ray Data job: parts are blocks, and the driver adds up what they send.

Ray is an extra and is imported on first use. Items are dealt out to buckets by a hash, each bucket is coded
once and stays in Ray's object store; a round sends `summed` to the buckets and adds the sums in the order of
the buckets, so that the numbers do not hang on which worker was first. A round is one task a block and no job
of Ray Data: planning one takes longer than the sums, and there are dozens of rounds.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from itertools import chain
from operator import itemgetter
from typing import Any

import numpy as np
import polars as pl

from assay.errors import AssayError
from assay.extras import need
from assay.quality.labels.hierarchical import MANY
from assay.quality.scale.fit import Distinct, Scaled, Sums, Survey, Tables, add, marks, rounds, summed
from assay.quality.scale.parts import Names, frames

BUCKETS = 64
"""Parts into which items are dealt; more than there are cores, and few enough that one fits in a worker."""


def fit_on_ray(
    votes: Any,
    *,
    method: str = "hierarchical",
    gold: Mapping[str, str] | None = None,
    buckets: int = BUCKETS,
    tolerance: float = 1e-3,
    max_iterations: int = 100,
) -> Scaled:
    """Fit a model of raters to a Ray data set with the columns `item, rater, label` and perhaps `weight`.

    The numbers are those of `fit`, up to the order of sums. Of several votes by one rater on one item that
    stand in different blocks, Ray decides which is the last: remove them before, where that matters.

    Parameters
    ----------
    votes
        A `ray.data.Dataset`; Ray has to be running. Counts (rater × right label × given label, 8 bytes each)
        have to fit in a worker and, once for every bucket, in the object store.
    buckets
        Into how many parts the items are dealt.

    Raises
    ------
    MissingExtraError
        Where Ray is not installed.
    """
    ray = need("ray", extra="ray")
    known = dict(gold or {})
    dealt = votes.map_batches(_deal, fn_kwargs={"buckets": buckets}, batch_format="pyarrow").materialize()
    seen: tuple[set[str], set[str]] = (set(), set())
    for row in dealt.map_batches(_seen, batch_format="pyarrow", batch_size=None).iter_rows():
        for names_seen, column in zip(seen, ("rater", "label"), strict=True):
            names_seen.update(row[column])
    names = Names.found(*seen, known)
    shared = ray.put((names, known))
    coded = (
        dealt.groupby("bucket", num_partitions=buckets)
        .map_groups(_code, fn_kwargs={"shared": shared}, batch_format="pyarrow")
        .materialize()
    )

    blocks, task = coded.to_arrow_refs(), ray.remote(_sums)

    def one_pass(now: Tables | None, before: Tables | None) -> Sums:
        tables = ray.put((now, before))
        by_block = ray.get([task.remote(block, shared, tables) for block in blocks])
        by_bucket = sorted(chain.from_iterable(by_block), key=itemgetter(0))
        return add(sums for _, sums in by_bucket)

    distinct, items, count, repeated = Distinct(), 0, 0, 0
    for row in coded.select_columns(["items", "votes", "repeated", "marks"]).iter_rows():
        distinct.add(np.frombuffer(row["marks"], np.uint64))
        items, count, repeated = items + row["items"], count + row["votes"], repeated + row["repeated"]
    survey = Survey(names, items, count, repeated, distinct.many(items))
    first = one_pass(None, None)
    return rounds(
        survey, first, one_pass, method=method, gold=known, tolerance=tolerance, max_iterations=max_iterations
    )


def posteriors_on_ray(result: Scaled, votes: Any, *, buckets: int = BUCKETS) -> Any:
    """Judge the items of a Ray data set: a data set with the columns of `Scaled.posteriors`."""
    ray = need("ray", extra="ray")
    fitted = ray.put(result)
    dealt = votes.map_batches(_deal, fn_kwargs={"buckets": buckets}, batch_format="pyarrow")
    return dealt.groupby("bucket", num_partitions=buckets).map_groups(
        _judge, fn_kwargs={"fitted": fitted}, batch_format="pyarrow"
    )


def _deal(block: Any, *, buckets: int) -> Any:
    frame = _frame(block).with_columns(pl.col("item", "rater", "label").cast(pl.String))
    if frame.height and frame.select(pl.col("item", "rater", "label").null_count()).row(0) != (0, 0, 0):
        raise AssayError("a cell of item, rater or label is empty; fill it in or remove the row")
    bucket = (pl.col("item").hash(seed=0) % buckets).cast(pl.Int32).alias("bucket")
    return frame.with_columns(bucket).to_arrow()


def _seen(block: Any) -> Any:
    frame = _frame(block)
    return frame.select(pl.col("rater", "label").unique().implode()).to_arrow()


def _code(block: Any, *, shared: Any) -> Any:
    names, gold = need("ray", extra="ray").get(shared)
    frame = _frame(block)
    part = names.code(_whole(frame), gold)
    held = {
        "bucket": frame["bucket"][0],
        "part": pickle.dumps(part),
        "items": len(part),
        "votes": len(part.cell_N),
        "repeated": part.repeated,
        "marks": np.unique(marks(part))[:MANY].tobytes(),
    }
    return pl.DataFrame([held]).to_arrow()


def _sums(
    block: Any, shared: tuple[Names, dict[str, str]], tables: tuple[Tables | None, Tables | None]
) -> list[tuple[int, Sums]]:
    """Return each bucket of a block with its sums; Ray has fetched what was named."""
    frame = _frame(block)
    if frame.is_empty():
        return []
    return [
        (bucket, summed(pickle.loads(part), shared[0], *tables))  # noqa: S301  (made by `_code`)
        for bucket, part in frame.select("bucket", "part").iter_rows()
    ]


def _judge(block: Any, *, fitted: Any) -> Any:
    result: Scaled = need("ray", extra="ray").get(fitted)
    judged = result.judged(result.names.code(_whole(_frame(block)), result.gold))
    return judged.with_columns(pl.col("posterior").arr.to_list()).to_arrow()


def _frame(block: Any) -> pl.DataFrame:
    frame = pl.from_arrow(block)
    assert isinstance(frame, pl.DataFrame)  # noqa: S101  (a table is a frame)
    return frame


def _whole(frame: pl.DataFrame) -> pl.DataFrame:
    (sorted_frame,) = frames([frame])
    return sorted_frame


__all__ = ["fit_on_ray", "posteriors_on_ray"]
