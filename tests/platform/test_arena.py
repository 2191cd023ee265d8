"""Live battles: the record of models, the draw, two blind answers, the vote, and what goes out."""

from __future__ import annotations

import numpy as np
import pytest
from django.db.models.sql import Query

from assay.errors import AnswerError
from assay.platform import talking
from assay.platform.actions import arena, people, work
from assay.platform.models import BattleRow, EntrantRow, JudgmentRow, LeaseRow, SampleRow, TurnRow, WorkRow
from assay.platform.queries import arena as queries
from assay.records import Live

from .arenas import answered, arena_of, asks, begun, drawn, enter, spoken, vote
from .talks import piece

# -- the draw ----------------------------------------------------------------------------------------------


def test_the_draw_is_stored_with_its_chance_before_anything_is_shown(ring, model):
    enter(ring.ring, ring.ann, "opal", model.url)

    found, lease = begun(ring.ben, ring.ring)

    assert (found.state, found.policy) == ("begun", "uniform")
    assert found.propensity == pytest.approx(1 / 3)
    assert found.first.pk < found.second.pk
    assert list(lease.work.samples) == [
        SampleRow.objects.get(author=each.name).pk for each in (found.first, found.second)
    ]
    assert model.asked == []


def test_every_pair_and_both_sides_come_up_as_often_as_they_should(ring):
    entered = [*queries.active(ring.ring), EntrantRow(name="opal")]
    rng = np.random.default_rng(1)
    policy = {("mica", "slate"): 0.5, ("mica", "opal"): 0.3, ("slate", "opal"): 0.2}
    seen = dict.fromkeys(policy, 0)
    for _ in range(2_000):
        first, second, chance, name = arena.draw(entered, policy, rng)
        seen[first.name, second.name] += 1
        assert (chance, name) == (policy[first.name, second.name], "decisive")

    assert [count / 2_000 for count in seen.values()] == pytest.approx(list(policy.values()), abs=0.04)


def test_sides_are_drawn_at_random(ring):
    orders = []
    for seed in range(12):
        found, lease = begun(ring.ben, ring.ring, f"Moon {seed}?", seed=seed)
        answered(found)
        vote(ring.ben, lease, "tie")
        orders.append(found.order)

    assert set(orders) == {"ab", "ba"}


def test_a_policy_that_does_not_know_a_new_model_is_set_aside(ring):
    entered = [*queries.active(ring.ring), EntrantRow(name="opal")]

    *_pair, chance, name = arena.draw(entered, {("mica", "slate"): 1.0}, np.random.default_rng(0))

    assert (round(chance, 3), name) == (0.333, "uniform")


def test_a_prompt_sent_twice_begins_one_battle(ring):
    found = arena.desk(person=ring.ben, project=ring.ring)
    said = {"prompt": "The moon?"}

    first, second = (arena.begin(person=ring.ben, token=found.token, said=said) for _ in range(2))

    assert first.pk == second.pk
    assert BattleRow.objects.filter(state="begun").count() == 1


def test_an_arena_of_one_model_begins_nothing_and_keeps_the_prompt(cast, model, client_of):
    project = arena_of(cast.ann, ("mica", model.url))
    found = arena.desk(person=cast.ann, project=project)

    page = client_of("Ann").post(f"/battles/{found.token}/begin/", {"prompt": "The moon?"})

    assert page.status_code == 422
    assert "Two models are needed" in page.content.decode()
    assert "The moon?" in page.content.decode()
    assert arena.desk(person=cast.ann, project=project).draft["prompt"] == "The moon?"


def test_without_a_prompt_no_battle_begins(ring, client_of):
    found = arena.desk(person=ring.ben, project=ring.ring)

    page = client_of("Ben").post(f"/battles/{found.token}/begin/", {"prompt": "  "})

    assert page.status_code == 422
    assert 'data-field="prompt"' in page.content.decode()


def test_the_page_of_a_battle_comes_at_once_to_the_script_that_sent_the_prompt(ring, client_of):
    found = arena.desk(person=ring.ben, project=ring.ring)
    sent = f"/battles/{found.token}/begin/", {"prompt": "The moon?"}

    page = client_of("Ben").post(*sent, headers={"X-Assay-Next": "page"})
    again = client_of("Ben").post(*sent)

    lease = LeaseRow.objects.get(person=ring.ben)
    assert page.status_code == 200
    assert f'data-token="{lease.token}"' in page.content.decode()
    assert (again.status_code, again.url) == (302, "/projects/ring/judge/")


