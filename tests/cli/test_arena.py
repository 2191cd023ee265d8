from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

MODELS = ("basalt", "mica", "opal", "slate")
STRENGTH = {"basalt": -1.2, "mica": 1.2, "opal": 0.0, "slate": 0.0}


def battles(n: int = 1500, seed: int = 5) -> pl.DataFrame:
    """Votes by 40 people on 60 prompts: mica is best, basalt worst, opal and slate are alike."""
    rng = np.random.default_rng(seed)
    rows = []
    for k in range(n):
        a, b = rng.choice(4, 2, replace=False)
        gap = STRENGTH[MODELS[a]] - STRENGTH[MODELS[b]]
        weights = np.exp([gap / 2, -gap / 2, -0.7])
        said = rng.choice(["a", "b", "tie"], p=weights / weights.sum())
        item = int(rng.integers(60))
        language = "ar" if item % 3 else "sw"
        rows.append((f"v{k}", f"p{item}", MODELS[a], MODELS[b], said, f"r{rng.integers(40)}", language))
    names = ["vote_id", "item", "model_a", "model_b", "winner", "rater", "language"]
    return pl.DataFrame(rows, schema=names, orient="row")


@pytest.fixture
def table(tmp_path):
    battles().write_csv(tmp_path / "battles.csv")
    return "battles.csv"


def test_fit_ranks_claims_and_exports_what_arena_rank_reads(run, table, tmp_path):
    ran = run("arena", "fit", table, "--out", "board.parquet")

    assert ran.code == 0, ran.err
    assert "1,500 comparisons of 4 models by 40 raters on 60 prompts" in ran.out
    assert "mica is the best of the 4." in ran.out
    assert "the votes of each rater and on each prompt taken together" in ran.out
    board = pl.read_parquet(tmp_path / "board.parquet")
    assert board.columns[:5] == ["model", "rating", "rating_q025", "rating_q975", "rank"]
    assert board["model"][0] == "mica"
    assert board["model"][3] == "basalt"
    assert (board["rating_q025"] < board["rating"]).all()
    assert (board["rating"] < board["rating_q975"]).all()
    like = board.filter(pl.col("model").is_in(["opal", "slate"]))
    assert like.select("rank_low", "rank_high").unique().rows() == [(2, 3)]


def test_intervals_by_vote_are_asked_for_and_said_to_be_too_narrow(run, table):
    ran = run("arena", "fit", table, "--by", "vote")

    assert ran.code == 0, ran.err
    assert "each vote taken as a new person" in ran.out
    assert "real intervals are wider" in " ".join(ran.out.split())


def test_compare_says_what_it_can_where_the_whole_board_says_nothing(run, tmp_path):
    battles(1).write_csv(tmp_path / "one.csv")
    one, other = battles(1).select("model_a", "model_b").row(0)

    ran = run("arena", "compare", "one.csv", one, other)

    assert ran.code == 0, ran.err
    assert "Nothing is proven on everything" in ran.out
    assert "Nothing is said by the whole board: one comparison says nothing" in " ".join(ran.out.split())


def test_compare_names_the_better_one_and_looks_at_slices(run, table, tmp_path):
    ran = run("arena", "compare", table, "mica", "basalt", "--slice", "language", "--out", "evidence.csv")

    assert ran.code == 0, ran.err
    assert "mica is better than basalt on everything" in ran.out
    assert "language=sw" in ran.out
    assert "% of raters [" in ran.out
    evidence = pl.read_csv(tmp_path / "evidence.csv")
    assert evidence["slice"].to_list() == ["everything", "language=ar", "language=sw"]
    assert evidence["believed"][0]


def test_compare_says_how_many_votes_two_like_models_would_need(run, table):
    ran = run("arena", "compare", table, "opal", "slate")

    assert ran.code == 0, ran.err
    assert "cannot be told apart" in ran.out
    assert "Nothing is proven on everything" in ran.out


def test_the_gate_shuts_where_a_checkpoint_is_worse_and_names_slice_and_evidence(run, table):
    ran = run("arena", "gate", table, "basalt", "mica", "--slice", "language")

    assert ran.code == 1
    assert "basalt regressed on everything" in ran.out
    assert "basalt regressed on language=ar" in ran.out
    assert "e = " in ran.out


