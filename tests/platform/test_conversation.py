"""Talking to models: what is kept, what is shown, what comes of an answer that does not come."""

from __future__ import annotations

import json
from datetime import timedelta

import numpy as np
import pytest
from django.http import Http404
from django.utils import timezone

from assay.errors import AnswerError
from assay.inference import streaming
from assay.inference.embedded import MODEL
from assay.platform import talking
from assay.platform.actions import people, reviews, turns, work
from assay.platform.models import EndpointRow, JudgmentRow, LeaseRow, ProjectRow, TurnRow, WorkRow
from assay.platform.queries import outcomes
from assay.platform.queries import reviews as reading
from assay.platform.queries import turns as queries
from assay.platform.queries import work as works

from .talks import TALK, Model, piece, speaking, talks


@pytest.fixture
def model():
    with speaking() as found:
        yield found


@pytest.fixture(autouse=True)
def jobs(monkeypatch):
    """Nothing is answered beside the test: it says when."""
    begun: list[int] = []
    monkeypatch.setattr(talking, "start", begun.extend)
    return begun


@pytest.fixture
def two(cast, model):
    cast.talks = talks(cast.ann, ("first", model.url), ("second", model.url))
    return cast


@pytest.fixture
def one(cast, model):
    cast.talks = talks(cast.ann, ("first", model.url))
    return cast


def claim(cast):
    return work.claim_work(person=cast.ann, project=cast.talks, rng=np.random.default_rng(0))


def say(cast, lease, number, message, **turn):
    held = turns.say(
        person=cast.ann, token=lease.token, number=number, said={"message": message, "turn": turn}
    )
    for waiting in queries.due(held):
        talking.answer(waiting)
    return queries.talk(cast.ann, lease.token)


def drawn(held, name):
    return next(voice.drawn for voice in held.voices if voice.author == name)


def test_what_people_say_goes_to_both_models_with_the_context_and_nobody_reads_which_is_which(
    two, model, client_of
):
    lease = claim(two)
    say(two, lease, 1, "The **moon** is bright.")

    told = client_of("Ann").get(f"/work/{lease.token}/turns/").content.decode()

    (turn,) = json.loads(told)["turns"]
    assert {asked["model"] for asked in model.asked} == {"first", "second"}
    assert all(
        asked["messages"][0] == {"role": "system", "content": "You edit poems."} for asked in model.asked
    )
    assert turn["html"] == "<p>The <strong>moon</strong> is bright.</p>\n"
    assert [reply["place"] for reply in turn["replies"]] == ["A", "B"]
    assert [reply["state"] for reply in turn["replies"]] == ["done", "done"]
    shown = told.replace("first hears", "").replace("second hears", "")
    assert "first" not in shown
    assert "second" not in shown
    assert model.url not in shown


def test_the_conversation_goes_on_with_the_better_answer_and_the_judgment_holds_all_of_it(two, model):
    lease = claim(two)
    held = say(two, lease, 1, "The moon?")
    say(two, lease, 2, "Whose?", choice=drawn(held, "second"), strength="2")
    answer = {
        "turn": {"choice": "both_bad", "edited": "Nobody's.", "went_on": drawn(held, "first")},
        "choice": drawn(held, "second"),
        "turns": '[{"said": "forged", "replies": {}}]',
        "reason": "It listens.",
    }

    judgment = work.submit_judgment(person=two.ann, token=lease.token, answer=answer)

    assert model.asked[-1]["messages"][2] == {"role": "assistant", "content": "second hears: The moon?"}
    first, last = judgment.answer["turns"]
    assert first["replies"] == {
        "moon/first": "first hears: The moon?", "moon/second": "second hears: The moon?"
    }  # fmt: skip
    assert (first["choice"], first["strength"], first["went_on"]) == ("moon/second", 2, "moon/second")
    assert (last["said"], last["edited"], last["went_on"]) == ("Whose?", "Nobody's.", "moon/first")
    assert judgment.answer["choice"] == "moon/second"
    assert not LeaseRow.objects.filter(token=lease.token).exists()
    found = outcomes.outcome(two.talks)
    assert {row.shape for row in found.examples} == {"preference", "demonstration"}
    written = next(row for row in found.examples if row.shape == "demonstration")
    assert [message["content"] for message in written.messages] == [
        "You edit poems.", "The moon?", "second hears: The moon?", "Whose?"
    ]  # fmt: skip
    assert {verdict.label for verdict in found.verdicts if verdict.question == "better"} == {"b"}


