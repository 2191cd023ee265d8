from __future__ import annotations

import itertools
import json
import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay import tables
from assay.errors import TableError
from assay.quality import spans
from assay.quality.labels.columns import VotesError
from assay.quality.spans import Spans

METHODS = [spans.soft, spans.weighted, spans.staple]
every_method = pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__name__)

span = st.tuples(st.integers(0, 12), st.integers(1, 6)).map(lambda pair: (pair[0], pair[0] + pair[1]))
answers = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from("rstu"), st.lists(span, max_size=3)),
    min_size=1,
    max_size=8,
)


def spans_of(rows) -> Spans:
    return Spans.from_lists(*zip(*rows, strict=True))


def characters(marked) -> set[int]:
    return {at for start, end in marked for at in range(start, end)}


def crowd(seed: int, *, items: int = 30, raters: int = 6):
    """Answers of raters who miss or add a span now and then, the last mostly, and the right spans."""
    rng = np.random.default_rng(seed)
    rows, right = [], {}
    for i in range(items):
        own = sorted(rng.choice(9, 2, replace=False) * 20)
        right[f"i{i:02}"] = [(int(at), int(at) + 10) for at in own]
        for r in rng.choice(raters, 4, replace=False):
            slip = 0.7 if r == raters - 1 else 0.2
            kept = [(a, b) for a, b in right[f"i{i:02}"] if rng.random() > slip]
            kept += [(a, a + 10) for a in range(0, 180, 20) if rng.random() < slip / 4]
            rows.append((f"i{i:02}", f"r{r}", kept))
    return rows, right


def numbers_of(result):
    return [
        result.probability_U, result.sure_I,
        result.precision_R, result.precision_low_R, result.precision_high_R,
        result.recall_R, result.recall_low_R, result.recall_high_R,
    ]  # fmt: skip


def latest(rows) -> dict[tuple[str, str], set[int]]:
    return {(item, rater): characters(marked) for item, rater, marked in rows}


# The plain forms: character by character.


def plain_soft(rows, threshold: float) -> dict[str, set[int]]:
    marks = latest(rows)
    verdict = {}
    for item in {i for i, _ in marks}:
        own = [marked for (i, _), marked in marks.items() if i == item]
        verdict[item] = {
            at for at in set().union(*own) if sum(at in one for one in own) / len(own) >= threshold - 1e-9
        }
    return verdict


def plain_quality(rows, threshold: float):
    """Characters in common, own, and of the others, for each answer against the others' vote."""
    marks = latest(rows)
    common, own, theirs = {}, {}, {}
    for (item, rater), marked in marks.items():
        rest = [(i, r, [(at, at + 1) for at in m]) for (i, r), m in marks.items() if i == item and r != rater]
        if rest:
            verdict = plain_soft(rest, threshold)[item]
            common[item, rater], own[item, rater] = len(marked & verdict), len(marked)
            theirs[item, rater] = len(verdict)
    return common, own, theirs


def plain_staple(rows, rounds: int) -> dict[tuple[str, int], float]:
    marks = latest(rows)
    items, raters = sorted({i for i, _ in marks}), sorted({r for _, r in marks})
    size = {i: max([at + 1 for (j, _), m in marks.items() if j == i for at in m], default=0) for i in items}
    places = [(i, at) for i in items for at in range(size[i])]
    seen = {i: [r for j, r in marks if j == i] for i in items}
    belief = {(i, at): sum(at in marks[i, r] for r in seen[i]) / len(seen[i]) for i, at in places}
    usual = max(sum(size[i] for i, _ in marks) / len(marks) / 2, 1)
    for _ in range(rounds):
        p, q = {}, {}
        for r in raters:
            own = [(i, at) for i, at in places if r in seen[i]]
            inside = sum(belief[c] for c in own)
            hit = sum(belief[i, at] for i, at in own if at in marks[i, r])
            right = sum(1 - belief[i, at] for i, at in own if at not in marks[i, r])
            p[r] = (hit + 4 * usual) / (inside + 5 * usual)
            q[r] = (right + 4 * usual) / (len(own) - inside + 5 * usual)
        share = (sum(belief.values()) + 1) / (len(places) + 2)
        for i, at in places:
            odds = math.log(share / (1 - share))
            for r in seen[i]:
                marked = at in marks[i, r]
                odds += math.log(p[r] / (1 - q[r])) if marked else math.log((1 - p[r]) / q[r])
            belief[i, at] = 1 / (1 + math.exp(-odds))
    return belief