@pytest.mark.parametrize(("new", "old"), [("mica", "basalt"), ("opal", "slate")])
def test_the_gate_opens_for_a_better_one_and_for_a_like_one(run, table, new, old):
    ran = run("arena", "gate", table, new, old, "--slice", "language")

    assert ran.code == 0, ran.err
    assert f"{new} may pass" in ran.out


def test_raters_shows_the_one_who_votes_like_a_coin(run, tmp_path):
    rng = np.random.default_rng(2)
    coin = pl.DataFrame(
        [
            (f"c{k}", f"p{rng.integers(60)}", "mica", "basalt", str(rng.choice(["a", "b"])), "coin", "ar")
            for k in range(150)
        ],
        schema=battles(4).columns,
        orient="row",
    )
    pl.concat([battles(), coin]).write_csv(tmp_path / "battles.csv")

    ran = run("arena", "raters", "battles.csv", "--out", "raters.csv")

    assert ran.code == 0, ran.err
    people = pl.read_csv(tmp_path / "raters.csv")
    assert people["rater"][0] == "coin"
    assert people.filter(pl.col("surely"))["rater"].to_list() == ["coin"]
    assert "1 person votes more like a machine" in " ".join(ran.out.split())


def test_next_draws_what_is_open_and_says_the_chance_of_each_draw(run, table, tmp_path):
    ran = run("arena", "next", table, "--votes", "60", "--out", "wanted.csv")

    assert ran.code == 0, ran.err
    wanted = pl.read_csv(tmp_path / "wanted.csv")
    assert wanted.columns == ["model_a", "model_b", "item", "propensity"]
    assert wanted["propensity"].is_between(0, 1, closed="right").all()
    open_ = wanted.filter(
        pl.col("model_a").is_in(["opal", "slate"]) & pl.col("model_b").is_in(["opal", "slate"])
    )
    # six pairs, so ten of sixty where every pair is drawn alike
    assert len(open_) > 20


def test_the_card_is_one_page_of_sentences_that_fetches_nothing(run, table, tmp_path):
    ran = run("arena", "card", table)

    assert ran.code == 0, ran.err
    page = (tmp_path / "card.html").read_text()
    assert "mica is the best of the 4." in page
    assert "opal and slate cannot be told apart" in page or "slate and opal cannot be told apart" in page
    assert "% of raters [" in page
    assert "language: ar (" in page
    assert "What would change this" in page
    assert 'src="http' not in page
    assert "default-src 'none'" in page


def test_the_card_says_what_style_is_worth_where_the_texts_are_there(run, tmp_path):
    rng = np.random.default_rng(3)
    frame = battles(900)
    first, second = rng.integers(1, 40, 900), rng.integers(1, 40, 900)
    longer = pl.Series(np.where(first > second, "a", "b"))
    frame.with_columns(
        pl.when(pl.Series(rng.random(900) < 0.5)).then(longer).otherwise(pl.col("winner")).alias("winner"),
        pl.Series("response_a", ["so " * n for n in first]),
        pl.Series("response_b", ["so " * n for n in second]),
    ).write_parquet(tmp_path / "battles.parquet")

    ran = run("arena", "card", "battles.parquet", "--out", "page.html")

    assert ran.code == 0, ran.err
    page = (tmp_path / "page.html").read_text()
    assert "A longer answer wins votes" in page
    assert "its author is named rightly in" in page


def test_the_audit_answers_every_question_and_says_what_to_bring(run, table, tmp_path):
    ran = run("arena", "audit", table, "--out", "findings.csv")

    assert ran.code == 0, ran.err
    states = dict(pl.read_csv(tmp_path / "findings.csv").select("check", "state").iter_rows())
    assert states["connectivity"] == "fine"
    assert states["position"] == "unknown"
    assert "bring columns response_a and response_b" in " ".join(ran.out.split())


def test_the_audit_says_no_where_nothing_can_be_ranked(run, tmp_path):
    rows = [("x", "y", "a"), ("u", "v", "a")] * 5
    apart = pl.DataFrame(rows, schema=["model_a", "model_b", "winner"], orient="row")
    apart.write_csv(tmp_path / "apart.csv")

    ran = run("arena", "audit", "apart.csv")

    assert ran.code == 1
    assert "refused" in ran.out


def test_a_name_from_the_table_stays_a_name_on_the_card(run, tmp_path):
    frame = battles(600).with_columns(
        pl.col("model_a", "model_b").str.replace("mica", "<img src=x onerror=alert(1)>")
    )
    frame.write_parquet(tmp_path / "battles.parquet")

    ran = run("arena", "card", "battles.parquet")

    assert ran.code == 0, ran.err
    assert "<img" not in (tmp_path / "card.html").read_text()


