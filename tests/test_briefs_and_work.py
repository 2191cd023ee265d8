from __future__ import annotations

import numpy as np
import pytest

from assay import briefs
from assay.records import Brief, Item, Question, Sample
from assay.work import Candidate, order


def test_a_brief_survives_json():
    brief = Brief(
        "p", "g", "rubric", principles=("x",), questions=(Question("q", "?", ("no", "yes"), ordered=True),)
    )

    assert briefs.from_mapping(briefs.to_mapping(brief)) == brief


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"goal": "g", "kind": "pairwise"}, "lacks the field 'project'"),
        ({"project": "p", "goal": " ", "kind": "pairwise"}, "has no goal"),
        ({"project": "p", "goal": "g", "kind": "pairwise", "colour": 1}, "unknown fields: colour"),
        ({"project": "p", "goal": "g", "kind": "pairwise", "judgments_per_work": "many"}, "wrong type"),
        ({"project": "p", "goal": "g", "kind": "pairwise", "judgments_per_work": 0}, "at least 1"),
        (
            {
                "project": "p",
                "goal": "g",
                "kind": "rubric",
                "questions": [{"name": "q", "text": "?", "labels": ["x"]}],
            },
            "at least two different labels",
        ),
    ],
)
def test_a_brief_nobody_could_work_from_is_refused(fields, message):
    with pytest.raises(briefs.BriefError, match=message):
        briefs.from_mapping(fields)


def test_a_revision_is_a_new_version_and_leaves_the_old_one_alone():
    first = Brief("p", "g", "pairwise")

    second = briefs.revise(first, principles=("The reader comes first.",))

    assert (first.version, second.version, first.principles) == (1, 2, ())


def test_samples_of_an_unknown_item_are_refused():
    with pytest.raises(briefs.BriefError, match="unknown item 'sun'"):
        briefs.plan([Item("moon", "…")], [Sample("sun/x", "sun", "x", "…")], shows=1)


def test_the_order_of_works_follows_the_seed_and_nothing_else():
    candidates = [Candidate(f"w{n}", "en", n % 2) for n in range(20)]

    first, again, other = (
        order(candidates, languages=(), rng=np.random.default_rng(seed)) for seed in (1, 1, 2)
    )

    assert first == again != other
    assert all(int(work[1:]) % 2 for work in first[:10]), "works already begun come first"