def test_of_what_a_battle_asks_the_database_little_is_composed_anew(ring, client_of, monkeypatch):
    client, asked, composed, whole = client_of("Ben"), {}, [], Query.get_compiler
    monkeypatch.setattr(Query, "get_compiler", lambda *a, **b: composed.append(1) or whole(*a, **b))
    monkeypatch.setattr(talking, "start", lambda numbers: None)

    def seen(step, send, *given, **more):
        composed.clear()
        send(*given, **more)
        asked[step] = len(composed)

    for _ in range(2):  # what a process reads once is read the first time
        seen("desk", client.get, "/projects/ring/battle/")
        found = arena.desk(person=ring.ben, project=ring.ring)
        next_page = {"headers": {"X-Assay-Next": "page"}}
        seen("prompt", client.post, f"/battles/{found.token}/begin/", {"prompt": "The moon?"}, **next_page)
        spoken(queries.battle(ring.ben, found.token), "Coin ")
        seen("look", client.get, f"/battles/{found.token}/")
        lease = LeaseRow.objects.get(person=ring.ben)
        answer = {"choice": drawn(lease, "tie")}
        seen("vote", client.post, f"/work/{lease.token}/submit/", answer)

    # Django takes longer to compose a statement than the database to answer it.
    assert asked["desk"] + asked["look"] + asked["vote"] == 0
    assert asked["prompt"] <= 2


# -- blind -------------------------------------------------------------------------------------------------


def _everything(response) -> str:
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return body.decode() + "\n".join(f"{name}: {value}" for name, value in response.items())


def test_no_answer_of_the_server_names_a_model_before_the_vote(ring, client_of, model):
    client = client_of("Ben")
    asks(ring.ring, follow_ups=2, reveal=True)
    said = []
    said.append(client.get("/projects/ring/battle/"))
    token = BattleRow.objects.get(person=ring.ben).token
    said.append(client.post(f"/battles/{token}/draft/", {"prompt": "The moon?"}))
    said.append(client.post(f"/battles/{token}/begin/", {"prompt": "The moon?"}))
    said.append(client.get("/projects/ring/judge/"))
    said.append(client.get(f"/battles/{token}/"))
    found = queries.battle(ring.ben, token)
    first, *_rest = queries.due(found)
    talking.answer(first)
    said.append(client.get(f"/battles/{token}/"))
    model.status = 500
    for number in queries.due(found):
        talking.answer(number)
    said.append(client.get(f"/battles/{token}/"))
    model.status = 200
    said.append(client.post(f"/battles/{token}/again/"))
    answered(found)
    said.append(client.get(f"/battles/{token}/"))
    said.append(client.post(f"/battles/{token}/", {"number": "2", "message": "And the sea?"}))
    answered(found)
    said += [client.get(f"/battles/{token}/"), client.get("/projects/ring/judge/"), client.get("/me/queue/")]
    lease = LeaseRow.objects.get(person=ring.ben)
    said.append(client.post(f"/work/{lease.token}/submit/", {"choice": "nonsense"}))
    said.append(client.post(f"/work/{lease.token}/draft/", {"reason": "so"}))
    said.append(client.post(f"/work/{lease.token}/submit/", {"choice": "tie"}, follow=True))

    hidden = ("mica", "slate", model.url, "127.0.0.1", "served-", " house", "battle-")
    for number, response in enumerate(said):
        text = _everything(response).replace("battle-title", "")
        assert [word for word in hidden if word in text] == [], (number, response.request["PATH_INFO"])
    assert "Show which models these were" in said[-1].content.decode()


def test_the_quick_answer_waits_for_the_slow_one(ring, client_of):
    found, _lease = begun(ring.ben, ring.ring)
    rows = {row.side: row for row in TurnRow.objects.filter(token=found.token)}
    _says(rows["a"], "The moon is a coin.", TurnRow.DONE)
    _says(rows["b"], "A", TurnRow.RUNNING)

    turn = client_of("Ben").get(f"/battles/{found.token}/").json()["turns"][0]

    assert [each["text"] for each in turn["answers"]] == ["T", "A"]
    assert turn["state"] == "running"


def _says(row, text, state):
    row.text, row.state, row.worker = text, state, "w"
    row.beat_at = queries.timezone.now()
    row.save()


