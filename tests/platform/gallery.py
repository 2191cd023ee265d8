"""A platform on which every page has something to show, all of it written in Arabic.

What people wrote is in no other script, so Latin letters on a page in Arabic are the platform's own.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace

import numpy as np

from assay.platform.actions import arena, briefs, experiments, flags, people, pilots, projects, reviews, work
from assay.platform.models import (
    BriefRow,
    EdgeCaseRow,
    GoldRow,
    JudgmentRow,
    ProjectRow,
    ReviewRow,
    TurnRow,
    WorkRow,
)
from assay.platform.queries import pilots as pilot_queries
from assay.platform.queries import reviews as review_queries
from assay.platform.queries import work as works
from assay.records import Brief, Item, Live, Pay, Question, Sample, WorkedExample

PASSWORD = "كلمة مرور طويلة"
OWNER, CONTRIBUTOR, NEWCOMER, REVIEWER, OTHER_REVIEWER, VIEWER = "آمنة", "بلال", "جنى", "رنا", "سامي", "فرح"
CROWD = ("دلال", "هاني", "وليد", "زينب", "حسن", "طارق", "ياسر", "كريم")
DULL = "القمر مستدير والقمر منير،\nيضيء لنا كل ليلة."
FINE = "الليلة هو قطعة نقد لا يستطيع النهر أن ينفقها؛\nوعند الصباح يغتني كل سمك."
THIRD = "يا قمر، يا آلة نسخ قديمة، كل ما تضيئه يخرج فضيًا."
PRINCIPLE = "السطر المفاجئ يغلب السطر المقفّى."
BECAUSE = "يقول شيئًا لم يُقل من قبل."
ASKED = Question("الجِدّة", "هل يقول شيئًا جديدًا؟", ("لا", "جزئيًا", "نعم"), ordered=True)
SCALE = Question("الجِدّة", "كم هو جديد؟", type="ratings", low=1, high=5)
SHARE = Question("الحصة", "أي حصة تبقيها؟", type="ratings", low=0, high=100)
IMAGE = Question("الصورة", "بمَ يُشبَّه القمر؟", ("المال", "الحيوان", "الآلة"), several=True)
CLAIM = Question("القول", "أهو كذلك؟", ("مؤيَّد", "مدحوض"), type="spans", sourced=True)
RUN = [
    {"role": "user", "text": "متى يطلع القمر في لشبونة؟"},
    {"role": "assistant", "tool": "طلوع", "args": {"المدينة": "لندن"}, "result": "18:04"},
    {"role": "assistant", "text": "عند **18:04**."},
]
KINDS: dict[str, tuple[tuple[str, ...], tuple[Question, ...]]] = {
    "pairwise": ((DULL, FINE), (ASKED,)),
    "best-of-n": ((DULL, FINE, THIRD), ()),
    "ranking": ((DULL, FINE, THIRD), ()),
    "rubric": ((DULL,), (ASKED,)),
    "rating": ((DULL,), (SCALE, SHARE)),
    "choice": ((DULL,), (ASKED, IMAGE)),
    "spans": ((DULL,), ()),
    "demonstration": ((), ()),
    "rewrite": ((DULL,), ()),
    "trajectory": ((json.dumps(RUN),), ()),
    "conversation": ((), ()),
}


@dataclass
class Gallery:
    """Who sees which page: `(name, path)`; and the slug of the project of each kind."""

    pages: list[tuple[str, str]] = field(default_factory=list)
    kinds: dict[str, str] = field(default_factory=dict)


def build() -> Gallery:
    """Fill an empty database."""
    names = (OWNER, CONTRIBUTOR, NEWCOMER, REVIEWER, OTHER_REVIEWER, VIEWER, *CROWD)
    cast = {
        name: people.add_person(name=name, password=PASSWORD, administrator=name == OWNER) for name in names
    }
    found = Gallery()
    everybody = (OWNER, CONTRIBUTOR, NEWCOMER, REVIEWER, VIEWER)
    found.pages += [(name, path) for name in everybody for path in ("/", "/me/", "/me/queue/", "/me/about/")]
    found.pages += [(OWNER, "/nowhere/"), (OWNER, "/projects/new/"), ("", "/sign-in/")]
    _kinds(found, cast)
    _reviewed(found, cast)
    _pilot(found, cast)
    _lesson(found, cast)
    _experiment(found, cast)
    _arena(found, cast)
    return found


def brief(name: str, kind: str = "pairwise", *questions: Question, **changes: object) -> Brief:
    """Return a brief with every field filled."""
    fields = {
        "principles": ("المفاجأة التي تبدو محتومة تغلب القافية.",),
        "examples": (
            WorkedExample("القمر؟", FINE, True, BECAUSE),
            WorkedExample("القمر؟", DULL, False, "قافية فحسب."),
        ),
        "great": "تبقى في الذاكرة.",
        "ticks_boxes": "لها قافية ووزن.",
        "skills": ("الشعر",),
        "privacy": "لا يقرؤه أحد من الخارج.",
        "languages": ("ar",),
        "judgments_per_work": 2,
        "pay": Pay(0.4, "EUR", "judgment"),
    }
    goal = "تعليم نموذج كتابة شعر يتذكره القارئ في اليوم التالي."
    return Brief(name, goal, kind, questions=questions, **{**fields, **changes})


def table(count: int, texts: tuple[str, ...] = (DULL, FINE)) -> tuple[list[Item], list[Sample]]:
    """Return items and their answers, by authors named in Arabic."""
    items = [Item(f"{k}", f"سطران عن القمر من فضلك ({k}).", "يسأل شاعر.", "ar") for k in range(count)]
    authors = ("باهت", "بديع", "ثالث")
    pairs = [
        Sample(f"{item.id}/{authors[n]}", item.id, authors[n], text)
        for item in items
        for n, text in enumerate(texts)
    ]
    return items, pairs


def _project(cast, name, asked: Brief, count: int, texts=(DULL, FINE), *, waived="تجربة.") -> ProjectRow:
    items, samples = table(count, texts)
    project = projects.open_project(owner=cast[OWNER], brief=asked, waived=waived)
    projects.bring_in(project=project, items=items, samples=samples)
    return project


def _judge(person, project, author: str, *, reason: str = "", seconds: float = 42.0) -> JudgmentRow | None:
    project = ProjectRow.objects.get(pk=project.pk)
    lease = work.claim_work(person=person, project=project, rng=np.random.default_rng(1))
    if lease is None:
        return None
    drawn = works.assignment(lease).names
    choice = next(name for name, real in drawn.items() if real.endswith(f"/{author}"))
    answer = {"choice": choice, "strength": 2, **({"reason": reason} if reason else {})}
    return work.submit_judgment(person=person, token=lease.token, answer=answer, seconds=seconds)


def _kinds(found: Gallery, cast) -> None:
    """Add a project of every kind; the contributor can judge in each."""
    for number, (kind, (texts, questions)) in enumerate(KINDS.items()):
        asked = brief(f"مشروع {number}", kind, *questions)
        project = _project(cast, kind, asked, 2, texts)
        people.add_member(project=project, name=CONTRIBUTOR, role="contributor")
        found.kinds[kind] = project.slug
        found.pages += [(CONTRIBUTOR, f"/projects/{project.slug}/judge/")]
        found.pages += [(OWNER, f"/projects/{project.slug}/{page}") for page in ("", "outcome/", "brief/")]
    talks = found.kinds["conversation"]
    found.pages.append((OWNER, f"/projects/{talks}/models/"))


def _reviewed(found: Gallery, cast) -> None:
    """Add a project with judgments, flags, second readings, an appeal and a dispute."""
    project = _project(cast, "قمر", brief("قمر", "pairwise", ASKED), 5)
    for name in (CONTRIBUTOR, *CROWD[:2]):
        people.add_member(project=project, name=name, role="contributor")
    for name in (REVIEWER, OTHER_REVIEWER):
        people.add_member(project=project, name=name, role="reviewer")
    people.add_member(project=project, name=VIEWER, role="viewer")
    ProjectRow.objects.filter(pk=project.pk).update(review_share=1.0)
    project.refresh_from_db()
    for _each in range(3):
        _judge(cast[CONTRIBUTOR], project, "بديع", reason=BECAUSE)
        _judge(cast[CROWD[0]], project, "باهت")
        _judge(cast[CROWD[1]], project, "بديع")
    for decision in ("returned", "accepted", "accepted"):
        row = reviews.claim_review(person=cast[REVIEWER], project=project)
        case = review_queries.case(row)
        reviews.decide_review(
            person=cast[REVIEWER],
            number=row.pk,
            decision=decision,
            reason="المبدأ يطلب المفاجأة.",
            answer=works.as_typed(case.answer),
        )
    returned = ReviewRow.objects.get(state=ReviewRow.RETURNED)
    author = returned.judgment.person
    reviews.appeal(person=author, number=returned.pk, reason="المفاجأة موجودة.")
    lease = work.claim_work(person=cast[CONTRIBUTOR], project=project)
    flags.flag(person=cast[CONTRIBUTOR], token=lease.token, cause="silent", note="أتُعد التورية مفاجأة؟")
    first = JudgmentRow.objects.filter(work__project=project).earliest("pk")
    base = f"/projects/{project.slug}"
    for name in (OWNER, VIEWER):
        pages = ("", "outcome/", "quality/", "quality/parts/", "brief/versions/", f"works/{first.work_id}/")
        found.pages += [(name, f"{base}/{page}") for page in pages]
        found.pages.append((name, f"{base}/judgments/{first.pk}/"))
    managing = ("brief/", "people/", "settings/", "flags/", "pilot/", "experiments/")
    found.pages += [(OWNER, f"{base}/{page}") for page in managing]
    found.pages += [(REVIEWER, f"{base}/{page}") for page in ("", "review/")]
    found.pages += [(OTHER_REVIEWER, f"{base}/{page}") for page in ("review/", "disputes/")]
    found.pages += [(CONTRIBUTOR, f"{base}/mine/"), (CONTRIBUTOR, f"/work/{lease.token}/flag/")]
    found.pages += [(author.name, "/me/feedback/"), (author.name, "/me/"), (author.name, "/me/queue/")]
    token = people.invite(project=project, role="contributor")
    found.pages.append(("", f"/welcome/{token}/"))


def _pilot(found: Gallery, cast) -> None:
    """Add a draft with a pilot whose edge cases wait."""
    project = _project(cast, "بحر", brief("بحر"), 8, waived="")
    base = f"/projects/{project.slug}"
    found.pages.append((OWNER, f"{base}/pilot/"))
    for name in CROWD[:3]:
        people.add_member(project=project, name=name, role="contributor")
    pilot = pilots.start(project=project, people=3, works=4)
    apart = list(pilot_queries.works_of(pilot).values_list("item__key", flat=True))[:2]
    for name in CROWD[:3]:
        while lease := work.claim_work(person=cast[name], project=ProjectRow.objects.get(pk=project.pk)):
            drawn = works.assignment(lease).names
            author = "باهت" if name == CROWD[2] and lease.work.item.key in apart else "بديع"
            choice = next(key for key, real in drawn.items() if real.endswith(f"/{author}"))
            answer = {"choice": choice, "reason": BECAUSE}
            work.submit_judgment(person=cast[name], token=lease.token, answer=answer)
    pilots.collect(project=project)
    cases = list(EdgeCaseRow.objects.filter(project=project))
    pilots.settle(
        project=project,
        number=cases[0].pk,
        person=cast[OWNER],
        principle=PRINCIPLE,
        labels={"better": "b"},
        becomes="gold",
    )
    found.pages += [(OWNER, f"{base}/pilot/cases/{case.pk}/") for case in cases[:2]]


def _lesson(found: Gallery, cast) -> None:
    """Add a project that a pilot opened, and a newcomer who was taught."""
    project = _project(cast, "ريح", brief("ريح"), 8, waived="")
    for name in (*CROWD[:3], NEWCOMER):
        people.add_member(project=project, name=name, role="contributor")
    pilot = pilots.start(project=project, people=3, works=4)
    apart = list(pilot_queries.works_of(pilot).values_list("item__key", flat=True))[:1]
    for name in CROWD[:3]:
        while lease := work.claim_work(person=cast[name], project=ProjectRow.objects.get(pk=project.pk)):
            drawn = works.assignment(lease).names
            author = "باهت" if name == CROWD[2] and lease.work.item.key in apart else "بديع"
            choice = next(key for key, real in drawn.items() if real.endswith(f"/{author}"))
            work.submit_judgment(person=cast[name], token=lease.token, answer={"choice": choice})
    pilots.collect(project=project)
    for row in EdgeCaseRow.objects.filter(project=project, state="open"):
        pilots.settle(
            project=project,
            number=row.pk,
            person=cast[OWNER],
            principle=PRINCIPLE,
            labels={"better": "b"},
            becomes="training",
        )
    pilots.close(project=project, person=cast[OWNER])
    pilots.open_up(project=project)
    _judge(cast[NEWCOMER], project, "باهت")
    taught = JudgmentRow.objects.get(person=cast[NEWCOMER])
    found.pages += [(NEWCOMER, f"/lessons/{taught.pk}/"), (OWNER, f"/projects/{project.slug}/pilot/")]
    found.pages += [(NEWCOMER, f"/projects/{project.slug}/judge/")]


def _experiment(found: Gallery, cast) -> None:
    """Add two versions side by side, with judgments by both."""
    asked = brief("مد")
    project = _project(cast, "مد", asked, 6)
    briefs.publish(project=project, brief=replace(asked, principles=("كن غريبًا.",)))
    first, second = BriefRow.objects.filter(project=project).order_by("version")
    for name in CROWD:
        people.add_member(project=project, name=name, role="contributor")
    row = experiments.start(project=project, first=first, second=second, works=4, each=2)
    for number in row.works:
        GoldRow.objects.create(work_id=number, labels={"better": "b"}, source=GoldRow.AUTHOR)
    for _round in range(4):
        for name in CROWD:
            person, now = cast[name], ProjectRow.objects.get(pk=project.pk)
            if WorkRow.objects.filter(project=project, use="trial", taken__lt=4).exists():
                version = experiments.version_for(person=person, project=now)
                _judge(person, project, "بديع" if version == second else "باهت")
    base = f"/projects/{project.slug}/experiments"
    found.pages += [(OWNER, f"{base}/{page}") for page in ("", f"{row.pk}/", f"{row.pk}/results/")]


def _arena(found: Gallery, cast) -> None:
    """Add an arena with a board; one of its people sits at a desk, another one reads two answers."""
    asked = replace(brief("حلبة", "pairwise", ASKED), live=Live(follow_ups=1, reveal=True))
    project = projects.open_project(owner=cast[OWNER], brief=asked, waived="تجربة.")
    items, _samples = table(2)
    projects.bring_in(project=project, items=items)
    voters = [cast[name] for name in (CONTRIBUTOR, *CROWD[:3])]
    for person in voters:
        people.add_member(project=project, name=person.name, role="contributor")
    people.add_member(project=project, name=VIEWER, role="viewer")
    for name in ("باهت", "بديع", "ثالث"):
        given = {"name": name, "provider": "دار", "system": f"أنت {name}."}
        row = arena.register(project=project, person=cast[OWNER], given=given)
    arena.retire(project=project, person=cast[OWNER], number=row.pk, because="جاء ما هو أحدث.")
    rng = np.random.default_rng(7)
    for number in range(24):
        person = voters[number % len(voters)]
        lease = _battle(project, person, number, rng)
        fine = next(sample.id for sample in works.assignment(lease).shown if sample.text == FINE)
        choice = ("tie", fine, fine, "both_bad", fine)[number % 5]
        answer = {"choice": choice, "strength": "2", "reason": BECAUSE}
        judgment = work.submit_judgment(person=person, token=lease.token, answer=answer, seconds=30.0)
        if number < 2:
            found.pages.append((person.name, f"/judgments/{judgment.pk}/battle/"))
        if number == 0:
            arena.reveal(person=person, number=judgment.pk)
    _battle(project, voters[1], 24, rng)
    base = f"/projects/{project.slug}"
    two = "first=باهت&second=بديع"
    found.pages += [(CONTRIBUTOR, f"{base}/battle/"), (voters[1].name, f"{base}/judge/")]
    found.pages += [
        (OWNER, f"{base}/{page}") for page in ("", "brief/", "entrants/", "board/", "board/parts/")
    ]
    found.pages += [(VIEWER, f"{base}/board/"), (VIEWER, f"{base}/board/parts/")]
    found.pages += [(OWNER, f"{base}/board/compare/?{two}&do={do}") for do in ("compare", "gate")]


def _battle(project, person, number: int, rng):
    """Let two models have answered, without asking them."""
    token = arena.desk(person=person, project=project).token
    said = {"prompt": f"سطران عن القمر ({number})؟", "language": "ar"}
    lease = arena.begin(person=person, token=token, said=said, rng=rng)
    for row in TurnRow.objects.filter(token=token).exclude(side=TurnRow.PERSON):
        row.text, row.state = FINE if row.author == "بديع" else DULL, TurnRow.DONE
        row.save()
        arena.answered(row, first_s=0.2, seconds=2.0)
    return works.lease_or_404(person, lease.token)
