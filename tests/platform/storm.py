"""Thirty-two threads claim and submit as fast as they can on one SQLite file; prints what the file says."""

from __future__ import annotations

import sqlite3
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from assay.platform import service
from assay.records import Brief, Item

PEOPLE, WORKS, CAP = 32, 40, 3


def judge(name: str) -> int:
    from django.db import connection

    from assay.platform.actions import work
    from assay.platform.queries import people, projects

    person, project = people.named(name), projects.by_slug("storm")
    errors = 0
    try:
        while lease := work.claim_work(person=person, project=project):
            try:
                work.submit_judgment(person=person, token=lease.token, answer={"text": "moon"})
            except work.PlaceTakenError:
                errors += 1
    finally:
        connection.close()
    return errors


def main(home: Path) -> None:
    service.prepare(home)
    service.add_person("Ann")
    names = [f"person {number}" for number in range(PEOPLE)]
    for name in names:
        service.add_person(name)
    brief = Brief("storm", "Delight.", "demonstration", judgments_per_work=CAP)
    service.create_project(brief, [Item(f"i{number}", "The moon?") for number in range(WORKS)], owner="Ann")
    for name in names:
        service.add_member("storm", name)

    with ThreadPoolExecutor(PEOPLE) as crowd:
        errors = sum(crowd.map(judge, names))

    with sqlite3.connect(home / service.DATABASE) as database:
        each = [
            count
            for (count,) in database.execute("SELECT COUNT(*) FROM platform_judgmentrow GROUP BY work_id")
        ]
        pairs = database.execute(
            "SELECT COUNT(*) FROM (SELECT DISTINCT work_id, person_id FROM platform_judgmentrow)"
        )
        distinct = pairs.fetchone()[0]
    told = f"judgments {sum(each)}, distinct {distinct}, most on one work {max(each)}, least {min(each)}"
    sys.stdout.write(f"{told}, errors {errors}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
