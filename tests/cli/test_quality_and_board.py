from __future__ import annotations

import polars as pl
import pytest

VOTES = "item,rater,label\n" + "".join(
    f"i{i},{rater},{'yes' if (i % 3 == 0) ^ wrong else 'no'}\n"
    for i in range(30)
    for rater, wrong in (("ann", False), ("ben", False), ("cleo", False), ("dan", i % 2 == 0))
)
GOLD = "item,label\n" + "".join(f"i{i},{'yes' if i % 3 == 0 else 'no'}\n" for i in range(30))


def test_quality_names_the_reliable_the_unreliable_and_the_contested(run, tmp_path):
    (tmp_path / "votes.csv").write_text(VOTES)
    (tmp_path / "gold.csv").write_text(GOLD)

    ran = run("quality", "votes.csv", "--gold", "gold.csv", "--top", "1")

    assert ran.code == 0, ran.err
    assert "120 votes by 4 raters on 30 items; read as categorical, weighed by ensemble" in ran.out
    assert "100.0%" in ran.out
    best, worst = ran.out.split("Least reliable raters")
    assert "ann" in best
    assert "dan" in worst


def test_quality_writes_tables_that_hold_every_item_and_rater(run, tmp_path):
    (tmp_path / "votes.csv").write_text(VOTES)

    ran = run("quality", "votes.csv", "--out", "worth")

    assert ran.code == 0, ran.err
    verdicts, raters = (
        pl.read_parquet(tmp_path / f"worth/{name}.parquet") for name in ("verdicts", "raters")
    )
    assert len(verdicts) == 30
    assert verdicts.columns[-2:] == ["p[no]", "p[yes]"]
    assert raters.sort("mean")["rater"][0] == "dan"


LANGUAGES = "item,rater,label,language,seconds,at\n" + "".join(
    f"i{i},{rater},{'yes' if (i % 3 == 0) ^ wrong else 'no'},{'sw' if i % 2 else 'en'},{took},"
    f"2026-03-{i % 28 + 1:02}\n"
    for i in range(60)
    for rater, wrong, took in (
        ("ann", False, 30),
        ("ben", False, 25),
        ("cleo", False, 35),
        ("dan", i % 2 == 1 and i % 4 == 1, 2),
    )
)


def test_quality_says_who_is_good_at_what_and_who_was_in_a_hurry(run, tmp_path):
    (tmp_path / "votes.csv").write_text(LANGUAGES)

    ran = run("quality", "votes.csv", "--out", "worth", "--half-life", "30", "--report", "worth.html")

    assert ran.code == 0, ran.err
    assert "Who is good at what" in ran.out
    assert "dan took 2 seconds" in " ".join(ran.out.split())
    kept = pl.read_parquet(tmp_path / "worth/profiles.parquet")
    dan = dict(kept.filter(pl.col("rater") == "dan").select("language", "mean").iter_rows())
    assert dan["sw"] < dan["en"]
    assert "In a hurry" in (tmp_path / "worth.html").read_text()


def test_quality_starts_from_earlier_work_and_hears_reviews_and_outcomes(run, tmp_path):
    (tmp_path / "votes.csv").write_text(LANGUAGES)
    (tmp_path / "reviews.csv").write_text("rater,accepted,language\n" + "cleo,no,en\n" * 20)
    (tmp_path / "outcomes.csv").write_text("rater,right,weight\nben,1,0.5\n")
    run("quality", "votes.csv", "--out", "first")

    ran = run(
        "quality", "votes.csv", "--history", "first/profiles.parquet", "--reviews", "reviews.csv",
        "--outcomes", "outcomes.csv", "--out", "second",
    )  # fmt: skip

    assert ran.code == 0, ran.err
    found = pl.read_parquet(tmp_path / "second/profiles.parquet")
    assert (found.filter(pl.col("language") != "und")["earlier"] > 0).all()
    assert found.filter((pl.col("rater") == "cleo") & (pl.col("language") == "en"))["reviews"].item() == 20
    assert found.filter(pl.col("language") == "und")["outcomes"].to_list() == [0.5]


def test_quality_starts_ratings_from_how_people_used_the_scale(run, tmp_path):
    strict = {"ann": 0, "ben": 0, "cleo": -2}
    first = [f"i{i},{name},{5 + i % 4 + off}" for i in range(30) for name, off in strict.items()]
    (tmp_path / "first.csv").write_text("item,rater,label\n" + "\n".join(first))
    (tmp_path / "next.csv").write_text("item,rater,label\nx,ann,7\ny,cleo,5\n")
    run("quality", "first.csv", "--type", "ratings", "--out", "first")

    ran = run(
        "quality", "next.csv", "--type", "ratings", "--history", "first/raters.parquet", "--out", "next"
    )

    assert ran.code == 0, ran.err
    assert "of 2 of 2 raters earlier ratings are known" in ran.out
    one, other = pl.read_parquet(tmp_path / "next/verdicts.parquet")["verdict"]
    assert abs(one - other) < 0.3


