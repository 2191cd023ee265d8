"""What is harmful goes to nobody else; what is known is the verdict; documents stay with one person."""

from __future__ import annotations

import pytest

from assay import tables
from assay.errors import AssayError
from assay.platform.actions import flags, projects, work
from assay.platform.models import GoldRow, ItemRow, ProjectRow, WorkRow
from assay.platform.queries import outcomes
from assay.platform.queries import projects as project_queries
from assay.platform.queries import work as works
from assay.records import Brief


@pytest.fixture
def scene(cast):
    ProjectRow.objects.update(state="open", gold_share=0.0)
    cast.moon.refresh_from_db()
    return cast


def test_a_harmful_work_goes_to_nobody_until_an_author_releases_it(scene):
    lease = work.claim_work(person=scene.ben, project=scene.moon)
    before = project_queries.progress(scene.moon).works

    row = flags.flag(person=scene.ben, token=lease.token, cause="harmful", note="It names a child.")

    assert WorkRow.objects.get(pk=lease.work_id).use == WorkRow.WITHHELD
    assert project_queries.progress(scene.moon).works == before - 1
    given = set()
    while found := work.claim_work(person=scene.ann, project=scene.moon):
        given.add(found.work_id)
        work.skip_work(person=scene.ann, token=found.token)
    assert lease.work_id not in given
    flags.settle(project=scene.moon, number=row.pk, text="The name is gone.", release=True)
    assert WorkRow.objects.get(pk=lease.work_id).use == WorkRow.WORK


def test_settling_without_releasing_keeps_it_back(scene):
    lease = work.claim_work(person=scene.ben, project=scene.moon)
    row = flags.flag(person=scene.ben, token=lease.token, cause="harmful")

    flags.settle(project=scene.moon, number=row.pk, text="Right; it stays out.")

    assert WorkRow.objects.get(pk=lease.work_id).use == WorkRow.WITHHELD


def test_what_is_known_is_the_verdict_as_soon_as_it_is_known(scene):
    lease = work.claim_work(person=scene.ben, project=scene.moon)
    names = works.assignment(lease).names
    dull = next(drawn for drawn, real in names.items() if real.endswith("/dull"))
    work.submit_judgment(person=scene.ben, token=lease.token, answer={"choice": dull})
    label = {"dull": "a", "fine": "b"}
    first = outcomes.outcome(scene.moon).verdicts[0]

    gold = GoldRow.objects.create(work_id=lease.work_id, labels={"better": label["fine"]}, source="author")
    second = outcomes.outcome(scene.moon).verdicts[0]
    gold.labels = {"better": label["dull"]}
    gold.save()
    third = outcomes.outcome(scene.moon).verdicts[0]

    assert [each.label for each in (first, second, third)] == ["a", "b", "a"]
    assert second.probability == pytest.approx(1.0)


def test_the_pages_of_a_document_come_one_after_the_other(scene):
    rows = [
        {"prompt": f"Page {page} of {book}", "series": book, "place": str(page)}
        for page in (2, 0, 1)
        for book in ("dunes", "tides")
    ]
    found = tables.works(tables.frame_of({name: [row[name] for row in rows] for name in rows[0]}))
    brief = Brief("books", "Say what happens.", "demonstration", judgments_per_work=1)
    project, _report = projects.open_with(owner=scene.ann, brief=brief, items=found.items, waived="A test.")

    read = []
    for _page in range(6):
        lease = work.claim_work(person=scene.ann, project=project)
        read.append((lease.work.series, lease.work.place))
        work.submit_judgment(person=scene.ann, token=lease.token, answer={"text": "Nothing."})

    first, second = ("dunes", "tides") if read[0][0] == "dunes" else ("tides", "dunes")
    assert read == [(book, page) for book in (first, second) for page in (0, 1, 2)]
    assert ItemRow.objects.filter(series="dunes").count() == 3


def test_a_place_is_a_whole_number():
    with pytest.raises(AssayError, match="row 2, column 'place': 'two' is no place"):
        tables.works(tables.frame_of({"prompt": ["a", "b"], "series": ["x", "x"], "place": ["1", "two"]}))