@pytest.mark.parametrize("command", ["fit", "raters", "card"])
def test_one_comparison_is_refused_with_the_reason(run, tmp_path, command):
    (tmp_path / "one.csv").write_text("model_a,model_b,winner,rater\nours,theirs,a,ann\n")

    ran = run("arena", command, "one.csv")

    assert ran.code == 2
    assert "one comparison says nothing about chance" in ran.err


def test_models_that_never_meet_are_refused_with_the_reason(run, tmp_path):
    rows = [("x", "y", "a"), ("y", "x", "b"), ("u", "v", "a")] * 5
    apart = pl.DataFrame(rows, schema=["model_a", "model_b", "winner"], orient="row")
    apart.write_csv(tmp_path / "apart.csv")

    for command in ("fit", "card"):
        ran = run("arena", command, "apart.csv")

        assert ran.code == 2
        assert "fall into 2 groups that" in ran.err
    assert not (tmp_path / "card.html").exists()


WRONG = {
    "an unknown outcome": ("winner", "better", "row 7, column 'winner': the winner 'better' is none of"),
    "a model against itself": ("model_b", "mica", "row 7, column 'model_b': 'mica' is compared with itself"),
    "an id that comes twice": ("vote_id", "v0", "row 7, column 'vote_id': 'v0' is the id of an earlier row"),
    "an empty model": ("model_a", "", "row 7, column 'model_a': the cell is empty"),
}


@pytest.mark.parametrize("command", ["fit", "card", "gate"])
@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_row_is_named_with_its_column(run, tmp_path, what, command):
    column, value, message = WRONG[what]
    frame = battles(40)
    frame[6, "model_a"], frame[6, "model_b"] = "mica", "opal"
    frame[6, column] = value
    frame.write_csv(tmp_path / "wrong.csv")

    ran = run("arena", command, "wrong.csv", *(("mica", "opal") if command == "gate" else ()))

    assert ran.code == 2
    assert message in " ".join(ran.err.split())
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("model_a,model_b,winner\n", "has a header and no rows"),
        ("left,right,who\nx,y,a\n", "there is no column for 'model_a'"),
    ],
)
def test_a_table_that_is_none_says_so(run, tmp_path, text, message):
    (tmp_path / "bad.csv").write_text(text)

    ran = run("arena", "fit", "bad.csv")

    assert ran.code == 2
    assert message in " ".join(ran.err.split())


def test_the_row_of_a_mistake_counts_in_the_file_also_where_rows_are_left_out(run, tmp_path):
    frame = battles(40)
    frame[30, "winner"] = "dunno"
    frame.write_csv(tmp_path / "wrong.csv")

    ran = run("arena", "fit", "wrong.csv", "--where", "language=ar")

    assert ran.code == 2
    assert "row 31, column 'winner'" in ran.err


def test_votes_on_several_questions_are_said_to_be_mixed(run, tmp_path):
    frame = battles(600).with_columns(pl.Series("dimension", ["overall", "style"] * 300))
    frame.write_csv(tmp_path / "mixed.csv")

    both = run("arena", "fit", "mixed.csv")
    one = run("arena", "fit", "mixed.csv", "--where", "dimension=overall")

    assert "2 questions are counted together (overall, style)" in " ".join(both.out.split())
    assert "counted together" not in one.out
    assert "300 comparisons" in one.out


