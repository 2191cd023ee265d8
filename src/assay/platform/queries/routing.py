"""What is open to a person, and what is known of them: what the choice of their next work rests on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
from django.db import connection
from django.db.models import Avg
from django.utils import timezone

from assay.platform.models import BriefRow, PersonRow, ProjectRow, SkillRow, State, WorkRow
from assay.platform.queries.statements import Given
from assay.work import Ability, Candidate, mix, order, speaks

SHORTLIST = 50
"""Wanted works that are looked at for one choice."""

KNOWN = 20
"""Works with a known answer among which one is drawn; all of the training at a time counts too."""

CROWD_LASTS = timedelta(minutes=5)

# Written out, because it runs for every claim, and Django takes longer to compose it than the database to
# answer it. One part for each use, so that each reads the partial index in its order.
COLUMNS = "w.id, w.language, w.taken, w.domain, w.cap, w.doubt, w.judged, w.use, w.series, w.place"
_OPEN = f"""
SELECT {COLUMNS} FROM platform_workrow w
WHERE w.project_id = %s AND w.use = %s AND w.taken < w.cap
AND NOT EXISTS (SELECT 1 FROM platform_leaserow l WHERE l.work_id = w.id AND l.person_id = %s)
AND NOT EXISTS (SELECT 1 FROM platform_judgmentrow j WHERE j.work_id = w.id AND j.person_id = %s)
AND NOT EXISTS (SELECT 1 FROM platform_reviewrow r JOIN platform_judgmentrow v ON v.id = r.judgment_id
    WHERE v.work_id = w.id AND r.reader_id = %s)
"""  # noqa: S608 -- names of ours


_BY_VERSION = """
AND (SELECT COUNT(*) FROM platform_judgmentrow o WHERE o.work_id = w.id AND o.brief_id = %s
    AND o.supersedes_id IS NULL)
  + (SELECT COUNT(*) FROM platform_leaserow h WHERE h.work_id = w.id AND h.brief_id = %s
    AND h.state = 'held' AND h.replaces_id IS NULL) < w.cap / 2
