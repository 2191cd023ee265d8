from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.optimize import check_grad, minimize
from scipy.special import expit

from assay.errors import TableError
from assay.evaluation import Battles, BoardError
from assay.evaluation.facets import (
    FREE_SD,
    ITEM_SD,
    SEVERITY_SD,
    WORTH_SD,
    _Problem,
    facets,
)
from assay.evaluation.sheets import errors, rubric

TRUTH = np.array([-0.9, -0.3, 0.3, 0.9])
NAMES = tuple(f"m{m}" for m in range(4))
PREFS = Path(__file__).parents[3] / "shared" / "data" / "prefs"
MQM, TTCW = PREFS / "wmt23_sxs_mqm", PREFS / "ttcw"


def fights(rng, votes, *, raters=30, scale=1.0):
    a_N = rng.integers(0, 4, votes)
    b_N = (a_N + rng.integers(1, 4, votes)) % 4
    won_N = (rng.random(votes) < expit(scale * (TRUTH[a_N] - TRUTH[b_N]))).astype(float)
    return Battles(
        a_N, b_N, won_N, rng.integers(0, raters, votes), NAMES, tuple(f"v{r}" for r in range(raters))
    )


def graded(rng, **more):
    """Scores that follow the model exactly: one draw of a logistic error against all thresholds."""
    raters, items, each = more.get("raters", 20), more.get("items", 40), more.get("each", 60)
    severity_R, ease_I = rng.normal(0, more.get("severe", 0.8), raters), rng.normal(0, 0.6, items)
    rows = []
    for r in range(raters):
        weights = np.exp(severity_R[r] * TRUTH * 1.5) if more.get("uneven") else np.ones(4)
        for _ in range(each):
            m, i = int(rng.choice(4, p=weights / weights.sum())), int(rng.integers(items))
            latent = more.get("slope", 1.0) * TRUTH[m] - severity_R[r] + ease_I[i] + rng.logistic()
            grade = 1 + int((latent > np.array([-2.0, -0.7, 0.6, 1.9])).sum())
            rows.append((f"i{i}", f"r{r:02d}", f"m{m}", grade, more.get("dimension", "score")))
    frame = pl.DataFrame(rows, schema=["item", "rater", "model", "score", "dimension"], orient="row")
    return frame, severity_R


def test_severe_raters_who_saw_the_good_models_do_not_make_them_weak():
    frame, severity_R = graded(np.random.default_rng(0), uneven=True, severe=1.2, each=200)

    fit = facets(rubric(frame))

    means = frame.group_by("model").agg(pl.col("score").mean()).sort("model")["score"].to_numpy()
    ours = np.polyfit(TRUTH, fit.theta_M, 1)[0]
    naive = np.polyfit(TRUTH, means, 1)[0]
    assert ours == pytest.approx(1, abs=0.15)
    assert naive < 0.3
    assert np.corrcoef(fit.severity["score"], severity_R)[0, 1] > 0.9
    assert fit.to_frame()["model"].to_list() == ["m3", "m2", "m1", "m0"]


def test_intervals_hold_the_truth_as_often_as_they_say():
    held = []
    for seed in range(20):
        frame, _ = graded(np.random.default_rng(seed), raters=25, items=20, each=16)
        found = facets(rubric(frame))
        low_M, high_M = found.intervals_M_2().T
        held.append((low_M <= TRUTH) & (high_M >= TRUTH))

    assert 0.88 <= np.mean(held) <= 0.99


def test_scores_and_battles_share_one_worth_and_what_tells_more_counts_more():
    rng = np.random.default_rng(1)
    frame, _ = graded(rng, each=30)
    votes = fights(rng, 1500)

    alone, both = facets(rubric(frame)), facets(rubric(frame), votes)
    few = facets(rubric(frame), votes.take(np.arange(40)))

    def width(fit):
        return np.diff(fit.intervals_M_2(), axis=1).mean()

    assert np.abs(both.theta_M - TRUTH).max() < 0.2
    assert width(both) < width(alone)
    assert both.information["battles"] > 0.25 > few.information["battles"]
    assert sum(both.information.values()) == pytest.approx(1)