def test_model_judges_are_left_out_and_said_so(run, tmp_path):
    kinds = ["llm:judge"] * 500 + ["crowd"] * 1000
    frame = battles().with_columns(pl.Series("rater_kind", kinds))
    frame.write_csv(tmp_path / "mixed.csv")

    ran = run("arena", "fit", "mixed.csv")

    assert ran.code == 0, ran.err
    assert "500 comparisons by model judges are left out" in ran.out
    assert "1,000 comparisons of 4 models" in ran.out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("compare", "mica", "mica"), "'mica' is named twice"),
        (("compare", "mica", "gold"), "there is no model 'gold' in the table"),
        (("gate", "gold", "mica"), "there is no model 'gold' in the table"),
        (("compare", "mica", "opal", "--slice", "weather"), "has no column 'weather'"),
        (("fit", "--only", "gold"), "there is no model 'gold' in the table"),
        (("fit", "--by", "item", "--where", "item=p1"), "intervals by item need at least 5 known items"),
        (("card", "--out", "card.pdf"), "does not end in .html"),
        (("raters", "--out", "raters.xlsx"), "does not end in"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(run, table, words, message):
    ran = run("arena", words[0], table, *words[1:])

    assert ran.code == 2
    assert message in " ".join(ran.err.split())


def checkpoints(quality: dict[str, list[float]], votes: dict[str, int], seed: int = 3) -> pl.DataFrame:
    """Each checkpoint against the one before, prompt by prompt, in each domain."""
    rng = np.random.default_rng(seed)
    rows = []
    for domain, worth in quality.items():
        for step in range(1, len(worth)):
            for n in range(votes[domain]):
                chance = 1 / (1 + np.exp(worth[step - 1] - worth[step]))
                said = "a" if rng.random() < chance else "b"
                item = f"{domain}-{step}-{n}"
                rows.append((item, f"step-{step + 1}", f"step-{step}", said, f"r{n % 30}", domain))
    rng.shuffle(rows)
    return pl.DataFrame(
        rows, schema=["item", "model_a", "model_b", "winner", "rater", "domain"], orient="row"
    )


def test_watch_finds_what_a_narrow_rise_hides_and_shuts_the_gate(run, tmp_path):
    others = ("prose", "law", "letters")
    quality = {"puzzles": [0.0, 0.0, 1.4], **{name: [0.0, 0.1, -1.0] for name in others}}
    checkpoints(quality, {"puzzles": 700, **dict.fromkeys(others, 110)}).write_csv(tmp_path / "runs.csv")

    ran = run("arena", "watch", "runs.csv", "--out", "watch.html")

    said = " ".join(ran.out.split())
    assert ran.code == 1
    for name in others:
        assert f"On domain={name} " in said
    assert "The average hides it: over everything step-3 wins 0.6" in said, said
    page = (tmp_path / "watch.html").read_text()
    assert "How runs.csv changed" in page
    assert "Domain=prose through time" in page


def test_watch_passes_where_nothing_fell_and_where_it_fell_before(run, tmp_path):
    checkpoints({"prose": [0.0, -1.5, -1.5]}, {"prose": 120}).write_csv(tmp_path / "old.csv")
    checkpoints({"prose": [0.0, 0.0, 0.0]}, {"prose": 120}).write_csv(tmp_path / "same.csv")

    assert run("arena", "watch", "old.csv").code == 1
    assert run("arena", "watch", "old.csv", "--since", "step-3").code == 0
    same = run("arena", "watch", "same.csv", "step-1", "step-2", "step-3")
    assert same.code == 0, same.err
    assert "On no slice is it proven" in same.out


def test_watch_asks_for_the_order_where_names_do_not_tell_it(run, table):
    ran = run("arena", "watch", table)

    assert ran.code == 2
    assert "name them in the order of time" in " ".join(ran.err.split())


def test_the_gate_asks_whether_answers_are_good_at_all(run, tmp_path):
    rng = np.random.default_rng(0)
    said = [str(rng.choice(["a", "b", "both_bad"], p=[0.3, 0.25, 0.45])) for _ in range(300)]
    rows = [(f"p{n}", "new", "old", word) for n, word in enumerate(said)]
    frame = pl.DataFrame(rows, schema=["item", "model_a", "model_b", "winner"], orient="row")
    frame.write_csv(tmp_path / "bad.csv")

    assert run("arena", "gate", "bad.csv", "new", "old").code == 0
    asked = run("arena", "gate", "bad.csv", "new", "old", "--most-bad", "0.2", "--out", "e.csv")

    assert asked.code == 1
    assert "new is not good enough on everything" in " ".join(asked.out.split())
    assert pl.read_csv(tmp_path / "e.csv").height == 2


def test_the_gate_says_so_where_nobody_called_both_bad(run, table):
    ran = run("arena", "gate", table, "opal", "slate", "--most-bad", "0.2")

    assert ran.code == 0, ran.err
    assert "nobody said both_bad" in " ".join(ran.out.split())


def test_convert_reads_another_tools_export_and_names_the_row_that_is_wrong(run, tmp_path):
    data = {"model_a": "mica", "model_b": "slate"}
    chose = [{"completed_by": 1, "result": [{"type": "pairwise", "value": {"selected": "left"}}]}]
    (tmp_path / "export.json").write_text(json.dumps([{"id": 1, "data": data, "annotations": chose}]))
    (tmp_path / "bad.json").write_text(json.dumps([{"id": 1, "data": {}, "annotations": chose}]))

    ran = run("arena", "convert", "export.json", "--from", "label-studio", "--out", "votes.csv")
    wrong = run("arena", "convert", "bad.json", "--from", "label-studio")

    assert ran.code == 0, ran.err
    assert pl.read_csv(tmp_path / "votes.csv")["winner"].to_list() == ["a"]
    assert wrong.code == 2
    assert "row 1" in wrong.err


def test_convert_writes_the_words_that_arena_rank_knows(run, table, tmp_path):
    ran = run("arena", "convert", table, "--words", "arena-rank", "--out", "theirs.csv")

    assert ran.code == 0, ran.err
    assert set(pl.read_csv(tmp_path / "theirs.csv")["winner"]) == {"model_a", "model_b", "tie"}
    again = run("arena", "fit", "theirs.csv")
    assert "mica is the best of the 4." in again.out


def test_audit_asks_about_the_record_of_variants(run, table, tmp_path):
    rows = {"model": ["mica", "basalt", "opal"], "provider": ["ours"] * 3, "registered": ["2026-01-01"] * 3}
    pl.DataFrame(rows).write_csv(tmp_path / "variants.csv")

    ran = run("arena", "audit", table, "--variants", "variants.csv")

    assert ran.code == 0, ran.err
    assert "slate has votes and was never registered" in " ".join(ran.out.split())


def test_rubric_ranks_by_scores_and_by_marked_errors_with_battles_beside(run, table, tmp_path):
    rng = np.random.default_rng(0)
    rows = [
        (f"p{rng.integers(30)}", f"r{rng.integers(10)}", model, int(np.clip(3 + worth + rng.normal(), 1, 5)))
        for model, worth in STRENGTH.items()
        for _ in range(150)
    ]
    pl.DataFrame(rows, schema=["item", "rater", "model", "score"], orient="row").write_csv(
        tmp_path / "scores.csv"
    )
    marks = [
        (f"p{i}", f"r{r}", model, "Style", "Major" if rng.random() < 0.5 - worth / 4 else "Minor", 40)
        for model, worth in STRENGTH.items()
        for i in range(20)
        for r in range(3)
    ]
    names = ["item", "rater", "model", "category", "severity", "tokens"]
    pl.DataFrame(marks, schema=names, orient="row").write_csv(tmp_path / "errors.csv")

    scored = run("arena", "rubric", "scores.csv", "--out", "worth.csv")
    both = run("arena", "rubric", "errors.csv", "--marked", "--battles", table)

    assert scored.code == 0, scored.err
    assert pl.read_csv(tmp_path / "worth.csv")["model"][0] == "mica"
    assert "raters differ in severity" in scored.out
    assert both.code == 0, both.err
    assert "What is known of the models comes from: marked errors" in " ".join(both.out.split())


def test_fit_weighs_the_voters_to_be_like_other_people(run, tmp_path):
    frame = battles()
    job = pl.col("rater").str.slice(1).cast(pl.Int64) < 8
    frame.with_columns(job=pl.when(job).then(pl.lit("writer")).otherwise(pl.lit("reader"))).write_csv(
        tmp_path / "jobs.csv"
    )

    ran = run("arena", "fit", "jobs.csv", "--as-if", "job=writer:0.5", "--as-if", "job=reader:0.5")
    wrong = run("arena", "fit", "jobs.csv", "--as-if", "job=writer")

    assert ran.code == 0, ran.err
    assert "Weighed to be: writer 50 %" in " ".join(ran.out.split())
    assert wrong.code == 2
    assert "COLUMN=VALUE:SHARE" in wrong.err


def test_taste_says_what_is_best_for_one_person(run, table):
    ran = run("arena", "taste", table, "r3")
    nobody = run("arena", "taste", table, "zoe")

    said = " ".join(ran.out.split())
    assert ran.code == 0, ran.err
    assert "Head to head a majority prefers mica" in said
    assert "The best for r3" in said
    assert nobody.code == 2
    assert "'zoe' has no vote here" in nobody.err


def test_one_person_is_no_majority(run, tmp_path):
    battles(300).with_columns(rater=pl.lit("ann")).write_csv(tmp_path / "ann.csv")

    ran = run("arena", "taste", "ann.csv")

    assert ran.code == 0, ran.err
    assert "majority" not in ran.out
    assert "Too few people voted often enough to say how they differ." in " ".join(ran.out.split())