def test_one_model_alone_is_rated_and_its_name_goes_with_the_judgment(one):
    lease = claim(one)
    say(one, lease, 1, "The moon?")

    judgment = work.submit_judgment(
        person=one.ann, token=lease.token, answer={"rating": "4", "model": "forged"}
    )

    assert judgment.answer["model"] == "first"
    assert judgment.answer["turns"][0]["replies"] == {"reply": "first hears: The moon?"}


def test_a_project_that_names_no_model_talks_to_the_one_in_the_box(cast):
    cast.talks = talks(cast.ann)
    lease = claim(cast)

    held = turns.say(person=cast.ann, token=lease.token, number=1, said={"message": "Hello"})

    assert [row.author for row in held.replies(1)] == [MODEL]


def test_the_same_message_twice_is_one_turn_and_another_one_is_refused(two, model):
    lease = claim(two)
    say(two, lease, 1, "The moon?")
    say(two, lease, 1, "The moon?")

    with pytest.raises(AnswerError, match="something else at this turn"):
        say(two, lease, 1, "The sun?")
    with pytest.raises(AnswerError, match="gone on elsewhere"):
        say(two, lease, 3, "The sun?")
    with pytest.raises(AnswerError, match="Write something"):
        say(two, lease, 2, "  ")
    assert TurnRow.objects.count() == 3
    assert len(model.asked) == 2


def test_nobody_goes_on_before_the_answers_are_whole_and_one_is_chosen(two):
    lease = claim(two)
    turns.say(person=two.ann, token=lease.token, number=1, said={"message": "The moon?"})

    with pytest.raises(AnswerError, match="Wait until the answer is whole"):
        say(two, lease, 2, "Whose?")
    with pytest.raises(AnswerError, match="Wait until the answer is whole"):
        work.submit_judgment(person=two.ann, token=lease.token, answer={"choice": "tie"})
    for waiting in queries.due(queries.talk(two.ann, lease.token)):
        talking.answer(waiting)
    with pytest.raises(AnswerError, match="which answer of turn 1 is better"):
        say(two, lease, 2, "Whose?")


def test_a_conversation_ends_at_its_last_turn_and_a_message_not_sent_is_not_lost(two):
    lease = claim(two)
    for number in (1, 2, 3):
        say(two, lease, number, "The moon?", **({"choice": "tie"} if number > 1 else {}))

    with pytest.raises(AnswerError, match="as long as it may be"):
        say(two, lease, 4, "And?", choice="tie")
    unsent = {"choice": "tie", "turn": {"choice": "tie"}, "message": "One thing more"}
    with pytest.raises(AnswerError, match="not sent"):
        work.submit_judgment(person=two.ann, token=lease.token, answer=unsent)
    assert queries.work.lease(two.ann, lease.token).draft == unsent


def test_an_edited_answer_is_what_the_models_read_next(one, model):
    lease = claim(one)
    held = say(one, lease, 1, "The moon?")
    say(one, lease, 2, "Whose?", edited="A coin.", went_on=held.voices[0].drawn)

    assert [message["content"] for message in model.asked[-1]["messages"]] == [
        "You edit poems.", "The moon?", "A coin.", "Whose?"
    ]  # fmt: skip


