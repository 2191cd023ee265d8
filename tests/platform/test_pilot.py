"""A pilot from its beginning to the next version, and what opens a project."""

from __future__ import annotations

import numpy as np
import pytest
from django.utils import timezone

from assay.errors import AssayError
from assay.platform.actions import briefs, people, pilots, projects, work
from assay.platform.models import (
    BriefRow,
    EdgeCaseRow,
    FlagRow,
    GoldRow,
    JudgmentRow,
    LeaseRow,
    PilotRow,
    ProjectRow,
    State,
    WorkRow,
)
from assay.platform.queries import pilots as queries
from assay.platform.queries import work as works
from assay.records import Brief, Item, Sample

from .conftest import PASSWORD, moon_brief, moon_items

PRINCIPLE = "A line that surprises beats one that rhymes."


@pytest.fixture
def sea(cast):
    """Ann's draft of twelve pairs about the sea; Ben, Dora and Emil contribute."""
    items, samples = moon_items(12)
    cast.sea = projects.open_project(owner=cast.ann, brief=moon_brief(project="sea"))
    projects.bring_in(project=cast.sea, items=items, samples=samples)
    for name in ("Dora", "Emil"):
        setattr(cast, name.lower(), people.add_person(name=name, password=PASSWORD))
    for name in ("Ben", "Dora", "Emil"):
        people.add_member(project=cast.sea, name=name, role="contributor")
    people.add_member(project=cast.sea, name="Vera", role="viewer")
    cast.raters = (cast.ben, cast.dora, cast.emil)
    return cast


def now(project):
    return ProjectRow.objects.get(pk=project.pk)


def judge(person, project, choose):
    """Judge everything there is; `choose` takes the key of an item and gives the author preferred."""
    given = 0
    while lease := work.claim_work(person=person, project=now(project), rng=np.random.default_rng(given)):
        names = works.assignment(lease).names
        wanted = choose(lease.work.item.key)
        choice = next((drawn for drawn, real in names.items() if real.endswith(f"/{wanted}")), wanted)
        work.submit_judgment(
            person=person, token=lease.token, answer={"choice": choice, "reason": f"says {person.name[0]}"}
        )
        given += 1
    return given


def run_pilot(scene, *, split=0, works=6):
    """Everybody prefers the fine lines, but Emil prefers the dull ones in so many works."""
    pilot = pilots.start(project=scene.sea, people=3, works=works)
    apart = list(queries.works_of(pilot).values_list("item__key", flat=True))[:split]
    judge(scene.ben, scene.sea, lambda key: "fine")
    judge(scene.dora, scene.sea, lambda key: "fine")
    judge(scene.emil, scene.sea, lambda key: "dull" if key in apart else "fine")
    return pilot


def settle_all(scene, *, becomes="gold", principle=PRINCIPLE, **more):
    pilots.collect(project=scene.sea)
    for row in EdgeCaseRow.objects.filter(project=scene.sea, state="open"):
        pilots.settle(
            project=scene.sea, number=row.pk, person=scene.ann, principle=principle,
            labels={"better": "b"}, becomes=becomes, **more,
        )  # fmt: skip


# -- what opens a project ------------------------------------------------------------------------------


def test_a_draft_gives_out_no_work_and_opens_only_after_a_pilot(sea):
    assert work.claim_work(person=sea.ben, project=sea.sea) is None
    with pytest.raises(AssayError, match="Run a pilot first"):
        pilots.open_up(project=sea.sea)

    run_pilot(sea)
    with pytest.raises(AssayError, match="settle or dismiss its edge cases, then close it"):
        pilots.open_up(project=sea.sea)
    pilots.close(project=sea.sea, person=sea.ann)
    pilots.open_up(project=sea.sea)

    assert now(sea.sea).state == State.OPEN
    assert work.claim_work(person=sea.ben, project=now(sea.sea)) is not None


def test_an_empty_project_is_told_to_bring_something_in_first(cast):
    empty = projects.open_project(owner=cast.ann, brief=moon_brief(project="empty"))

    assert queries.lacking(empty) == "Bring in something to judge first."
    with pytest.raises(AssayError, match="nothing left to try the brief on"):
        pilots.start(project=empty)


def test_a_project_opened_from_a_shell_needs_no_pilot_and_its_page_says_why(cast, client_of):
    page = client_of("Ann").get("/projects/moon/").content.decode()

    assert "Opened without a pilot:" in page
    assert "It is a test." in page


