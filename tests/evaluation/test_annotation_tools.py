from __future__ import annotations

import json

import polars as pl
import pytest

from assay.errors import TableError
from assay.evaluation.annotation_tools import label_studio, potato
from assay.evaluation.importing import read


def task(number, annotations, **data):
    return {"id": number, "data": data, "annotations": annotations}


def chose(side, person=1, *, seconds=None, tie=None):
    result = [{"from_name": "pw", "type": "pairwise", "value": {"selected": side}}] if side else []
    if tie:
        result.append({"from_name": "also", "type": "choices", "value": {"choices": [tie]}})
    return {"completed_by": person, "result": result, "lead_time": seconds, "was_cancelled": False}


def studio(*tasks):
    return json.dumps(list(tasks)).encode()


BEN = {"id": 5, "email": "b@x"}
MODELS = {"model_a": "mica", "model_b": "slate"}


def test_label_studios_votes_become_a_board_with_people_times_and_texts():
    export = studio(
        task(
            1,
            [chose("left", 4, seconds=9.5), chose("right", {"id": 5, "email": "b@x"})],
            text1="Hi",
            **MODELS,
        ),
        task(2, [chose("left", 4, tie="Tie")], text1="Yo", item="greeting", **MODELS),
        task(3, [chose(None, 4, tie="Both bad")], left_model="opal", right_model="mica"),
    )

    battles = read(label_studio(export))

    assert battles.models == ("mica", "opal", "slate")
    assert battles.outcomes_N.tolist() == [0, 1, 2, 3]
    assert battles.raters == ("4", "b@x")
    assert battles.items == ("1", "3", "greeting")
    assert battles.column("seconds").to_list() == [9.5, None, None, None]
    assert battles.column("response_a").to_list() == ["Hi", "Hi", "Yo", None]


def test_a_skipped_task_is_no_vote_and_nothing_at_all_is_said():
    skipped = {**chose("left"), "was_cancelled": True}

    assert label_studio(studio(task(1, [skipped, chose("right")], **MODELS)))["winner"].to_list() == ["b"]
    with pytest.raises(TableError, match="holds no vote"):
        label_studio(studio(task(1, [skipped], **MODELS)))


def test_models_may_stand_in_a_table_beside():
    pairs = pl.DataFrame({"item": ["7"], "model_a": ["mica"], "model_b": ["slate"]})

    assert label_studio(studio(task(7, [chose("left")])), pairs=pairs)["model_a"].to_list() == ["mica"]
    with pytest.raises(TableError, match=r"row 1.*item 8.*model_a"):
        label_studio(studio(task(8, [chose("left")])), pairs=pairs)
    with pytest.raises(TableError, match="no column model_b"):
        label_studio(studio(task(7, [chose("left")])), pairs=pairs.drop("model_b"))


def test_what_is_no_export_of_label_studio_is_refused_with_its_row():
    with pytest.raises(TableError, match="no JSON"):
        label_studio(b"model_a,model_b")
    with pytest.raises(TableError, match="no list of tasks"):
        label_studio(b'{"id": 1}')
    with pytest.raises(TableError, match=r"row 1.*JSON-MIN"):
        label_studio(json.dumps([{"id": 1, "pw": "left"}]).encode())
    with pytest.raises(TableError, match=r"row 2.*no choice"):
        label_studio(studio(task(1, [chose("left")], **MODELS), task(2, [chose("up")], **MODELS)))


PAIRS = pl.DataFrame(
    {"id": ["i1", "i2"], "model_a": ["mica"] * 2, "model_b": ["slate"] * 2, "domain": ["sea", "moon"]}
)


def spoken(user, item, answer, **more):
    return {"user_id": user, "instance_id": item, "label_annotations": answer, **more}


def lines(*rows):
    return "\n".join(json.dumps(row) for row in rows).encode()


def test_potatos_lines_become_a_board_whatever_widget_was_used():
    took = {"time_string": "Time spent: 0d 0h 1m 5s "}
    data = lines(
        spoken("ann", "i1", {"better": {"A": "true", "B": "false"}}, behavioral_data=took),
        spoken("ben", "i1", {"better": {"selection": "B"}}),
        spoken("ann", "i2", {"better": {"Tie": True}}),
    )

    battles = read(potato(data, PAIRS))

    assert battles.outcomes_N.tolist() == [0, 1, 2]
    assert battles.raters == ("ann", "ben")
    assert battles.column("seconds").to_list() == [65.0, None, None]
    assert battles.column("domain").to_list() == ["sea", "sea", "moon"]


@pytest.mark.parametrize(
    "said",
    [{"better": {"B": "true"}}, [[{"schema": "better", "name": "B"}, "true"]]],
    ids=["by question", "as pairs"],
)
def test_one_persons_state_is_read_in_both_of_its_shapes(said):
    state = {"user_id": "ann", "instance_id_to_label_to_value": {"i1": said}}

    assert potato(json.dumps(state, indent=1).encode(), PAIRS).row(0)[:5] == (
        "i1",
        "ann",
        "mica",
        "slate",
        "b",
    )


def test_of_several_questions_one_is_named():
    data = lines(spoken("ann", "i1", {"better": {"A": "true"}, "truer": {"B": "true"}}))

    assert potato(data, PAIRS, schema="truer")["winner"].to_list() == ["b"]
    with pytest.raises(TableError, match=r"row 1.*several choices"):
        potato(data, PAIRS)
    with pytest.raises(TableError, match="no answer to 'nicer'"):
        potato(data, PAIRS, schema="nicer")


def test_what_potato_did_not_write_is_refused_with_its_row():
    good = spoken("ann", "i1", {"better": {"A": "true"}})
    with pytest.raises(TableError, match=r"row 2.*does not look like Potato"):
        potato(lines(good, {"id": 3}), PAIRS)
    with pytest.raises(TableError, match=r"row 2.*i9"):
        potato(lines(good, spoken("ann", "i9", {"better": {"A": "true"}})), PAIRS)
    with pytest.raises(TableError, match=r"row 1.*no choice that is known"):
        potato(lines(spoken("ann", "i1", {"better": {"maybe": "true"}})), PAIRS)