def test_where_neither_is_better_the_answer_to_go_on_with_is_drawn_and_written_down(two):
    lease = claim(two)
    held = say(two, lease, 1, "The moon?")
    say(two, lease, 2, "Whose?", choice="tie")

    choice = TurnRow.objects.get(number=1, side="p").choice

    assert choice["choice"] == "tie"
    assert choice["went_on"] in {voice.key for voice in held.voices}


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (("text/html", b"<html><script>alert(1)</script></html>", 200), ("rubbish", "was no answer")),
        (("text/event-stream", b"data: \xff\xff\n\n", 200), ("rubbish", "was no answer")),
        (("text/event-stream", b"data: [DONE]\n\n", 200), ("empty", "without a word")),
        (("application/json", b"{}", 401), ("refused", "did not take the request")),
        (("application/json", b'{"choices": []}', 200), ("rubbish", "was no answer")),
    ],
)
def test_what_is_no_answer_is_told_in_a_sentence_that_does_not_tell_which_model_it_was(
    one, model, client_of, sent, expected
):
    (model.kind, body, model.status), (fault, told) = sent, expected
    model.script = lambda asked: iter([body])
    lease = claim(one)
    say(one, lease, 1, "The moon?")

    page = client_of("Ann").get(f"/work/{lease.token}/turns/").json()

    row = TurnRow.objects.get(side="a")
    assert (row.state, row.fault) == ("failed", fault)
    assert model.url in row.problem
    assert told in page["turns"][0]["replies"][0]["problem"]
    assert page["failed"]
    assert model.url not in str(page)


def test_a_model_that_is_down_can_be_asked_again_and_the_message_stays(one, model, client_of):
    EndpointRow.objects.update(url="http://127.0.0.1:9")
    lease = claim(one)
    say(one, lease, 1, "The moon?")
    assert TurnRow.objects.get(side="a").fault == "unreachable"
    EndpointRow.objects.update(url=model.url)

    client_of("Ann").post(f"/work/{lease.token}/turns/1/again/")
    for waiting in queries.due(queries.talk(one.ann, lease.token)):
        talking.answer(waiting)

    assert TurnRow.objects.get(side="a").text == "first hears: The moon?"
    assert TurnRow.objects.get(side="p").text == "The moon?"


def test_a_last_turn_without_an_answer_does_not_hold_up_the_judgment(one):
    lease = claim(one)
    say(one, lease, 1, "The moon?")
    EndpointRow.objects.update(url="http://127.0.0.1:9")
    say(one, lease, 2, "Whose?")

    judgment = work.submit_judgment(person=one.ann, token=lease.token, answer={"rating": "2"})

    assert [turn["said"] for turn in judgment.answer["turns"]] == ["The moon?"]


def test_an_endless_answer_is_cut_off(one, model, monkeypatch):
    monkeypatch.setattr(talking, "WITHIN_S", 120.0)
    model.script = lambda asked: iter([piece("moon " * 1_000)] * 100)
    lease = claim(one)
    say(one, lease, 1, "The moon?")

    row = TurnRow.objects.get(side="a")
    assert (row.state, len(row.text) <= 64_000) == ("done", True)


def test_what_has_come_of_an_answer_can_be_read_while_it_is_written(one, client_of, monkeypatch):
    lease = claim(one)
    seen = []

    def slowly(*_, **__):
        for part in ("<b>A ", "coin"):
            yield part
            talking.write_down()
            seen.append(client_of("Ann").get(f"/work/{lease.token}/turns/").json()["turns"][0]["replies"][0])

    monkeypatch.setattr(streaming, "stream", slowly)
    held = turns.say(person=one.ann, token=lease.token, number=1, said={"message": "The moon?"})
    (number,) = queries.due(held)
    monkeypatch.setitem(talking._under_way, number, talking.Said())
    talking.answer(number)

    assert seen[0] == {"voice": "reply", "place": "A", "state": "running", "text": "<b>A "}
    assert seen[1]["text"] == "<b>A coin"
    assert TurnRow.objects.get(pk=number).text == "<b>A coin"


def test_a_worker_whose_answer_another_has_taken_up_stops_writing(one, monkeypatch):
    lease = claim(one)
    held = turns.say(person=one.ann, token=lease.token, number=1, said={"message": "The moon?"})
    (number,) = queries.due(held)

    def slowly(*_, **__):
        yield "A coin"
        TurnRow.objects.filter(pk=number).update(worker="another")
        talking.write_down()
        yield " that nobody sees"
        raise AssertionError("nobody reads on")

    monkeypatch.setattr(streaming, "stream", slowly)
    monkeypatch.setitem(talking._under_way, number, talking.Said())
    talking.answer(number)

    row = TurnRow.objects.get(pk=number)
    assert (row.state, row.text) == ("running", "")