def test_answers_that_a_server_wrote_before_it_died_are_laid_before_their_reader(ring, client_of):
    found, lease = begun(ring.ben, ring.ring)
    for row in TurnRow.objects.filter(token=found.token, side__in=queries.SIDES):
        _says(row, "A coin.", TurnRow.DONE)

    told = client_of("Ben").get(f"/battles/{found.token}/").json()

    assert told["state"] == "done"
    assert vote(ring.ben, lease, "tie").pk


def test_nobody_votes_before_both_answers_are_whole(ring):
    found, lease = begun(ring.ben, ring.ring)
    talking.answer(queries.due(found)[0])

    with pytest.raises(AnswerError, match="Wait until both answers are whole"):
        work.submit_judgment(person=ring.ben, token=lease.token, answer={"choice": "tie"})

    assert JudgmentRow.objects.filter(project=ring.ring).count() == 0


def test_a_battle_is_its_writers_alone(ring, client_of):
    found, lease = begun(ring.ben, ring.ring)
    people.add_member(project=ring.ring, name="Cleo", role="contributor")

    assert work.claim_work(person=ring.cleo, project=ring.ring) is None
    for name in ("Ann", "Vera", "Cleo"):
        client = client_of(name)
        assert client.get(f"/battles/{found.token}/").status_code == 404
        for verb in ("draft", "begin", "again", "leave", "events", "another"):
            assert client.post(f"/battles/{found.token}/{verb}/").status_code == 404
    work.skip_work(person=ring.ben, token=lease.token)
    assert work.claim_work(person=ring.cleo, project=ring.ring) is None


# -- models that fail --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("break_it", "sentence"), [
    (lambda model: setattr(model, "status", 503), "did not take the request"),
    (lambda model: setattr(model, "script", lambda body: iter([])), "finished without a word"),
    (lambda model: setattr(model, "script", lambda body: iter([b"<h1>Welcome</h1>"])), "was no answer"),
    (lambda model: setattr(model, "script", lambda body: iter([b"data: \xff\xfe\n\n"])), "was no answer"),
])  # fmt: skip
def test_a_model_that_fails_is_told_without_naming_it_and_the_prompt_is_kept(
    ring, client_of, model, break_it, sentence
):
    found, _lease = begun(ring.ben, ring.ring)
    talking.answer(queries.due(found)[0])
    break_it(model)
    answered(found)

    told = client_of("Ben").get(f"/battles/{found.token}/").json()

    assert told["state"] == "failed"
    assert sentence in told["problem"]
    assert told["turns"][0]["said"] == "The moon?"
    assert told["turns"][0]["answers"] == [{"text": ""}, {"text": ""}]


def test_a_model_that_is_down_can_be_asked_again_and_both_begin_anew(cast, model):
    project = arena_of(cast.ann, ("mica", model.url), ("slate", "http://127.0.0.1:9"))
    found, lease = begun(cast.ann, project)
    answered(found)
    assert queries.shown(found)[0].fault == "unreachable"
    EntrantRow.objects.update(url=model.url)

    arena.ask_again(person=cast.ann, token=found.token)
    answered(found)

    assert len(model.asked) == 3
    assert queries.shown(found)[0].state == "done"
    assert vote(cast.ann, lease, "slate").answer["choice"] == f"battle-{found.pk}/2"
    assert [event["name"] for event in found.events].count("answered") == 3
    assert "failed" in [event["name"] for event in found.events]


def test_a_battle_given_up_puts_its_prompt_back_on_the_desk_and_stays_in_the_record(cast, model, client_of):
    project = arena_of(cast.ann, ("mica", model.url), ("slate", "http://127.0.0.1:9"))
    found, _lease = begun(cast.ann, project, "A prompt that took an hour to write.")
    answered(found)

    page = client_of("Ann").post(f"/battles/{found.token}/leave/", follow=True)

    found.refresh_from_db()
    assert "A prompt that took an hour to write." in page.content.decode()
    assert (found.state, found.left_because) == ("left", "unreachable")
    assert (found.first.name, found.second.name) == ("mica", "slate")
    assert client_of("Ann").post(f"/battles/{found.token}/leave/").status_code == 302


