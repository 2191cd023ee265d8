from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.evaluation import Battles
from assay.evaluation.orders import HeadToHead, head_to_head


def game(share_M_M, sure=None):
    share_M_M = np.array(share_M_M, dtype=float)
    models = tuple("abcdefgh"[: len(share_M_M)])
    none = np.zeros_like(share_M_M)
    sure = none.astype(bool) if sure is None else np.array(sure)
    return HeadToHead(models, share_M_M, none.astype(int), none, sure)


def plain_winner(share_M_M):
    for one in range(len(share_M_M)):
        if all(share_M_M[one, other] > 0.5 for other in range(len(share_M_M)) if other != one):
            return one
    return None


@st.composite
def shares(draw):
    size = draw(st.integers(2, 6))
    share_M_M = np.full((size, size), 0.5)
    for a in range(size):
        for b in range(a):
            # no even split, so that every majority points one way
            share = draw(st.integers(1, 40)) / 82 + draw(st.sampled_from([0.0, 0.5]))
            share_M_M[a, b], share_M_M[b, a] = share, 1 - share
    return share_M_M


@settings(max_examples=150, deadline=None)
@given(shares())
def test_no_majority_prefers_another_draw_to_the_maximal_lottery(share_M_M):
    drawn_M = game(share_M_M).lottery_M()

    assert drawn_M.sum() == pytest.approx(1)
    assert (drawn_M @ (share_M_M - share_M_M.T) >= -1e-7).all()


@settings(max_examples=150, deadline=None)
@given(shares())
def test_the_winner_leads_the_smith_set_and_takes_the_whole_lottery(share_M_M):
    found = game(share_M_M)
    winner = plain_winner(share_M_M)

    assert found.winner == (None if winner is None else found.models[winner])
    if winner is not None:
        assert found.top() == (found.winner,)
        assert found.lottery_M()[winner] == pytest.approx(1)
    else:
        assert len(found.top()) >= 3


@settings(max_examples=150, deadline=None)
@given(shares())
def test_the_smith_set_is_the_smallest_that_beats_all_outside(share_M_M):
    found = game(share_M_M)
    size = len(share_M_M)

    def dominates(chosen):
        inside = [m for m in range(size) if chosen >> m & 1]
        outside = [m for m in range(size) if not chosen >> m & 1]
        return all(share_M_M[a, b] > 0.5 for a in inside for b in outside)

    smallest = min((c for c in range(1, 2**size) if dominates(c)), key=lambda c: c.bit_count())

    assert {found.models.index(name) for name in found.top()} == {m for m in range(size) if smallest >> m & 1}


@settings(max_examples=100, deadline=None)
@given(shares())
def test_a_circle_is_there_exactly_where_no_order_fits_and_each_beats_the_next(share_M_M):
    found = game(share_M_M)
    ring = [found.models.index(name) for name in found.cycle(sure=False)]

    wins = sorted((share_M_M > 0.5).sum(axis=1).tolist())
    assert bool(ring) == (wins != list(range(len(share_M_M))))
    assert all(share_M_M[a, b] > 0.5 for a, b in zip(ring, [*ring[1:], *ring[:1]], strict=True))


def votes(rows):
    """Rows of rater, first, second, score of the first."""
    who, a_N, b_N, score_N = (np.array(column) for column in zip(*rows, strict=True))
    names = tuple(f"r{r}" for r in range(int(who.max()) + 1))
    return Battles(a_N, b_N, score_N.astype(float), who, ("a", "b", "c"), names)


def test_a_person_who_votes_a_thousand_times_is_one_person():
    rows = [(0, 0, 1, 1.0)] * 1000 + [(r, 0, 1, 0.0) for r in range(1, 40)]
    rows += [(r, 0, 2, 1.0) for r in range(40)] + [(r, 1, 2, 1.0) for r in range(40)]

    found = head_to_head(votes(rows))

    assert found.people_M_M[0, 1] == 40
    assert found.share_M_M[0, 1] < 0.06
    assert found.winner == "b"
    assert found.sure_M_M[1, 0]


def test_chance_alone_proves_no_circle():
    proven = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        rows = [(r, a, b, float(rng.integers(2))) for r in range(60) for a, b in ((0, 1), (1, 2), (0, 2))]
        proven += bool(head_to_head(votes(rows)).cycle())

    assert proven <= 5


def test_where_each_pair_met_a_few_times_no_circle_is_made_up():
    rng = np.random.default_rng(3)
    theta_M = np.linspace(-1, 1, 3)
    rows = []
    for r in range(8):
        for a, b in ((0, 1), (1, 2), (0, 2)):
            rows.append((r, a, b, float(rng.random() < 1 / (1 + np.exp(theta_M[b] - theta_M[a])))))

    found = head_to_head(votes(rows), theta_M)

    assert found.winner == "c"
    assert found.cycle(sure=False) == ()


def test_pairs_that_never_met_follow_the_board():
    rows = [(r, 0, 1, 1.0) for r in range(10)] + [(r, 1, 2, 1.0) for r in range(10)]

    found = head_to_head(votes(rows), np.array([1.0, 0.0, -1.0]))

    assert found.share_M_M[0, 2] == pytest.approx(1 / (1 + np.exp(-2)))
    assert found.winner == "a"
