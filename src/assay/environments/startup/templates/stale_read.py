"""A customer's new ticket is not found by the search yet; it has to be handled, and not opened again."""

from __future__ import annotations

from assay.environments.clock import DAY, MINUTE
from assay.environments.situations import Situation, both, commented, is_so, ticket_changes, waits
from assay.environments.startup.scene import Plot, Scene
from assay.environments.tasks import Action


class StaleRead(Plot):
    """Evidence: the mail names the ticket, which can be read though no search finds it.

    Decoys: older tickets of the same customer about the same thing.
    """

    def plot(self, scene: Scene) -> Situation:
        one = scene.customers(1)[0]
        service = scene.draw.one(("exports", "api", "billing"))
        lead = scene.lead(scene.team_of(service))
        for place in range(scene.knobs.noise):
            scene.ticket(
                "SUP",
                f"{one['id']}: {service} fails",
                f"Reported by {one['name']} last month; it was their proxy.",
                ago=(5 + place % 10) * DAY,
                status="open",
                labels=service,
            )
        many = scene.made.rows("SELECT count(*) AS n FROM ticket WHERE board = 'SUP'")[0]["n"]
        key, at = f"SUP-{many + 1}", scene.begins + scene.draw.between(6, 15) * MINUTE
        row = {
            "id": key,
            "board": "SUP",
            "title": f"{one['id']}: {service} fails",
            "body": f"Since today {service} fails for all of {one['name']}.",
            "status": "open",
            "priority": "normal",
            "assignee": None,
            "due": None,
            "labels": service,
        }
        scene.made.later(at, "put", {"table": "ticket", "by": one["owner"], "values": row})
        scene.mail_later(
            at + MINUTE, one["contact"], f"{service} fails", f"We have reported it as {key}. Please hurry."
        )
        scene.made.fault(
            "stale-read",
            "tool:ticket_search",
            begins=scene.begins,
            ends=None,
            cause="the replica of the search lags",
            way_around="reading the ticket by its id",
            signals="the mail names a ticket that the search does not find",
        )
        scene.contradict(lambda n: f"{one['id']} always reports things {n + 1} times", channel="customers")
        return scene.task(
            f"""{one["name"]} ({one["id"]}) will write to you within the next half hour that {service} fails.
            Their ticket is to be urgent and assigned to whoever leads the team that owns {service}, with a
            comment that names the lead's id. There must be one ticket for it, not two; older ones stay as
            they are.""",
            hours=2,
            goals=(
                is_so("the ticket is urgent", "ticket", id=key, priority="urgent"),
                is_so("the ticket is assigned", "ticket", id=key, assignee=lead),
                both("and says to whom", commented(key, lead), is_so("", "ticket", id=key, status="open")),
            ),
            allowed=ticket_changes(key, "priority", "assignee"),
            oracle=(
                *waits(scene.begins + 30 * MINUTE),
                Action("ticket_search", {"query": one["id"]}),
                Action("ticket_read", {"ticket": key}),
                Action("service_read", {"service": service}),
                Action("ticket_change", {"ticket": key, "priority": "urgent"}),
                Action("ticket_change", {"ticket": key, "assignee": lead}),
                Action("ticket_comment", {"ticket": key, "text": f"{lead} looks after it."}),
            ),
        )
