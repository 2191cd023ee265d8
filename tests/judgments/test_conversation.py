"""What a conversation is worth once it is over: votes, rows with their history, and what it lacks."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from assay import pipeline
from assay.datasets import format_named, lines
from assay.errors import AnswerError, AssayError
from assay.judgments import kind
from assay.judgments.conversation.turns import messages, went_on
from assay.records import Brief, Item, Judgment, Question, Sample, Work

TALK = kind("conversation")
BRIEF = Brief("talks", "Talk well.", "conversation", turns=(1, 3))
ITEM = Item("moon", "Talk about the moon.", "You edit poems.", "en", "poetry")
TWO = Work("moon:x|y", ITEM, (Sample("moon/x", "moon", "x", ""), Sample("moon/y", "moon", "y", "")))
ONE = Work("moon", ITEM)


def turn(said: str, choice: str = "tie", **more: object) -> dict[str, object]:
    return {
        "said": said,
        "replies": {"moon/x": f"x: {said}", "moon/y": f"y: {said}"},
        "choice": choice,
        **more,
    }


def alone(said: str, **more: object) -> dict[str, object]:
    return {"said": said, "replies": {"reply": f"m: {said}"}, **more}


def judged(work: Work, answer: dict[str, object], rater: str = "ann") -> Judgment:
    return Judgment(f"j-{rater}", work.id, rater, "conversation", TALK.check(BRIEF, work, answer))


def test_a_conversation_follows_the_better_or_the_written_answer():
    turns = [turn("a", "moon/y"), turn("b", "tie", edited="E", went_on="moon/x"), turn("c", "both_bad")]

    told = messages(turns, context="You edit poems.")

    assert [message["content"] for message in told] == ["You edit poems.", "a", "y: a", "b", "E", "c"]
    assert [message["role"] for message in told] == ["system", *["user", "assistant"] * 2, "user"]


def test_each_turn_gives_a_preference_with_the_history_before_it():
    answer = {"turns": [turn("a", "moon/y"), turn("b", "moon/x")], "choice": "moon/y"}

    first, second = TALK.examples(BRIEF, TWO, [judged(TWO, answer)], {})

    assert (first.chosen, first.rejected, first.chosen_author) == ("y: a", "x: a", "y")
    assert (second.chosen, second.prompt) == ("x: b", "b")
    assert [message["content"] for message in second.messages] == ["You edit poems.", "a", "y: a", "b"]
    assert second.messages[-1]["role"] == "user"


def test_what_a_person_wrote_is_a_demonstration_and_beats_what_it_replaced():
    answer = {"turns": [turn("a", "both_bad", edited="Mine.", went_on="moon/x")], "choice": "both_bad"}

    shown, better = TALK.examples(BRIEF, TWO, [judged(TWO, answer)], {})

    assert (shown.shape, shown.completion, shown.chosen_author) == ("demonstration", "Mine.", "ann")
    assert (better.shape, better.chosen, better.rejected, better.rejected_author) == (
        "preference", "Mine.", "x: a", "x"
    )  # fmt: skip


def test_a_conversation_in_which_nothing_was_preferred_is_a_row_with_its_rating():
    answer = {"turns": [alone("a"), alone("b")], "rating": "4", "model": "m"}

    (row,) = TALK.examples(BRIEF, ONE, [judged(ONE, answer)], {})

    assert (row.shape, row.completion, dict(row.ratings)) == ("rating", "m: b", {"rating": "4"})
    assert row.chosen_author == "m"


def test_trainers_read_turns_that_alternate_and_end_with_the_person():
    answer = {
        "turns": [turn("a", "moon/y"), turn("b", "both_bad", edited="Mine.", went_on="moon/x")],
        "choice": "moon/y",
    }
    rows = TALK.examples(BRIEF, TWO, [judged(TWO, answer)], {})

    preferences = [json.loads(line) for line in lines(rows, format_named("trl-preference"))]
    written = [json.loads(line) for line in lines(rows, format_named("trl-sft"))]

    assert len(preferences) == 2
    for row in (*preferences, *written):
        roles = [message["role"] for message in row["prompt"] if message["role"] != "system"]
        assert roles[0] == roles[-1] == "user"
        assert all(one != other for one, other in pairwise(roles))
    assert {"role": "assistant", "content": "Mine."} in [row["completion"][0] for row in written]
    assert all(row["chosen"] != row["rejected"] for row in preferences)


def test_conversations_of_several_people_come_to_a_board_of_the_models():
    said = [
        judged(TWO, {"turns": [turn("a", "moon/y")], "choice": "moon/y"}, rater)
        for rater in ("ann", "ben", "cleo")
    ]

    outcome = pipeline.run(BRIEF, [TWO], said)

    verdicts = {verdict.question: verdict.label for verdict in outcome.verdicts}
    assert verdicts == {"better": "b", "turn 1": "b"}
    assert outcome.board is not None
    assert outcome.board.votes == 3
    assert len(outcome.examples) == 3


@pytest.mark.parametrize(
    ("answer", "field"),
    [
        ({"turns": [], "choice": "tie"}, "message"),
        ({"turns": [turn("a")] * 4, "choice": "tie"}, "message"),
        ({"turns": [turn("a", "moon/z")], "choice": "tie"}, "turn.choice"),
        ({"turns": [turn("a", "moon/x", strength="9")], "choice": "tie"}, "turn.strength"),
        ({"turns": [{**turn("a"), "replies": {"moon/x": 1, "moon/y": "b"}}], "choice": "tie"}, "message"),
        ({"turns": [turn("a")], "choice": "x"}, "choice"),
        ({"turns": "not JSON", "choice": "tie"}, "turns"),
        ({"turns": [turn("a")], "choice": "tie", "labels": {"ear": "yes"}}, "labels"),
    ],
)
def test_what_a_conversation_lacks_is_said_by_its_field(answer, field):
    with pytest.raises(AnswerError) as wrong:
        TALK.check(BRIEF, TWO, answer)

    assert wrong.value.field == field


def test_questions_of_the_brief_need_labels_and_names_of_their_own():
    for question in (
        Question("better", "?", ("no", "yes")),
        Question("stars", "?", type="ratings", low=1, high=5),
    ):
        with pytest.raises(AssayError):
            TALK.questions(Brief("t", "g", "conversation", questions=(question,)))


def test_an_answer_without_a_word_about_it_goes_on_with_the_first():
    assert went_on({"replies": {"x": "a", "y": "b"}, "choice": "tie"}) == "x"
