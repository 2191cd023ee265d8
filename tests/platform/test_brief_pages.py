"""The brief: written, changed, compared, and read beside the work."""

from __future__ import annotations

import html
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from assay.platform.actions import briefs, overlap, people, projects, work
from assay.platform.models import BriefRow, LeaseRow, PersonRow, ProjectRow
from assay.platform.queries import briefs as queries
from assay.records import Brief, Item, Pay, Question, Sample, WorkedExample

from .conftest import moon_brief

FULL = {
    "project": "Sea songs", "goal": "Sing.", "great": "One hums it.", "ticks_boxes": "It rhymes.",
    "principles": "Salt.\n\nBe brief.", "kind": "rating", "languages": "en, ar", "skills": "verse، sea",
    "privacy": "Nobody outside reads it.", "judgments_per_work": "4",
    "pay_amount": "0,40", "pay_currency": "eur", "pay_per": "judgment",
    "question_name": ["", "", ""],
    "question_text": ["Is it salty?", "", "How long is it?"],
    "question_style": ["ordered", "labels", "number"],
    "question_labels": ["no, partly, yes", "", ""],
    "question_low": ["", "", "1"], "question_high": ["", "", "9"],
    "example_prompt": ["A song, please.", ""], "example_answer": ["Salt, salt.", ""],
    "example_great": ["no", "yes"], "example_because": ["Salt.", ""],
}  # fmt: skip


@pytest.fixture
def ann(cast, client_of):
    PersonRow.objects.filter(name="Ann").update(is_administrator=True)
    return client_of("Ann")


TICKED = ("radio", "checkbox")
"""What is not ticked is not sent."""


class Form(HTMLParser):
    """What a browser would send of a page: its fields with what stands in them, in their order."""

    def __init__(self):
        super().__init__()
        self.fields: dict[str, list[str]] = {}
        self.inside = ""

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        name = given.get("name")
        if tag == "option" and self.inside:
            held = self.fields[self.inside]
            if held[-1] is None or "selected" in given:
                held[-1] = given["value"]
        elif tag in ("textarea", "select") and name:
            self.inside = name
            self.fields.setdefault(name, []).append("" if tag == "textarea" else None)
        elif tag == "input" and name and ("checked" in given or given.get("type") not in TICKED):
            self.fields.setdefault(name, []).append(given.get("value", ""))

    def handle_endtag(self, tag):
        self.inside = "" if tag in ("textarea", "select") else self.inside

    def handle_data(self, data):
        held = self.fields.get(self.inside)
        if held and isinstance(held[-1], str) and self.lasttag == "textarea":
            held[-1] += data


def form_of(page):
    form = Form()
    form.feed(page)
    return form.fields


def test_a_brief_with_everything_in_it_becomes_a_draft(ann):
    response = ann.post("/projects/new/", FULL)

    assert response.url == "/projects/sea-songs/"
    project = ProjectRow.objects.get(slug="sea-songs")
    assert (project.state, project.cap) == ("draft", 4)
    assert project.briefs.get().record() == Brief(
        project="Sea songs",
        goal="Sing.",
        great="One hums it.",
        ticks_boxes="It rhymes.",
        kind="rating",
        principles=("Salt.", "Be brief."),
        questions=(
            Question("salty", "Is it salty?", ("no", "partly", "yes"), ordered=True),
            Question("it", "How long is it?", type="ratings", low=1, high=9),
        ),
        examples=(WorkedExample("A song, please.", "Salt, salt.", False, "Salt."),),
        languages=("en", "ar"),
        skills=("verse", "sea"),
        privacy="Nobody outside reads it.",
        pay=Pay(0.4, "EUR"),
        judgments_per_work=4,
    )


def test_the_form_of_the_next_version_says_all_that_the_version_says(ann):
    ann.post("/projects/new/", FULL)
    page = ann.get("/projects/sea-songs/brief/").content.decode()

    form = form_of(page)
    form["goal"] = ["Sing louder."]
    ann.post("/projects/sea-songs/brief/", form)

    first, second = (row.record() for row in BriefRow.objects.filter(project__slug="sea-songs"))
    assert second == replace(first, goal="Sing louder.", version=2)


