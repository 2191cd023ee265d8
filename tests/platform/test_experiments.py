"""Two versions of a brief side by side, on the platform."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assay.errors import AssayError
from assay.platform.actions import briefs, experiments, people, projects, work
from assay.platform.models import ArmRow, BriefRow, GoldRow, JudgmentRow, ProjectRow, WorkRow
from assay.platform.queries import experiments as queries
from assay.platform.queries import work as works
from assay.quality import experiment

from .conftest import PASSWORD, moon_brief, moon_items

NAMES = ("Dora", "Emil", "Fay", "Gus", "Hal", "Ida", "Jan", "Kim")


@pytest.fixture(autouse=True)
def _few_deals(monkeypatch):
    monkeypatch.setattr(experiment, "DRAWS", 64)


@pytest.fixture
def tide(cast):
    """An open project with two versions, twelve works and eight contributors."""
    items, samples = moon_items(12)
    brief = moon_brief(project="tide")
    cast.tide = projects.open_project(owner=cast.ann, brief=brief, waived="It is a test.")
    projects.bring_in(project=cast.tide, items=items, samples=samples)
    briefs.publish(project=cast.tide, brief=replace(brief, principles=("Be odd.",)))
    cast.first, cast.second = BriefRow.objects.filter(project=cast.tide).order_by("version")
    cast.crowd = [people.add_person(name=name, password=PASSWORD) for name in NAMES]
    for name in NAMES:
        people.add_member(project=cast.tide, name=name, role="contributor")
    people.add_member(project=cast.tide, name="Ben", role="contributor")
    people.add_member(project=cast.tide, name="Vera", role="viewer")
    return cast


def now(project):
    return ProjectRow.objects.get(pk=project.pk)


def begin(scene, **more):
    return experiments.start(
        project=now(scene.tide), first=scene.first, second=scene.second, **{"works": 6, "each": 2, **more}
    )


def claim(person, scene, seed=0):
    return work.claim_work(person=person, project=now(scene.tide), rng=np.random.default_rng(seed))


def judge(person, scene, author):
    """Judge one work and say what it was used for; nothing where there is none."""
    lease = claim(person, scene)
    if lease is None:
        return None
    names = works.assignment(lease).names
    choice = next(drawn for drawn, real in names.items() if real.endswith(f"/{author}"))
    work.submit_judgment(person=person, token=lease.token, answer={"choice": choice}, seconds=0.01)
    return lease


def judge_all(scene, *, second="fine", first="dull"):
    """Everybody judges until the works of the trial are done: each version prefers one author."""
    for _round in range(12):
        for person in scene.crowd:
            version = experiments.version_for(person=person, project=now(scene.tide))
            if WorkRow.objects.filter(project=scene.tide, use="trial", taken__lt=4).exists():
                judge(person, scene, second if version == scene.second else first)


def test_people_are_dealt_evenly_and_each_stays_with_one_version(tide):
    begin(tide)

    leases = {person.name: claim(person, tide) for person in tide.crowd}

    versions = [lease.brief.version for lease in leases.values()]
    assert sorted(versions) == [1] * 4 + [2] * 4
    for person in tide.crowd:
        work.skip_work(person=person, token=leases[person.name].token)
        assert claim(person, tide).brief == leases[person.name].brief
    assert ArmRow.objects.count() == 8


def test_both_versions_get_as_many_judgments_on_every_work_of_the_trial(tide):
    found = begin(tide)

    judge_all(tide)

    said = JudgmentRow.objects.filter(work__in=found.works)
    for number in found.works:
        by = [said.filter(work=number, brief=version).count() for version in (tide.first, tide.second)]
        assert by == [2, 2]
    assert queries.progress(found) == queries.Progress(12, 12, 12)


def test_a_judgment_is_stamped_with_the_version_that_its_author_saw(tide):
    begin(tide)
    lease = judge(tide.crowd[0], tide, "fine")

    judgment = JudgmentRow.objects.get(person=tide.crowd[0])

    assert judgment.brief == lease.brief == ArmRow.objects.get(person=tide.crowd[0]).brief


def test_when_the_trial_is_done_people_go_on_with_other_works_by_their_version(tide):
    begin(tide, works=2, each=1)
    versions = {}
    for person in tide.crowd[:4]:
        while lease := judge(person, tide, "fine"):
            versions.setdefault(person.name, set()).add(lease.brief.version)
            if lease.work.use == "work":
                break

    assert all(len(own) == 1 for own in versions.values())
    assert JudgmentRow.objects.filter(work__use="work").exists()


def test_a_claim_asks_once_about_an_experiment_and_only_while_there_is_one(tide):
    def asked(person):
        with CaptureQueriesContext(connection) as seen:
            claim(person, tide)
        return sum("experimentrow" in each["sql"] for each in seen.captured_queries)

    before = asked(tide.crowd[0])
    begin(tide)
    experiments.version_for(person=tide.crowd[1], project=now(tide.tide))

    assert (before, asked(tide.crowd[1])) == (0, 1)


def test_the_results_say_what_the_second_version_changes(tide):
    found = begin(tide)
    for number in found.works:
        GoldRow.objects.create(work_id=number, labels={"better": "b"}, source=GoldRow.AUTHOR)
    judge_all(tide)

    results = {one.measure: one for one in queries.comparisons(found)}

    assert results["right"].means == (0.0, 1.0)
    assert results["right"].effect.difference == 1.0
    assert results["right"].effect.people == (4, 4)
    assert results["agree"].means == (1.0, 1.0)
    assert results["seconds"].effect.items == 6


def test_a_judgment_from_before_the_experiment_counts_for_no_version(tide):
    judge(tide.crowd[0], tide, "fine")
    waiting = claim(tide.crowd[1], tide)  # began by version 2
    found = begin(tide)
    ArmRow.objects.create(experiment=found, person=tide.crowd[1], brief=tide.first)
    work.submit_judgment(person=tide.crowd[1], token=waiting.token, answer={"choice": "tie"})

    assert queries.material(found).judgments == []


@pytest.mark.parametrize(("winner", "versions", "goal"), [("first", 3, 1), ("second", 2, 2), ("none", 2, 2)])
def test_the_winner_is_in_force_from_then_on(tide, client_of, winner, versions, goal):
    found = begin(tide)
    judge(tide.crowd[0], tide, "fine")

    client_of("Ann").post(
        f"/projects/tide/experiments/{found.pk}/close/", {"winner": winner, "lesson": "Odd wins."}
    )

    rows = BriefRow.objects.filter(project=tide.tide)
    principles = (tide.first, tide.second)[goal - 1].record().principles
    assert rows.count() == versions
    assert rows.latest("version").record().principles == principles
    assert not now(tide.tide).experimenting
    assert not WorkRow.objects.filter(use="trial").exists()
    assert claim(tide.crowd[0], tide).brief == rows.latest("version")


@pytest.mark.parametrize(("change", "sentence"), [
    ({"second": "1"}, "two different versions"), ({"works": "1"}, "2 to 5000 works"),
    ({"each": "0"}, "1 to 50 judgments"), ({"works": "many"}, "whole numbers"),
    ({"first": ""}, "choose two versions"),
])  # fmt: skip
def test_an_experiment_that_cannot_be_is_refused(tide, client_of, change, sentence):
    form = {"first": "1", "second": "2", "works": "6", "each": "2", "question": "Does it help?"}

    answer = client_of("Ann").post("/projects/tide/experiments/", form | change)

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert "Does it help?" in answer.content.decode()


def test_versions_that_ask_different_questions_are_not_compared(tide):
    asks = replace(tide.second.record(), questions=())
    third = briefs.publish(project=tide.tide, brief=asks)

    with pytest.raises(AssayError, match="ask different questions"):
        experiments.start(project=now(tide.tide), first=tide.first, second=third)


def test_one_experiment_at_a_time_and_none_in_a_draft(tide):
    begin(tide)
    with pytest.raises(AssayError, match="running already"):
        begin(tide)
    with pytest.raises(AssayError, match="close the experiment first"):
        briefs.publish(project=tide.tide, brief=moon_brief(goal="Other."))
    draft = projects.open_project(owner=tide.ann, brief=moon_brief(project="draft"))

    with pytest.raises(AssayError, match="needs an open project"):
        experiments.start(project=draft, first=tide.first, second=tide.second)


def test_the_doors_of_an_experiment(tide, client_of):
    path = f"/projects/tide/experiments/{begin(tide).pk}/"

    def statuses(name):
        client = client_of(name)
        return [client.get(path).status_code, client.get(f"{path}results/").status_code,
                client.post(f"{path}close/", {"winner": "?"}).status_code]  # fmt: skip

    assert statuses("Ann") == [200, 200, 302]
    assert statuses("Vera") == [200, 200, 404]
    assert statuses("Ben") == statuses("Cleo") == [404, 404, 404]
    assert now(tide.tide).experimenting
    assert client_of("Ann").get(path.replace("/tide/", "/moon/")).status_code == 404


def test_the_page_shows_the_change_with_its_interval_and_a_figure(tide, client_of):
    found = begin(tide)
    for number in found.works:
        GoldRow.objects.create(work_id=number, labels={"better": "b"}, source=GoldRow.AUTHOR)
    judge_all(tide)

    page = client_of("Ann").get(f"/projects/tide/experiments/{found.pk}/results/").content.decode()
    whole = client_of("Ann").get(f"/projects/tide/experiments/{found.pk}/").content.decode()

    assert 'id="figure-effects"' in page
    assert "Right, where the answer is known</th>" in page
    assert "+100.0" in page
    assert "4 + 4, 6" in page
    assert "<ins>" in whole


def test_what_the_page_shows_comes_down_as_a_table_for_whoever_may_read_it(tide, client_of):
    found = begin(tide)
    path = f"/projects/tide/experiments/{found.pk}/results/"
    before = b"".join(client_of("Vera").get(path, {"as": "csv"}).streaming_content)
    judge_all(tide)

    answer = client_of("Vera").get(path, {"as": "csv"})
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))

    assert before == b""
    assert answer["Content-Disposition"] == f'attachment; filename="tide-experiment-{found.pk}.csv"'
    assert f"{path}?as=csv" in client_of("Vera").get(path).content.decode()
    agree = next(row for row in rows if row["measure"] == "agree")
    assert (agree["question"], agree["unit"], agree["people first"], agree["works"]) == (
        "better", "share", "4", "6",
    )  # fmt: skip
    assert float(agree["low"]) <= float(agree["change"]) <= float(agree["high"])
    seconds = next(row for row in rows if row["measure"] == "seconds")
    assert (seconds["unit"], float(seconds["change"])) == ("factor", 1.0)
    assert client_of("Ben").get(path, {"as": "csv"}).status_code == 404
    assert client_of("Cleo").get(path, {"as": "csv"}).status_code == 404


def test_before_anybody_has_judged_the_page_says_so(tide, client_of):
    found = begin(tide)

    page = client_of("Ann").get(f"/projects/tide/experiments/{found.pk}/results/").content.decode()

    assert "No work has judgments by both versions yet." in page