def test_a_withdrawn_pilot_opens_nothing_and_gives_its_works_back(sea):
    run_pilot(sea)

    pilots.withdraw(project=sea.sea, reason="The wrong people came.")

    assert "Run a pilot first" in queries.lacking(now(sea.sea))
    assert set(WorkRow.objects.filter(project=sea.sea).values_list("use", flat=True)) == {"work"}
    assert now(sea.sea).state == State.DRAFT


def test_a_project_can_be_paused_closed_and_opened_again(cast):
    pilots.pause(project=cast.moon)
    assert work.claim_work(person=cast.ben, project=now(cast.moon)) is None
    with pytest.raises(AssayError, match="Only an open project can be paused"):
        pilots.pause(project=cast.moon)
    pilots.close_project(project=cast.moon)

    assert pilots.open_up(project=cast.moon).state == State.OPEN


def test_while_a_pilot_runs_the_brief_stays_and_the_project_cannot_be_closed(sea):
    pilots.start(project=sea.sea)

    with pytest.raises(AssayError, match="close or withdraw it first"):
        briefs.publish(project=sea.sea, brief=moon_brief(goal="Another."))
    with pytest.raises(AssayError, match="close or withdraw it first"):
        pilots.close_project(project=sea.sea)
    with pytest.raises(AssayError, match="running already"):
        pilots.start(project=sea.sea)


@pytest.mark.parametrize(("size", "sentence"), [
    ({"people": 1}, "2 to 50 people"), ({"people": 51}, "2 to 50"), ({"works": 0}, "1 to 500 works"),
])  # fmt: skip
def test_the_size_of_a_pilot_has_bounds(sea, size, sentence):
    with pytest.raises(AssayError, match=sentence):
        pilots.start(project=sea.sea, **size)


# -- the sample ----------------------------------------------------------------------------------------


def test_only_the_works_of_the_pilot_are_given_each_to_as_many_people_as_asked(sea):
    pilot = pilots.start(project=sea.sea, people=2, works=5)

    given = [judge(person, sea.sea, lambda key: "fine") for person in sea.raters]

    assert (sum(given), queries.works_of(pilot).count()) == (10, 5)
    assert set(queries.works_of(pilot).values_list("judged", "cap")) == {(2, 2)}
    assert not WorkRow.objects.filter(project=sea.sea, use="work", judged__gt=0).exists()


def test_the_sample_is_spread_over_languages_and_domains_and_drawn_alike_each_time(cast):
    brief = Brief("wide", "Delight.", "rubric", questions=moon_brief().questions)
    wide = projects.open_project(owner=cast.ann, brief=brief)
    items = [
        Item(f"{language}{domain}{k}", "…", language=language, domain=domain)
        for language, count in (("en", 40), ("ar", 2), ("sw", 2))
        for domain in ("verse", "law")
        for k in range(count)
    ]
    samples = [Sample(f"{item.id}/x", item.id, "x", "…") for item in items]
    projects.bring_in(project=wide, items=items, samples=samples)

    drawn = [queries.draw(wide, 12, np.random.default_rng(seed)) for seed in (1, 1, 2)]

    rows = WorkRow.objects.filter(pk__in=drawn[0])
    assert {language: rows.filter(language=language).count() for language in ("en", "ar", "sw")} == {
        "en": 4, "ar": 4, "sw": 4,
    }  # fmt: skip
    assert drawn[0] == drawn[1] != drawn[2]


def test_a_second_pilot_takes_works_that_nobody_has_seen(sea):
    run_pilot(sea, works=6)
    pilots.close(project=sea.sea, person=sea.ann)
    seen = set(JudgmentRow.objects.filter(project=sea.sea).values_list("work", flat=True))

    again = pilots.start(project=now(sea.sea), people=3, works=12)

    assert set(queries.works_of(again).values_list("pk", flat=True)).isdisjoint(seen)
    assert again.works == 6


# -- edge cases ----------------------------------------------------------------------------------------


def test_works_where_people_part_are_collected_with_their_evidence(sea):
    run_pilot(sea, split=2)

    assert pilots.collect(project=sea.sea) == 2

    case = queries.case(sea.sea, EdgeCaseRow.objects.filter(project=sea.sea).first().pk)
    assert case.row.cause == "split"
    assert 0.4 <= case.row.doubt <= 1
    assert sorted(dict(each.votes)["better"] for each in case.said) == ["Answer A", "Answer B", "Answer B"]
    (asked, *_) = case.asked
    assert {choice.label: choice.votes for choice in asked.choices if choice.votes} == {"a": 1, "b": 2}


