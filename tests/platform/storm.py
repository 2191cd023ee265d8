"""Many threads claim and submit as fast as they can; prints what the database says afterwards.

A third word, `late`, makes every second lease run out before its person submits, so that places come back and
are fought over; to be refused is then no error.
"""

from __future__ import annotations

import itertools
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

from assay.platform import service
from assay.records import Brief, Item

WORKS, CAP = 40, 3
LATE = "late" in sys.argv


def judge(name: str) -> int:
    from django.db import connection
    from django.utils import timezone

    from assay.platform.actions import work
    from assay.platform.models import LeaseRow
    from assay.platform.queries import people, projects

    person, project = people.named(name), projects.by_slug("storm")
    errors, late = 0, itertools.cycle((False, LATE))
    try:
        while lease := work.claim_work(person=person, project=project):
            if next(late):
                past = timezone.now() - timedelta(minutes=1)
                LeaseRow.objects.filter(pk=lease.pk, state="held").update(expires_at=past)
            try:
                work.submit_judgment(person=person, token=lease.token, answer={"text": "moon"})
            except work.PlaceTakenError:
                errors += not LATE
    finally:
        connection.close()
    return errors


def main(home: Path, crowd_size: int) -> None:
    service.prepare(home)
    service.add_person("Ann")
    names = [f"person {number}" for number in range(crowd_size)]
    for name in names:
        service.add_person(name)
    brief = Brief("storm", "Delight.", "demonstration", judgments_per_work=CAP)
    service.create_project(brief, [Item(f"i{number}", "The moon?") for number in range(WORKS)], owner="Ann")
    for name in names:
        service.add_member("storm", name)

    with ThreadPoolExecutor(crowd_size) as crowd:
        errors = sum(crowd.map(judge, names))

    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COUNT(*), COUNT(DISTINCT person_id) FROM platform_judgmentrow GROUP BY work_id"
        )
        each, people = zip(*cursor.fetchall(), strict=True)
        cursor.execute("SELECT COUNT(*) FROM platform_workrow WHERE taken = cap AND judged = cap")
        (full,) = cursor.fetchone()
    told = f"judgments {sum(each)}, distinct {sum(people)}, most on one work {max(each)}, least {min(each)}"
    sys.stdout.write(f"{told}, full {full}, errors {errors}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
