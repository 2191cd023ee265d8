"""The board of an arena: what the votes say, counted by the library's functions, and what stays unsaid."""

from __future__ import annotations

import csv
import io
import json
import pickle
import re
import subprocess
import sys
import time
from concurrent.futures import Future
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from assay.errors import AssayError
from assay.evaluation.seen import TOKEN
from assay.platform import arena_aside, arena_counts, talking
from assay.platform.models import BattleRow, EntrantRow
from assay.platform.queries import arena as queries
from assay.platform.queries import arena_board as boards
from assay.platform.queries import arena_votes

from .arenas import answered, arena_of, begun, enter, fought, people_who_vote, vote
from .scenes import once
from .talks import piece, speaking

NOWHERE = "http://127.0.0.1:9"

ROOT = Path(__file__).parents[2]


@pytest.fixture
def model(monkeypatch):
    with speaking() as found:
        found.script = lambda body: iter([piece("Whose coin? " * len(body["model"])), b"data: [DONE]\n\n"])
        monkeypatch.setattr(talking, "start", list)
        yield found


@pytest.fixture
def ring(cast, model):
    """Thirty-two votes by four people, of whom three find mica better."""

    def play():
        cast.ring = arena_of(cast.ann, ("mica", NOWHERE), ("slate", NOWHERE))  # neither is asked
        voters = people_who_vote(cast.ring, 4)
        for k in range(32):
            wins = "slate" if k % 4 == 3 else "mica"
            fought(voters[k % 4], cast.ring, wins, f"Moon {k}?", seed=k, words="Whose coin? ")

    once("ring", cast, play)
    return cast


def _page(client, path):
    response = client.get(f"/projects/ring/board/{path}")
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return body.decode()


def test_the_board_says_in_sentences_what_the_votes_say(ring, client_of):
    page = _page(client_of("Ann"), "parts/")

    assert "32 comparisons of 2 models by 4 people on 32 prompts." in page
    assert "mica wins 75 of 100 decided comparisons with slate" in page
    assert "Which ranks are open to each model" in page
    assert "What an audit finds" in page
    assert "No provider registered more than 1 variants." in page
    assert "How long people looked" in page
    assert "Who voted how" in page
    assert "voter 3" in page


def test_a_viewer_reads_the_board_and_nobodys_name(ring, client_of):
    queries.MembershipRow.objects.create(project=ring.ring, person=ring.vera, role="viewer")

    page = _page(client_of("Vera"), "parts/")
    card = client_of("Vera").get("/projects/ring/board/files/card.html").content.decode()

    assert "mica wins 75 of 100 decided comparisons with slate" in page
    assert "voter" not in page
    assert "voter" not in card


def test_the_board_before_the_first_vote_says_so(cast, model, client_of):
    cast.ring = arena_of(cast.ann, ("mica", model.url), ("slate", model.url))

    assert "Nobody has voted yet" in _page(client_of("Ann"), "parts/")


def test_a_board_of_models_that_never_met_is_refused_with_the_reason(ring, model, client_of):
    for row in EntrantRow.objects.filter(project=ring.ring):
        row.retired_at = queries.timezone.now()
        row.save()
    for name in ("opal", "onyx"):
        enter(ring.ring, ring.ann, name, model.url)
    fought(ring.ann, ring.ring, "opal", "Another moon?")

    page = _page(client_of("Ann"), "parts/")

    assert "There is no board yet." in page
    assert "fall into 2 groups that never meet" in page
    assert "Which ranks are open" not in page


def test_two_models_are_compared_and_a_worse_checkpoint_does_not_pass(ring, client_of):
    client = client_of("Vera")
    queries.MembershipRow.objects.create(project=ring.ring, person=ring.vera, role="viewer")
    for k in range(60):
        fought(ring.ann, ring.ring, "mica", f"More moon {k}?", seed=k, words="Coin. ")

    better = _page(client, "compare/?first=mica&second=slate&do=compare")
    gate = _page(client, "compare/?first=slate&second=mica&do=gate")
    passes = _page(client, "compare/?first=mica&second=slate&do=gate&margin=2")

    assert "mica is better than slate on everything" in better
    assert "slate may not pass: it is proven worse." in gate
    assert "mica may pass" in passes


@pytest.mark.parametrize(("asked", "sentence"), [
    ("first=mica&second=mica", "Choose two different models."),
    ("first=mica&second=nobody", "Choose two different models."),
    ("first=mica&second=slate&margin=much", "a number from 0 to 49"),
    ("first=mica&second=slate&margin=50", "a number from 0 to 49"),
])  # fmt: skip
def test_a_wrong_comparison_is_refused_in_a_sentence(ring, client_of, asked, sentence):
    assert sentence in _page(client_of("Ann"), f"compare/?{asked}")