def test_a_work_flagged_as_silent_is_collected_with_what_was_written(sea):
    pilot = pilots.start(project=sea.sea, people=3, works=4)
    flagged = queries.works_of(pilot).first()
    FlagRow.objects.create(
        project=sea.sea, work=flagged, person=sea.ben, cause=FlagRow.SILENT, note="Is free verse verse?"
    )

    assert pilots.collect(project=sea.sea) == 1

    row = EdgeCaseRow.objects.get(project=sea.sea)
    assert (row.work_id, row.cause, row.notes) == (flagged.pk, "silent", ["Is free verse verse?"])


def test_what_is_settled_stays_when_cases_are_collected_again_and_what_nobody_doubts_any_more_goes(sea):
    pilot = run_pilot(sea, split=2)
    pilots.collect(project=sea.sea)
    first, second = EdgeCaseRow.objects.filter(project=sea.sea)
    pilots.dismiss(project=sea.sea, number=first.pk, person=sea.ann, reason="A slip.")
    JudgmentRow.objects.filter(work=second.work_id, person=sea.emil).delete()

    assert pilots.collect(project=sea.sea) == 0

    assert [(row.pk, row.state) for row in queries.cases(pilot)] == [(first.pk, "dismissed")]


def test_names_of_people_and_of_models_are_hidden_from_who_settles(sea, client_of):
    run_pilot(sea, split=1)
    pilots.collect(project=sea.sea)
    case = EdgeCaseRow.objects.get(project=sea.sea)

    page = client_of("Ann").get(f"/projects/sea/pilot/cases/{case.pk}/").content.decode()

    assert "says E" in page
    assert "Person 3" in page
    assert not any(word in page for word in ("Emil", "Dora", ">dull<", "/dull", "/fine"))


@pytest.mark.parametrize(("form", "sentence"), [
    ({"principle": " ", "becomes": "gold", "label.better": "b"}, "Name the principle"),
    ({"principle": "So.", "becomes": "gold"}, "Say which labels are right"),
    ({"principle": "So.", "becomes": "gold", "label.better": "z"}, "choose one of its labels"),
    ({"principle": "So.", "becomes": "pilot", "label.better": "b"}, "Choose what the work becomes"),
    ({"do": "dismiss", "reason": " "}, "why this case decides nothing"),
])  # fmt: skip
def test_a_case_that_is_half_settled_says_what_is_missing(sea, client_of, form, sentence):
    run_pilot(sea, split=1)
    pilots.collect(project=sea.sea)
    case = EdgeCaseRow.objects.get(project=sea.sea)

    answer = client_of("Ann").post(f"/projects/sea/pilot/cases/{case.pk}/", {"do": "settle", **form})

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert EdgeCaseRow.objects.get().state == "open"


def test_a_flag_is_settled_with_its_case_and_opened_with_it_again(sea):
    pilot = pilots.start(project=sea.sea, people=3, works=4)
    flag = FlagRow.objects.create(
        project=sea.sea, work=queries.works_of(pilot).first(), person=sea.ben, cause=FlagRow.SILENT
    )
    settle_all(sea, becomes="training")
    flag.refresh_from_db()
    assert flag.settled_with == PRINCIPLE

    pilots.reopen_case(project=sea.sea, number=EdgeCaseRow.objects.get().pk)

    flag.refresh_from_db()
    assert flag.settled_at is None
    assert EdgeCaseRow.objects.get().state == "open"


# -- the next version ----------------------------------------------------------------------------------


def test_a_pilot_closes_only_when_enough_is_judged_and_every_case_is_decided(sea):
    pilots.start(project=sea.sea, people=3, works=6)
    judge(sea.ben, sea.sea, lambda key: "fine")
    with pytest.raises(AssayError, match="Two people have judged 0 of its 6 works"):
        pilots.close(project=sea.sea, person=sea.ann)
    judge(sea.dora, sea.sea, lambda key: "dull")

    with pytest.raises(AssayError, match="6 edge cases are open"):
        pilots.close(project=sea.sea, person=sea.ann)

    assert PilotRow.objects.get().closed_at is None


