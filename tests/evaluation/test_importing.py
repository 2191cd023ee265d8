from __future__ import annotations

import io

import numpy as np
import polars as pl
import pytest

from assay.errors import TableError
from assay.evaluation import Battles, BoardError, importing, mqm
from assay.records import Battle

FASTCHAT = {
    "question_id": ["q1", "q2", "q3", "q4"],
    "model_a": ["x", "y", "x", "z"],
    "model_b": ["y", "z", "z", "x"],
    "winner": ["model_a", "model_b", "tie", "tie (bothbad)"],
    "judge": ["ann", "ben", "ann", "cleo"],
    "language": ["English", "English", "Arabic", "Arabic"],
}


def stored(frame: pl.DataFrame, ending: str) -> bytes:
    stream = io.BytesIO()
    {"parquet": frame.write_parquet, "csv": frame.write_csv, "jsonl": frame.write_ndjson}[ending](stream)
    return stream.getvalue()


@pytest.mark.parametrize("ending", ["parquet", "csv", "jsonl"])
def test_a_frame_of_another_arena_is_read_from_every_format(ending):
    battles = importing.read(stored(pl.DataFrame(FASTCHAT), ending), f"votes.{ending}")

    assert battles.models == ("x", "y", "z")
    assert battles.outcomes_N.tolist() == [0, 1, 2, 3]
    assert battles.score_N.tolist() == [1, 0, 0.5, 0.5]
    assert [battles.raters[code] for code in battles.rater_N] == FASTCHAT["judge"]
    assert battles.coded("language")[1] == ("Arabic", "English")
    assert not battles.derived


def test_mappings_and_lazy_frames_and_arrow_are_tables_too():
    frame = pl.DataFrame(FASTCHAT)

    class Arrow:
        """Anything that offers the C stream: pandas, pyarrow, DuckDB."""

        def __arrow_c_stream__(self, requested_schema=None):
            return frame.__arrow_c_stream__(requested_schema)

    read = [importing.read(table) for table in (FASTCHAT, frame, frame.lazy(), Arrow())]

    assert all(one.to_frame().equals(read[0].to_frame()) for one in read)


def test_what_a_battle_records_survives_the_columns():
    battle = Battle(
        "i", "x", "y", "both_bad", "ann", id="v1", language="ar", domain="poems", order="ba",
        renderer_a="plain", propensity=0.25, strength=2.0, seconds=31.5, dimensions={"craft": 3.0},
        reason="both stop half-way", events=({"name": "scroll", "at": 2.0},),
    )  # fmt: skip

    battles = Battles.from_records([battle])

    row = battles.detail.to_dicts()[0]
    assert {name: row[name] for name in ("id", "language", "domain", "order", "renderer_a")} == {
        "id": "v1", "language": "ar", "domain": "poems", "order": "ba", "renderer_a": "plain",
    }  # fmt: skip
    assert (row["propensity"], row["strength"], row["seconds"]) == (0.25, 2.0, 31.5)
    assert row["dimensions"] == '{"craft": 3.0}'
    assert "response_a" not in row
    assert Battles.from_frame(battles.to_frame()).to_frame().equals(battles.to_frame())


def test_a_part_keeps_the_codes_of_the_whole():
    battles = importing.read(FASTCHAT)

    part = battles.take(battles.outcomes_N == 1)

    assert (part.models, len(part), part.column("language").to_list()) == (battles.models, 1, ["English"])
    assert [part.items[code] for code in part.items_N] == ["q2"]


@pytest.mark.parametrize(
    ("change", "row", "column", "says"),
    [
        ({"winner": ["model_a", "left?", "tie", "tie"]}, 2, "winner", "is none of a, b, tie, both_bad"),
        ({"model_b": ["y", "z", "x", "x"]}, 3, "model_b", "compared with itself"),
        ({"model_a": ["x", "", "x", "z"]}, 2, "model_a", "the cell is empty"),
        ({"battle_id": ["v1", "v2", "v3", "v1"]}, 4, "battle_id", "counts once"),
        ({"propensity": [0.5, 1.5, 0.5, 0.5]}, 2, "propensity", "at most 1"),
        ({"propensity": [0.5, 0.5, 0.0, 0.5]}, 3, "propensity", "above 0"),
        ({"duration_s": ["1", "2", "soon", "4"]}, 3, "seconds", "no number of seconds"),
        ({"strength": ["1", "2", "3", "much"]}, 4, "strength", "is not a number"),
        ({"order": ["ab", "ba", "left", "ab"]}, 3, "order", "neither ab nor ba"),
    ],
)
def test_a_mistake_is_named_by_row_and_column(change, row, column, says):
    with pytest.raises(TableError, match=says) as refusal:
        importing.read({**FASTCHAT, **change})

    assert (refusal.value.row, refusal.value.column) == (row, column)


def test_a_missing_column_is_named_with_those_that_are_there():
    with pytest.raises(TableError, match=r"no column for 'winner'.*question_id, model_a"):
        importing.read({name: cells for name, cells in FASTCHAT.items() if name != "winner"})


