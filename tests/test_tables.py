from __future__ import annotations

import io

import polars as pl
import pytest

from assay import tables
from assay.errors import TableError


def parquet(frame: pl.DataFrame) -> bytes:
    stream = io.BytesIO()
    frame.write_parquet(stream)
    return stream.getvalue()


VOTES = pl.DataFrame({"task": [1, 2], "worker": ["ann", "ben"], "label": ["yes", "no"]})


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (parquet(VOTES), "votes.parquet"),
        (VOTES.write_csv().encode(), "votes.csv"),
        (b"\xef\xbb\xbf" + VOTES.write_csv().encode(), "votes.csv"),
        (VOTES.write_csv(separator="\t").encode(), "VOTES.TSV"),
        (VOTES.write_ndjson().encode(), "votes.jsonl"),
        (VOTES.write_csv(separator=";", line_terminator="\r\n").encode(), "votes.csv"),
        (VOTES.write_csv(separator="\t").encode("utf-16"), "votes.csv"),
        (b" Task , Worker,LABEL \n1,ann , yes\n\n2,ben,no\n,,\n", "votes.csv"),
        (parquet(VOTES.with_columns(pl.col("label").cast(pl.Categorical))), "votes.parquet"),
    ],
)
def test_the_same_votes_are_read_from_every_format(data, name):
    found = tables.votes(tables.read(data, name))

    assert found.rows() == [("1", "ann", "yes"), ("2", "ben", "no")]


@pytest.mark.parametrize(
    ("data", "name", "message"),
    [
        (b"", "votes.csv", "votes.csv is empty"),
        (b"  \n", "votes.jsonl", "votes.jsonl is empty"),
        (b"item,rater,label\n", "votes.csv", "a header and no rows"),
        (b"not parquet", "votes.parquet", "is not a Parquet file"),
        (b"PAR1 broken", "votes.parquet", "cannot be read as parquet"),
        (b"{broken", "votes.jsonl", "cannot be read as jsonl"),
        ("item\nJos\xe9\n".encode("latin-1"), "votes.csv", r"is not UTF-8 text \(line 2\)"),
        (b"item\n" + b"x\n" * 5000 + b"a\0b\n", "votes.csv", r"is not UTF-8 text \(line 5002\)"),
        (b"\xef\xbb\xbf", "votes.csv", "votes.csv is empty"),
        (b"a,b\n1,2\n1,2,3\n", "votes.csv", "cannot be read as csv: row 2 has more cells"),
        (b'{"a":1}\n{"a":\n', "votes.jsonl", "cannot be read as jsonl: line 2 is not JSON"),
        (b'[{"a":1}]', "votes.jsonl", "cannot be read as jsonl: line 1 holds no JSON object"),
        (b"a", "votes.xlsx", "neither .parquet, .csv, .tsv nor .jsonl"),
    ],
)
def test_what_is_no_table_is_refused_in_one_sentence(data, name, message):
    with pytest.raises(TableError, match=message) as refusal:
        tables.read(data, name)

    assert "\n" not in str(refusal.value)


def test_a_missing_column_is_named_with_what_was_looked_for_and_found():
    with pytest.raises(
        TableError, match=r"no column for 'rater' \(looked for rater, worker.*has item, label"
    ):
        tables.votes(pl.DataFrame({"item": ["1"], "label": ["yes"]}))


def test_nan_and_empty_cells_are_refused_with_their_place():
    frame = pl.DataFrame({"item": ["i", "j"], "rater": ["ann", "ben"], "label": [1.0, float("nan")]})

    with pytest.raises(TableError, match="row 2, column 'label': the cell is empty"):
        tables.votes(frame)


def test_two_gold_labels_for_one_item_are_refused():
    with pytest.raises(TableError, match="'i' has two different gold labels"):
        tables.gold(pl.DataFrame({"item": ["i", "i"], "label": ["yes", "no"]}))


def test_an_unknown_winner_is_refused_with_its_row():
    frame = pl.DataFrame({"model_a": ["x", "x"], "model_b": ["y", "y"], "winner": ["a", "first"]})

    with pytest.raises(
        TableError, match="row 2, column 'winner': the winner 'first' is none of a, b, tie, both_bad"
    ):
        tables.battles(frame)


def test_a_self_comparison_is_refused_with_its_row():
    frame = pl.DataFrame({"model_a": ["x"], "model_b": ["x"], "winner": ["a"]})

    with pytest.raises(TableError, match="row 1, column 'model_b': 'x' is compared with itself"):
        tables.battles(frame)


def test_fastchat_words_for_the_winner_are_understood():
    words = ["model_a", "model_b", "tie", "tie (bothbad)"]
    frame = pl.DataFrame({"model_a": ["x"] * 4, "model_b": ["y"] * 4, "winner": words})

    assert tables.battles(frame)["winner"].to_list() == ["a", "b", "tie", "both_bad"]