def test_an_answer_that_a_dead_worker_left_is_taken_up_again_and_the_dead_write_nothing(one):
    lease = claim(one)
    held = turns.say(person=one.ann, token=lease.token, number=1, said={"message": "The moon?"})
    (number,) = queries.due(held)
    turns.take(number, worker="dead")
    turns.write(number, worker="dead", text="The m")
    assert queries.due(queries.talk(one.ann, lease.token)) == []
    assert turns.take(number, worker="alive") is None
    TurnRow.objects.filter(pk=number).update(beat_at=timezone.now() - timedelta(minutes=1))

    assert queries.due(queries.talk(one.ann, lease.token)) == [number]
    assert turns.take(number, worker="alive").text == ""
    assert not turns.finish(number, worker="dead", text="The moon", seconds=1.0)
    assert turns.finish(number, worker="alive", text="A coin", seconds=1.0)


def test_whoever_waits_starts_what_nobody_is_at_and_nothing_changed_costs_no_answer(one, client_of, jobs):
    lease = claim(one)
    turns.say(person=one.ann, token=lease.token, number=1, said={"message": "The moon?"})
    client = client_of("Ann")

    first = client.get(f"/work/{lease.token}/turns/")
    again = client.get(f"/work/{lease.token}/turns/", headers={"if-none-match": first["ETag"]})

    assert jobs == [TurnRow.objects.get(side="a").pk] * 2
    assert (again.status_code, again.content) == (304, b"")


def test_a_model_that_was_taken_out_is_said_to_be_gone(one):
    lease = claim(one)
    EndpointRow.objects.all().delete()

    held = turns.say(person=one.ann, token=lease.token, number=1, said={"message": "The moon?"})
    EndpointRow.objects.create(project=one.talks, name="other")
    TurnRow.objects.filter(side="a").update(author="first")
    talking.answer(queries.due(held)[0])

    assert TurnRow.objects.get(side="a").fault == "gone"


def test_a_key_is_sent_to_its_model_and_to_nobody_else(one, model, client_of):
    EndpointRow.objects.update(key="secret-key")
    model.status = 403
    lease = claim(one)
    say(one, lease, 1, "The moon?")

    assert "secret-key" not in TurnRow.objects.get(side="a").problem
    assert "secret-key" not in client_of("Ann").get(f"/work/{lease.token}/turns/").content.decode()


def test_a_conversation_belongs_to_whoever_holds_it(two, client_of):
    lease = claim(two)

    for name in ("Ben", "Vera", "Cleo"):
        assert client_of(name).get(f"/work/{lease.token}/turns/").status_code == 404
        said = {"number": "1", "message": "Hello"}
        assert client_of(name).post(f"/work/{lease.token}/turns/", said).status_code == 404
        assert client_of(name).post(f"/work/{lease.token}/turns/1/again/").status_code == 404
    with pytest.raises(Http404):
        queries.talk(two.ann, work.claim_work(person=two.ann, project=two.moon).token)


def test_a_reopened_conversation_goes_on_where_it_was(one):
    from assay.platform.actions.reopen import reopen

    lease = claim(one)
    say(one, lease, 1, "The moon?")
    judgment = work.submit_judgment(person=one.ann, token=lease.token, answer={"rating": "2"})
    opened = reopen(judgment, cause=JudgmentRow.UNDONE)
    assert "model" not in opened.draft
    say(one, opened, 2, "Whose?")

    second = work.submit_judgment(person=one.ann, token=opened.token, answer={"rating": "5"})

    assert [turn["said"] for turn in second.answer["turns"]] == ["The moon?", "Whose?"]
    assert second.supersedes == judgment


def test_a_second_reader_accepts_a_conversation_and_cannot_rewrite_what_was_said(one):
    people.add_member(project=one.talks, name="Vera", role="reviewer")
    ProjectRow.objects.update(review_share=1.0)
    lease = claim(one)
    say(one, lease, 1, "The moon?")
    judgment = work.submit_judgment(person=one.ann, token=lease.token, answer={"rating": "2"})
    one.talks.refresh_from_db()
    row = reviews.claim_review(person=one.vera, project=one.talks)

    forged = {"rating": "2", "turns": "[]", "model": "another"}
    reviews.decide_review(person=one.vera, number=row.pk, decision="accepted", reason="", answer=forged)

    row.refresh_from_db()
    assert row.state == "accepted"
    assert list(JudgmentRow.objects.filter(project=one.talks)) == [judgment]