"""


def uses(project: ProjectRow) -> dict[str, int]:
    """Return which works a project gives out as it stands, and how many of each are looked at."""
    if project.state == State.PILOT:
        return {WorkRow.PILOT: SHORTLIST}
    if project.state != State.OPEN:
        return {}
    known = {WorkRow.GOLD: KNOWN} if project.gold_share > 0 else {}
    trial = {WorkRow.TRIAL: SHORTLIST} if project.experimenting else {}
    return {WorkRow.TRAINING: KNOWN, **trial, WorkRow.WORK: SHORTLIST, **known}


def shortlist(person: PersonRow, project: ProjectRow, trying: BriefRow | None = None) -> list[Candidate]:
    """Return open works that this person can read and has not seen, the begun ones first.

    Seen is what they leased or judged, or read as a second reader: it would bend what they say.

    While two versions of a brief are tried, the one that the person works by (`trying`) gets half of the
    places on the works of the trial.
    """
    readable = [tag for tag in project.languages if speaks(person.languages, tag)]
    looked_at = uses(project)
    if not looked_at or (not readable and project.languages):
        return []
    parts: list[str] = []
    given: list[Given] = []
    for use, limit in looked_at.items():
        version = trying if use == WorkRow.TRIAL else None
        part, own = open_works(person, project, use, readable, limit, version=version)
        parts.append(f"SELECT * FROM ({part}) AS {use}_works")  # noqa: S608 -- names of ours
        given += own
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), given)
        return [candidate(row) for row in cursor.fetchall()]


def wanted(candidates: Sequence[Candidate]) -> bool:
    """Say whether there is a work among candidates that is not there to teach or to test."""
    return any(each.use not in {WorkRow.GOLD, WorkRow.TRAINING} for each in candidates)


def open_works(
    person: PersonRow,
    project: ProjectRow,
    use: str,
    readable: Sequence[str],
    limit: int,
    *,
    version: BriefRow | None = None,
) -> tuple[str, list[Given]]:
    """Return the statement that finds the open works of one use, and its values."""
    question = _OPEN
    given: list[Given] = [project.pk, use, person.pk, person.pk, person.pk]
    if len(readable) < len(project.languages):
        question += f"AND w.language IN ({', '.join(['%s'] * len(readable))})\n"
        given += readable
    if version is not None:
        question += _BY_VERSION
        given += [version.pk, version.pk]
    return f"{question}ORDER BY w.taken DESC, w.id LIMIT {limit}", given


def candidate(row: Sequence[object]) -> Candidate:
    """Return a candidate from a row of `COLUMNS`."""
    number, language, taken, domain, cap, doubt, judged, use, series, place = row
    return Candidate(
        work=str(number),
        language=str(language),
        taken=int(str(taken)),
        domain=str(domain),
        cap=int(str(cap)),
        doubt=float(str(doubt)) if judged and doubt else None,  # 0 stands for: not worked out yet
        use=str(use),
        series=str(series),
        place=int(str(place)),
    )


def ranked(
    person: PersonRow,
    project: ProjectRow,
    skills: Sequence[str],
    candidates: Sequence[Candidate],
    rng: np.random.Generator,
) -> list[int]:
    """Return the numbers of the works this person is to be given, the most wanted first.

    What is known of the person is read only where it can change the order.
    """
    drawn = mix(candidates, share=project.gold_share, rng=rng)
    varied = len({(each.language, each.domain, each.doubt) for each in drawn}) > 1
    found = order(
        drawn,
        languages=person.languages,
        rng=rng,
        abilities=abilities(person, skills) if varied else (),
        crowd=crowd(skills) if varied else None,
        after=last_place(person, project) if any(each.series for each in drawn) else None,
    )
    return [int(work) for work in found]


_ABILITIES = (
    "SELECT AVG(s.mean), AVG(s.low), AVG(s.high), s.language, s.domain FROM platform_skillrow s "
    "WHERE s.person_id = %s AND s.skill IN"
)


def abilities(person: PersonRow, skills: Sequence[str]) -> list[Ability]:
    """Return what is known of a person on some skills, their mean in each language and domain."""
    if not skills:
        return []
    places = ", ".join(["%s"] * len(skills))
    with connection.cursor() as cursor:
        cursor.execute(f"{_ABILITIES} ({places}) GROUP BY s.language, s.domain", [person.pk, *skills])
        return [Ability(*row) for row in cursor.fetchall()]


_crowds: dict[tuple[str, ...], tuple[datetime, float | None]] = {}


def crowd(skills: Sequence[str]) -> float | None:
    """Return the mean skill of everybody, as of some minutes ago; `None` where nothing is known."""
    key, now = tuple(skills), timezone.now()
    kept = _crowds.get(key)
    if kept is None or now - kept[0] > CROWD_LASTS:
        found = SkillRow.objects.filter(skill__in=key).aggregate(mean=Avg("mean"))["mean"]
        kept = _crowds[key] = (now, found)
    return kept[1]


def forget_crowds() -> None:
    """Look up everybody's skill anew when it is wanted next."""
    _crowds.clear()


def last_place(person: PersonRow, project: ProjectRow) -> tuple[str, int] | None:
    """Return series and place of the work that a person judged last, if it was of a series."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT w.series, w.place FROM platform_judgmentrow j "
            "JOIN platform_workrow w ON w.id = j.work_id "
            "WHERE j.person_id = %s AND j.project_id = %s ORDER BY j.id DESC LIMIT 1",
            [person.pk, project.pk],
        )
        row = cursor.fetchone()
    return (row[0], row[1]) if row and row[0] else None


def skills_of(content: dict[str, object]) -> list[str]:
    """Return the skills that work in a project shows: those its brief wants, else its kind.

    >>> skills_of({"kind": "pairwise", "skills": ["verse"]}), skills_of({"kind": "pairwise"})
    (['verse'], ['pairwise'])
    """
    wanted = content.get("skills")
    return [str(skill) for skill in wanted] if isinstance(wanted, list) and wanted else [str(content["kind"])]
