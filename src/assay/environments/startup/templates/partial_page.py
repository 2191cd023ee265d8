"""Tickets of a finished migration have to be closed while the list of them comes cut short."""

from __future__ import annotations

from assay.environments.situations import Situation, is_so, ticket_changes
from assay.environments.startup.scene import Plot, Scene
from assay.environments.tasks import Action


class PartialPage(Plot):
    """The answer says that it is not complete. Way around: asking more closely, or reading the plan.

    Decoys: tickets of another migration that is still under way.
    """

    def plot(self, scene: Scene) -> Situation:
        done, other = scene.draw.some(("kiln", "marble", "juniper", "cobalt"), 2)
        people = scene.draw.some(scene.staff(), 5)
        rest = [scene.draw.one(scene.staff()) for _ in range(1 + scene.knobs.noise)]
        entries = [
            *((done, "As planned.", place, person) for place, person in enumerate(people, 1)),
            *((other, f"After {done}, not part of it.", place, who) for place, who in enumerate(rest, 1)),
        ]
        mine, people = [], []
        for about, text, place, person in scene.draw.some(entries, len(entries)):
            key = scene.ticket("OPS", f"Migration {about}: step {place}", text, assignee=person, labels=about)
            if about == done:
                mine.append(key)
                people.append(person)
        plan = scene.doc(f"plan-{done}", f"Plan of migration {done}", "Tickets: " + ", ".join(mine) + ".")
        start = scene.trail(f"plan of {done}", f"document {plan}")
        scene.post("platform", scene.lead("platform"), f"migration {done} is over, all steps are done")
        scene.made.fault(
            "partial-page",
            "tool:ticket_search",
            begins=scene.begins,
            ends=None,
            cause="one shard of the search does not answer",
            way_around="asking more closely, or reading the plan",
            signals="`complete` is false",
            share=0.5,
        )
        scene.contradict(lambda n: f"{done} had {len(mine) - n} tickets, no more", channel="platform")
        return scene.task(
            f"""Migration {done} is over. Set each of its tickets on the board OPS to done, and no other
            ticket. What belongs to the plan is written down; begin at {start}.""",
            hours=3,
            goals=[is_so(f"{key} is done", "ticket", id=key, status="done") for key in mine],
            allowed=[rule for key in mine for rule in ticket_changes(key, "status")],
            oracle=(
                Action("ticket_search", {"query": f"Migration {done}"}),
                Action("doc_read", {"doc": plan}),
                *(Action("ticket_search", {"query": done, "assignee": person}) for person in people),
                *(Action("ticket_change", {"ticket": key, "status": "done"}) for key in mine),
            ),
        )