def test_prompts_alone_become_items_and_the_same_prompt_only_once():
    found = tables.works(pl.DataFrame({"prompt": ["Cafe\u0301?", "Café?", "Tea?"]}))

    assert [item.prompt for item in found.items] == ["Café?", "Tea?"]
    assert found.samples == ()


def test_a_pair_with_a_winner_brings_its_judgment_whatever_the_side():
    frame = pl.DataFrame(
        {
            "prompt": ["Hi"] * 2,
            "model_a": ["x", "y"],
            "model_b": ["y", "x"],
            "response_a": ["Hello", ""],
            "response_b": ["", "Hello"],
            "winner": ["a", "b"],
            "rater": ["ann", "ben"],
        }
    )

    found = tables.works(frame)

    assert len({judgment.work for judgment in found.judgments}) == 1
    chosen = {judgment.answer["choice"] for judgment in found.judgments}
    assert chosen == {next(sample.id for sample in found.samples if sample.author == "x")}
    assert found.judgments[0].shown == tuple(reversed(found.judgments[1].shown))


def test_two_different_answers_of_one_model_are_refused_with_the_row():
    frame = pl.DataFrame({"prompt": ["Hi"] * 2, "model": ["x"] * 2, "response": ["Hello", "Bye"]})

    with pytest.raises(TableError, match="row 2, column 'response': 'x' has another answer"):
        tables.works(frame)


def test_a_table_of_pairs_asks_for_these_pairs_and_no_others():
    found = tables.works(
        pl.DataFrame({
            "prompt": ["Hi"] * 2, "item": ["1"] * 2, "model_a": ["x", "y"], "model_b": ["y", "z"],
            "response_a": ["A", "B"], "response_b": ["B", "C"],
        })
    )  # fmt: skip

    assert found.pairs == {frozenset({"1/x", "1/y"}), frozenset({"1/y", "1/z"})}


def test_votes_that_give_way_to_a_later_one_are_counted():
    row = {
        "prompt": "Hi",
        "model_a": "x",
        "model_b": "y",
        "response_a": "A",
        "response_b": "B",
        "rater": "ann",
    }

    found = tables.works(pl.DataFrame([{**row, "winner": winner} for winner in ("a", "b", "tie")]))

    assert (len(found.judgments), found.repeated) == (1, 2)


@pytest.mark.parametrize("seconds", ["a while", "-1", "nan", "inf"])
def test_what_is_no_number_of_seconds_is_refused_with_its_row(seconds):
    row = {"prompt": ["Hi"], "model": ["x"], "response": ["A"], "seconds": [seconds]}

    with pytest.raises(TableError, match=r"row 1, column 'seconds': '.*' is no number of seconds"):
        tables.works(pl.DataFrame(row))


@pytest.mark.parametrize(("cell", "message"), [("a\0b", "null character"), (b"\xff", "bytes")])
def test_cells_that_are_no_text_are_refused(cell, message):
    with pytest.raises(TableError, match=message):
        tables.votes(pl.DataFrame({"item": [cell], "rater": ["ann"], "label": ["yes"]}))


def test_lists_where_plain_values_belong_are_refused():
    with pytest.raises(TableError, match="column 'label': the cells hold lists"):
        tables.votes(pl.DataFrame({"item": ["i"], "rater": ["ann"], "label": [["yes"]]}))


def test_a_real_arena_comes_in_whole(shared):
    found = tables.works(tables.read(shared("prefs/llmfao/battles.parquet").read_bytes(), "battles.parquet"))

    assert (len(found.items), len(found.judgments)) == (13, 13_209)


def test_pandas_arrow_and_plain_columns_are_the_same_table():
    pandas, pyarrow = (pytest.importorskip(name) for name in ("pandas", "pyarrow"))
    plain = {"task": [1, 2], "worker": ["ann", "ben"], "label": ["yes", "no"]}

    frames = [
        tables.frame_of(one)
        for one in (plain, VOTES, VOTES.lazy(), pandas.DataFrame(plain), pyarrow.table(plain))
    ]

    assert all(tables.votes(frame).rows() == tables.votes(VOTES).rows() for frame in frames)


def test_a_wide_table_is_read_with_its_holes():
    pandas = pytest.importorskip("pandas")
    wide = pandas.DataFrame({"ann": [0.0, None], "ben": [1.0, 1.0]}, index=["i", "j"])

    long = tables.from_wide(wide.rename_axis("name").reset_index(), item="name")

    assert long.rows() == [("i", "ann", "0"), ("i", "ben", "1"), ("j", "ben", "1")]


@pytest.mark.parametrize("thing", [7, "votes.csv", [("i", "ann", "yes")], {"item": [1, 2], "rater": ["ann"]}])
def test_what_is_no_table_at_all_is_refused(thing):
    with pytest.raises(TableError, match="table"):
        tables.frame_of(thing)
