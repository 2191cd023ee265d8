from __future__ import annotations

import numpy as np
import pytest

from assay.quality import Columns
from assay.quality.labels.wawa import shares, wawa


def crowd(seed: int, *, items: int = 40, raters: int = 8, labels: int = 3, votes: int = 5) -> list[tuple]:
    """Votes of raters of very different skill, on random labels."""
    rng = np.random.default_rng(seed)
    truth, skill = rng.integers(labels, size=items), rng.uniform(0.1, 1, raters)
    return [
        (f"i{item}", f"r{rater}", str(truth[item] if rng.random() < skill[rater] else rng.integers(labels)))
        for item in range(items)
        for rater in rng.choice(raters, size=votes, replace=False)
    ]


def columns_of(votes) -> Columns:
    return Columns.from_lists(*zip(*votes, strict=True))


def plain_wawa(votes) -> dict[str, dict[str, float]]:
    """Two weighed votes in loops; labels that tie for the majority share the credit."""
    items, labels = sorted({v[0] for v in votes}), sorted({v[2] for v in votes})
    count = {i: {k: sum(v[0] == i and v[2] == k for v in votes) for k in labels} for i in items}
    credit = {}
    for i in items:
        top = [k for k in labels if count[i][k] == max(count[i].values())]
        credit[i] = {k: (k in top) / len(top) for k in labels}
    agreement = {}
    for rater in {v[1] for v in votes}:
        own = [credit[i][label] for i, r, label in votes if r == rater]
        agreement[rater] = sum(own) / len(own)
    weighed = {
        i: {k: sum(agreement[r] for j, r, label in votes if (j, label) == (i, k)) for k in labels}
        for i in items
    }
    return {i: {k: weighed[i][k] / sum(weighed[i].values()) for k in labels} for i in items}


@pytest.mark.parametrize("seed", range(5))
def test_the_fast_form_agrees_with_the_loops(seed):
    votes = crowd(seed)

    result = wawa(columns_of(votes))

    plain = plain_wawa(votes)
    expected = [[plain[item][label] for label in result.columns.labels] for item in result.columns.items]
    np.testing.assert_allclose(result.posterior_I_K, expected, atol=1e-12)


def test_a_vote_against_counts_for_every_other_label():
    columns = Columns.from_lists(["i"] * 2, ["ann", "upside-down"], ["x", "y"])
    three = Columns.from_lists(["i", "i", "j"], ["ann", "upside-down", "ann"], ["x", "y", "z"])

    two_K, three_K = (shares(held, np.array([1.0, -0.5]))[0] for held in (columns, three))

    np.testing.assert_allclose(two_K, [1, 0])
    np.testing.assert_allclose(three_K, [0.75, 0, 0.25])


def test_where_nobody_is_worth_anything_every_vote_counts_the_same():
    columns = Columns.from_lists(["i"] * 3, ["ann", "ben", "cleo"], ["x", "x", "y"])

    np.testing.assert_allclose(shares(columns, np.zeros(3)), [[2 / 3, 1 / 3]])


def test_what_is_known_of_a_rater_from_before_counts():
    columns = Columns.from_lists(["i", "i"], ["ann", "ben"], ["x", "y"])

    result = wawa(columns.remembering({"ann": np.diag([5.0, 5.0]), "ben": 5 - np.diag([5.0, 5.0])}))

    assert result.verdicts == {"i": "x"}
    assert result.counts_R_K_K is not None
    assert result.counts_R_K_K[0].tolist() == [[6, 0], [0, 5]]