def test_closing_makes_one_version_with_every_principle_and_example_and_the_gold(sea):
    run_pilot(sea, split=3)
    pilots.collect(project=sea.sea)
    one, two, three = EdgeCaseRow.objects.filter(project=sea.sea).order_by("pk")
    fine = one.work.samples[1]
    pilots.settle(
        project=sea.sea, number=one.pk, person=sea.ann, principle=PRINCIPLE, labels={"better": "b"},
        becomes="gold", examples=[{"sample": fine, "great": True}],
    )  # fmt: skip
    pilots.settle(
        project=sea.sea, number=two.pk, person=sea.ann, principle="Sound counts.", labels={"better": "tie"},
        becomes="training",
    )  # fmt: skip
    pilots.settle(
        project=sea.sea, number=three.pk, person=sea.ann, principle=PRINCIPLE, labels={}, becomes=""
    )

    version = pilots.close(project=sea.sea, person=sea.ann)

    brief = version.record()
    assert version.version == 2
    assert brief.principles[1:] == (PRINCIPLE, "Sound counts.")
    assert [(each.great, each.because, "coin" in each.answer) for each in brief.examples] == [
        (True, PRINCIPLE, True)
    ]
    assert dict(GoldRow.objects.values_list("work", "labels")) == {
        one.work_id: {"better": "b"},
        two.work_id: {"better": "tie"},
    }
    uses = dict(WorkRow.objects.filter(project=sea.sea).values_list("pk", "use"))
    assert (uses[one.work_id], uses[two.work_id], uses[three.work_id]) == ("gold", "training", "work")
    assert set(EdgeCaseRow.objects.values_list("settled_in", flat=True)) == {version.pk}
    assert BriefRow.objects.filter(project=sea.sea).count() == 2


def test_cases_decided_by_principles_that_were_there_leave_the_version_as_it_is(sea):
    run_pilot(sea, split=1)
    settle_all(sea, principle=moon_brief().principles[0])

    version = pilots.close(project=sea.sea, person=sea.ann)

    assert version.version == 1
    assert GoldRow.objects.get().because == moon_brief().principles[0]


def test_who_is_at_a_work_when_the_pilot_closes_may_finish_it(sea):
    pilots.start(project=sea.sea, people=3, works=2)
    for person in (sea.ben, sea.dora):
        judge(person, sea.sea, lambda key: "fine")
    lease = work.claim_work(person=sea.emil, project=now(sea.sea))
    pilots.close(project=sea.sea, person=sea.ann)

    work.submit_judgment(person=sea.emil, token=lease.token, answer={"choice": "tie"})

    assert JudgmentRow.objects.get(person=sea.emil).brief.version == 1
    assert not LeaseRow.objects.filter(pk=lease.pk).exists()


def test_what_was_settled_in_a_withdrawn_pilot_is_not_published_by_the_next(sea):
    run_pilot(sea, split=1)
    settle_all(sea)
    pilots.withdraw(project=sea.sea, reason="The wrong people came.")
    again = run_pilot(sea, works=6)

    version = pilots.close(project=sea.sea, person=sea.ann)

    assert version.version == 1
    assert not queries.cases(again).exists()
    assert not GoldRow.objects.exists()


# -- training ------------------------------------------------------------------------------------------


def learn(scene, choice):
    """Close a pilot with a training work, open, and let a newcomer judge it."""
    run_pilot(scene, split=1)
    settle_all(scene, becomes="training")
    pilots.close(project=scene.sea, person=scene.ann)
    pilots.open_up(project=scene.sea)
    people.add_member(project=scene.sea, name="Cleo", role="contributor")
    lease = work.claim_work(person=scene.cleo, project=now(scene.sea))
    names = works.assignment(lease).names
    drawn = next((key for key, real in names.items() if real.endswith(f"/{choice}")), choice)
    return lease, drawn


def test_a_newcomer_is_given_training_first_and_is_told_what_was_right_and_why(sea, client_of):
    lease, drawn = learn(sea, "dull")
    assert lease.work.use == "training"

    answer = client_of("Cleo").post(f"/work/{lease.token}/submit/", {"choice": drawn}, follow=True)

    page = answer.content.decode()
    assert "The brief sees this differently" in page
    assert PRINCIPLE in page
    judgment = JudgmentRow.objects.get(person=sea.cleo)
    (point,) = queries.lesson(judgment).points
    assert (point.agrees, {point.said, point.right}) == (False, {"Answer A", "Answer B"})
    right = next(letter for letter, text in queries.lesson(judgment).places if "coin" in text)
    assert point.right == right


def test_a_lesson_is_for_who_judged_and_no_other_work_teaches(sea, client_of):
    lease, drawn = learn(sea, "fine")
    client_of("Cleo").post(f"/work/{lease.token}/submit/", {"choice": drawn})
    own = JudgmentRow.objects.get(person=sea.cleo)
    other = JudgmentRow.objects.filter(person=sea.ben, work__use="work").first()

    assert "You saw it as the brief does" in client_of("Cleo").get(f"/lessons/{own.pk}/").content.decode()
    assert client_of("Ann").get(f"/lessons/{own.pk}/").status_code == 404
    assert client_of("Ben").get(f"/lessons/{other.pk}/").status_code == 404
    assert queries.lesson(other) is None