@pytest.fixture
def read_pair(cast):
    """Ann preferred the first model at two turns; Vera reads it again."""
    pair = talks(cast.ann, ("x", ""), ("y", ""))
    people.add_member(project=pair, name="Vera", role="reviewer")
    ProjectRow.objects.filter(pk=pair.pk).update(review_share=1.0)
    lease = work.claim_work(person=cast.ann, project=pair)
    voices = [voice.drawn for voice in queries.talk(cast.ann, lease.token).voices]
    for number in (1, 2):
        turn = {"choice": voices[0], "strength": "3"} if number > 1 else {}
        turns.say(
            person=cast.ann,
            token=lease.token,
            number=number,
            said={"message": f"Line {number}?", "turn": turn},
        )
        for row in TurnRow.objects.filter(token=lease.token, number=number).exclude(side="p"):
            TurnRow.objects.filter(pk=row.pk).update(state="done", text=f"{row.author} says {number}")
    answer = {"choice": voices[0], "turn": {"choice": voices[0]}}
    cast.said = work.submit_judgment(person=cast.ann, token=lease.token, answer=answer)
    pair.refresh_from_db()
    cast.review = reviews.claim_review(person=cast.vera, project=pair)
    return cast


def form_of(case, **changed):
    """Return what the page of a second reader sends, with some of it changed."""
    return {**works.draft_of(case.given, case.answer), **changed}


def test_a_second_reader_changes_which_answer_of_a_turn_is_better_and_nothing_that_was_said(read_pair):
    case = reading.case(read_pair.review)
    first = dict(case.answer["turns"][0])
    other = next(voice for voice in first["replies"] if voice != first["choice"])

    answer = form_of(
        case, turn1={"choice": other, "strength": "2", "said": "Forged"}, turn2={"edited": "Silver."}
    )
    row = reviews.decide_review(
        person=read_pair.vera,
        number=read_pair.review.pk,
        decision="edited",
        reason="It rhymes.",
        answer=answer,
    )

    was, now = read_pair.said.answer["turns"], row.edited.answer["turns"]
    real = case.given.names
    assert (now[0]["choice"], now[0]["strength"]) == (real[other], 2)
    assert now[1]["edited"] == "Silver."
    for name in ("said", "replies", "went_on"):
        assert [turn[name] for turn in now] == [turn[name] for turn in was]
    assert JudgmentRow.objects.get(pk=read_pair.said.pk).answer["turns"] == was


def test_what_the_models_went_on_with_is_not_rewritten_by_a_reader(read_pair):
    case = reading.case(read_pair.review)

    answer = form_of(case, turn1={"edited": "What nobody said."})
    row = reviews.decide_review(
        person=read_pair.vera, number=read_pair.review.pk, decision="edited", reason="", answer=answer
    )

    assert row.state == "accepted"
    assert row.edited is None


def test_a_choice_that_is_none_is_refused_and_what_was_typed_comes_back(read_pair, client_of):
    url = f"/reviews/{read_pair.review.pk}/"

    page = client_of("Vera").post(url, {"turn1.choice": "neither", "review.decision": "edited"})

    assert page.status_code == 422
    assert "which answer of turn 1 is better" in page.content.decode()
    assert '"turn1": {"choice": "neither"}' in page.content.decode()


def test_works_follow_from_the_models_of_a_project(cast):
    assert TALK.turns == (1, 3)
    pair = talks(cast.ann, ("x", ""), ("y", ""), ("z", ""))

    keys = set(WorkRow.objects.filter(project=pair).values_list("key", flat=True))

    assert keys == {"moon:x|y", "moon:x|z", "moon:y|z"}


def test_a_scripted_model_says_its_name():
    assert b"first" in next(Model("").echo({"model": "first", "messages": [{"content": ""}]}))