def test_the_card_is_one_page_of_its_own(ring, client_of):
    response = client_of("Ann").get("/projects/ring/board/files/card.html")

    assert response["Content-Disposition"] == 'attachment; filename="ring-card.html"'
    assert "What ring says about its models" in response.content.decode()
    assert "voter 1" not in response.content.decode()


def test_the_card_is_in_the_language_of_whoever_takes_it(ring, client_of):
    response = client_of("Ann").get("/projects/ring/board/files/card.html", headers={"Accept-Language": "ar"})
    page = response.content.decode()

    words = re.sub(r"<style>.*?</style>|<script.*?</script>|<[^>]*>", " ", page, flags=re.DOTALL)
    assert '<html lang="ar" dir="rtl">' in page
    assert "ما يقوله ring عن نماذجه" in page
    assert "32 مقارنة" in words
    names = {"ring", "mica", "slate", "Elo", "UTC"}
    assert set(re.findall("[A-Za-z]{2,}", words)) - names == set()


def test_the_card_is_made_of_what_was_counted_for_the_board(ring, client_of, monkeypatch):
    _page(client_of("Ann"), "parts/")
    monkeypatch.setattr(boards.counting, "begin", lambda *_, **__: pytest.fail("counted once more"))

    told = _page(client_of("Ann"), "files/card.html")

    assert "32 comparisons of 2 models by 4 people on 32 prompts. Counted on " in told


def test_whoever_takes_note_of_a_report_loads_no_statistics(ring):
    found = pickle.dumps(boards.report(ring.ring))
    code = (
        "import pickle, sys; found = pickle.load(sys.stdin.buffer);"
        "print(found.votes, sorted({'scipy', 'polars'} & set(sys.modules)))"
    )

    ran = subprocess.run([sys.executable, "-c", code], input=found, capture_output=True, check=False)

    assert ran.stdout.decode().strip() == "32 []", ran.stderr.decode()


def test_tables_can_be_taken_away(ring, client_of):
    standings, wanted, raters = (
        list(csv.DictReader(io.StringIO(_page(client_of("Ann"), f"files/{name}.csv"))))
        for name in ("standings", "next", "raters")
    )

    assert [row["model"] for row in standings] == ["mica", "slate"]
    assert [(row["model_a"], row["model_b"], float(row["chance"])) for row in wanted] == [
        ("mica", "slate", 1.0)
    ]
    assert {row["rater"] for row in raters} == {f"voter {k}" for k in range(4)}


def test_every_battle_goes_out_as_a_line_too(ring, client_of):
    lines = [json.loads(line) for line in _page(client_of("Ann"), "files/battles.jsonl").splitlines()]

    assert len(lines) == 32
    assert {line["winner"] for line in lines} == {"a", "b"}


def test_after_thirty_votes_the_draw_follows_what_a_vote_would_settle(ring, model):
    enter(ring.ring, ring.ann, "opal", model.url)
    until = time.monotonic() + 300
    while (policy := boards.policy(ring.ring)) is None and time.monotonic() < until:
        time.sleep(0.05)

    queries.MembershipRow.objects.create(project=ring.ring, person=ring.ben, role="contributor")
    found, _lease = begun(ring.ben, ring.ring, policy=policy)

    assert set(policy) == {("mica", "slate"), ("mica", "opal"), ("slate", "opal")}
    assert sum(policy.values()) == pytest.approx(1)
    assert all(chance >= 0.1 / 3 - 1e-9 for chance in policy.values())
    assert found.policy == "decisive"
    assert found.propensity == pytest.approx(policy[found.first.name, found.second.name])


def test_a_few_votes_leave_the_draw_even(cast, model):
    project = arena_of(cast.ann, ("mica", model.url), ("slate", model.url))
    fought(cast.ann, project, "mica")

    assert boards.policy(project) is None


def test_the_time_of_a_vote_begins_when_both_answers_are_there(cast, model):
    project = arena_of(cast.ann, ("mica", model.url), ("slate", model.url))
    found, lease = begun(cast.ann, project)
    answered(found)
    judgment = vote(cast.ann, lease, "tie")
    now = judgment.submitted_at
    BattleRow.objects.update(answered_at=now - timedelta(seconds=5))
    type(judgment).objects.update(seconds=60.0)

    (row,) = boards.rows(project)

    assert row["seconds"] == 5.0


