"""Two interviews are booked with people who are there then, know the matter, and live in other time zones."""

from __future__ import annotations

from assay.environments import clock
from assay.environments.clock import DAY, HOUR
from assay.environments.situations import Situation, is_so, told, writes
from assay.environments.startup.scene import Plot, Scene
from assay.environments.tasks import Action, Allowed, Goal


class InterviewLoop(Plot):
    """Trap: the tool books people who are away. Evidence: the directory with absences, calendars, the plan.

    Decoys: people of the team who do not interview.
    """

    def plot(self, scene: Scene) -> Situation:
        key = f"cand-{20 + scene.draw.below(60)}"
        owner = scene.lead("people")
        day = scene.begins // DAY * DAY + 2 * DAY
        able = scene.draw.some([each for each in scene.staff() if each != owner], 3 + scene.knobs.noise)
        gone, first, second = able[:3]
        zones = {first: (-5, 0, 2), second: (-4, 0, 1), gone: (0,)}
        for who, some in zones.items():
            scene.made.change("person", who, zone=scene.draw.one(some))
        scene.candidate(key, "Ada Quist", "engineer")
        scene.away(gone, until=day + 3 * DAY, stand_in=second)
        for each in able[3:]:
            scene.post("hiring", each, "I do not interview this quarter, sorry", ago=2 * DAY)
        doc = scene.doc(
            f"loop-{key}",
            "Interviews of Ada Quist",
            f"On {clock.shown(day)[:6]}, two interviews, by {gone} and {first}; for who is away comes their"
            " stand-in. Ada is free from 14:00 to 16:00 UTC and does one interview after the other.",
            by=owner,
        )
        start = scene.trail("interviews", f"document {doc}")
        free = {}
        for who in (first, second):
            low = 14 * HOUR if who == first else 15 * HOUR
            free[who] = day + low
        for who, begins in free.items():  # calendars leave just that hour
            for meeting in scene.made.rows(
                "SELECT meeting.id FROM meeting JOIN attendance ON attendance.meeting = meeting.id"
                " WHERE person = ? AND begins < ? AND ends > ?",
                who,
                day + 16 * HOUR,
                day + 13 * HOUR,
            ):
                scene.made.change("meeting", meeting["id"], status="cancelled")
            taken = day + (15 * HOUR if begins == day + 14 * HOUR else 14 * HOUR)
            number = scene.made.put(
                "meeting",
                title="Planning",
                begins=taken,
                ends=taken + HOUR,
                place="video",
                notes="",
                status="planned",
            )
            scene.made.put("attendance", meeting=number, person=who, answer="yes")
        scene.contradict(lambda n: f"{able[n % len(able)]} should interview Ada, I say", channel="hiring")
        return scene.task(
            f"""Book the interviews of the candidate {key}; who, when and how is written down: begin at
            {start}.
            Then tell {owner} the ids of the two interviewers.""",
            hours=6,
            goals=(
                *(
                    is_so(
                        f"{who} interviews then", "interview", candidate=key, interviewer=who, begins=begins
                    )
                    for who, begins in free.items()
                ),
                told(owner, first, second, but_not=[gone], name="the owner knows who"),
                Goal(
                    "two interviews and no more",
                    "SELECT 1 WHERE (SELECT count(*) FROM interview WHERE candidate = ?) = 2",
                    (key,),
                ),
            ),
            allowed=(
                Allowed("interview", "INSERT", {"candidate": key}, most=2),
                Allowed("meeting", "INSERT", {"title": "Interview with Ada Quist"}, most=2),
                *(Allowed("attendance", "INSERT", {"person": who}, most=1) for who in free),
            ),
            oracle=(
                Action("doc_read", {"doc": doc}),
                Action("people_read", {"person": gone}),
                Action("people_read", {"person": first}),
                *(
                    Action(
                        "interview_book",
                        {"candidate": key, "interviewer": who, "begins": clock.shown(begins)},
                    )
                    for who, begins in free.items()
                ),
                writes(owner, f"Ada is met by {first} and {second}."),
            ),
        )
