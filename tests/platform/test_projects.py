"""Projects: opening, bringing in, publishing, taking out."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import StreamingHttpResponse

from assay.errors import AssayError
from assay.platform import middleware
from assay.platform.actions import judgments, projects, work
from assay.platform.models import BriefRow, ItemRow, JudgmentRow, PersonRow, SampleRow, WorkRow
from assay.platform.queries import outcomes
from assay.platform.queries import projects as queries
from assay.records import Item, Judgment, Sample

PAIRS = (
    "prompt,model_a,model_b,response_a,response_b,winner,rater\n"
    "The sea?,x,y,Wet.,A slow animal.,b,Dora\n"
    "The sea?,x,y,Wet.,A slow animal.,b,Emil\n"
    "The wind?,x,y,Air.,Somebody leaving.,a,Dora\n"
)


def csv(text):
    return {"table": SimpleUploadedFile("table.csv", text.encode())}


def said(name, work_key, choice="tie"):
    return Judgment(f"{work_key}/{name}", work_key, name, "pairwise", {"choice": choice})


def test_a_table_brings_items_answers_and_judgments(cast, client_of):
    page = client_of("Ann").post("/projects/moon/import/", csv(PAIRS), follow=True).content.decode()

    assert "2 new works, 2 new items, 4 new answers, 3 judgments." in page
    assert PersonRow.objects.filter(name__in=["Dora", "Emil"]).count() == 2
    assert sorted(WorkRow.objects.filter(judged__gt=0).values_list("judged", flat=True)) == [1, 2]


def test_the_same_table_twice_changes_nothing(cast, client_of):
    client_of("Ann").post("/projects/moon/import/", csv(PAIRS))
    before = [table.objects.count() for table in (ItemRow, SampleRow, WorkRow, JudgmentRow)]

    page = client_of("Ann").post("/projects/moon/import/", csv(PAIRS), follow=True).content.decode()

    assert "0 new works, 0 new items, 0 new answers, 0 judgments." in page
    assert [table.objects.count() for table in (ItemRow, SampleRow, WorkRow, JudgmentRow)] == before


def test_only_the_pairs_of_a_table_are_laid_out(cast, client_of):
    header = "prompt,model_a,model_b,response_a,response_b\n"
    chain = header + "The sea?,x,y,Wet.,Slow.\nThe sea?,y,z,Slow.,Salt.\n"

    page = client_of("Ann").post("/projects/moon/import/", csv(chain), follow=True).content.decode()

    assert "2 new works, 1 new items, 3 new answers, 0 judgments." in page


def test_votes_that_gave_way_to_later_ones_are_told(cast, client_of):
    twice = PAIRS + "The sea?,x,y,Wet.,A slow animal.,a,Dora\n"

    page = client_of("Ann").post("/projects/moon/import/", csv(twice), follow=True).content.decode()

    assert "1 votes gave way to a later one of the same rater on the same pair." in page


def test_projects_named_in_other_scripts_stand_beside_each_other(cast):
    brief = BriefRow.objects.get().record()
    slugs = [
        projects.open_project(owner=cast.ann, brief=replace(brief, project=name)).slug
        for name in ("رسائل", "詩", "Sea Songs")
    ]

    assert len(set(slugs)) == 3
    assert [queries.by_slug(name).slug for name in ("رسائل", "詩", "Sea Songs")] == slugs
    with pytest.raises(AssayError, match="already a project 'sea-songs'"):
        projects.open_project(owner=cast.ann, brief=replace(brief, project="sea songs"))


def test_a_table_with_a_mistake_brings_nothing(cast, client_of):
    broken = PAIRS + "The rain?,x,y,Wet.,Small drums.,maybe,Dora\n"

    page = client_of("Ann").post("/projects/moon/import/", csv(broken), follow=True).content.decode()

    assert "Nothing was brought in" in page
    assert "row 4" in page
    assert ItemRow.objects.count() == 4


def test_a_known_item_with_another_prompt_is_refused(cast):
    with pytest.raises(AssayError, match="another prompt"):
        projects.bring_in(project=cast.moon, items=[Item("new", "…"), Item("m0", "Something else")])

    assert not ItemRow.objects.filter(key="new").exists()


def test_a_later_answer_to_a_known_item_makes_new_works(cast):
    item = ItemRow.objects.get(key="m0").record()

    report = projects.bring_in(
        project=cast.moon, items=[item], samples=[Sample("m0/wild", "m0", "wild", "Moon, unhinged.")]
    )

    assert (report.items, report.samples, report.works) == (0, 1, 2)


def test_judgments_beyond_the_cap_are_kept_and_raise_it(cast):
    judgments.keep_judgments(
        project=cast.moon, judgments=[said(name, "m0:dull|fine") for name in ("Dora", "Emil", "Fay")]
    )

    row = WorkRow.objects.get(key="m0:dull|fine")
    assert (row.taken, row.judged, row.cap) == (3, 3, 3)


def test_an_imported_judgment_is_checked_by_its_kind(cast):
    with pytest.raises(AssayError, match="choose one"):
        judgments.keep_judgments(project=cast.moon, judgments=[said("Dora", "m0:dull|fine", "elsewhere")])
    with pytest.raises(AssayError, match="not in the project"):
        judgments.keep_judgments(project=cast.moon, judgments=[said("Dora", "nothing")])

    assert JudgmentRow.objects.count() == 0


def test_a_new_brief_is_a_new_version_and_judgments_remember_theirs(cast, client_of):
    lease = work.claim_work(person=cast.ben, project=cast.moon)
    client_of("Ann").post(
        "/projects/moon/brief/", {"goal": "Astonish.", "principles": "Be brief.\n\nBe odd."}
    )
    work.submit_judgment(person=cast.ben, token=lease.token, answer={"choice": "tie"})

    latest = work.claim_work(person=cast.ben, project=cast.moon)

    assert list(BriefRow.objects.order_by("version").values_list("version", flat=True)) == [1, 2]
    assert JudgmentRow.objects.get().brief.version == 1
    assert latest.brief.record().principles == ("Be brief.", "Be odd.")


def test_the_form_of_a_brief_holds_what_is_in_force(cast, client_of):
    page = client_of("Ann").get("/projects/moon/brief/").content.decode()

    assert ">Surprise that feels inevitable beats rhyme.</textarea>" in page


def test_a_refused_brief_keeps_what_was_typed(cast, client_of):
    answer = client_of("Ann").post("/projects/moon/brief/", {"goal": " ", "principles": "Be odd."})

    assert (answer.status_code, ">Be odd.</textarea>" in answer.content.decode()) == (422, True)


def test_people_whose_judgments_were_brought_in_are_counted(cast, client_of):
    client_of("Ann").post("/projects/moon/import/", csv(PAIRS))

    page = client_of("Ann").get("/projects/moon/").content.decode()

    assert '<dd id="people">5</dd>' in page
    assert "And 2 people whose judgments were brought in." in page


def test_the_form_of_a_new_project_makes_a_brief(cast, client_of):
    PersonRow.objects.filter(name="Ann").update(is_administrator=True)
    form = {
        "project": "Sea songs", "goal": "Sing.", "principles": "Salt.", "kind": "rubric", "languages": "en",
        "judgments_per_work": "5", "question_text": ["Is it salty?", "", "", ""],
        "question_labels": ["no, partly, yes", "no, partly, yes", "", ""],
    }  # fmt: skip

    response = client_of("Ann").post("/projects/new/", form)

    assert response.url == "/projects/sea-songs/"
    brief = BriefRow.objects.get(project__slug="sea-songs").record()
    assert [(q.name, q.text, q.labels) for q in brief.questions] == [
        ("salty", "Is it salty?", ("no", "partly", "yes"))
    ]
    assert brief.judgments_per_work == 5


def test_a_data_set_and_every_judgment_can_be_taken_out(cast, client_of):
    client = client_of("Ann")
    client.post("/projects/moon/import/", csv(PAIRS))

    rows = [
        json.loads(line)
        for line in client.get("/projects/moon/export/trl-preference/").getvalue().splitlines()
    ]
    raw = [json.loads(line) for line in client.get("/projects/moon/judgments.jsonl").getvalue().splitlines()]

    assert {
        row["prompt"][-1]["content"] if isinstance(row["prompt"], list) else row["prompt"] for row in rows
    } == {
        "The sea?",
        "The wind?",
    }
    assert [(row["rater"], row["brief_version"]) for row in raw] == [("Dora", 1), ("Emil", 1), ("Dora", 1)]


def test_what_statistics_need_is_read_in_as_many_statements_however_much_was_judged(
    cast, client_of, django_assert_max_num_queries
):
    client_of("Ann").post("/projects/moon/import/", csv(PAIRS))

    with django_assert_max_num_queries(9):  # of these one picture takes up to four on PostgreSQL
        found = outcomes.material(cast.moon)

    assert [(said.rater, said.brief_version, len(said.shown)) for said in found.judgments] == [
        ("Dora", 1, 2), ("Emil", 1, 2), ("Dora", 1, 2)
    ]  # fmt: skip
    assert [[sample.item for sample in work.samples] for work in found.works] == [
        [work.item.id] * 2 for work in found.works
    ]


@pytest.mark.parametrize("serving", [middleware.alone, middleware.together])
def test_a_long_answer_goes_out_in_few_chunks(serving, rf):
    lines = [b"x" * 1_000] * 200

    response = serving(lambda request: StreamingHttpResponse(iter(lines)))(rf.get("/"))
    chunks = list(response.streaming_content)

    assert (b"".join(chunks), len(chunks)) == (b"".join(lines), 4)


def test_an_export_with_nothing_in_it_says_so(cast, client_of):
    page = client_of("Ann").get("/projects/moon/export/trl-sft/", follow=True).content.decode()

    assert "nothing to export" in page


def test_the_dashboard_draws_what_has_been_judged_and_shows_the_contested(cast, client_of):
    client = client_of("Ann")
    client.post("/projects/moon/import/", csv(PAIRS))

    page = client.get("/projects/moon/outcome/").content.decode()

    assert 'data-spec="figure-contest"' in page
    assert '<script id="figure-contest" type="application/json">' in page
    assert "Contested works" in page
    assert client.get("/projects/moon/figures/contest.csv").getvalue().count(b"\n") > 1


def test_who_waits_for_a_count_is_told_nothing_about_how_large_the_project_is(cast, client_of, monkeypatch):
    monkeypatch.setattr(outcomes, "outcome", lambda *_, **__: None)

    page = client_of("Ann").get("/projects/moon/outcome/").content.decode()

    assert "large" not in page
    assert "Counting what the judgments come to" in page


def test_an_outcome_is_counted_once_for_the_same_judgments(cast, monkeypatch):
    from assay import pipeline

    runs = []
    real = pipeline.run
    monkeypatch.setattr(pipeline, "run", lambda *args, **more: runs.append(1) or real(*args, **more))
    judgments.keep_judgments(project=cast.moon, judgments=[said("Dora", "m0:dull|fine")])

    outcomes.outcome(cast.moon)
    outcomes.outcome(cast.moon)
    judgments.keep_judgments(project=cast.moon, judgments=[said("Emil", "m0:dull|fine")])
    outcomes.outcome(cast.moon)

    assert len(runs) == 2


def test_people_read_what_their_work_came_to(cast, client_of):
    lease = work.claim_work(person=cast.ben, project=cast.moon)
    work.submit_judgment(person=cast.ben, token=lease.token, answer={"choice": "tie"})

    assert "You judged 1 work" in client_of("Ben").get("/me/").content.decode()


@pytest.mark.parametrize("kind", ["pairwise", "rubric", "demonstration"])
def test_every_kind_shows_its_own_page(cast, client_of, kind):
    brief = replace(BriefRow.objects.get().record(), project=kind, kind=kind)
    project = projects.open_project(owner=cast.ann, brief=brief, waived="It is a test.")
    samples = [] if kind == "demonstration" else [Sample(f"m/{a}", "m", a, f"Answer {a}") for a in "xy"]
    projects.bring_in(project=project, items=[Item("m", "The moon?")], samples=samples)

    page = client_of("Ann").get(f"/projects/{kind}/judge/").content.decode()

    assert "data-key=" in page
    assert f'action="/work/{cast.ann.leases.get().token}/submit/"' in page


def test_a_form_with_criteria_becomes_a_nested_answer(cast, client_of):
    brief = replace(BriefRow.objects.get().record(), project="rubric", kind="rubric")
    project = projects.open_project(owner=cast.ann, brief=brief, waived="It is a test.")
    projects.bring_in(project=project, items=[Item("m", "The moon?")], samples=[Sample("m/x", "m", "x", "…")])
    lease = work.claim_work(person=cast.ann, project=project)

    client_of("Ann").post(
        f"/work/{lease.token}/submit/", {"labels.surprise": "yes", "note": "Short.\r\nGood."}
    )

    assert JudgmentRow.objects.get().answer == {"labels": {"surprise": "yes"}, "note": "Short.\nGood."}
