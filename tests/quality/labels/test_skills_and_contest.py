from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import beta

from assay.quality import Columns, contest, dawid_skene, ensemble, majority, skills
from assay.quality.labels.skills import PRIOR_VOTES, interval


def test_against_gold_a_skill_is_the_shrunk_share_of_right_votes_with_its_beta_interval():
    columns = Columns.from_lists(list("ijkl") * 2, ["ann"] * 4 + ["ben"] * 4, ["yes"] * 4 + ["no"] * 4)

    known = skills(majority(columns), gold=dict.fromkeys("ijkl", "yes"))

    # The crowd is right in 4 of 8 votes, so the prior is Beta(2, 2): ann Beta(6, 2), ben Beta(2, 6).
    np.testing.assert_allclose(known.mean_R, [0.75, 0.25])
    np.testing.assert_allclose(known.low_R, [beta.ppf(0.025, 6, 2), beta.ppf(0.025, 2, 6)])
    np.testing.assert_allclose(known.high_R, [beta.ppf(0.975, 6, 2), beta.ppf(0.975, 2, 6)])
    assert known.against == "gold"


def test_nobody_is_measured_against_a_verdict_that_rests_on_their_own_vote():
    # Alone on every item: all agreement would be with oneself, so the skill stays where the crowd's is.
    columns = Columns.from_lists(["i", "j", "k"], ["ann", "ben", "cleo"], ["yes", "no", "yes"])

    known = skills(majority(columns))

    assert known.votes_R.tolist() == [0, 0, 0]
    assert len(set(known.mean_R.tolist())) == 1


def test_the_majority_does_not_make_a_careless_rater_look_skilled():
    rng = np.random.default_rng(5)
    truth = rng.integers(2, size=400)
    accuracy = {"ann": 0.92, "ben": 0.9, "cleo": 0.88, "coin": 0.5, "upside-down": 0.15}
    votes = [
        (str(item), name, str(truth[item] if rng.random() < p else 1 - truth[item]))
        for item in range(400)
        for name, p in accuracy.items()
    ]

    known = skills(dawid_skene(Columns.from_lists(*zip(*votes, strict=True))))

    for name, low, high in zip(known.raters, known.low_R, known.high_R, strict=True):
        assert low - 0.05 <= accuracy[name] <= high + 0.05, name


def test_skills_are_never_nan_even_where_everybody_agrees():
    known = skills(dawid_skene(Columns.from_lists(["i", "i"], ["ann", "ben"], ["yes", "yes"])))

    assert np.isfinite([known.mean_R, known.low_R, known.high_R]).all()


def test_items_that_skilled_people_dispute_are_more_contested_than_those_a_careless_one_does():
    votes = [(f"easy{n}", name, "yes") for n in range(30) for name in ("ann", "ben", "cleo")]
    votes += [(f"easy{n}", "coin", "yes" if n % 2 else "no") for n in range(30)]
    votes += [("hard", "ann", "yes"), ("hard", "ben", "no"), ("hard", "cleo", "yes"), ("hard", "coin", "yes")]
    columns = Columns.from_lists(*zip(*votes, strict=True))

    spread = dict(zip(columns.items, contest(columns, skills(dawid_skene(columns))), strict=True))

    assert max(spread, key=spread.get) == "hard"
    assert spread["easy2"] < 0.5 < spread["hard"]


def test_contest_is_zero_where_there_is_only_one_label():
    columns = Columns.from_lists(["i"], ["ann"], ["yes"])

    assert contest(columns, skills(majority(columns))).tolist() == [0.0]


