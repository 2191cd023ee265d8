"""Figures of the reference tables, on real crowds with gold. Accuracy in per cent."""

from __future__ import annotations

import pytest

from assay import tables
from assay.quality import Columns, dawid_skene, majority, score

REFERENCE = {
    "bluebird": (88.9, 75.9),
    "rte": (92.8, 89.7),
    "product": (93.7, 89.7),
    "trec_vuurens": (66.6, 69.8),
    "zencrowd_in": (76.7, 74.0),
    "zencrowd_us": (82.5, 86.2),
    "zencrowd_all": (79.4, 83.0),
    "snow_temp": (94.4, 93.6),
    "dog": (84.0, 82.2),
    "music_genre": (77.9, 70.4),
    "weather_cf": (87.7, 88.2),
    "weather_amt": (86.3, 85.3),
    "snow_wsd": (99.4, 99.4),
    "web": (78.9, 73.1),
    "sp_states_mit": (70.0, 58.0),
    "sp_states_lab": (84.0, 62.0),
    "sp_lesions": (67.5, 66.9),
}


@pytest.mark.parametrize("name", REFERENCE)
def test_accuracy_agrees_with_the_reference_table(name, shared):
    votes = tables.read(shared(f"truth/{name}/labels.parquet").read_bytes(), "labels.parquet")
    right = tables.gold(tables.read(shared(f"truth/{name}/gold.parquet").read_bytes(), "gold.parquet"))
    columns = Columns.from_frame(tables.votes(votes))

    found = [100 * score(method(columns), right).accuracy for method in (dawid_skene, majority)]

    assert found == pytest.approx(REFERENCE[name], abs=0.11)
