"""Own numbers come in batches: whoever looks after every submission learns nothing about a single work."""

from __future__ import annotations

import re

import numpy as np
import pytest

from assay.platform.actions import overlap, own_numbers, people, pilots, projects, undo, work
from assay.platform.actions.pilots import EVERYBODY
from assay.platform.models import GoldRow, ProjectRow, WorkRow
from assay.platform.pages import insight
from assay.platform.queries import outcomes
from assay.platform.queries import work as works

from .conftest import moon_brief, moon_items

PAGES = ("/me/", "/me/about/", "/projects/sky/mine/", "/me/queue/", "/")


@pytest.fixture
def sky(cast):
    """Forty pairs, eighteen of them with a known answer, as half of what Ben is given; Ann has judged all."""
    items, samples = moon_items(40)
    project = projects.open_project(
        owner=cast.ann, brief=moon_brief(project="sky", judgments_per_work=3), waived="It is a test."
    )
    projects.bring_in(project=project, items=items, samples=samples)
    people.add_member(project=project, name="Ben", role="contributor")
    for row in WorkRow.objects.filter(project=project).order_by("pk")[:18]:
        GoldRow.objects.create(work=row, labels={"better": "b"}, source=GoldRow.AUTHOR)
        WorkRow.objects.filter(pk=row.pk).update(use=WorkRow.GOLD, cap=EVERYBODY)
    ProjectRow.objects.filter(pk=project.pk).update(gold_share=0.5)
    project.refresh_from_db()
    rng = np.random.default_rng(2)
    while judge(cast.ann, project, rng):
        pass
    return project


def judge(person, project, rng, author="fine"):
    lease = work.claim_work(person=person, project=project, rng=rng)
    if lease is None:
        return None
    names = works.assignment(lease).names
    chosen = next(drawn for drawn, real in names.items() if real.endswith(f"/{author}"))
    return work.submit_judgment(person=person, token=lease.token, answer={"choice": chosen}, seconds=1.0)


def seen(client) -> list[str]:
    """Return what the pages say, without how much was judged and when, which a person knows anyway."""
    found = []
    for path in PAGES:
        page = client.get(path).content.decode()
        page = re.sub(r"<details.*?</details>|name=\"csrfmiddlewaretoken\"[^>]*>", "", page, flags=re.DOTALL)
        page = re.sub(r"You judged \d+ works?, in \d+ seconds?(?: each \(median\))?", "", page)
        found.append(re.sub(r"(?s)\d+ judged.*?<", "<", page))
    return found


def test_who_refreshes_after_each_submission_cannot_tell_which_answers_are_known(
    cast, sky, client_of, monkeypatch
):
    monkeypatch.setattr(insight, "PATIENCE", None)  # however slow the machine is, no page asks to wait
    client, rng = client_of("Ben"), np.random.default_rng(1)
    known, changed = [judge(cast.ben, sky, rng).work.use == WorkRow.GOLD], []
    client.get("/projects/sky/mine/")
    before = seen(client)
    while len(known) < 38 and (judgment := judge(cast.ben, sky, rng, "dull" if len(known) % 3 else "fine")):
        known.append(judgment.work.use == WorkRow.GOLD)
        overlap.bring_up_to_date(project=sky)
        now = seen(client)
        if now[:4] != before[:4]:
            changed.append(len(known))
        before = now

    assert 10 < sum(known) < len(known) - 10, "the test needs works of both sorts"
    assert own_numbers.BATCH >= 10
    assert own_numbers.GOLD >= 5
    assert changed, "numbers are told at some time"
    batches = [known[start:stop] for start, stop in zip([0, *changed], changed, strict=False)]
    assert all(len(batch) >= own_numbers.BATCH for batch in batches)
    assert all(sum(batch) >= own_numbers.GOLD for batch in batches)
    # The moment tells nothing either: it follows from how much was judged, not from what.
    assert all(place % own_numbers.BATCH == 0 for place in changed)


def test_a_batch_without_enough_known_answers_is_passed_over_whole(cast, sky, client_of):
    ProjectRow.objects.update(gold_share=0.15)
    sky.refresh_from_db()
    client, rng = client_of("Ben"), np.random.default_rng(5)
    told, known = [], []
    for _ in range(24):
        known.append(judge(cast.ben, sky, rng).work.use == WorkRow.GOLD)
        told.append("known answers" in client.get("/me/").content.decode())

    first = told.index(True) + 1 if True in told else None
    assert sum(known[:10]) < own_numbers.GOLD
    assert first in (20, None)
    assert first is None or sum(known[:20]) >= own_numbers.GOLD


def test_where_few_answers_are_known_a_longer_batch_hides_them(cast, sky, client_of):
    GoldRow.objects.exclude(pk__in=list(GoldRow.objects.values_list("pk", flat=True)[:2])).delete()
    WorkRow.objects.filter(project=sky, use=WorkRow.GOLD, gold__isnull=True).update(use=WorkRow.WORK, cap=3)
    client, rng, told = client_of("Ben"), np.random.default_rng(3), []
    while judge(cast.ben, sky, rng):
        told.append("right about" in client.get("/me/").content.decode())

    assert told.index(True) + 1 == own_numbers.LONG


def test_taking_back_and_answering_otherwise_changes_no_number(cast, sky, client_of):
    client, rng = client_of("Ben"), np.random.default_rng(1)
    for _ in range(own_numbers.BATCH):
        judge(cast.ben, sky, rng)
    first = seen(client)[:3]

    held = undo.undo_last(person=cast.ben, project=sky)
    work.submit_judgment(person=cast.ben, token=held.token, answer={"choice": "both_bad"})
    overlap.bring_up_to_date(project=sky)

    assert seen(client)[:3] == first


def test_where_nothing_can_be_judged_any_more_everything_is_told(cast, sky, client_of):
    judge(cast.ben, sky, np.random.default_rng(1))
    assert "right about" not in client_of("Ben").get("/me/").content.decode()

    pilots.close_project(project=sky)

    assert "right about" in client_of("Ben").get("/me/").content.decode()


def test_pages_that_come_before_a_batch_count_nothing(cast, sky, monkeypatch):
    judge(cast.ben, sky, np.random.default_rng(1))
    monkeypatch.setattr(outcomes, "outcome", lambda *_, **__: pytest.fail("it need not be counted"))

    numbers = own_numbers.tell(person=cast.ben, project=sky)

    assert len(numbers.statement.sentences) == 1
    assert numbers.statement.sentences[0].startswith("You judged 1 work")
