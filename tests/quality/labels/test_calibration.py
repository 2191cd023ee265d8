from __future__ import annotations

import math

import numpy as np
import pytest

from assay.quality.labels.ballots import leading
from assay.quality.labels.calibration import FLOOR, fitted_power, keeping_labels, tempered


def test_tempering_is_a_power_over_its_sum():
    posterior_I_K = np.random.default_rng(1).dirichlet([1, 1, 1], 20)

    plain = []
    for row in posterior_I_K.tolist():
        raised = [(value + FLOOR) ** 0.3 for value in row]
        plain.append([value / sum(raised) for value in raised])
    np.testing.assert_allclose(tempered(posterior_I_K, 0.3), plain, atol=1e-12)


def test_a_label_ruled_out_by_rounding_can_come_back():
    flat = tempered(np.array([[1.0, 0.0]]), 0.3)

    assert flat[0, 1] == pytest.approx(math.exp(0.3 * math.log(1e-12)), rel=1e-3)


def test_where_a_label_is_kept_the_two_exchange_probabilities_and_others_stay():
    posterior_I_K = np.array([[0.5, 0.3, 0.2], [0.5, 0.3, 0.2]])

    kept_I_K = keeping_labels(posterior_I_K, np.eye(3)[[0, 2]])

    np.testing.assert_allclose(kept_I_K, [[0.5, 0.3, 0.2], [0.2, 0.3, 0.5]])
    assert posterior_I_K[1, 0] == 0.5, "the input is left alone"


def test_a_kept_label_leads_even_where_it_tied():
    kept_I_K = keeping_labels(np.array([[0.5, 0.5]]), np.array([[0.4, 0.6]]))

    np.testing.assert_allclose(kept_I_K, [[0.5 - 1e-6, 0.5 + 1e-6]], atol=1e-12)


def test_labels_that_tie_are_treated_alike():
    rows = [
        ([0.4, 0.4, 0.2], [0.0, 0.0, 1.0], [0.3, 0.3, 0.4]),  # two leaders give way to the third
        ([0.5, 0.3, 0.2], [0.5, 0.5, 0.0], [0.4, 0.4, 0.2]),  # nobody knows which of two
        ([0.5, 0.3, 0.2], [0.0, 0.5, 0.5], [0.2, 0.4, 0.4]),
        ([0.4, 0.4, 0.2], [0.5, 0.5, 0.0], [0.4, 0.4, 0.2]),
    ]
    posterior_I_K, first_I_K, expected_I_K = map(np.array, zip(*rows, strict=True))

    np.testing.assert_allclose(keeping_labels(posterior_I_K, first_I_K), expected_I_K, atol=1e-12)


def test_kept_labels_lead_and_nothing_is_lost():
    rng = np.random.default_rng(3)
    posterior_I_K = (rng.integers(1, 4, size=(500, 4)) / 1.0) / 9
    posterior_I_K /= posterior_I_K.sum(axis=1, keepdims=True)
    first_I_K = rng.integers(0, 3, size=(500, 4)).astype(float)

    kept_I_K = keeping_labels(posterior_I_K, first_I_K)

    np.testing.assert_array_equal(leading(kept_I_K), leading(first_I_K))
    np.testing.assert_allclose(kept_I_K.sum(axis=1), 1)
    assert (kept_I_K > 0).all()


@pytest.mark.parametrize("power", [0.3, 1.0, 2.5])
def test_many_known_items_find_the_power_that_was_planted(power):
    rng = np.random.default_rng(2)
    honest_I_K = rng.dirichlet([1, 1, 1], 20_000)
    gold_I = (honest_I_K.cumsum(axis=1) < rng.random((20_000, 1))).sum(axis=1)

    found = fitted_power(tempered(honest_I_K, 1 / power), gold_I)

    assert found == pytest.approx(power, rel=0.08)


def test_few_known_items_move_the_power_little():
    sure = np.array([[0.98, 0.02]])

    one_wrong = fitted_power(sure, np.array([1]))
    ten_wrong = fitted_power(np.repeat(sure, 10, axis=0), np.ones(10, int))

    assert ten_wrong < one_wrong < 1
    assert one_wrong > 0.4