def crowd_with_shared_mistakes(seed: int, *, items=300, raters=30, votes=5):
    """Votes on items that differ in difficulty and whose wrong answer is the same for everybody."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(2, size=items)
    level, hard = rng.normal(1.5, 0.8, raters), rng.normal(0, 1.5, items)
    rows = [
        (f"i{i}", f"r{r}", str(truth[i] if rng.random() < expit(level[r] - hard[i]) else 1 - truth[i]))
        for i in range(items)
        for r in rng.choice(raters, votes, replace=False)
    ]
    return Columns.from_lists(*zip(*rows, strict=True)), {f"i{i}": str(truth[i]) for i in range(items)}


def true_shares(columns: Columns, truth: dict[str, str]) -> np.ndarray:
    truth_I = np.array([columns.labels.index(truth[item]) for item in columns.items])
    right_N = truth_I[columns.item_N] == columns.label_N
    return np.bincount(columns.rater_N, right_N) / np.bincount(columns.rater_N)


@pytest.mark.parametrize("method", [ensemble, majority])
def test_intervals_against_verdicts_know_that_verdicts_err_together(method):
    held, counted = [], []
    for seed in range(12):
        columns, truth = crowd_with_shared_mistakes(seed)
        share_R, known = true_shares(columns, truth), skills(method(columns))
        votes_R = known.votes_R + PRIOR_VOTES
        held.append((known.low_R <= share_R) & (share_R <= known.high_R))
        low_R, high_R = interval(known.mean_R, votes_R, 0.0)
        counted.append((low_R <= share_R) & (share_R <= high_R))

    assert np.mean(held) >= 0.95
    assert np.mean(counted) < 0.85


def test_an_interval_always_holds_its_own_mean_and_stays_a_share():
    for seed in range(4):
        known = skills(ensemble(crowd_with_shared_mistakes(seed, items=20)[0]))

        assert (known.low_R >= 0).all()
        assert (known.low_R <= known.mean_R).all()
        assert (known.mean_R <= known.high_R).all()
        assert (known.high_R <= 1).all()


def careful_and_careless(seed, items=200):
    """Votes of five people of known skill on two labels, and the truth."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(2, size=items)
    able = {"ann": 0.95, "ben": 0.9, "cleo": 0.85, "dan": 0.8, "eve": 0.6}
    cast = [
        (str(item), name, str(truth[item] if rng.random() < share else 1 - truth[item]))
        for item in range(items)
        for name, share in able.items()
    ]
    columns = Columns.from_lists(*zip(*cast, strict=True))
    return columns, {str(item): str(label) for item, label in enumerate(truth)}, np.array(list(able.values()))


def test_one_vote_on_gold_moves_nobody_far_and_leaves_the_others_where_they_were():
    columns, _, _ = careful_and_careless(1)
    # On this item only ann voted.
    alone = Columns.from_lists(
        [*(columns.items[n] for n in columns.item_N), "new"],
        [*(columns.raters[n] for n in columns.rater_N), "ann"],
        [*(columns.labels[n] for n in columns.label_N), "0"],
    )
    result = dawid_skene(alone)

    without, right, wrong = skills(result), skills(result, {"new": "0"}), skills(result, {"new": "1"})

    np.testing.assert_allclose(right.mean_R[1:], without.mean_R[1:], atol=0.002)
    np.testing.assert_allclose(wrong.mean_R[1:], without.mean_R[1:], atol=0.002)
    assert wrong.mean_R[0] < without.mean_R[0] < right.mean_R[0] + 0.005
    assert without.mean_R[0] - wrong.mean_R[0] < 0.05
    assert right.gold_votes_R.tolist() == [1, 0, 0, 0, 0]
    assert right.votes_R.tolist() == [201, 200, 200, 200, 200]


def test_with_gold_for_some_items_skills_are_nearer_the_truth_than_by_gold_or_verdicts_alone():
    errors = {"both": [], "gold": [], "verdicts": []}
    for seed in range(20):
        columns, truth, able_R = careful_and_careless(seed, items=60)
        some = {item: truth[item] for item in columns.items[:12]}
        on_gold = np.isin(columns.item_N, np.arange(12))
        only = Columns.from_lists(
            *(
                [names[code] for code in codes[on_gold]]
                for names, codes in (
                    (columns.items, columns.item_N),
                    (columns.raters, columns.rater_N),
                    (columns.labels, columns.label_N),
                )
            )
        )
        for name, known in (
            ("both", skills(dawid_skene(columns), some)),
            ("gold", skills(dawid_skene(only), some)),
            ("verdicts", skills(dawid_skene(columns))),
        ):
            errors[name].append(np.abs(known.mean_R - able_R).mean())

    assert np.mean(errors["both"]) < np.mean(errors["gold"]) - 0.01
    assert np.mean(errors["both"]) < np.mean(errors["verdicts"])


def test_much_gold_leaves_verdicts_no_say():
    columns, truth, _ = careful_and_careless(2, items=400)
    most = {item: truth[item] for item in columns.items[:390]}
    result = dawid_skene(columns)

    nearly, wholly = skills(result, most), skills(result, truth)

    np.testing.assert_allclose(nearly.mean_R, wholly.mean_R, atol=0.01)
    np.testing.assert_allclose(nearly.high_R - nearly.low_R, wholly.high_R - wholly.low_R, rtol=0.1)