def _changed_after_the_names(judgment):
    """Put a tie in the place of a vote, a second after the names of the models were shown."""
    BattleRow.objects.update(revealed_at=judgment.submitted_at)
    type(judgment).objects.create(
        project=judgment.project, work=judgment.work, person=judgment.person, brief=judgment.brief,
        answer={"choice": "tie"}, shown=judgment.shown, token="later", supersedes=judgment, cause="returned",
        submitted_at=judgment.submitted_at + timedelta(seconds=1),
    )  # fmt: skip


def test_a_vote_changed_after_the_names_were_shown_does_not_count(cast, model):
    project = arena_of(cast.ann, ("mica", model.url), ("slate", model.url))
    judgment = fought(cast.ann, project, "mica")
    _changed_after_the_names(judgment)

    assert [row["winner"] for row in boards.rows(project)] == ["a"]


def test_a_board_of_a_handful_of_votes_is_refused_and_never_breaks():
    one = {"model_a": "mica", "model_b": "slate", "winner": "a", "language": "", "seconds": 4.0}
    entered = [("2026-01-01", "ours", "mica"), ("2026-01-02", "ours", "slate")]
    for count in range(1, 12):
        votes = {name: [value] * count for name, value in one.items()}
        votes |= {"item": [f"i{k}" for k in range(count)], "rater": [f"r{k % 2}" for k in range(count)]}
        found = arena_counts.report(votes, entered)
        assert bool(found.refusal) == (count < arena_counts.FEWEST), count
        assert found.sections


def test_the_columns_of_votes_say_what_the_table_says(ring):
    told, held = list(boards.rows(ring.ring)), arena_votes.columns(ring.ring)

    for name in ("id", "item", "model_a", "model_b", "winner", "language", "order", "propensity"):
        assert held[name] == [row[name] for row in told], name
    assert held["seconds"] == pytest.approx([row["seconds"] for row in told], abs=0.06)
    assert held["tokens_a"] == [len(TOKEN.findall(row["response_a"])) for row in told]
    assert arena_votes.with_words(held, np.random.default_rng(0))["response_b"] == [
        row["response_b"] for row in told
    ]


def test_a_vote_that_does_not_count_is_in_no_column(cast, model):
    project = arena_of(cast.ann, ("mica", model.url), ("slate", model.url))
    judgment = fought(cast.ann, project, "mica")
    _changed_after_the_names(judgment)

    held = arena_votes.columns(project)

    assert (held["id"], held["winner"]) == ([str(judgment.pk)], ["a"])


def test_a_gate_reads_the_votes_on_two_models_alone(ring, model):
    opal = enter(ring.ring, ring.ann, "opal", model.url)
    mica = EntrantRow.objects.get(name="mica")

    assert arena_votes.columns(ring.ring, between=(mica.pk, opal.pk))["id"] == []
    with pytest.raises(AssayError, match="Nobody has voted on opal yet"):
        boards.compared(ring.ring, first="mica", second="opal", do="gate", margin="")


def test_the_board_is_read_in_as_many_statements_however_many_votes(ring, django_assert_max_num_queries):
    with django_assert_max_num_queries(4):
        arena_votes.columns(ring.ring)


def test_while_a_long_count_rests_the_page_shows_the_last_one_and_says_of_when(ring, client_of):
    _page(client_of("Ann"), "parts/")
    last = boards._last[ring.ring.pk]
    boards._last[ring.ring.pk] = replace(last, took=30.0)
    fought(ring.ann, ring.ring, "mica", "One more moon?", seed=99, words="Coin. ")

    page = _page(client_of("Ann"), "parts/")

    assert "with 32 votes counted" in page
    assert "32 comparisons of 2 models" in page


def test_a_count_that_is_long_over_is_made_anew(ring, client_of):
    _page(client_of("Ann"), "parts/")
    last = boards._last[ring.ring.pk]
    boards._last[ring.ring.pk] = replace(last, took=30.0, at=last.at - timedelta(hours=1))
    fought(ring.ann, ring.ring, "mica", "One more moon?", seed=99, words="Coin. ")
    boards.report(ring.ring)

    assert "33 comparisons of 2 models" in _page(client_of("Ann"), "parts/")


def test_a_comparison_that_takes_long_is_promised(ring, client_of, monkeypatch):
    monkeypatch.setattr(boards, "counted", lambda *_: None)

    page = _page(client_of("Ann"), "compare/?first=mica&second=slate&do=compare")

    assert "Counting…" in page
    assert 'hx-get="/projects/ring/board/compare/?first=mica&amp;second=slate&amp;do=compare"' in page
    assert '<meta http-equiv="refresh"' in page


