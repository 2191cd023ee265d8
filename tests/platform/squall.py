"""Many threads claim, submit, skip and take back at once within a budget; prints what the database says.

The budget is set while they are at their first works, which are fewer than it pays for; everybody waits with
the rest until it is there. Everybody takes back what they submitted, in two threads at the same moment, and
submits it again in two.
"""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from assay.platform import service
from assay.records import Brief, Item

PEOPLE, WORKS, CAP, BUDGET = 12, 30, 3, 60
BEFORE = 2  # works of each person that do not wait for the budget


def at_once(*calls):
    """Run calls in threads of their own at the same moment; return what came of each, errors included."""
    from django.db import connection

    gate = threading.Barrier(len(calls))

    def run(call):
        gate.wait()
        try:
            return call()
        except Exception as wrong:  # noqa: BLE001 -- told to whoever asked
            return wrong
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def judge(name: str, budget_is_set: threading.Event) -> list[str]:
    from django.db import connection

    from assay.platform.actions import undo, work
    from assay.platform.queries import people, projects

    person = people.named(name)
    rng = np.random.default_rng(int(name.split()[1]))
    unexpected: list[str] = []
    project = projects.by_slug("squall")
    claims = 0
    try:
        while lease := work.claim_work(person=person, project=project, rng=rng):
            claims += 1
            if claims > BEFORE:
                budget_is_set.wait()
                project = projects.by_slug("squall")
            if rng.random() < 0.1:
                work.skip_work(person=person, token=lease.token)
                continue
            said = {"text": f"moon {rng.random()}"}
            judgment = work.submit_judgment(person=person, token=lease.token, answer=said)
            if rng.random() < 0.5:
                opened = at_once(*[partial(undo.undo, person=person, number=judgment.pk)] * 2)
                tokens = {each.token for each in opened if not isinstance(each, Exception)}
                unexpected += [repr(each) for each in opened if isinstance(each, Exception)]
                if len(tokens) != 1:
                    unexpected.append(f"opened {len(tokens)} times")
                again = {"text": f"sun {rng.random()}"}
                resubmit = partial(work.submit_judgment, person=person, token=tokens.pop(), answer=again)
                sent = at_once(resubmit, resubmit)
                unexpected += [repr(each) for each in sent if isinstance(each, Exception)]
    finally:
        connection.close()
    return unexpected


def main(home: Path) -> None:
    service.prepare(home)
    service.add_person("Ann")
    names = [f"person {number}" for number in range(PEOPLE)]
    for name in names:
        service.add_person(name)
    brief = Brief("squall", "Delight.", "demonstration", judgments_per_work=CAP)
    items = [Item(f"i{number}", "The moon?") for number in range(WORKS)]
    service.create_project(brief, items, owner="Ann")
    for name in names:
        service.add_member("squall", name)

    from django.db import connection

    from assay.platform.actions import settings
    from assay.platform.queries import projects

    with ThreadPoolExecutor(PEOPLE) as crowd:
        budget_is_set = threading.Event()
        running = [crowd.submit(judge, name, budget_is_set) for name in names]
        project = projects.by_slug("squall")
        try:
            settings.change(project=project, given={**settings.values(project), "budget": str(BUDGET)})
        finally:
            budget_is_set.set()
        unexpected = [each for one in running for each in one.result()]

    def one(question: str) -> int:
        with connection.cursor() as cursor:
            cursor.execute(question)
            return int(cursor.fetchone()[0] or 0)

    in_force = (
        "FROM platform_judgmentrow j "
        "WHERE NOT EXISTS (SELECT 1 FROM platform_judgmentrow n WHERE n.supersedes_id = j.id)"
    )
    groups = f"{in_force} GROUP BY work_id, person_id HAVING COUNT(*) > 1"
    twice = f"SELECT COUNT(*) FROM (SELECT work_id, person_id {groups}) AS pairs"  # noqa: S608 -- ours
    told = {
        "in force": one(f"SELECT COUNT(*) {in_force}"),
        "places": one("SELECT SUM(taken) FROM platform_workrow"),
        "counted": one("SELECT SUM(judged) FROM platform_workrow"),
        "spent": one("SELECT taken FROM platform_projectrow"),
        "twice": one(twice),
        "taken back": int(one("SELECT COUNT(*) FROM platform_judgmentrow WHERE cause = 'undone'") > 0),
        "open": one("SELECT COUNT(*) FROM platform_leaserow WHERE state = 'held'"),
    }
    sys.stdout.write(", ".join(f"{name} {count}" for name, count in told.items()))
    sys.stdout.write(f", unexpected {unexpected[:3]}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
