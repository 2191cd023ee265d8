from __future__ import annotations

import numpy as np
import pytest

from assay import tables
from assay.quality import (
    Columns,
    bwa,
    ebcc,
    ensemble,
    hierarchical,
    independence,
    majority,
    pm,
    score,
    skills,
    weigh,
)
from assay.quality.labels import calibration


def gold_of(columns, truth):
    return {item: str(truth[int(item[1:])]) for item in columns.items}


def known_crowd(seed, *, items=300, raters=30, labels=3, votes=5, right=(0.5, 0.9)):
    """Each rater has an accuracy of their own and errs evenly; returns the votes and the truth."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(labels, size=items)
    skill = rng.uniform(*right, raters)
    cast = [
        (
            f"i{item}",
            f"r{rater}",
            str(
                truth[item]
                if rng.random() < skill[rater]
                else (truth[item] + rng.integers(1, labels)) % labels
            ),
        )
        for item in range(items)
        for rater in rng.choice(raters, votes, replace=False)
    ]
    columns = Columns.from_lists(*zip(*cast, strict=True))
    return columns, gold_of(columns, truth)


@pytest.mark.parametrize("labels", [2, 3])
@pytest.mark.parametrize("seed", range(3))
def test_it_is_what_its_docstring_says(crowd, seed, labels):
    columns = crowd(seed, items=60, labels=labels)

    result = ensemble(columns)

    sharp = hierarchical(columns, tolerance=1e-2, leaps=True)
    members = [
        sharp.posterior_I_K,
        ebcc(columns, subtypes=5, tolerance=2e-2, max_iterations=13, leaps=True).posterior_I_K,
        pm(columns, tolerance=1e-3).posterior_I_K,
        bwa(columns, leaps=True).posterior_I_K,
    ]
    believed = independence(sharp)
    for item in range(60):
        flat, correlated, *shares = (
            (member[item] + 1e-12) ** 0.3 / sum((member[item] + 1e-12) ** 0.3) if n < 2 else member[item]
            for n, member in enumerate(members)
        )
        mean = (flat + correlated + shares[0] + shares[1]) / 4
        label = int(np.argmax(np.round(believed * sharp.posterior_I_K[item] + (1 - believed) * mean, 9)))
        sure, bare = flat / 2 + shares[0] / 4 + shares[1] / 4, sharp.posterior_I_K[item].copy()
        for opinion in (sure, bare):
            if (top := int(np.argmax(opinion))) != label:
                opinion[top], opinion[label] = opinion[label], opinion[top]
        sure = believed / 2 * bare + (1 - believed / 2) * sure
        np.testing.assert_allclose(result.posterior_I_K[item], sure, atol=1e-9)
        assert result.choice_I[item] == label


def test_where_raters_obey_the_confusion_model_averaging_costs_nothing():
    rng = np.random.default_rng(8)
    hits = {hierarchical: 0.0, ensemble: 0.0, majority: 0.0}
    truth = rng.integers(3, size=1500)
    theta_R_K_K = 0.4 * rng.dirichlet([1, 1, 1], (40, 3)) + 0.6 * np.eye(3)
    cast = [
        (f"i{item}", f"r{rater}", str(rng.choice(3, p=theta_R_K_K[rater, truth[item]])))
        for item in range(1500)
        for rater in rng.choice(40, 4, replace=False)
    ]
    columns = Columns.from_lists(*zip(*cast, strict=True))
    for method in hits:
        hits[method] = score(method(columns), gold_of(columns, truth)).accuracy

    assert hits[ensemble] >= hits[hierarchical] - 0.002
    assert hits[ensemble] > hits[majority] + 0.01


def test_it_is_surer_where_raters_look_independent(monkeypatch):
    crowds = [known_crowd(seed, items=500, raters=20, right=(0.6, 0.95)) for seed in range(4)]

    believing = [score(ensemble(columns), gold) for columns, gold in crowds]
    monkeypatch.setitem(ensemble.__globals__, "independence", lambda _: 0.0)
    doubting = [score(ensemble(columns), gold) for columns, gold in crowds]

    def mean(scores, name):
        return np.mean([getattr(one, name) for one in scores])

    assert mean(believing, "log_loss") < mean(doubting, "log_loss") - 0.02
    assert mean(believing, "calibration_error") < mean(doubting, "calibration_error") - 0.02


@pytest.mark.parametrize("always", [0.2, 0.35])
def test_people_who_always_say_the_same_do_not_pull_it_along(always):
    rng = np.random.default_rng(9)
    truth = rng.integers(3, size=400)
    cast = []
    for item in range(400):
        for rater in rng.choice(40, 5, replace=False):
            said = 0 if rater < 40 * always else truth[item] if rng.random() < 0.8 else rng.integers(3)
            cast.append((f"i{item}", f"r{rater}", str(said)))
    columns = Columns.from_lists(*zip(*cast, strict=True))
    gold = gold_of(columns, truth)

    assert score(ensemble(columns), gold).accuracy > score(majority(columns), gold).accuracy + 0.03


def test_it_is_calibrated_better_than_what_it_is_made_of_where_raters_share_mistakes():
    rng = np.random.default_rng(10)
    columns, gold = known_crowd(10, items=500, right=(0.7, 0.95))
    fooled = {
        item: str((int(label) + 1) % 3) if rng.random() < 0.2 else label for item, label in gold.items()
    }

    scores = {method: score(method(columns), fooled) for method in (ensemble, hierarchical)}

    assert scores[ensemble].log_loss < scores[hierarchical].log_loss - 0.3
    assert scores[ensemble].calibration_error < scores[hierarchical].calibration_error


def test_known_items_set_how_sure_to_be_and_are_not_scored_on_themselves():
    columns, gold = known_crowd(11, items=600, right=(0.7, 0.95))
    known, hidden = (
        {i: gold[i] for n, i in enumerate(columns.items) if (n % 3 == 0) is side} for side in (True, False)
    )
    fooled = {
        i: str((int(label) + 1) % 3) if n % 4 == 0 else label for n, (i, label) in enumerate(known.items())
    }

    by_default = ensemble(columns)
    taught, misled = ensemble(columns.knowing(known)), ensemble(columns.knowing(fooled))

    assert [result.calibration for result in (by_default, taught, misled)] == ["default", "gold", "gold"]
    assert score(taught, hidden).log_loss < score(by_default, hidden).log_loss
    # The same votes, but a quarter of the known items say that the crowd is fooled: less sure elsewhere too.
    rows = [columns.items.index(item) for item in hidden]
    assert (
        misled.posterior_I_K[rows].max(axis=1).mean() < taught.posterior_I_K[rows].max(axis=1).mean() - 0.05
    )
    assert any("fitted on 200 known items" in sentence for sentence in taught.assumed)
    assert {item: misled.verdicts[item] for item in fooled} == fooled


def test_below_ten_known_items_the_default_stands(crowd):
    columns = crowd(1)

    result = ensemble(columns.knowing(dict.fromkeys(columns.items[: calibration.FEWEST_KNOWN - 1], "0")))

    assert result.calibration == "default"


def test_skills_rest_on_the_evidence_before_it_was_flattened():
    columns, gold = known_crowd(12, items=400, raters=12, right=(0.3, 0.98))
    result = ensemble(columns)

    known, true = skills(result), skills(result, gold)

    assert result.evidence_I_K.argmax(axis=1).tolist() == result.choice_I.tolist()
    assert np.corrcoef(known.mean_R, true.mean_R)[0, 1] > 0.98
    # The others' votes are not certain of the label, so that all skills come out somewhat low.
    assert (known.mean_R < true.mean_R + 0.02).all()
    assert (known.mean_R > true.mean_R - 0.1).all()


def test_a_crowd_too_large_for_the_correlated_model_goes_without_and_says_so(crowd, monkeypatch):
    # By the module's own globals: its name in the package is the function's.
    monkeypatch.setitem(ensemble.__globals__, "CORRELATED_COST", 0)

    result = ensemble(crowd(1))

    assert any("not correlated" in sentence for sentence in result.assumed)


def test_it_is_the_default():
    finding = weigh(Columns.from_lists(["i"] * 3, ["ann", "ben", "cleo"], ["yes", "yes", "no"]))

    assert finding.result.method == "ensemble"


def test_ten_thousand_items_with_one_vote_each():
    votes = [(f"i{n}", f"r{n % 100}", str(n % 3)) for n in range(10_000)]
    columns = Columns.from_lists(*zip(*votes, strict=True))

    result = ensemble(columns)

    assert np.isfinite(result.posterior_I_K).all()
    assert [result.verdicts[f"i{n}"] for n in range(30)] == [str(n % 3) for n in range(30)]


CORE = (
    *("bluebird", "rte", "product", "trec2011", "trec_vuurens", "zencrowd_in", "zencrowd_us", "zencrowd_all"),
    *("snow_temp", "dog", "music_genre", "weather_cf", "weather_amt", "snow_wsd", "web"),
)
OTHERS = ("sp_states_mit", "sp_states_lab", "sp_lesions", "covid_s6")


def test_on_real_crowds_it_is_accurate_calibrated_and_never_far_below_a_majority(shared):
    """Means over fifteen sets, and over nineteen with four where majorities mislead."""
    found, behind = {}, {}
    for name in CORE + OTHERS:
        votes = tables.read(shared(f"truth/{name}/labels.parquet").read_bytes(), "labels.parquet")
        gold = tables.gold(tables.read(shared(f"truth/{name}/gold.parquet").read_bytes(), "gold.parquet"))
        columns = Columns.from_frame(tables.votes(votes))
        scores = score(ensemble(columns), gold)
        found[name] = (scores.accuracy, scores.log_loss, scores.calibration_error)
        if scores.items >= 100:
            behind[name] = score(majority(columns), gold).accuracy - scores.accuracy

    core, every = (np.mean([found[name] for name in names], axis=0) for names in (CORE, CORE + OTHERS))

    assert core[0] >= 0.847
    assert every[0] >= 0.82
    assert core[1] <= 0.42
    assert every[1] <= 0.51
    assert core[2] <= 0.06
    assert every[2] <= 0.09
    assert max(behind.values()) <= 0.02