def test_an_instrument_that_sees_less_sharply_gets_a_smaller_slope_and_less_say():
    rng = np.random.default_rng(2)
    sharp, _ = graded(rng, slope=1.5, dimension="sharp")
    blunt, _ = graded(rng, slope=0.3, dimension="blunt")

    fit = facets(rubric(pl.concat([sharp, blunt])), fights(rng, 2000))

    assert fit.slope["sharp"] > 2.5 * fit.slope["blunt"]
    assert fit.information["sharp"] > 5 * fit.information["blunt"]


def plain_log_posterior(frame, x, raters, items):
    """Row by row, as the model is written; worth, first threshold and steps, severity, ease."""
    theta, first, steps = x[:4], x[4], np.exp(x[5:8])
    severity, ease = x[8 : 8 + raters], x[8 + raters :]
    tau = [-np.inf, first, first + steps[0], first + steps[:2].sum(), first + steps.sum(), np.inf]
    total = -(theta**2).sum() / WORTH_SD**2 / 2 - first**2 / FREE_SD**2 / 2 - (x[5:8] ** 2).sum() / 2
    total -= (severity**2).sum() / SEVERITY_SD**2 / 2 + (ease**2).sum() / ITEM_SD**2 / 2
    for item, rater, model, score, _ in frame.iter_rows():
        eta = theta[int(model[1:])] + severity[int(rater[1:])] + ease[int(item[1:])]
        total += np.log(expit(tau[score] - eta) - expit(tau[score - 1] - eta))
    return total


def test_it_finds_the_maximum_that_an_independent_search_finds_of_the_plain_sum():
    rng = np.random.default_rng(3)
    frame, _ = graded(rng, raters=4, items=5, each=25)
    frame = frame.with_columns(item=pl.col("item"))
    raters, items = 4, frame["item"].n_unique()

    fit = facets(rubric(frame))
    start = np.concatenate([np.zeros(4), [-2.0], np.zeros(3 + raters + items)])
    found = minimize(lambda x: -plain_log_posterior(frame, x, raters, items), start, method="BFGS")

    assert fit.theta_M == pytest.approx(found.x[:4] - found.x[:4].mean(), abs=5e-3)
    assert fit.log_posterior == pytest.approx(-found.fun, abs=1e-3)


def test_the_slope_of_the_loss_is_its_slope():
    rng = np.random.default_rng(4)
    frame, _ = graded(rng, raters=5, items=6, each=10)
    more, _ = graded(rng, raters=5, items=6, each=10, dimension="length")
    more = more.with_columns(score=pl.col("score") + pl.Series(rng.normal(0, 0.3, len(more))))
    votes = fights(rng, 60)
    votes = Battles(
        votes.a_N, votes.b_N, votes.score_N, votes.rater_N, votes.models, votes.raters,
        outcome_N=rng.integers(0, 4, 60).astype(np.int8),
    )  # fmt: skip
    problem = _Problem.of(rubric(pl.concat([frame.cast({"score": pl.Float64}), more])), votes)
    x_P = rng.normal(0, 0.3, len(problem.spread_P))

    wrong = check_grad(lambda x: problem.loss(x)[0], lambda x: problem.loss(x)[1], x_P, epsilon=1e-6)

    assert wrong < 1e-3 * np.linalg.norm(problem.loss(x_P)[1])


def test_scores_of_raters_who_share_no_model_are_refused_unless_battles_join_them():
    rng = np.random.default_rng(5)
    rows = [(f"i{n % 9}", f"r{m}", f"m{m}", int(rng.integers(1, 4))) for m in range(3) for n in range(60)]
    frame = pl.DataFrame(rows, schema=["item", "rater", "model", "score"], orient="row")

    with pytest.raises(BoardError, match="severe rater"):
        facets(rubric(frame))
    assert len(facets(rubric(frame), fights(rng, 200)).models) == 4


