from __future__ import annotations

import numpy as np
import pytest

from assay.errors import AssayError
from assay.evaluation import Battles
from assay.evaluation.gate import EVERYTHING, Votes
from assay.evaluation.watch_page import page, steps
from assay.evaluation.watching import in_order, watched

NARROW = {"puzzles": 700, "prose": 120, "law": 120, "letters": 120, "code": 120}


def line(rng, quality, prompts, *, third=False):
    """Votes on each slice between each checkpoint and the one before (or a third model), and the slices.

    `quality` gives for each slice the log-odds of each checkpoint.
    """
    checkpoints = len(next(iter(quality.values())))
    rows, slice_of = [], []
    item = 0
    for name, worth in quality.items():
        for step in range(1, checkpoints):
            for _ in range(prompts[name]):
                pairs = [(step, step - 1)] if not third else [(step, checkpoints), (step - 1, checkpoints)]
                for a, b in pairs:
                    other = 0.0 if b == checkpoints else worth[b]
                    won = rng.random() < 1 / (1 + np.exp(other - worth[a]))
                    rows.append((a, b, float(won), item))
                    slice_of.append(name)
                item += 1
    order = rng.permutation(len(rows))
    a_N, b_N, score_N, item_N = (np.array(column)[order] for column in zip(*rows, strict=True))
    slice_of = np.array(slice_of)[order]
    return Votes(a_N, b_N, score_N, item_N), {name: slice_of == name for name in quality}


def names(checkpoints):
    return [(step, f"step-{1000 * (step + 1)}") for step in range(checkpoints)]


def narrow(rng):
    """A checkpoint after millions of synthetic puzzles: better there, worse at everything else."""
    quality = {"puzzles": [0.0, 0.0, 1.4]} | {
        name: [0.0, 0.1, -0.9] for name in ("prose", "law", "letters", "code")
    }
    return line(rng, quality, NARROW)


def test_a_rise_on_a_narrow_slice_does_not_hide_the_falls_on_all_others():
    votes, slices = narrow(np.random.default_rng(0))

    found = watched(votes, names(3), slices=slices)

    assert {turn.change.slice for turn in found.falls} == {"prose", "law", "letters", "code"}
    assert {turn.change.since for turn in found.falls} == {"step-3000"}
    assert {turn.change.slice for turn in found.rises} >= {"puzzles", EVERYTHING}
    assert len(found.hidden) == 1
    assert found.hidden[0].startswith("The average hides it: over everything step-3000 wins 0.6")
    alike = float(found.hidden[0].rsplit(" ", 1)[1].rstrip("."))
    assert alike < 0.5


def test_equal_checkpoints_rarely_raise_an_alarm_however_many_slices_and_steps():
    alarms = 0
    for seed in range(40):
        quality = {name: [0.0] * 5 for name in NARROW}
        votes, slices = line(np.random.default_rng(seed), quality, dict.fromkeys(NARROW, 40))
        alarms += bool(watched(votes, names(5), slices=slices).falls)

    assert alarms <= 2


def test_a_slow_decline_shows_where_no_single_step_does():
    worth = [0.0, -0.4, -0.8, -1.2, -1.6, -2.0]
    votes, _ = line(np.random.default_rng(1), {"prose": worth}, {"prose": 150})

    found = watched(votes, names(6))

    fell = found.falls[0].change
    assert fell.how == "run"
    assert fell.log_fall > max(each.log_fall for each in found.changes if each.how == "step")
    assert "step by step" in found.falls[0].sentence


def test_what_is_the_same_question_is_asked_once():
    votes, _ = line(np.random.default_rng(1), {"prose": [0.0] * 4}, {"prose": 20})

    asked = [(each.since, each.how) for each in watched(votes, names(4)).changes]

    assert asked == [
        ("step-2000", "step"),
        ("step-3000", "step"),
        ("step-4000", "step"),
        ("step-2000", "run"),
    ]


def test_a_slow_decline_against_one_rival_shows_too():
    rng = np.random.default_rng(1)
    worth = [0.0, -0.2, -0.4, -0.6, -0.8]
    cells = [(item, step) for item in range(150) for step in range(5)]
    score_N = np.array([float(rng.random() < 1 / (1 + np.exp(-worth[step]))) for _, step in cells])
    items, steps_ = (np.array(column) for column in zip(*cells, strict=True))

    found = watched(Votes(steps_, np.full(len(cells), 5), score_N, items), names(5))

    assert found.falls[0].change.how == "split"


def test_the_checkpoint_with_which_it_fell_is_named_and_where_else_it_may_lie():
    right, spans = 0, []
    for seed in range(12):
        votes, _ = line(
            np.random.default_rng(seed), {"prose": [0.0, 0.0, 0.0, -1.2, -1.2, -1.2]}, {"prose": 120}
        )
        turn = watched(votes, names(6)).falls[0]
        right += turn.change.since == "step-4000"
        spans.append(turn.first <= "step-4000" <= turn.last)

    assert right >= 11
    assert np.mean(spans) >= 0.9


def test_checkpoints_that_never_met_are_compared_through_a_third_model():
    votes, _ = line(np.random.default_rng(2), {"prose": [0.5, -1.0]}, {"prose": 300}, third=True)

    found = watched(votes, names(2))

    assert found.falls
    assert found.changes[0].prompts == 300


def test_a_margin_lets_small_losses_pass_and_large_ones_not():
    votes, _ = line(np.random.default_rng(3), {"prose": [0.0, -0.35]}, {"prose": 2000})

    assert watched(votes, names(2)).falls
    assert not watched(votes, names(2), margin=0.15).falls


def test_what_fell_long_ago_can_be_left_out():
    votes, _ = line(np.random.default_rng(4), {"prose": [0.0, -1.5, -1.5]}, {"prose": 150})
    found = watched(votes, names(3))

    assert found.fell_since("step-2000")
    assert not found.fell_since("step-3000")
    with pytest.raises(AssayError, match="no checkpoint"):
        found.fell_since("step-9")


def test_an_order_that_names_do_not_give_is_asked_for():
    assert in_order(["run/step-20", "run/step-3", "gpt-4"]) == ("run/step-3", "run/step-20")
    with pytest.raises(AssayError, match="name them in the order of time"):
        in_order(["mica", "slate"])
    with pytest.raises(AssayError, match="name them"):
        in_order(["a-1", "a-2", "b-1", "b-2"])
    with pytest.raises(AssayError, match="two checkpoints"):
        watched(Votes(*(np.zeros(0, int),) * 4), [(0, "a")])


def test_the_page_says_the_claims_and_draws_every_slice():
    votes, slices = narrow(np.random.default_rng(5))
    models = tuple(name for _, name in names(3))
    battles = Battles(
        votes.a_N, votes.b_N, votes.score_N, np.arange(len(votes.a_N)), models, (),
        item_N=votes.item_N, items=tuple(f"i{n}" for n in range(int(votes.item_N.max()) + 1)),
    )  # fmt: skip
    found = watched(votes, names(3), slices=slices)

    text = page(found, battles, slices, np.random.default_rng(0), name="<b>mica</b>")

    assert "The average hides it" in text
    assert "Prose through time" in text
    assert "Puzzles through time" in text
    assert "<b>mica" not in text
    grid = {(row["slice"], row["checkpoint"]): row for row in steps(found).rows}
    assert grid["prose", "step-3000"]["proven"] == "fell"
    assert grid["prose", "step-3000"]["wins"] < 0.4