@settings(max_examples=60, deadline=None)
@given(rows=answers, threshold=st.sampled_from([0.25, 0.4, 0.5, 1.0]))
def test_the_vote_agrees_with_the_loops(rows, threshold):
    result = spans.soft(spans_of(rows), threshold=threshold)

    assert {item: characters(own) for item, own in result.verdicts.items()} == plain_soft(rows, threshold)


@settings(max_examples=60, deadline=None)
@given(rows=answers)
def test_precision_and_recall_agree_with_the_loops(rows):
    read = spans_of(rows)

    result = spans.soft(read)

    common, own, theirs = plain_quality(rows, 0.4)
    for of, found_R in ((own, result.precision_R), (theirs, result.recall_R)):
        total = sum(of.values())
        crowd_share = (sum(common[key] for key in of) + 1) / (total + 2)
        usual = total / max(sum(n > 0 for n in of.values()), 1) or 1.0
        expected = [
            (sum(common[k] for k in of if k[1] == r) + 3 * usual * crowd_share)
            / (sum(of[k] for k in of if k[1] == r) + 3 * usual)
            for r in read.raters
        ]
        np.testing.assert_allclose(found_R, expected, atol=1e-9)


@settings(max_examples=30, deadline=None)
@given(rows=answers)
def test_staple_agrees_with_the_loops(rows):
    read = spans_of(rows)

    result = spans.staple(read, tolerance=0, max_iterations=4)

    plain = plain_staple(rows, 4)
    runs = read.runs
    for item, start, end, probability in zip(
        runs.item_U, runs.start_U, runs.end_U, result.probability_U, strict=True
    ):
        for at in range(start, end):
            assert plain[read.items[item], at] == pytest.approx(probability, abs=1e-9)


# What holds for every method.


@every_method
@settings(max_examples=25, deadline=None)
@given(rows=answers, data=st.data())
def test_renaming_and_reordering_change_nothing_but_names(method, rows, data):
    rows = list({(item, rater): (item, rater, marked) for item, rater, marked in rows}.values())
    order = data.draw(st.permutations(range(len(rows))))
    new = dict(zip("abrstu", "zyxwvq", strict=True))
    other = [(new[rows[n][0]], new[rows[n][1]], rows[n][2][::-1]) for n in order]

    before, after = method(spans_of(rows)), method(spans_of(other))

    assert after.verdicts == {new[item]: own for item, own in before.verdicts.items()}


@every_method
@settings(max_examples=40, deadline=None)
@given(rows=answers)
def test_any_spans_give_sorted_verdicts_apart_and_finite_numbers(method, rows):
    result = method(spans_of(rows))

    assert all((np.isfinite(n) & (n >= 0) & (n <= 1)).all() for n in numbers_of(result))
    for own in result.spans_I:
        assert all(start < end for start, end in own)
        assert all(one[1] < other[0] for one, other in itertools.pairwise(own))


@every_method
def test_one_person_and_one_item_is_enough(method):
    assert method(spans_of([("i", "ann", [(3, 9)])])).verdicts == {"i": ((3, 9),)}


@every_method
def test_nothing_marked_at_all_is_a_verdict(method):
    result = method(spans_of([("i", "ann", []), ("i", "ben", [])]))

    assert result.verdicts == {"i": ()}
    assert result.sure_I.tolist() == [1.0]


@every_method
def test_a_careless_rater_is_found(method):
    rows, _ = crowd(4, items=60)

    result = method(spans_of(rows))

    assert int(np.argmin(result.recall_R)) == 5
    assert result.recall_high_R[5] < result.recall_R[:5].min()