def test_a_cell_that_cannot_be_read_is_named_with_its_row():
    frame, _ = graded(np.random.default_rng(6), each=2)

    with pytest.raises(TableError, match="no column for 'rater'"):
        rubric(frame.drop("rater"))
    said = frame["score"].cast(pl.String).to_list()
    said[2] = "good"
    with pytest.raises(TableError, match=r"row 3.*no number"):
        rubric(frame.with_columns(score=pl.Series(said)))
    with pytest.raises(TableError, match="every score is the same"):
        rubric(frame.with_columns(score=pl.lit(3)))


def marked(rng, *, raters=12, items=30, severe=0.6):
    """Errors that raters of their own severity mark in four systems' texts of different length."""
    severity_R, rows, tokens = rng.normal(0, severe, raters), [], {}
    for i in range(items):
        for m in range(4):
            # the best system writes three times as much
            tokens[f"i{i}", f"m{m}"] = 150 if m == 3 else 50
            for r in rng.choice(raters, 3, replace=False):
                rate = np.exp(0.3 - TRUTH[m] + severity_R[r]) * tokens[f"i{i}", f"m{m}"] / 50
                count = int(rng.poisson(rate))
                rows += [(f"i{i}", f"r{r:02d}", f"m{m}", "Style", "Minor")] * count
                rows += [(f"i{i}", f"r{r:02d}", f"m{m}", "", "No-error")] * (count == 0)
    names = ["item", "rater", "system", "category", "severity"]
    return pl.DataFrame(rows, schema=names, orient="row"), tokens, severity_R


def test_marked_errors_count_by_length_and_by_who_marked_them():
    frame, tokens, severity_R = marked(np.random.default_rng(7))

    by_length, by_text = facets(errors(frame, tokens=tokens)), facets(errors(frame))

    assert by_length.to_frame()["model"].to_list() == ["m3", "m2", "m1", "m0"]
    assert by_text.to_frame()["model"][0] != "m3"
    assert np.corrcoef(by_length.severity["marked errors"], severity_R)[0, 1] > 0.9


def test_a_text_of_unknown_length_is_named():
    frame, tokens, _ = marked(np.random.default_rng(8))
    del tokens["i0", "m0"]

    with pytest.raises(TableError, match="m0 on item i0"):
        errors(frame, tokens=tokens)


@pytest.mark.skipif(
    not MQM.exists(), reason="needs shared/data/prefs/wmt23_sxs_mqm, which is not in this checkout"
)
def test_translators_differ_in_severity_and_the_board_knows():
    frame = pl.read_parquet(MQM / "ratings.parquet").filter(pl.col("language").str.contains("de"))

    fit = facets(errors(frame.select("item", "rater", "model", "label")))

    assert fit.converged
    assert fit.severity["marked errors"].std() > 0.2
    low_M, high_M = fit.intervals_M_2().T
    assert (high_M > low_M).all()


@pytest.mark.skipif(not TTCW.exists(), reason="needs shared/data/prefs/ttcw, which is not in this checkout")
def test_fourteen_questions_about_real_stories_come_to_an_end():
    fit = facets(rubric(pl.read_parquet(TTCW / "ratings.parquet")))

    assert fit.converged
    assert fit.to_frame()["model"][0] == "NewYorker"
    assert not any("did not come to its end" in sentence for sentence in fit.sentences())


def test_the_search_goes_in_units_of_the_priors_and_finds_the_top():
    frame, _ = graded(np.random.default_rng(3))
    problem = _Problem.of(rubric(frame), None)

    fit = facets(rubric(frame))
    plain = minimize(
        problem.loss, problem.start(), jac=True, method="L-BFGS-B", options={"maxiter": 5000, "ftol": 1e-13}
    )

    assert fit.log_posterior == pytest.approx(-plain.fun, abs=1e-4)
    assert fit.theta_M == pytest.approx(plain.x[:4] - plain.x[:4].mean(), abs=5e-3)


def test_one_model_alone_is_put_on_no_scale():
    frame, _ = graded(np.random.default_rng(4))

    with pytest.raises(BoardError, match="every score is of 'm0'; a scale needs two models at least"):
        facets(rubric(frame.filter(pl.col("model") == "m0")))