@pytest.mark.parametrize(("change", "sentence"), [
    ({"goal": " "}, "the brief has no goal"),
    ({"example_because": ["", ""]}, "Say of every worked example which principle decides it."),
    ({"pay_amount": "much"}, "Pay: write an amount"),
    ({"pay_currency": "euros"}, "is not a currency"),
    ({"question_low": ["", "", "9"]}, "does not rise"),
    ({"question_high": ["", "", ""]}, "“How long is it?” asks for a number"),
    ({"languages": "English!"}, "is not a language tag"),
    ({"judgments_per_work": "0"}, "a whole number from 1 to 1000"),
    ({"project": "moon"}, "already a project"),
])  # fmt: skip
def test_a_mistake_is_told_and_everything_typed_is_kept(ann, change, sentence):
    answer = ann.post("/projects/new/", FULL | change)

    page = html.unescape(answer.content.decode())
    assert answer.status_code == 422
    assert sentence in page
    form = form_of(answer.content.decode())
    typed = {**FULL, **change}
    assert form["great"] == [typed["great"]]
    assert form["question_text"][:2] == ["Is it salty?", "How long is it?"]
    assert form["example_answer"][0] == "Salt, salt."
    assert form["kind"] == ["rating"]


@pytest.mark.parametrize(("more", "rows"), [("questions", "question_text"), ("examples", "example_answer")])
def test_more_rows_come_without_scripts_and_nothing_is_published(ann, more, rows):
    before = len(form_of(ann.get("/projects/new/").content.decode())[rows])

    page = ann.post("/projects/new/", {**FULL, "more": more}).content.decode()

    assert len(form_of(page)[rows]) > before
    assert form_of(page)["goal"] == ["Sing."]
    assert not ProjectRow.objects.filter(slug="sea-songs").exists()


@pytest.mark.parametrize("kind", ["demonstration", "ranking", "best-of-n", "rewrite"])
def test_a_kind_that_asks_nothing_takes_no_questions(ann, kind):
    ann.post("/projects/new/", FULL | {"kind": kind})

    assert BriefRow.objects.get(project__slug="sea-songs").record().questions == ()


def test_a_comparison_needs_no_labels_for_its_questions(ann):
    ann.post("/projects/new/", FULL | {"kind": "pairwise", "question_labels": ["", "", ""],
                                       "question_style": ["ordered"] * 3})  # fmt: skip

    asked = BriefRow.objects.get(project__slug="sea-songs").record().questions
    assert [question.text for question in asked] == ["Is it salty?", "How long is it?"]


def test_questions_that_statistics_know_by_name_keep_it_when_their_words_change(cast, ann):
    page = ann.get("/projects/moon/brief/").content.decode()
    form = form_of(page)
    form["question_text"][0] = "Is it a surprise that lasts?"
    form["question_text"][1] = "And does it surprise?"  # would be called `surprise` too

    ann.post("/projects/moon/brief/", form)

    latest = BriefRow.objects.filter(project=cast.moon).latest("version").record()
    assert [question.name for question in latest.questions] == ["surprise", "surprise_2"]


def test_a_question_that_no_form_can_make_stays_as_it_is(cast, ann):
    odd = Question("where", "Where is it?", type="boxes")
    brief = moon_brief(project="odd", questions=(*moon_brief().questions, odd))
    projects.open_project(owner=cast.ann, brief=brief)
    form = form_of(ann.get("/projects/odd/brief/").content.decode())

    ann.post("/projects/odd/brief/", {**form, "goal": "Other."})

    assert BriefRow.objects.filter(project__slug="odd").latest("version").record().questions[1] == odd


def test_a_version_that_says_the_same_is_not_published(ann):
    form = form_of(ann.get("/projects/moon/brief/").content.decode())

    answer = ann.post("/projects/moon/brief/", form)

    assert answer.status_code == 422
    assert "Nothing has changed" in answer.content.decode()


def test_another_number_of_judgments_holds_for_works_to_come(cast):
    briefs.publish(project=cast.moon, brief=moon_brief(judgments_per_work=5))
    projects.bring_in(
        project=cast.moon, items=[Item("new", "…")], samples=[Sample(f"new/{x}", "new", x, "…") for x in "xy"]
    )

    caps = dict(cast.moon.works.values_list("item__key", "cap"))
    assert (caps["m0"], caps["new"]) == (2, 5)


def caps(project):
    """Return taken, judged and cap of every work, the busiest first."""
    return sorted(project.works.values_list("taken", "judged", "cap"), reverse=True)