def test_gold_and_training_count_as_no_progress(sea, client_of):
    run_pilot(sea, split=2)
    settle_all(sea)
    pilots.close(project=sea.sea, person=sea.ann)

    page = client_of("Ann").get("/projects/sea/").content.decode()

    assert "<small>/ 10</small>" in page  # ten of twelve works are wanted for their own sake
    assert "1000000" not in page.replace(",", "")


# -- the pages -----------------------------------------------------------------------------------------


def test_the_doors_of_a_pilot_are_for_those_who_manage(sea, client_of):
    run_pilot(sea, split=1)
    pilots.collect(project=sea.sea)
    case = f"/projects/sea/pilot/cases/{EdgeCaseRow.objects.get().pk}/"

    statuses = {
        name: [client_of(name).get("/projects/sea/pilot/").status_code, client_of(name).get(case).status_code,
               client_of(name).post(case, {"do": "dismiss", "reason": " "}).status_code]
        for name in ("Ann", "Ben", "Vera", "Cleo")
    }  # fmt: skip

    assert statuses.pop("Ann") == [200, 200, 422]
    assert set(map(tuple, statuses.values())) == {(404, 404, 404)}
    elsewhere = case.replace("/sea/", "/moon/")
    assert client_of("Ann").get(elsewhere).status_code == 404


def test_the_whole_way_through_the_pages(sea, client_of):
    client = client_of("Ann")
    client.post("/projects/sea/pilot/", {"do": "start", "people": "2", "works": "4"})
    for person in (sea.ben, sea.emil):
        judge(person, sea.sea, lambda key, who=person: "dull" if who == sea.emil else "fine")
    page = client.post("/projects/sea/pilot/", {"do": "collect"}, follow=True).content.decode()
    assert "Edge cases that are open: 4." in page
    for row in EdgeCaseRow.objects.all():
        form = {"do": "settle", "principle": PRINCIPLE, "label.better": "b", "becomes": "gold"}
        assert client.post(f"/projects/sea/pilot/cases/{row.pk}/", form).status_code == 302
    page = client.post("/projects/sea/pilot/", {"do": "close"}, follow=True).content.decode()
    assert "Version 2 of the brief is in force." in page

    page = client.post("/projects/sea/state/", {"to": "open"}, follow=True).content.decode()

    assert 'id="project-state">open<' in page
    assert now(sea.sea).state == State.OPEN


def test_progress_is_told_person_by_person(sea, client_of):
    pilots.start(project=sea.sea, people=3, works=4)
    judge(sea.ben, sea.sea, lambda key: "fine")

    page = client_of("Ann").get("/projects/sea/pilot/").content.decode()

    assert "4 of 4" in page
    assert "Two people have judged 0 of its 4 works" in page


@pytest.mark.parametrize(
    "form", [{"do": "start", "people": "x", "works": "4"}, {"do": "fly"}, {"do": "close"}]
)
def test_what_cannot_be_done_is_said(sea, client_of, form):
    page = client_of("Ann").post("/projects/sea/pilot/", form, follow=True).content.decode()

    assert 'class="note error"' in page
    assert not PilotRow.objects.exists()


def test_a_kind_with_numbers_is_settled_with_a_number(cast):
    brief = Brief("rated", "Delight.", "rating")
    rated = projects.open_project(owner=cast.ann, brief=brief)
    items = [Item("m", "…")]
    projects.bring_in(project=rated, items=items, samples=[Sample("m/x", "m", "x", "…")])
    people.add_member(project=rated, name="Ben", role="contributor")
    pilots.start(project=rated, people=2, works=1)
    for person, number in ((cast.ann, "1"), (cast.ben, "5")):
        lease = work.claim_work(person=person, project=now(rated))
        work.submit_judgment(person=person, token=lease.token, answer={"ratings": {"quality": number}})
    pilots.collect(project=rated)
    case = EdgeCaseRow.objects.get(project=rated)

    with pytest.raises(AssayError, match="a number from 1"):
        pilots.settle(
            project=rated, number=case.pk, person=cast.ann, principle="So.", labels={"quality": "9"}
        )
    settled = pilots.settle(
        project=rated, number=case.pk, person=cast.ann, principle="So.", labels={"quality": "4,5"}
    )

    assert settled.labels == {"quality": "4.5"}
    assert settled.settled_at <= timezone.now()
