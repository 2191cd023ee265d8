from __future__ import annotations

import numpy as np
import pytest

from assay.quality import Columns, bwa, ebcc, hierarchical
from assay.quality.labels.leaps import FIRST, Leaps


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("labels", [2, 4])
def test_with_leaps_it_comes_to_the_same_rest_in_fewer_rounds(crowd, seed, labels):
    columns = crowd(seed, items=200, raters=15, labels=labels)

    walked, leapt = (
        hierarchical(columns, tolerance=1e-9, max_iterations=20_000, leaps=leaps) for leaps in (False, True)
    )

    assert walked.converged
    assert leapt.converged
    assert leapt.iterations < walked.iterations
    np.testing.assert_allclose(leapt.posterior_I_K, walked.posterior_I_K, atol=1e-5)
    np.testing.assert_allclose(leapt.confusion_R_K_K, walked.confusion_R_K_K, atol=1e-5)


@pytest.mark.parametrize("labels", [2, 4])
def test_averages_leap_to_the_same_rest_too(crowd, labels):
    columns = crowd(6, items=200, raters=15, labels=labels, right=0.5)

    walked, leapt = (
        bwa(columns, tolerance=1e-9, max_iterations=3000, leaps=leaps) for leaps in (False, True)
    )

    assert leapt.converged
    assert leapt.iterations < walked.iterations
    np.testing.assert_allclose(leapt.posterior_I_K, walked.posterior_I_K, atol=1e-6)


def test_subtypes_may_die_between_leaps(crowd):
    columns = crowd(2, items=300, raters=20)

    result = ebcc(columns, tolerance=1e-6, max_iterations=500, leaps=True)

    assert result.converged
    np.testing.assert_allclose(result.posterior_I_K.sum(axis=1), 1)


def test_known_items_and_a_history_count_as_much_after_a_leap(crowd):
    columns = crowd(3, items=80).knowing({f"i{n}": "1" for n in range(10)})
    columns = columns.remembering({"r1": np.eye(3) * 7.5})

    result = hierarchical(columns, leaps=True, tolerance=0, max_iterations=40)

    assert result.counts_R_K_K.sum() == pytest.approx(len(columns) + 22.5)
    assert (result.counts_R_K_K[columns.raters.index("r1")].diagonal() >= 7.5 - 1e-9).all()
    assert {result.verdicts[f"i{n}"] for n in range(10)} == {"1"}


def test_a_leap_never_leaves_the_counts_that_there_can_be():
    rng = np.random.default_rng(0)
    given_R_G = rng.integers(0, 9, (6, 3)).astype(float)
    leaps = Leaps(longest=1e6)

    for _ in range(30):
        share_R_G_J = rng.dirichlet([0.2] * 4, (6, 3))
        counts, total = leaps.ahead(FIRST, given_R_G[:, :, None] * share_R_G_J, rng.dirichlet([0.2] * 4))
        assert (counts >= 0).all()
        np.testing.assert_allclose(counts.sum(axis=2), given_R_G, atol=1e-9)
        assert total.sum() == pytest.approx(1)


def test_one_rater_with_one_vote_has_nowhere_to_leap():
    columns = Columns.from_lists(["i"], ["ann"], ["yes"]).knowing({"i": "no"})

    assert hierarchical(columns, leaps=True, tolerance=0, max_iterations=20).verdicts == {"i": "no"}
