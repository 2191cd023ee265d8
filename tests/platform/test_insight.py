"""Quality in sight: numbers that hold, and one's own work with the evidence behind it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from assay.platform import markdown
from assay.platform.actions import work
from assay.platform.models import BriefRow, JudgmentRow, ProjectRow, SampleRow, WorkRow
from assay.platform.queries import insight
from assay.platform.queries import work as works


@pytest.fixture
def scene(cast):
    """Ann and Ben have judged every pair, at two euros a judgment."""
    row = BriefRow.objects.get(project=cast.moon)
    row.content = {**row.content, "pay": {"amount": 2.0, "currency": "EUR", "per": "judgment"}}
    row.save()
    ProjectRow.objects.update(state="open", gold_share=0.0)
    cast.moon.refresh_from_db()
    for person in (cast.ann, cast.ben):
        while lease := work.claim_work(person=person, project=cast.moon):
            names = works.assignment(lease).names
            chosen = next(drawn for drawn, real in names.items() if real.endswith("/fine"))
            work.submit_judgment(person=person, token=lease.token, answer={"choice": chosen})
    JudgmentRow.objects.update(seconds=90.0)
    return cast


def test_people_hours_and_money_add_up(scene):
    found = insight.insight(scene.moon, timezone.now())

    assert [(each.name, each.earned.judgments, each.earned.amount) for each in found.people] == [
        ("Ann", 4, 8.0),
        ("Ben", 4, 8.0),
    ]
    assert (found.spent, round(found.hourly, 2)) == (16.0, 80.0)


def test_the_best_and_the_worst_are_there_to_read(scene):
    found = insight.insight(scene.moon, timezone.now())

    assert "coin" in found.best[0].text
    assert "round" in found.worst[0].text


def test_a_long_break_is_no_wait(scene):
    rows = list(JudgmentRow.objects.filter(person=scene.ben).order_by("pk"))
    start = timezone.now() - timedelta(days=2)
    for row, minutes in zip(rows, (0, 2, 300, 302), strict=True):
        JudgmentRow.objects.filter(pk=row.pk).update(submitted_at=start + timedelta(minutes=minutes))
    JudgmentRow.objects.filter(person=scene.ann).update(submitted_at=start - timedelta(days=30))

    found = insight.pace(scene.moon, timezone.now())

    assert (found.between, round(found.a_day, 2)) == (30.0, 0.57)


def test_the_page_shows_it_and_its_tables_come_down(scene, client_of):
    client = client_of("Ann")

    page = client.get("/projects/moon/quality/parts/").content.decode()
    people = b"".join(client.get("/projects/moon/quality/people.csv").streaming_content).decode()
    languages = client.get("/projects/moon/quality/by-language.csv")

    assert "16.00" in page
    assert "The best, to read" in page
    assert people.splitlines()[1].startswith("Ann,4,0.1,90.0,0,0,0,8.0,")
    assert languages.status_code == 200
    assert client.get("/projects/moon/quality/nothing.csv").status_code == 404


def test_people_see_their_own_evidence_and_only_of_finished_works(scene, client_of):
    JudgmentRow.objects.filter(person=scene.ann).order_by("pk")[0].work.__class__.objects.filter(
        pk=JudgmentRow.objects.filter(person=scene.ann).earliest("pk").work_id
    ).update(cap=3)
    JudgmentRow.objects.update(submitted_at=timezone.now() - timedelta(hours=2))

    pieces = insight.own_pieces(scene.ben, scene.moon)

    assert len(pieces) == 3
    assert {piece.own == piece.verdict for piece in pieces} == {True}
    page = client_of("Ben").get("/projects/moon/mine/").content.decode()
    assert "The evidence" in page
    assert "Ann" not in page


def test_the_evidence_calls_answers_as_they_stood_and_shows_what_they_say(scene, client_of):
    JudgmentRow.objects.update(submitted_at=timezone.now() - timedelta(hours=2))
    said = JudgmentRow.objects.filter(person=scene.ben, work__use=WorkRow.WORK).first()

    page = client_of("Ben").get("/projects/moon/mine/").content.decode()
    pieces = {piece.work.id: piece for piece in insight.own_pieces(scene.ben, scene.moon)}

    piece = pieces[said.work.key]
    place = "AB"[said.shown.index(said.answer["choice"])]
    assert piece.own == f"Answer {place}"
    assert [title for title, _text in piece.places] == ["Answer A", "Answer B"]
    texts = dict(SampleRow.objects.filter(key__in=said.shown).values_list("key", "text"))
    assert [text for _title, text in piece.places] == [texts[key] for key in said.shown]
    assert str(markdown.html(piece.places[0][1])).strip() in page
    assert not any(key in page for key in said.shown)  # nor whose they are
