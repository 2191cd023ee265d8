"""A platform with something to see on every page, and who may see it.

Run as `python furnished.py HOME`: fills the folder, and writes as JSON who opens which page, and the cookie
that each of them is signed in with.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from assay.platform import service
from assay.records import Brief, Item, Live, Pay, Question, Sample, WorkedExample

PASSWORD = "a long password"
DULL = "The moon is round, the moon is bright,\nit shines upon us every night."
FINE = "Tonight she is a **coin** the river cannot spend;\nby morning every fish is rich."
PLAIN = "Moon, you old copying machine, everything you light comes out silver."
SURPRISE = Question("surprise", "Does it say something new?", ("no", "partly", "yes"), ordered=True)
RUN = [
    {"role": "user", "text": "When does the moon rise in Lisbon?"},
    {"role": "assistant", "tool": "rise", "args": {"city": "London"}, "result": "18:04"},
    {"role": "assistant", "text": "At **18:04**."},
]
PERSONAL = ("", "me/", "me/queue/", "me/about/", "me/feedback/")


def furnish() -> list[tuple[str, str, str]]:
    """Fill an empty database; return who opens which page: name, route, path."""
    from assay.platform.actions import people

    names = ("Ann", "Ben", "Nora", "Rosa", "Sam", "Vera", "Dora", "Emil", "Finn", "Gwen", "Hugo", "Ines")
    cast = {
        name: people.add_person(name=name, languages=["en"], administrator=name == "Ann") for name in names
    }
    _let_in(cast.values())
    pages = [(name, route, route) for name in ("Ann", "Ben", "Rosa", "Vera") for route in PERSONAL]
    pages += [
        ("Ann", "projects/new/", "projects/new/"),
        ("Ann", "nowhere/", "nowhere/"),
        ("", "sign-in/", "sign-in/"),
    ]
    for part in (_kinds, _read, _pilot, _lesson, _experiment, _arena):
        pages += part(cast)
    return pages


def _let_in(people) -> None:
    """Give everybody the same password: hashing one for each takes seconds."""
    from django.contrib.auth.hashers import make_password

    from assay.platform.models import PersonRow

    hashed = make_password(PASSWORD)
    PersonRow.objects.filter(name__in=[person.name for person in people]).update(password=hashed)
    for person in people:
        person.password = hashed


def sessions(names) -> dict[str, str]:
    """Sign people in, and return their cookies."""
    from django.conf import settings
    from django.test import Client

    from assay.platform.models import PersonRow

    cookies = {}
    for name in sorted(names):
        client = Client()
        client.force_login(PersonRow.objects.get(name=name))
        cookies[name] = client.cookies[settings.SESSION_COOKIE_NAME].value
    return cookies


def _brief(name: str, kind: str = "pairwise", *questions: Question, **changes: object) -> Brief:
    fields = {
        "principles": (
            "Surprise that feels inevitable beats rhyme.",
            "A line that could be about anything is about nothing.",
        ),
        "examples": (
            WorkedExample("Two lines about the moon?", FINE, True, "Money and fish: nobody saw it coming."),
            WorkedExample("Two lines about the moon?", DULL, False, "It rhymes, and that is all."),
        ),
        "great": "A reader quotes it the next day.",
        "ticks_boxes": "It scans, it rhymes, it is about the moon.",
        "skills": ("verse",),
        "privacy": "Nothing leaves this project.",
        "languages": ("en",),
        "judgments_per_work": 2,
        "pay": Pay(0.4, "EUR", "judgment"),
    }
    goal = "Teach a model to write verse that a reader remembers the next day."
    return Brief(name, goal, kind, questions=questions, **{**fields, **changes})


def _open(cast, asked: Brief, count: int, texts=(DULL, FINE), *, waived="A trial."):
    from assay.platform.actions import people, projects

    items = [
        Item(
            f"{asked.project}-{k}",
            f"Two lines about the **moon**, please ({k}).",
            "A poet asks.",
            "en",
            "verse",
        )
        for k in range(count)
    ]
    authors = ("dull", "fine", "plain")
    samples = [
        Sample(f"{item.id}/{authors[n]}", item.id, authors[n], text)
        for item in items
        for n, text in enumerate(texts)
    ]
    project = projects.open_project(owner=cast["Ann"], brief=asked, waived=waived)
    projects.bring_in(project=project, items=items, samples=samples)
    for name in ("Ben", "Dora", "Emil"):
        people.add_member(project=project, name=name, role="contributor")
    return project


def _judge(person, project, author: str, **more: object):
    from assay.platform.actions import work
    from assay.platform.queries import work as works

    project.refresh_from_db()
    lease = work.claim_work(person=person, project=project)
    if lease is None:
        return None
    drawn = works.assignment(lease).names
    choice = next(name for name, real in drawn.items() if real.endswith(f"/{author}"))
    answer = {"choice": choice, "strength": 2, **more}
    return work.submit_judgment(person=person, token=lease.token, answer=answer, seconds=42.0)


def _kinds(cast):
    scale = Question("newness", "How new is it?", type="ratings", low=1, high=5)
    image = Question(
        "image", "What does it compare the moon with?", ("money", "animals", "machines"), several=True
    )
    kinds = {
        "best-of-n": ((DULL, FINE, PLAIN), ()),
        "ranking": ((DULL, FINE, PLAIN), ()),
        "rubric": ((FINE,), (SURPRISE,)),
        "rating": ((FINE,), (scale,)),
        "choice": ((FINE,), (SURPRISE, image)),
        "spans": ((DULL,), ()),
        "demonstration": ((), ()),
        "rewrite": ((DULL,), ()),
        "trajectory": ((json.dumps(RUN),), ()),
        "conversation": ((), ()),
    }
    pages = []
    for kind, (texts, questions) in kinds.items():
        project = _open(cast, _brief(kind, kind, *questions), 2, texts)
        pages.append(("Ben", "projects/<slug:slug>/judge/", f"projects/{project.slug}/judge/"))
    pages.append(("Ann", "projects/<slug:slug>/models/", "projects/conversation/models/"))
    return [*pages, *_written(cast)]


def _written(cast):
    """Have Ben write a better answer, and talk to a model; Sam reads both again."""
    from assay.platform.actions import people, turns, work
    from assay.platform.models import ProjectRow, TurnRow

    pages = []
    for slug in ("rewrite", "conversation"):
        project = ProjectRow.objects.get(slug=slug)
        people.add_member(project=project, name="Sam", role="reviewer")
        ProjectRow.objects.filter(pk=project.pk).update(review_share=1.0)
        project.refresh_from_db()
        lease = work.claim_work(person=cast["Ben"], project=project)
        answer = {"text": FINE}
        if slug == "conversation":
            said = {"message": "The **moon**, and a table of its phases?", "turn": {}}
            turns.say(person=cast["Ben"], token=lease.token, number=1, said=said)
            told = TurnRow.objects.filter(token=lease.token).exclude(side=TurnRow.PERSON)
            told.update(state=TurnRow.DONE, text="| phase | day |\n|---|---:|\n| full | 14 |")
            answer = {"rating": "4", "turn": {"edited": FINE, "went_on": "reply"}}
        made = work.submit_judgment(person=cast["Ben"], token=lease.token, answer=answer, seconds=60.0)
        place = "projects/<slug:slug>/"
        pages += [
            ("Sam", f"{place}review/", f"projects/{slug}/review/"),
            ("Ann", f"{place}works/<int:number>/", f"projects/{slug}/works/{made.work_id}/"),
        ]
    return pages


def _arena(cast):
    """Add an arena with a board, in which Ben sits at his desk and Dora reads two answers."""
    from assay.platform.actions import arena, people, projects, work
    from assay.platform.models import EntrantRow, TurnRow
    from assay.platform.queries import arena as queries
    from assay.platform.queries import work as works

    asked = replace(_brief("ring", "pairwise", SURPRISE), live=Live(follow_ups=1, reveal=True))
    project = projects.open_project(owner=cast["Ann"], brief=asked, waived="A trial.")
    projects.bring_in(project=project, items=[Item("sea", "Two lines about the sea?", "A poet asks.", "en")])
    for name in ("Ben", "Dora", "Emil"):
        people.add_member(project=project, name=name, role="contributor")
    people.add_member(project=project, name="Vera", role="viewer")
    for name in ("mica", "slate", "opal"):
        given = {"name": name, "provider": f"{name} works", "system": f"You are {name}."}
        arena.register(project=project, person=cast["Ann"], given=given)
    opal = EntrantRow.objects.get(project=project, name="opal")
    arena.retire(project=project, person=cast["Ann"], number=opal.pk, because="A newer one is there.")

    def begin(person, number: int):
        token = arena.desk(person=person, project=project).token
        lease = arena.begin(person=person, token=token, said={"prompt": f"The **moon** ({number})?"})
        for row in TurnRow.objects.filter(token=token).exclude(side="p"):
            row.text, row.state = FINE if row.author == "mica" else DULL, TurnRow.DONE
            row.save()
            arena.answered(row, first_s=0.2, seconds=2.0)
        return works.lease_or_404(person, lease.token)

    for number in range(24):
        person = cast[("Ben", "Dora", "Emil")[number % 3]]
        lease = begin(person, number)
        given = works.assignment(lease)
        fine = next(sample.id for sample in given.shown if sample.text == FINE)
        choice = ("tie", fine, fine, "both_bad", fine)[number % 5]
        judgment = work.submit_judgment(
            person=person, token=lease.token, answer={"choice": choice, "strength": "2"}, seconds=20.0
        )
        if number == 0:
            seen = judgment.pk
            arena.reveal(person=person, number=seen)
    begin(cast["Dora"], 24)
    assert queries.counts(project)["voted"] == 24
    return [
        ("Ben", "projects/<slug:slug>/battle/", "projects/ring/battle/"),
        ("Ben", "judgments/<int:number>/battle/", f"judgments/{seen}/battle/"),
        ("Dora", "projects/<slug:slug>/judge/", "projects/ring/judge/"),
        ("Ann", "projects/<slug:slug>/entrants/", "projects/ring/entrants/"),
        ("Ann", "projects/<slug:slug>/board/", "projects/ring/board/"),
        ("Vera", "projects/<slug:slug>/board/", "projects/ring/board/"),
        ("Ann", "projects/<slug:slug>/board/parts/", "projects/ring/board/parts/"),
        *[
            ("Ann", "projects/<slug:slug>/board/compare/", f"projects/ring/board/compare/?{asked}")
            for asked in (
                "first=mica&second=slate&do=compare",
                "first=mica&second=slate&do=gate&margin=0.05",
                "first=mica",
            )
        ],
    ]


def _read(cast):
    """Add a project with judgments, flags, second readings, an appeal, a dispute and a link that waits."""
    from assay.platform.actions import flags, people, reviews, work
    from assay.platform.models import JudgmentRow, ProjectRow, ReviewRow
    from assay.platform.queries import reviews as reading
    from assay.platform.queries import work as works

    project = _open(cast, _brief("moon", "pairwise", SURPRISE), 8)
    for name, role in (("Rosa", "reviewer"), ("Sam", "reviewer"), ("Vera", "viewer"), ("Hugo", "author")):
        people.add_member(project=project, name=name, role=role)
    ProjectRow.objects.filter(pk=project.pk).update(review_share=1.0, cap=3, most=5, budget=60)
    for name, author in (("Ben", "fine"), ("Dora", "dull"), ("Emil", "fine")):
        for number in range(5):
            label = ("no", "partly", "yes")[number % 3]
            _judge(
                cast[name],
                project,
                author,
                reason=f"I look for **{author}** lines.",
                labels={"surprise": label},
            )
    for decision in ("returned", "accepted", "accepted", "returned"):
        row = reviews.claim_review(person=cast["Rosa"], project=project)
        answer = works.draft_of(reading.case(row).given, reading.case(row).answer)
        reviews.decide_review(
            person=cast["Rosa"], number=row.pk, decision=decision, reason="Name the surprise.", answer=answer
        )
    one, other = ReviewRow.objects.filter(state=ReviewRow.RETURNED)
    author = one.judgment.person
    reviews.appeal(person=author, number=one.pk, reason="The fish are the surprise.")
    reader = other.judgment.person
    first = JudgmentRow.objects.filter(project=project).earliest("pk")
    dull = JudgmentRow.objects.filter(project=project, person=cast["Dora"])
    torn = dull.filter(work__judgments__person=cast["Ben"]).latest("pk")
    reviews.open_dispute(project=project, work_number=torn.work_id)
    JudgmentRow.objects.filter(project=project).update(submitted_at=first.submitted_at - timedelta(hours=30))
    lease = work.claim_work(person=cast["Ben"], project=project)
    flags.flag(person=cast["Ben"], token=lease.token, cause="silent", note="Is a pun a surprise?")
    people.invite(project=project, role="contributor")
    place = "projects/<slug:slug>/"
    last = JudgmentRow.objects.filter(project=project).latest("pk")
    named = {
        "works/<int:number>/": f"works/{first.work_id}/",
        "judgments/<int:number>/": f"judgments/{last.pk}/",
        **{page: page for page in ("", "quality/", "brief/versions/")},
    }
    parts = ("outcome/", "quality/parts/")
    manages = ("brief/", "people/", "settings/", "flags/", "pilot/", "experiments/")
    pages = [
        (who, place + route, f"projects/moon/{path}")
        for who in ("Ann", "Vera")
        for route, path in named.items()
    ]
    pages += [("Ann", place + page, f"projects/moon/{page}") for page in (*parts, *manages)]
    pages += [("Rosa", place, "projects/moon/"), ("Hugo", place, "projects/moon/"), ("Hugo", "", "")]
    pages += [("Sam", place + page, f"projects/moon/{page}") for page in ("review/", "disputes/")]
    pages += [("Ben", place + page, f"projects/moon/{page}") for page in ("mine/", "judge/")]
    pages.append(("Ben", "work/<str:token>/flag/", f"work/{lease.token}/flag/"))
    pages += [
        (who.name, page, page) for who in (author, reader) for page in ("me/feedback/", "me/queue/", "me/")
    ]
    token = people.invite(project=project, role="contributor")
    return [*pages, ("", "welcome/<str:token>/", f"welcome/{token}/")]


def _tried(cast, name: str, apart: int, settle_as: str):
    """Add a project whose pilot three people have judged; on some works one of them parts from the others."""
    from assay.platform.actions import people, pilots
    from assay.platform.queries import pilots as tried

    project = _open(cast, _brief(name), 10, waived="")
    people.add_member(project=project, name="Nora", role="contributor")
    pilot = pilots.start(project=project, people=3, works=6)
    odd = set(tried.works_of(pilot).values_list("pk", flat=True)[:apart])
    from assay.platform.models import EdgeCaseRow, LeaseRow

    for who in ("Ben", "Dora", "Emil"):
        while True:
            project.refresh_from_db()
            from assay.platform.actions import work

            lease = work.claim_work(person=cast[who], project=project)
            if lease is None:
                break
            known = LeaseRow.objects.get(pk=lease.pk).work_id
            _judge(
                cast[who],
                project,
                "dull" if who == "Emil" and known in odd else "fine",
                reason="It surprises.",
            )
    pilots.collect(project=project)
    cases = list(EdgeCaseRow.objects.filter(project=project))
    pilots.settle(
        project=project, number=cases[0].pk, person=cast["Ann"], labels={"better": "b"}, becomes=settle_as,
        principle="An image that surprises beats a fact that is true.",
    )  # fmt: skip
    return project, cases


def _pilot(cast):
    project, cases = _tried(cast, "tide", 3, "gold")
    base = f"projects/{project.slug}/"
    route = "projects/<slug:slug>/pilot/cases/<int:number>/"
    return [
        ("Ann", "projects/<slug:slug>/", base),
        ("Ann", "projects/<slug:slug>/pilot/", f"{base}pilot/"),
        *[("Ann", route, f"{base}pilot/cases/{case.pk}/") for case in cases[:2]],
    ]


def _lesson(cast):
    from assay.platform.actions import pilots

    project, _cases = _tried(cast, "wind", 1, "training")
    pilots.close(project=project, person=cast["Ann"])
    pilots.open_up(project=project)
    taught = _judge(cast["Nora"], project, "dull")
    slug = project.slug
    return [
        ("Nora", "lessons/<int:number>/", f"lessons/{taught.pk}/"),
        ("Ann", "projects/<slug:slug>/pilot/", f"projects/{slug}/pilot/"),
    ]


def _experiment(cast):
    from assay.platform.actions import briefs, experiments, people
    from assay.platform.models import BriefRow, WorkRow

    asked = _brief("river")
    project = _open(cast, asked, 8)
    briefs.publish(project=project, brief=replace(asked, principles=("Be strange, then be clear.",)))
    first, second = BriefRow.objects.filter(project=project).order_by("version")
    for name in ("Finn", "Gwen", "Hugo", "Ines"):
        people.add_member(project=project, name=name, role="contributor")
    row = experiments.start(
        project=project, first=first, second=second, works=6, each=2, question="Does strangeness help?"
    )
    for _round in range(6):
        for name in ("Ben", "Dora", "Finn", "Gwen", "Hugo", "Ines"):
            project.refresh_from_db()
            if WorkRow.objects.filter(project=project, use="trial", taken__lt=4).exists():
                version = experiments.version_for(person=cast[name], project=project)
                _judge(cast[name], project, "fine" if version == second else "dull")
    base, route = "projects/river/experiments/", "projects/<slug:slug>/experiments/"
    more = {"": "", "<int:number>/": f"{row.pk}/", "<int:number>/results/": f"{row.pk}/results/"}
    pages = [("Ann", route + each, base + path) for each, path in more.items()]
    return [*pages, ("Ann", "projects/<slug:slug>/", "projects/river/")]


if __name__ == "__main__":
    home = Path(sys.argv[1])
    # Tables that are there already need not be looked through once more.
    (service.setup if (home / service.DATABASE).is_file() else service.prepare)(home)
    pages = furnish()
    names = {name for name, _route, _path in pages if name}
    sys.stdout.write(json.dumps({"pages": pages, "sessions": sessions(names)}))