def test_what_models_write_is_made_safe(ring, model, client_of):
    model.script = lambda body: iter(
        [piece("<script>alert(1)</script>**so** ![spy](https://evil.example/x.png)")]
    )
    found, _lease = begun(ring.ben, ring.ring)
    answered(found)

    told = client_of("Ben").get(f"/battles/{found.token}/").json()
    page = client_of("Ben").get("/projects/ring/judge/").content.decode()

    for html in (told["turns"][0]["answers"][0]["html"], page):
        assert "<script>alert" not in html
        assert "<img" not in html.replace('<img src="/static', "")
        assert "<strong>so</strong>" in html


def test_rubbish_can_be_flagged(ring, client_of):
    found, lease = begun(ring.ben, ring.ring)
    answered(found)

    page = client_of("Ben").post(f"/work/{lease.token}/flag/", {"leave_cause": "broken", "cause": "broken"})

    assert page.status_code in (200, 302)
    assert WorkRow.objects.get(pk=found.work_id).flags.get().cause == "broken"


# -- follow-ups --------------------------------------------------------------------------------------------


def test_a_follow_up_goes_to_both_and_each_reads_its_own_answers(ring, model):
    asks(ring.ring, follow_ups=1)
    model.script = model.echo
    found, lease = begun(ring.ben, ring.ring)
    answered(found)

    arena.follow_up(person=ring.ben, token=found.token, number=2, said={"message": "And the sea?"})
    answered(found)

    for name in ("mica", "slate"):
        asked = next(each for each in model.asked[2:] if each["model"] == f"served-{name}")["messages"]
        assert [each["role"] for each in asked] == ["user", "assistant", "user"]
        assert asked[1]["content"] == f"served-{name} hears: The moon?"
        text = SampleRow.objects.get(author=name).text
        assert text == f"{asked[1]['content']}\n\n> And the sea?\n\nserved-{name} hears: And the sea?"
    with pytest.raises(AnswerError, match="no more follow-ups"):
        arena.follow_up(person=ring.ben, token=found.token, number=3, said={"message": "And then?"})
    assert vote(ring.ben, lease, "mica").pk


def test_the_same_follow_up_sent_twice_is_said_once(ring):
    asks(ring.ring, follow_ups=3)
    found, _lease = begun(ring.ben, ring.ring)
    answered(found)
    for _ in range(2):
        arena.follow_up(person=ring.ben, token=found.token, number=2, said={"message": "And the sea?"})

    assert len(queries.shown(found)) == 2
    with pytest.raises(AnswerError, match="something else at this turn"):
        arena.follow_up(person=ring.ben, token=found.token, number=2, said={"message": "Another."})


def test_a_follow_up_that_was_typed_and_not_sent_is_not_lost_with_the_vote(ring):
    asks(ring.ring, follow_ups=1)
    found, lease = begun(ring.ben, ring.ring)
    answered(found)

    with pytest.raises(AnswerError, match="not sent"):
        vote(ring.ben, lease, "tie", message="And the")

    assert LeaseRow.objects.get(pk=lease.pk).draft["message"] == "And the"


# -- given prompts -----------------------------------------------------------------------------------------


def test_prompts_are_given_where_the_brief_says_so_each_once(cast, model):
    project = arena_of(cast.ann, ("mica", model.url), ("slate", model.url), live=Live(own=False), items=2)
    sources = []
    for seed in range(2):
        found, lease = begun(cast.ann, project, "My own words instead", seed=seed)
        answered(found)
        vote(cast.ann, lease, "tie")
        sources.append((found.source, found.work.item.prompt, found.work.item.context))

    assert {source for source, _, _ in sources} == {"g0", "g1"}
    assert all(prompt.startswith("Say something about the sea") for _, prompt, _ in sources)
    assert model.asked[0]["messages"][0] == {"role": "system", "content": "Be brief."}
    with pytest.raises(AnswerError, match="You have had every prompt"):
        begun(cast.ann, project)


def test_a_given_prompt_that_somebody_changes_is_their_own(cast, model):
    project = arena_of(cast.ann, ("mica", model.url), ("slate", model.url), items=1)
    found = arena.desk(person=cast.ann, project=project)
    arena.another_prompt(person=cast.ann, token=found.token)
    prompt = arena.desk(person=cast.ann, project=project).draft["prompt"]

    changed, _lease = begun(cast.ann, project, f"{prompt} In verse.")

    assert changed.source.startswith("own-")
    assert changed.work.item.context == ""
