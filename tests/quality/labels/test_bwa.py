from __future__ import annotations

import numpy as np
import pytest

from assay.quality import Columns, bwa, score


def plain_bwa(columns, rounds):
    """One label at a time: precisions from squares, values from precisions."""
    n_labels, raters, items = len(columns.labels), range(len(columns.raters)), range(len(columns.items))
    votes = list(
        zip(columns.item_N.tolist(), columns.rater_N.tolist(), columns.label_N.tolist(), strict=True)
    )
    n = [sum(rater == r for _, rater, _ in votes) for r in raters]
    values = []
    for k in range(n_labels):
        z = columns.shares_I_K[:, k].tolist()
        scale = 15 * 4 * (1 - 1 / n_labels) * sum(z[i] * (1 - z[i]) for i, _, _ in votes) / len(votes)
        scale = max(scale, 1e-6)
        for _ in range(rounds):
            precision = []
            for r in raters:
                squares = sum(((given == k) - z[i]) ** 2 for i, rater, given in votes if rater == r)
                precision.append((15 + n[r]) / (scale + squares))
            mean = sum(z) / len(z)
            z = [
                (mean + sum(precision[r] for i, r, given in votes if i == item and given == k))
                / (1 + sum(precision[r] for i, r, _ in votes if i == item))
                for item in items
            ]
        values.append(z)
    posterior = np.maximum(np.array(values).T, 1e-6)
    return posterior / posterior.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("labels", [2, 3])
@pytest.mark.parametrize("seed", range(5))
def test_the_fast_form_agrees_with_the_loops(crowd, seed, labels):
    columns = crowd(seed, labels=labels)

    result = bwa(columns, tolerance=0, max_iterations=7)

    np.testing.assert_allclose(result.posterior_I_K, plain_bwa(columns, 7), atol=1e-9)


def test_a_careless_rater_counts_less():
    cast = [(f"i{n}", name, str(n % 2)) for n in range(40) for name in ("ann", "ben", "cleo")]
    cast += [(f"i{n}", "tired", "0") for n in range(40)]
    cast += [("new", "ann", "1"), ("new", "tired", "0")]

    assert bwa(Columns.from_lists(*zip(*cast, strict=True))).verdicts["new"] == "1"


def test_probabilities_stay_modest(crowd):
    columns = crowd(2, items=300, votes=3)

    assert bwa(columns).posterior_I_K.max() < 0.999
    assert score(bwa(columns), dict(zip(columns.items, ["0"] * 300, strict=True))).log_loss < 3
