"""Tickets lie with the wrong people; each goes to the lead of the team that owns what it is really about."""

from __future__ import annotations

from assay.environments.situations import Situation, is_so, ticket_changes
from assay.environments.startup.scene import Plot, Scene
from assay.environments.tasks import Action


class TicketRoutes(Plot):
    """Evidence: a comment that says where the error comes from, and who owns that.

    Trap: the title names the service that shows the error. Decoys: tickets that lie with the right one.
    """

    def plot(self, scene: Scene) -> Situation:
        shows = scene.draw.some(("webapp", "exports", "evals"), 3)
        below = {"webapp": "auth", "exports": "ledger", "evals": "models"}
        owners = {"auth": "platform", "ledger": "growth", "models": "research"}
        keys, leads = [], []
        for service in shows:
            cause = below[service]
            lead = scene.lead(owners[cause])
            wrong = scene.draw.one(scene.staff(but=(lead,)))
            key = scene.ticket(
                "OPS",
                f"{service} answers with 500",
                "See comments. To be routed.",
                assignee=wrong,
                labels=f"{service} reroute",
            )
            scene.comment(key, f"The stack ends in {cause}; {service} only passes it on.")
            scene.made.knows(lead, "route", f"{key}", f"{key} is ours: {cause} does it.")
            keys.append(key)
            leads.append(lead)
        for place in range(scene.knobs.noise):
            scene.ticket(
                "OPS", f"{shows[place % 3]} answers with 500", "Routed already.", assignee=leads[place % 3]
            )
        scene.contradict(
            lambda n: f"{shows[n % 3]} is broken by itself, no need to look below", channel="serving"
        )
        return scene.task(
            """Tickets on the board OPS with the label reroute lie with the wrong people. Assign each to
            whoever
            leads the team of the service in which the error arises, not of the one that shows it.""",
            hours=3,
            goals=[
                is_so(f"{key} lies with {lead}", "ticket", id=key, assignee=lead)
                for key, lead in zip(keys, leads, strict=True)
            ],
            allowed=[rule for key in keys for rule in ticket_changes(key, "assignee")],
            oracle=(
                Action("ticket_search", {"query": "reroute", "board": "OPS"}),
                *(Action("ticket_read", {"ticket": key}) for key in keys),
                *(Action("service_read", {"service": below[service]}) for service in shows),
                *(
                    Action("ticket_change", {"ticket": key, "assignee": lead})
                    for key, lead in zip(keys, leads, strict=True)
                ),
            ),
        )
