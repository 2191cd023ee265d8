from __future__ import annotations

import math

import numpy as np
import pytest

from assay.quality import Columns, majority, pm


def plain_pm(columns):
    """Weights from errors, outcomes from weights, until nothing changes."""
    labels, raters, items = (range(len(names)) for names in (columns.labels, columns.raters, columns.items))
    votes = list(
        zip(columns.item_N.tolist(), columns.rater_N.tolist(), columns.label_N.tolist(), strict=True)
    )
    posterior = columns.shares_I_K.tolist()

    def outcomes():
        for item in items:
            tied = [value >= max(posterior[item]) - 1e-9 for value in posterior[item]]
            yield [is_tied / sum(tied) for is_tied in tied]

    outcome = list(outcomes())
    for _ in range(100):
        rate = []
        for r in raters:
            own = [(item, given) for item, rater, given in votes if rater == r]
            rate.append((sum(1 - outcome[item][given] for item, given in own) + 0.5) / (len(own) + 1))
        weight = [-math.log(value / max(rate)) for value in rate]
        for item in items:
            heard = [sum(weight[r] for i, r, given in votes if i == item and given == k) for k in labels]
            posterior[item] = (
                [value / sum(heard) for value in heard]
                if sum(heard) > 1e-9
                else columns.shares_I_K[item].tolist()
            )
        before, outcome = outcome, list(outcomes())
        if before == outcome:
            break
    return posterior


@pytest.mark.parametrize("labels", [2, 3])
@pytest.mark.parametrize("seed", range(5))
def test_the_fast_form_agrees_with_the_loops(crowd, seed, labels):
    columns = crowd(seed, labels=labels)

    np.testing.assert_allclose(pm(columns).posterior_I_K, plain_pm(columns), atol=1e-9)


def test_it_may_stop_where_the_outcome_of_few_items_still_changes(crowd):
    columns = crowd(3, items=400, raters=30, right=None)
    whole = pm(columns)

    early = pm(columns, tolerance=0.02)

    assert early.converged
    assert early.iterations < whole.iterations
    assert np.mean(early.choice_I != whole.choice_I) <= 0.03


def test_where_all_err_alike_the_shares_stand():
    columns = Columns.from_lists(["i", "i", "j", "j"], ["ann", "ben"] * 2, ["a", "b", "b", "a"])

    assert pm(columns).posterior_I_K.tolist() == majority(columns).posterior_I_K.tolist()


def test_a_tie_leans_to_no_label():
    columns = Columns.from_lists(["i", "i"], ["ann", "ben"], ["a", "b"])
    swapped = Columns.from_lists(["i", "i"], ["ann", "ben"], ["b", "a"])

    assert pm(columns).posterior_I_K.tolist() == pm(swapped).posterior_I_K.tolist() == [[0.5, 0.5]]


def test_a_record_from_before_decides_between_two():
    columns = Columns.from_lists(["i", "i"], ["ann", "ben"], ["a", "b"])
    good, poor = np.diag([10.0, 10.0]), np.full((2, 2), 5.0)

    assert pm(columns.remembering({"ann": poor, "ben": good})).verdicts == {"i": "b"}
