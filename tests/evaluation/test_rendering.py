from __future__ import annotations

import numpy as np
import pytest

from assay.evaluation import Battles, BoardError
from assay.evaluation.features import measured
from assay.evaluation.rendering import (
    FORMATS,
    RENDERERS,
    draw,
    effect,
    format_worth,
    light_markdown,
    plain,
    twins,
)
from assay.records import Battle

TEXT = (
    "## Plan ##\n\nFirst **bold** and *thin* and `code`."
    "\n\n1. one\n   - two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    "\n---\n\n```py\n# stays\n- stays\n```\n\nend\n"
)


def test_plain_keeps_every_word_and_no_mark():
    shown = plain(TEXT)

    assert shown == (
        "Plan\n\nFirst bold and thin and code.\n\none\n   two\n\na, b\n1, 2"
        "\n\n\n```py\n# stays\n- stays\n```\n\nend\n"
    )
    assert measured([shown], FORMATS).tolist() == [[0.0, 0.0, 0.0]]


def test_light_markdown_keeps_lists_and_nothing_else():
    assert measured([light_markdown(TEXT)], FORMATS).tolist() == [[0.0, 2.0, 0.0]]


@pytest.mark.parametrize("name", RENDERERS)
@pytest.mark.parametrize(
    "text", [TEXT, "", "no marks at all", "2 * 3 * 4 = 24", "a_b __init__ c", "```open\n# x"]
)
def test_rendering_twice_is_rendering_once(name, text):
    once = RENDERERS[name](text)

    assert RENDERERS[name](once) == once


def test_arithmetic_is_no_formatting():
    assert plain("2 * 3 * 4 = 24") == "2 * 3 * 4 = 24"


def test_each_side_is_drawn_by_itself_in_a_fifth_of_the_battles():
    rng = np.random.default_rng(0)

    drawn = [draw(rng) for _ in range(20_000)]

    changed = np.mean([first != "as-is" for first, _ in drawn])
    both = np.mean([first != "as-is" and second != "as-is" for first, second in drawn])
    assert changed == pytest.approx(0.2 * 2 / 3, abs=0.01)
    assert both == pytest.approx(0.2 * 4 / 9, abs=0.01)


def experiment(seed: int, battles: int, worth: float) -> Battles:
    """The better model formats more, and formatting itself is worth `worth` logits a unit."""
    rng = np.random.default_rng(seed)
    texts = {"good": "# Head\n\n- **x** one\n- two\n- three", "poor": "one two three"}
    merit = {"good": 1.0, "poor": 0.0}
    told = []
    for number in range(battles):
        a, b = ("good", "poor") if rng.random() < 0.5 else ("poor", "good")
        dress = draw(rng, share=1.0)
        shown = [RENDERERS[name](texts[model]) for name, model in zip(dress, (a, b), strict=True)]
        first, second = measured(shown, FORMATS)
        worn = float(np.mean((first - second) / (first + second + 1)))
        wins = rng.random() < 1 / (1 + np.exp(-(merit[a] - merit[b] + worth * worn)))
        told.append(
            Battle(
                f"i{number}", a, b, "a" if wins else "b", f"r{number % 100}", renderer_a=dress[0],
                renderer_b=dress[1], response_a=texts[a], response_b=texts[b],
            )
        )  # fmt: skip
    return Battles.from_records(told)


def test_the_draw_finds_what_formatting_causes_where_a_regression_would_blame_merit():
    causes, idle = experiment(0, 4_000, 2.0), experiment(1, 4_000, 0.0)

    assert effect(causes).low > 0
    assert format_worth(causes).low > 0
    assert effect(idle).low < 0 < effect(idle).high
    assert format_worth(idle).low < 0 < format_worth(idle).high


def test_the_effect_is_the_difference_of_win_rates_where_only_one_side_is_dressed():
    rng = np.random.default_rng(2)
    told = []
    for number in range(3_000):
        dress = "plain" if rng.random() < 0.5 else "as-is"
        wins = rng.random() < (0.6 if dress == "as-is" else 0.45)
        told.append(Battle(f"i{number}", "x", "y", "a" if wins else "b", renderer_a=dress))
    battles = Battles.from_records(told)
    shown_N = (battles.column("renderer_a") == "as-is").to_numpy()

    found = effect(battles)

    by_hand = battles.score_N[shown_N].mean() - battles.score_N[~shown_N].mean()
    assert found.estimate == pytest.approx(by_hand)
    assert found.low < 0.15 < found.high


def test_twins_cancel_what_is_hard_about_a_prompt():
    rng = np.random.default_rng(3)
    told = []
    for number in range(400):
        hard = rng.normal(0, 2)
        for name, bonus in (("long", 0.8), ("short", 0.0)):
            wins = rng.random() < 1 / (1 + np.exp(hard - bonus))
            told.append(Battle(f"i{number}", name, "other", "a" if wins else "b"))

    found = twins(Battles.from_records(told), "long", "short")

    assert 0 < found.low < 0.13 < found.high
    assert found.battles == 400


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (effect, "renderer_a and renderer_b"),
        (lambda battles: twins(battles, "x", "z"), "no model 'z'"),
        (lambda battles: twins(battles, "x", "y"), "fewer than two items"),
    ],
)
def test_an_experiment_that_was_not_made_is_refused(call, says):
    with pytest.raises(BoardError, match=says):
        call(Battles.from_records([Battle("i", "x", "y", "a")]))


def test_an_unknown_dress_is_named():
    with pytest.raises(BoardError, match="no renderer 'silk'"):
        effect(Battles.from_records([Battle("i", "x", "y", "a", renderer_a="silk")]))