@pytest.mark.parametrize("data", [b"", b"\n\n", b"model_a,model_b,winner\n"])
def test_an_empty_file_is_refused(data):
    with pytest.raises(TableError, match=r"empty|no rows"):
        importing.read(data, "votes.csv")


def test_a_table_without_rows_is_refused():
    with pytest.raises(TableError, match="no rows"):
        importing.read(pl.DataFrame(FASTCHAT).clear())


def test_raters_known_for_some_rows_only_count_as_unknown():
    battles = importing.read({**FASTCHAT, "judge": ["ann", None, "ann", ""]})

    assert not battles.rater_known
    assert battles.rater_N.tolist() == [0, 1, 2, 3]


def test_asking_for_a_column_that_nobody_filled_says_which_there_are():
    with pytest.raises(BoardError, match="no column 'seconds'; they have: language"):
        importing.read(FASTCHAT).column("seconds")


MARKED = {
    "globalSegId": ["1"] * 5 + ["2"] * 2,
    "rater": ["ann"] * 7,
    "system": ["x", "x", "y", "z", "z", "x", "y"],
    "category": [
        "Fluency/Punctuation",
        "Style",
        "Accuracy",
        "No-error",
        "Found",
        "Non-translation!",
        "Style",
    ],
    "severity": ["Minor", "Minor", "Major", "No-error", "HOTW-test", "Major", "critical"],
}


def test_marked_errors_become_pairs_of_the_systems_that_one_rater_read():
    battles = mqm.battles(MARKED)

    rows = battles.to_frame().sort("item", "model_a", "model_b").rows()
    assert [(row[:3], row[-1]) for row in rows] == [
        (("x", "y", "a"), 3.9),
        (("x", "z", "b"), 1.1),
        (("y", "z", "b"), 5.0),
        (("x", "y", "tie"), 0.0),
    ]
    assert battles.derived


def test_an_unknown_severity_is_named_by_row():
    with pytest.raises(TableError, match="'awful'") as refusal:
        mqm.battles({**MARKED, "severity": [*MARKED["severity"][:6], "Awful"]})

    assert (refusal.value.row, refusal.value.column) == (7, "severity")


def test_marks_without_a_second_system_compare_nothing():
    with pytest.raises(TableError, match="nothing can be compared"):
        mqm.battles({name: cells[:2] for name, cells in MARKED.items()})


def test_pairs_of_real_marked_errors_are_those_that_were_released(shared):
    ratings = shared("prefs/wmt23_sxs_mqm/ratings.parquet").read_bytes()
    released = importing.read(shared("prefs/wmt23_sxs_mqm/battles.parquet").read_bytes(), "b.parquet")

    ours = mqm.battles(pl.read_parquet(io.BytesIO(ratings)))

    keys = ["item", "rater", "model_a", "model_b"]
    columns = [*keys, "winner", "strength"]
    ours_frame = ours.to_frame().select(columns).sort(keys)
    theirs = released.to_frame().select(columns).sort(keys)
    # the released table calls 15 differences of 1e-16 a win; sums of tenths are rounded here
    equal = ours_frame["winner"] == theirs["winner"]
    assert ours_frame.select(keys).equals(theirs.select(keys))
    assert (~equal).sum() == 15
    assert theirs.filter(~equal)["strength"].max() < 1e-12
    np.testing.assert_allclose(ours_frame["strength"], theirs["strength"], atol=1e-6)


@pytest.mark.parametrize(
    ("name", "rows", "models", "raters"),
    [
        ("llmfao", 13_209, 59, 126),
        ("ukp_convarg", 84_445, 1_052, 3_815),
        ("pandalm", 2_997, 5, 3),
        ("lamp_rank", 1_017, 3, 13),
    ],
)
def test_every_released_table_is_read_in_one_call(shared, name, rows, models, raters):
    data = shared(f"prefs/{name}/battles.parquet").read_bytes()

    battles = importing.read(data, "battles.parquet")

    assert (len(battles), len(battles.models), len(battles.raters)) == (rows, models, raters)
    assert battles.column("response_a").null_count() < rows


def test_pairs_whose_two_answers_go_by_one_name_are_refused_on_real_data(shared):
    data = shared("prefs/hh_harmless_test/battles.parquet").read_bytes()

    with pytest.raises(TableError, match="compared with itself") as refusal:
        importing.read(data, "battles.parquet")

    assert refusal.value.row == 1


def test_an_id_beside_an_item_is_the_votes_own_and_counts_once():
    rows = {
        "id": ["7", "8", "7"],
        "item": ["moon", "moon", "sea"],
        "model_a": ["x", "x", "x"],
        "model_b": ["y", "y", "y"],
        "winner": ["a", "b", "a"],
    }

    with pytest.raises(TableError, match="the id of an earlier row too") as refused:
        importing.read(pl.DataFrame(rows))
    without = importing.read(pl.DataFrame(rows).drop("item"))

    assert (refused.value.row, refused.value.column) == (3, "id")
    assert without.items == ("7", "8")