def test_a_version_that_wants_fewer_judgments_closes_what_has_them(cast):
    ProjectRow.objects.update(cap=2, most=4)
    for person in (cast.ann, cast.ben):
        lease = work.claim_work(person=person, project=cast.moon)
        work.submit_judgment(person=person, token=lease.token, answer={"choice": "tie"})
    judge_once = work.claim_work(person=cast.ben, project=cast.moon)
    work.submit_judgment(person=cast.ben, token=judge_once.token, answer={"choice": "tie"})

    briefs.publish(project=cast.moon, brief=moon_brief(judgments_per_work=1))
    projects.bring_in(
        project=cast.moon, items=[Item("new", "…")], samples=[Sample(f"new/{x}", "new", x, "…") for x in "xy"]
    )

    cast.moon.refresh_from_db()
    assert (cast.moon.cap, cast.moon.most) == (1, 1)
    assert caps(cast.moon) == [(2, 2, 2), (1, 1, 1), (0, 0, 1), (0, 0, 1), (0, 0, 1)]
    assert overlap.grow_for(cast.moon) == overlap.Kept(0, 0, 0)


@pytest.mark.parametrize("leaves", ["skips", "lapses"])
def test_a_place_that_is_wanted_no_more_is_gone_when_it_is_left(cast, leaves):
    first, second = (work.claim_work(person=person, project=cast.moon) for person in (cast.ann, cast.ben))
    assert first.work_id == second.work_id, "both are at the same work"
    briefs.publish(project=cast.moon, brief=moon_brief(judgments_per_work=1))
    assert caps(cast.moon)[0] == (2, 0, 2), "who is at it may finish it"

    cast.moon.refresh_from_db()
    if leaves == "skips":
        work.skip_work(person=cast.ben, token=second.token)
    else:
        LeaseRow.objects.filter(pk=second.pk).update(expires_at=second.claimed_at)
        cleo = people.add_member(project=cast.moon, name="Cleo", role="contributor")
        assert work.claim_work(person=cleo.person, project=cast.moon).work_id != first.work_id
    row = cast.moon.works.get(pk=first.work_id)
    assert (row.taken, row.judged, row.cap) == (1, 0, 1)

    work.submit_judgment(person=cast.ann, token=first.token, answer={"choice": "tie"})

    row.refresh_from_db()
    assert (row.taken, row.judged, row.cap) == (1, 1, 1)


def test_the_versions_show_word_by_word_what_changed(cast, client_of):
    now = moon_brief()
    briefs.publish(
        project=cast.moon,
        brief=replace(now, goal=now.goal.replace("verse", "prose"), principles=("Be odd.",), skills=("ear",)),
    )

    page = client_of("Vera").get("/projects/moon/brief/versions/").content.decode()

    assert "<del>verse</del><ins>prose</ins>" in page
    assert "Be odd." in page
    assert "Skills wanted" in page
    assert "Write the next version" not in page
    assert "Write the next version" in client_of("Ann").get("/projects/moon/brief/versions/").content.decode()


def test_what_did_not_change_is_not_told():
    brief = moon_brief()

    assert queries.changes(brief, replace(brief, version=2)) == []


def test_the_brief_is_read_beside_the_work(cast, client_of):
    example = WorkedExample("A moon.", "*Coins*", True, "Surprise wins.")
    briefs.publish(
        project=cast.moon,
        brief=moon_brief(
            great="One remembers it.", ticks_boxes="It rhymes.", examples=(example,), privacy="Kept.",
            pay=Pay(12, "EUR", "hour"),
        ),
    )  # fmt: skip

    page = client_of("Ben").get("/projects/moon/judge/").content.decode()

    for said in (
        "One remembers it.",
        "It rhymes.",
        "<em>Coins</em>",
        "Surprise wins.",
        "Kept.",
        "12.00 EUR an hour",
    ):
        assert said in page


def test_hostile_words_in_a_brief_stay_words(ann):
    bad = "<script>alert(1)</script>"
    ann.post("/projects/new/", {**FULL, "goal": bad, "great": bad, "example_answer": [bad, ""]})

    for path in ("/projects/sea-songs/", "/projects/sea-songs/brief/", "/projects/sea-songs/brief/versions/"):
        assert bad not in ann.get(path).content.decode()


def test_a_contributor_writes_no_brief_and_reads_no_versions(cast, client_of):
    for path in ("/projects/moon/brief/", "/projects/moon/brief/versions/", "/projects/new/"):
        assert client_of("Ben").get(path).status_code == 404
