"""What every model of raters owes its users: names and order do not matter."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from assay.quality import Columns, bwa, ebcc, ensemble, hierarchical, hierarchical_two, pm

METHODS = (hierarchical, hierarchical_two, ebcc, pm, bwa, ensemble)

# Two labels lead where all members are averaged, a third where it is settled how sure to be: neither of the
# two may take the third's place by its name. And an item on which nothing sets the labels apart.
TWO_GIVE_WAY = {(1, 2): 0, (0, 0): 1, (0, 2): 2, (0, 1): 0, (1, 0): 0}
ALL_ALIKE = {(1, 2): 0, (1, 3): 2, (1, 1): 1}


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=10, deadline=None)
@example(votes=TWO_GIVE_WAY, seed=0, known=False)
@example(votes=ALL_ALIKE, seed=0, known=False)
@given(
    votes=st.dictionaries(
        st.tuples(st.integers(0, 9), st.integers(0, 5)), st.integers(0, 2), min_size=1, max_size=40
    ),
    seed=st.integers(0, 1000),
    known=st.booleans(),
)
def test_renaming_and_reordering_move_no_probability(method, votes, seed, known):
    rng = np.random.default_rng(seed)
    item, rater, label = (rng.permutation(size).tolist() for size in (10, 6, 3))
    cast = [(f"{i}", f"{r}", f"{given}") for (i, r), given in votes.items()]
    moved = [(f"{item[int(i)]}", f"{rater[int(r)]}", f"{label[int(given)]}") for i, r, given in cast]
    moved = [moved[place] for place in rng.permutation(len(moved))]
    before, after = (Columns.from_lists(*zip(*rows, strict=True)) for rows in (cast, moved))
    if known:
        before = before.knowing({cast[0][0]: cast[0][2]})
        after = after.knowing({f"{item[int(cast[0][0])]}": f"{label[int(cast[0][2])]}"})

    one, other = method(before), method(after)

    rows = [after.items.index(str(item[int(name)])) for name in before.items]
    columns = [after.labels.index(str(label[int(name)])) for name in before.labels]
    np.testing.assert_allclose(one.posterior_I_K, other.posterior_I_K[np.ix_(rows, columns)], atol=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_a_vote_written_twice_is_a_vote_of_weight_two(crowd, method):
    columns = crowd(5)
    twice = np.random.default_rng(1).random(len(columns)) < 0.3
    names = (columns.items, columns.raters, columns.labels)
    written = Columns(
        *(
            np.concatenate([codes, codes[twice]])
            for codes in (columns.item_N, columns.rater_N, columns.label_N)
        ),
        *names,
    )
    weighed = Columns(columns.item_N, columns.rater_N, columns.label_N, *names, weight_N=1.0 + twice)

    np.testing.assert_allclose(method(written).posterior_I_K, method(weighed).posterior_I_K, atol=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_one_person_one_item_and_one_label_are_enough(method):
    result = method(Columns.from_lists(["i"], ["ann"], ["yes"]))
    several = method(Columns.from_lists(["i"] * 3, ["ann", "ben", "cleo"], ["yes"] * 3))
    alone = method(Columns.from_lists(["i", "j", "k"], ["ann"] * 3, ["yes", "no", "yes"]))

    assert result.posterior_I_K.tolist() == several.posterior_I_K.tolist() == [[1.0]]
    assert alone.verdicts == {"i": "yes", "j": "no", "k": "yes"}


@pytest.mark.parametrize("method", METHODS)
def test_the_same_votes_give_the_same_bytes(crowd, method):
    first, again = (method(crowd(7)).posterior_I_K.tobytes() for _ in range(2))

    assert first == again


@pytest.mark.parametrize("method", METHODS)
def test_a_label_that_nobody_gave_gets_little_and_never_nan(method):
    columns = Columns.from_lists(["i", "i", "j", "j"], ["ann", "ben"] * 2, ["a", "a", "b", "b"])

    result = method(columns.knowing({"j": "c"}))

    assert result.verdicts["j"] == "c"
    assert np.isfinite(result.posterior_I_K).all()
    np.testing.assert_allclose(result.posterior_I_K.sum(axis=1), 1)