def test_quality_on_real_votes_prints_the_reference_figures(run, shared):
    labels, gold = (shared(f"truth/rte/{name}.parquet") for name in ("labels", "gold"))

    ran = run("quality", labels, "--gold", gold)

    assert "92.8%" in ran.out
    assert "89.7%" in ran.out


def test_a_board_can_be_drawn_from_some_rows_alone(run, shared):
    ran = run("board", shared("prefs/squality/battles.parquet"), "--where", "dimension=overall")

    assert ran.code == 0, ran.err
    assert "900 comparisons of 3 models by 4 raters" in ran.out


def test_board_on_a_real_arena_leaves_model_judges_out_and_says_so(run, shared):
    ran = run(
        "board", shared("prefs/llmfao/battles.parquet"), "--intervals", "vote", "--top", "3", "--out", "b.csv"
    )

    assert ran.code == 0, ran.err
    assert "4,278 comparisons by model judges are left out" in ran.out
    assert "8,931 comparisons of 59 models by 124 raters" in ran.out
    assert "72.8 Elo wide" in ran.out
    assert len(pl.read_csv("b.csv")) == 59


@pytest.mark.parametrize(
    ("content", "words", "message"),
    [
        ("", ("quality", "t.csv"), "t.csv is empty"),
        ("item,label\n1,yes\n", ("quality", "t.csv"), "no column for 'rater'"),
        ("item,rater,label\n1,ann,\n", ("quality", "t.csv"), "row 1, column 'label'"),
        (
            "item,rater,label\n1,ann,yes\n",
            ("quality", "t.csv", "--method", "oracle"),
            "known: majority",
        ),
        (
            "item,rater,label\n1,ann,yes\n",
            ("quality", "t.csv", "--gold", "t.parquet"),
            "t.parquet does not exist",
        ),
        (
            "item,rater,label\n1,ann,yes\n",
            ("quality", "t.csv", "--report", "r.pdf"),
            "r.pdf does not end in .html",
        ),
        (
            "item,rater,label\n1,ann,yes\n1,ben,no\n",
            ("quality", "t.csv", "--reviews", "t.csv"),
            "no column for 'right'",
        ),
        (
            "item,rater,label\n1,ann,yes\n",
            ("quality", "t.csv", "--half-life", "0"),
            "0.0 is not in the range",
        ),
        ("x", ("quality", "t.csv", "--top", "0"), "0 is not in the range"),
        ("model_a,model_b,winner\nx,x,a\n", ("board", "t.csv"), "'x' is compared with itself"),
        ("model_a,model_b,winner\nx,y,first\n", ("board", "t.csv"), "'first' is none of a, b, tie, both_bad"),
        ("model_a,model_b,winner\nx,y,a\n", ("board", "t.csv", "--only", "z"), "no model 'z' in the table"),
        ("model_a,model_b,winner\nx,y,a\np,q,a\n", ("board", "t.csv"), "2 groups that were never compared"),
        (
            "model_a,model_b,winner\nx,y,a\n",
            ("board", "t.csv", "--where", "z=1"),
            "no condition on this table",
        ),
        ("model_a,model_b,winner\nx,y,a\n", ("board", "t.csv", "--where", "winner=b"), "no row has 'b'"),
        (
            "model_a,model_b,winner\nx,y,a\n",
            ("board", "t.csv", "--out", "b.xlsx"),
            "b.xlsx does not end in .parquet or .csv",
        ),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_two(run, tmp_path, content, words, message):
    (tmp_path / "t.csv").write_text(content)

    ran = run(*words)

    assert ran.code == 2
    assert message in ran.err
    assert "Traceback" not in ran.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["t.csv"], (
        "nothing half-written is left behind"
    )


def test_a_file_that_cannot_be_written_leaves_the_old_one_alone(run, tmp_path, monkeypatch):
    (tmp_path / "votes.csv").write_text(VOTES)
    (tmp_path / "worth").mkdir()
    (tmp_path / "worth/verdicts.parquet").write_text("the old one")
    monkeypatch.setattr(pl.DataFrame, "write_parquet", lambda self, stream: stream.write(b"half") and 1 / 0)

    with pytest.raises(ZeroDivisionError):
        run("quality", "votes.csv", "--out", "worth")

    assert [path.name for path in (tmp_path / "worth").iterdir()] == ["verdicts.parquet"]
    assert (tmp_path / "worth/verdicts.parquet").read_text() == "the old one"


def test_whoever_is_surely_poor_is_listed_before_whoever_gave_two_answers(run, tmp_path):
    rows = [f"i{i},{name},{'yes' if i % 2 else 'no'}" for i in range(40) for name in ("ann", "ben", "cleo")]
    rows += [f"i{i},dan,{'no' if i % 2 or i % 8 == 0 else 'yes'}" for i in range(40)]
    rows += ["i0,eve,yes"]
    (tmp_path / "votes.csv").write_text("item,rater,label\n" + "\n".join(rows))

    ran = run("quality", "votes.csv", "--top", "1")

    assert "dan" in ran.out.split("Least reliable raters")[1].split("Most open items")[0]