@pytest.fixture
def apart(monkeypatch):
    """Counts that go to another process, which is slow: each waits here until it is given an answer."""
    asked = []

    def begin(work, *given, **named):
        asked.append((work, given, named, Future()))
        return asked[-1][-1]

    monkeypatch.setattr(boards.counting, "apart", lambda: True)
    monkeypatch.setattr(boards.counting, "begin", begin)
    monkeypatch.setattr(boards, "ASIDE", 10)
    monkeypatch.setattr("assay.platform.pages.arena_board.PATIENCE", 0.0)
    return asked


@pytest.mark.parametrize(("tag", "said"), [
    ("en", ('dir="ltr"', "Counting 32 votes, since {} UTC.", "Look whether it is done")),
    ("ar", ('dir="rtl"', "يجري عدّ 32 صوتًا منذ الساعة {} بالتوقيت العالمي.", "انظر هل اكتمل العد")),
])  # fmt: skip
def test_a_long_first_count_is_told_since_when_and_asked_for_again_with_and_without_a_script(
    ring, client_of, apart, tag, said
):
    client, (direction, sentence, look) = client_of("Ann"), said

    page = client.get("/projects/ring/board/parts/", headers={"Accept-Language": tag}).content.decode()

    began = boards.begun(ring.ring).at.strftime("%H:%M:%S")
    assert f'lang="{tag}" {direction}' in page
    assert sentence.format(began) in page
    assert 'hx-get="/projects/ring/board/parts/" hx-trigger="load delay:2s"' in page
    assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in page
    assert f'<a href="/projects/ring/board/parts/">{look}</a>' in page


def test_who_asks_for_a_board_of_many_votes_reads_none_of_them(ring, client_of, apart, monkeypatch):
    client, read = client_of("Ann"), arena_votes.columns
    monkeypatch.setattr(arena_votes, "columns", lambda *_, **__: pytest.fail("read inside a request"))
    ways = (
        "parts/",
        "compare/?first=mica&second=slate&do=compare",
        "compare/?first=mica&second=slate&do=gate",
    )

    waiting = [_page(client, way) for way in ways]
    boards.policy(ring.ring)
    monkeypatch.setattr(arena_votes, "columns", read)
    for work, given, named, future in apart:
        assert work == "assay.platform.arena_aside:count"
        future.set_result(arena_aside.count(*given, **named))
    told = [_page(client, way) for way in ways]

    assert all("Counting" in page for page in waiting)
    assert "32 comparisons of 2 models by 4 people on 32 prompts." in told[0]
    assert "mica wins 75 of 100 decided comparisons with slate" in told[1]
    assert "mica may pass" in told[2]
    assert boards.policy(ring.ring) == {("mica", "slate"): 1.0}


def test_the_process_that_counts_reads_the_votes_of_a_large_board_itself(tmp_path):
    script = """
import sys
from pathlib import Path
from assay.platform import counting, service
counting.elsewhere()
service.prepare(Path(sys.argv[1]))
from assay.platform.queries import arena_board as boards, arena_votes
from assay.platform.actions import people
from tests.platform.arenas import arena_of, fought
ann = people.add_person(name="Ann", password=None, languages=["en"])
ring = arena_of(ann, ("mica", "http://127.0.0.1:9"), ("slate", "http://127.0.0.1:9"))
for k in range(12):
    fought(ann, ring, "mica", f"Moon {k}?", seed=k, words="Coin. ")
boards.ASIDE = 12
arena_votes.columns = None
print(boards.report(ring).intro)
"""
    given = [sys.executable, "-c", script, str(tmp_path)]

    ran = subprocess.run(given, cwd=ROOT, capture_output=True, text=True, check=False)

    assert ran.stdout.startswith("12 comparisons of 2 models by 1 person on 12 prompts."), ran.stderr


@pytest.mark.parametrize(("voted", "every"), [(30, 20), (1_000, 20), (10_000, 160), (100_000, 1_280)])
def test_the_more_votes_there_are_the_rarer_the_policy_is_worked_out(voted, every):
    assert boards._every(voted) == every


def test_a_comparison_without_votes_says_so(ring, model, client_of):
    enter(ring.ring, ring.ann, "opal", model.url)

    assert "Nobody has voted on opal yet." in _page(client_of("Ann"), "compare/?first=mica&second=opal")
    with pytest.raises(AssayError, match="opal"):
        boards.compared(ring.ring, first="opal", second="mica", do="gate", margin="")
