"""Votes in parts come to the numbers that they come to in one piece."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.errors import AssayError, TableError
from assay.quality import Columns, dawid_skene, hierarchical
from assay.quality.labels.columns import VotesError
from assay.quality.scale import Scaled, fit, fit_on_ray, posteriors_on_ray, split

METHODS = {"hierarchical": hierarchical, "dawid-skene": dawid_skene}
CLOSE = 1e-9


def crowd(seed: int, *, items: int = 300, raters: int = 20, labels: int = 3, each: int = 4) -> pl.DataFrame:
    """Votes of raters of different skill, one row a vote, in random order."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(labels, size=items)
    accuracy = rng.beta(4, 2, raters)
    rows = [
        (
            f"i{item}",
            f"r{rater}",
            f"l{truth[item] if rng.random() < accuracy[rater] else rng.integers(labels)}",
        )
        for item in range(items)
        for rater in rng.choice(raters, size=each, replace=False)
    ]
    rng.shuffle(rows)
    return pl.DataFrame(rows, schema=["item", "rater", "label"], orient="row")


def assert_same(scaled: Scaled, source, columns: Columns, *, method: str) -> None:
    whole = METHODS[method](columns)
    judged = pl.concat(list(scaled.posteriors(source))).sort("item")
    assert scaled.names.raters == columns.raters
    assert scaled.names.labels == columns.labels
    assert (scaled.items, scaled.votes, scaled.repeated) == (
        len(columns.items), len(columns), columns.repeated,
    )  # fmt: skip
    assert (scaled.method, scaled.converged, scaled.iterations) == (
        whole.method, whole.converged, whole.iterations,
    )  # fmt: skip
    np.testing.assert_allclose(scaled.confusion_R_K_K, whole.confusion_R_K_K, atol=CLOSE, rtol=0)
    np.testing.assert_allclose(scaled.counts_R_K_K, whole.counts_R_K_K, atol=CLOSE * len(columns), rtol=0)
    assert dict(zip(judged["item"], judged["label"], strict=True)) == whole.verdicts
    sure_I = whole.posterior_I_K[np.arange(len(columns.items)), whole.choice_I]
    np.testing.assert_allclose(judged["probability"].to_numpy(), sure_I, atol=CLOSE, rtol=0)
    # The rows of whole posteriors are 32-bit.
    np.testing.assert_allclose(np.stack(judged["posterior"].to_list()), whole.posterior_I_K, atol=1e-7)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("rows", "hold_mb"), [(10_000, 500), (97, 500), (97, 0), (97, 0.004), (9, 0)])
def test_a_parquet_folder_read_in_batches_comes_to_the_numbers_in_memory(tmp_path, method, rows, hold_mb):
    votes = crowd(1).sort("item")
    for place, start in enumerate(range(0, len(votes), 311)):
        votes[start : start + 311].write_parquet(tmp_path / f"{place:03}.parquet")
    table = pl.scan_parquet(tmp_path / "*.parquet")

    scaled = fit(table, method=method, rows=rows, hold_mb=hold_mb)

    assert_same(scaled, table, Columns.from_frame(votes), method=method)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), data=st.data())
def test_any_split_by_item_comes_to_the_same_numbers(seed, data):
    votes = crowd(seed, items=30, raters=6)
    part_of = {f"i{item}": data.draw(st.integers(0, 4)) for item in range(30)}
    parts = [
        votes.filter(pl.col("item").replace_strict(part_of) == place) for place in range(5)
    ]  # some may be empty

    scaled = fit(parts, hold_mb=0)

    assert_same(scaled, parts, Columns.from_frame(votes), method="hierarchical")


def test_a_table_in_any_order_is_split_by_a_hash_of_the_item():
    votes = crowd(2)

    parts = split(votes.lazy(), 7)

    assert sum(part.collect().height for part in parts) == len(votes)
    assert_same(fit(parts), parts, Columns.from_frame(votes), method="hierarchical")


@pytest.mark.parametrize("method", METHODS)
def test_two_labels_which_memory_counts_by_their_odds_come_to_the_same_numbers(method):
    votes = crowd(11, labels=2).sort("item")

    scaled = fit(votes.lazy(), method=method, rows=101)

    assert_same(scaled, votes.lazy(), Columns.from_frame(votes), method=method)


def test_a_function_may_give_the_parts():
    votes = crowd(3, items=50)

    def source():
        return iter(votes.partition_by("item"))

    assert_same(fit(source, hold_mb=0), source, Columns.from_frame(votes), method="hierarchical")


