from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from assay.quality import Columns, bwa, ebcc, hierarchical, hierarchical_two, pm
from assay.quality.labels import ballots as module
from assay.quality.labels.ballots import Ballots, colours


def few_patterns(known: bool = False) -> Columns:
    """Two hundred items before the same three raters: at most 27 different ballots."""
    rng = np.random.default_rng(6)
    cast = [(f"i{i:03}", name, str(rng.choice(3, p=[0.6, 0.3, 0.1]))) for i in range(200) for name in "abc"]
    columns = Columns.from_lists(*zip(*cast, strict=True))
    return columns.knowing({f"i{i:03}": "1" for i in range(20)}) if known else columns


@pytest.mark.parametrize("known", [False, True])
def test_items_share_a_ballot_where_votes_and_knowledge_are_the_same(known):
    columns = few_patterns(known)

    ballots = columns.ballots

    dense = columns.incidence.toarray()
    same = {}
    for item in range(200):
        gold = None if columns.gold_I is None else int(columns.gold_I[item])
        same.setdefault((dense[item].tobytes(), gold), []).append(item)
    assert ballots.times_P.tolist() == [len(items) for items in same.values()]
    np.testing.assert_array_equal(ballots.by_item(ballots.incidence.toarray()), dense)


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("method", [hierarchical, hierarchical_two, pm, bwa, ebcc])
def test_merging_changes_no_verdict(monkeypatch, method, known):
    columns = few_patterns(known)
    merged = method(columns)
    monkeypatch.setattr(module, "WORTH_MERGING", -1.0)
    apart = method(replace(columns))

    assert columns.ballots.ballot_I is not None
    assert apart.columns.ballots.ballot_I is None
    if method is not ebcc:  # whose start differs: merged items count as one place in the votes
        np.testing.assert_allclose(merged.posterior_I_K, apart.posterior_I_K, atol=1e-6)
    np.testing.assert_allclose(merged.posterior_I_K.sum(axis=1), 1)


def test_items_with_equal_votes_by_others_are_not_merged():
    columns = Columns.from_lists(["i", "j"], ["ann", "ben"], ["yes", "yes"])

    assert len(Ballots.of(columns).times_P) == 2


def test_colours_know_nothing_of_names_or_order(crowd):
    columns = crowd(3)
    order = np.random.default_rng(0).permutation(len(columns))
    items, raters, labels = (
        [f"{n * 7 % 101:03}" for n in range(len(names))]
        for names in (columns.items, columns.raters, columns.labels)
    )
    renamed = Columns.from_lists(
        [items[columns.item_N[n]] for n in order],
        [raters[columns.rater_N[n]] for n in order],
        [labels[columns.label_N[n]] for n in order],
    )

    (one_P, one_K), (other_P, other_K) = (colours(held.ballots) for held in (columns, renamed))

    before = dict(zip(items, columns.ballots.by_item(one_P).tolist(), strict=True))
    after = dict(zip(renamed.items, renamed.ballots.by_item(other_P).tolist(), strict=True))
    assert before == after
    assert dict(zip(labels, one_K.tolist(), strict=True)) == dict(
        zip(renamed.labels, other_K.tolist(), strict=True)
    )
    assert len(set(before.values())) > 35, "different places have different colours"