@every_method
def test_the_verdict_is_mostly_right(method):
    rows, right = crowd(4, items=60)

    verdicts = method(spans_of(rows)).verdicts

    hits = [
        len(characters(own) & characters(right[i])) / len(characters(own) | characters(right[i]))
        for i, own in verdicts.items()
        if own
    ]
    assert np.mean(hits) > 0.8


def test_two_in_five_is_exactly_enough():
    rows = [("i", f"r{n}", [(0, 4)] if n < 2 else [(8, 9)] if n < 3 else []) for n in range(5)]

    assert spans.soft(spans_of(rows)).verdicts == {"i": ((0, 4),)}


def test_the_work_does_not_grow_with_the_length_of_the_texts():
    rows = [("i", "ann", [(0, 2_000_000_000)]), ("i", "ben", [(1_000_000_000, 2_000_000_000)])]

    result = spans.soft(spans_of(rows), threshold=0.6)

    assert result.verdicts == {"i": ((1_000_000_000, 2_000_000_000),)}
    assert len(result.probability_U) == 2


# What is refused, and how.


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("[[0, 5]", "is not a JSON list of"),
        ("5", "is not a JSON list of"),
        ("[5]", "is not a JSON list of"),
        ("[[0, 1.5]]", "is not a JSON list of"),
        ("[[0, true]]", "is not a JSON list of"),
        ("[[0, NaN]]", "is not a JSON list of"),
        ("[[5, 5]]", r"the span \[5, 5\] is not 0 ≤ start < end"),
        ("[[-1, 5]]", r"the span \[-1, 5\] is not 0 ≤ start < end"),
        (None, "the cell is empty"),
    ],
)
def test_a_label_that_is_no_list_of_spans_is_refused_with_its_row(label, said):
    frame = pl.DataFrame({"item": ["i", "j"], "rater": ["ann"] * 2, "label": ["[]", label]})

    with pytest.raises(TableError, match=f"row 2, column 'label': .*{said}"):
        Spans.from_frame(frame)


def test_a_span_past_the_end_of_the_text_is_refused():
    frame = pl.DataFrame({"item": ["i"], "rater": ["ann"], "label": ["[[0, 9]]"], "length": [8]})

    with pytest.raises(TableError, match=r"row 1, column 'label'.*≤ 8"):
        Spans.from_frame(frame)


def test_no_answers_are_refused():
    with pytest.raises(VotesError, match="there are no answers"):
        Spans.from_lists([], [], [])


def test_of_two_answers_by_one_rater_on_one_item_the_last_counts():
    read = spans_of([("i", "ann", [(0, 5)]), ("i", "ann", [(2, 3)])])

    assert (read.start_S.tolist(), read.end_S.tolist(), read.repeated) == ([2], [3], 1)


# A real crowd.


def test_on_a_real_crowd_the_votes_reach_the_reference(shared):
    """Per item, F1 and IoU of the sets of characters against the expert's, means over items.

    Three items have no expert spans: there anything marked scores 0. So scored, the vote at one half gives
    the reference's .696 and .580.
    """
    table = tables.read(shared("truth/pico_spans/labels.parquet").read_bytes(), "labels.parquet")
    gold = tables.read(shared("truth/pico_spans/gold.parquet").read_bytes(), "gold.parquet")
    right = {item: characters((json.loads(label) or [[]])[0]) for item, label in gold.iter_rows()}
    read = Spans.from_frame(table.select(item="task", rater="worker", label="label"))

    def scores(result):
        found = []
        for item, own in result.verdicts.items():
            one, other = characters(own), right[item]
            both, either = len(one & other), len(one | other)
            found.append((2 * both / (len(one) + len(other)), both / either) if either else (1.0, 1.0))
        return np.mean(found, axis=0).tolist()

    assert scores(spans.soft(read, threshold=0.5)) == pytest.approx([0.696, 0.580], abs=0.0006)
    assert scores(spans.soft(read)) == pytest.approx([0.702, 0.586], abs=0.0006)
    assert min(scores(spans.weighted(read))[0], scores(spans.staple(read))[0]) > 0.702