def test_weights_and_later_votes_count_as_in_memory():
    rng = np.random.default_rng(4)
    votes = crowd(4).with_columns(pl.Series("weight", rng.integers(1, 4, 1200) / 2))
    again = votes.sample(60, seed=1).with_columns(label=pl.lit("l0"))
    votes = pl.concat([votes, again]).sort("item", maintain_order=True)

    scaled = fit(votes.lazy(), rows=101)

    assert scaled.repeated == 60
    assert_same(scaled, votes.lazy(), Columns.from_frame(votes), method="hierarchical")


@pytest.mark.parametrize("method", METHODS)
def test_known_items_are_held_as_in_memory(method):
    votes = crowd(5).sort("item")
    gold = {f"i{item}": ("l1", "l2", "never-said")[item % 3] for item in range(40)}

    scaled = fit(votes.lazy(), method=method, gold=gold, rows=101)

    assert_same(scaled, votes.lazy(), Columns.from_frame(votes).knowing(gold), method=method)


def test_many_distinct_ballots_come_to_rest_at_the_same_round_as_in_memory(monkeypatch):
    for module in ("assay.quality.labels.hierarchical", "assay.quality.scale.fit"):
        monkeypatch.setattr(sys.modules[module], "MANY", 150)
    votes = crowd(6).sort("item")

    scaled = fit(votes.lazy(), rows=101)

    few = fit(votes.lazy(), rows=101, tolerance=1e-3 / 5)
    assert few.iterations >= scaled.iterations
    assert_same(scaled, votes.lazy(), Columns.from_frame(votes), method="hierarchical")


def test_new_items_of_known_raters_are_judged_too():
    votes = crowd(7)
    old = votes.filter(pl.col("item") != "i7")
    new = votes.filter(pl.col("item") == "i7")

    (judged,) = fit([old]).posteriors([new])

    assert judged["item"].to_list() == ["i7"]
    with pytest.raises(VotesError, match="'stranger' was not in the votes"):
        list(fit([old]).posteriors([new.with_columns(rater=pl.lit("stranger"))]))


def test_what_cannot_be_read_is_said_in_a_sentence():
    votes = crowd(8)

    with pytest.raises(VotesError, match="not sorted by item"):
        fit(votes.lazy())
    with pytest.raises(VotesError, match="no votes"):
        fit(votes.head(0).lazy())
    with pytest.raises(TableError, match="the cell is empty"):
        fit([votes.with_columns(label=pl.lit(None, pl.String))])
    with pytest.raises(TableError, match="above 0"):
        fit([votes.with_columns(weight=pl.lit(0.0))])
    with pytest.raises(AssayError, match="'majority' has no form over parts"):
        fit([votes], method="majority")


def test_it_says_when_it_had_to_stop_before_coming_to_rest():
    assert not fit([crowd(9)], tolerance=0, max_iterations=3).converged


def test_ray_is_imported_by_nobody_who_does_not_ask_for_it():
    code = "import assay.quality.scale, sys; print('ray' in sys.modules)"

    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout

    assert said.strip() == "False"


@pytest.fixture(scope="module")
def ray(tmp_path_factory):
    ray = pytest.importorskip("ray", reason="needs Ray: pip install 'assay[ray]'")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        import ray.data

        # The path of a Unix socket has to stay short.
        home = tmp_path_factory.mktemp("r")
        ray.init(
            num_cpus=2,
            include_dashboard=False,
            _node_ip_address="127.0.0.1",
            object_store_memory=200_000_000,
            _temp_dir=str(home) if len(str(home)) < 40 else None,
            log_to_driver=False,
            # Each step of a shuffle wants workers of its own sort. Ray ends those that idle for a second, and
            # to start one takes several: here they stay.
            _system_config={"num_workers_soft_limit": 8},
        )
        ray.data.DataContext.get_current().enable_progress_bars = False
        yield ray
        ray.shutdown()


@pytest.mark.slow
def test_ray_comes_to_the_numbers_in_memory(ray):
    votes = crowd(10, items=60, raters=8)
    gold: Mapping[str, str] = {f"i{item}": "l1" for item in range(5)}
    table = ray.data.from_arrow(votes.to_arrow()).repartition(2)

    scaled = fit_on_ray(table, gold=gold, buckets=2)
    rows = posteriors_on_ray(scaled, table, buckets=2).take_all()

    columns = Columns.from_frame(votes).knowing(gold)
    assert_same(scaled, [votes], columns, method="hierarchical")
    assert {row["item"]: row["label"] for row in rows} == hierarchical(columns).verdicts
