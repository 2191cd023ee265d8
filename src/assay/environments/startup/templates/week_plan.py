"""Two meetings find their place in a full week, across time zones; one invitation is in the way."""

from __future__ import annotations

from typing import Any

from assay.environments import clock
from assay.environments.clock import DAY, HOUR
from assay.environments.situations import Situation, both, is_so
from assay.environments.startup import AGENT
from assay.environments.startup.scene import Plot, Scene
from assay.environments.tasks import Action, Allowed, Goal

MEETING = (
    "SELECT 1 FROM meeting WHERE author = ? AND title = ? AND status = 'planned' AND ends - begins = ?"
    " AND begins >= ? AND ends <= ? AND (SELECT count(DISTINCT person) FROM attendance"
    " WHERE meeting = meeting.id AND person IN (?, ?)) = 2"
)


class WeekPlan(Plot):
    """Free is one hour of each day for the one, and one hour of one day for the other.

    Evidence: the calendars, and the directory with zones. Decoys: cancelled meetings.
    """

    def plot(self, scene: Scene) -> Situation:
        made, monday = scene.made, scene.begins // DAY * DAY
        first, second = scene.draw.some(scene.staff(), 2)
        made.change("person", first, zone=1)
        made.change("person", second, zone=-5)
        for who in (first, second):
            for row in made.rows(
                "SELECT meeting.id FROM meeting JOIN attendance ON attendance.meeting = meeting.id"
                " WHERE person = ? AND begins < ? AND ends > ?",
                who,
                monday + 5 * DAY,
                monday,
            ):
                made.change("meeting", row["id"], status="cancelled")
        day = monday + scene.draw.between(2, 4) * DAY
        free = {
            first: day + scene.draw.between(9, 12) * HOUR,
            second: day + scene.draw.between(14, 16) * HOUR,
        }
        for who, slot in free.items():
            for each in range(5):
                low = monday + each * DAY
                if low != day:
                    self._taken(scene, who, low + 7 * HOUR, low + 23 * HOUR)
                else:
                    self._taken(scene, who, low + 7 * HOUR, slot)
                    self._taken(scene, who, slot + HOUR, low + 23 * HOUR)
        for place in range(scene.knobs.noise):
            low = day + (9 + place) * HOUR
            self._taken(scene, AGENT, low, low + HOUR, title="Old planning", status="cancelled")
        party = self._taken(
            scene, AGENT, free[first], free[first] + HOUR, title="Tasting of coffee", answer="invited"
        )
        scene.contradict(
            lambda n: f"{first} is free all of {clock.DAYS[n % clock.WORKDAYS]}", channel="general"
        )
        goals = [
            Goal(
                f"{title} has its place",
                MEETING,
                (AGENT, title, HOUR, slot, slot + HOUR, AGENT, who),
            )
            for title, (who, slot) in zip(("Roadmap", "Budget"), free.items(), strict=True)
        ]
        return scene.task(
            f"""Book two meetings of an hour this week, for the two of you: "Roadmap" with {first}, "Budget"
            with
            {second}, with just these titles, within their working hours (9 to 18 where they are). Invitations
            that you have not answered, and that have nothing to do with work, you may decline where they
            are in
            the way, and only there.""",
            hours=6,
            goals=(
                both(
                    "Roadmap, without what was in the way",
                    goals[0],
                    is_so("", "attendance", id=party, answer="no"),
                ),
                goals[1],
            ),
            allowed=(
                Allowed("meeting", "INSERT", {"title": "Roadmap"}, most=1),
                Allowed("meeting", "INSERT", {"title": "Budget"}, most=1),
                Allowed("attendance", "INSERT", {"person": AGENT}, most=2),
                Allowed("attendance", "INSERT", {"person": first}, most=1),
                Allowed("attendance", "INSERT", {"person": second}, most=1),
                Allowed("attendance", "UPDATE", {"id": party}, ("answer",), most=1),
            ),
            oracle=(
                *(Action("people_read", {"person": who}) for who in free),
                *(
                    Action(
                        "calendar_list",
                        {"person": who, "begins": clock.shown(monday), "ends": clock.shown(monday + 5 * DAY)},
                    )
                    for who in (first, second, AGENT)
                ),
                Action("calendar_answer", {"meeting": self._meeting(scene, party), "answer": "no"}),
                *(
                    Action(
                        "calendar_book",
                        {
                            "title": title,
                            "begins": clock.shown(slot),
                            "ends": clock.shown(slot + HOUR),
                            "people": [AGENT, who],
                        },
                    )
                    for title, (who, slot) in zip(("Roadmap", "Budget"), free.items(), strict=True)
                ),
            ),
        )

    def _taken(
        self,
        scene: Scene,
        who: str,
        low: int,
        high: int,
        *,
        title: str = "Deep work",
        status: str = "planned",
        answer: str = "yes",
    ) -> int:
        """Let somebody's calendar be taken; return the number of their attendance."""
        if low >= high:
            return 0
        row: dict[str, Any] = {
            "title": title,
            "begins": low,
            "ends": high,
            "place": "video",
            "notes": "",
            "status": status,
        }
        meeting = scene.made.put("meeting", **row, by=scene.draw.one(scene.staff()))
        return scene.made.put("attendance", meeting=meeting, person=who, answer=answer)

    def _meeting(self, scene: Scene, attendance: int) -> int:
        return int(scene.made.rows("SELECT meeting FROM attendance WHERE id = ?", attendance)[0]["meeting"])
