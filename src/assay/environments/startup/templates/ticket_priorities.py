"""New tickets of customers get the priority that plan and harm give them, as the rules say."""

from __future__ import annotations

from assay.environments.clock import HOUR
from assay.environments.situations import Situation, is_so, ticket_changes
from assay.environments.startup.scene import Plot, Scene
from assay.environments.tasks import Action

RULES = (
    "Nobody can work: urgent, whatever the plan.\nHindered: high on enterprise, normal on other plans.\n"
    "A question or a wish: low, whatever the plan and however loudly it is put."
)


class TicketPriorities(Plot):
    """Evidence: the rules, the text of each ticket, the plan of each customer.

    Decoys: tickets whose titles shout. Contradictions: people who say how it was done before.
    """

    def plot(self, scene: Scene) -> Situation:
        some = scene.customers(4)
        plans = ("enterprise", "team", "enterprise", "business")
        harms = (
            ("Exports are slow", "Our exports take twice as long.", "high"),
            ("Sign-in", "None of our people can sign in since eight.", "urgent"),
            ("URGENT!!! EVERYTHING!!!", "We would like a dark mode, it is very urgent to us.", "low"),
            ("Errors now and then", "One call of ten fails; we try again and it works.", "normal"),
        )
        order = scene.draw.some(range(4), 4)
        keys, wanted = [], []
        for place in order:
            title, text, priority = harms[place]
            scene.made.change("customer", some[place]["id"], plan=plans[place])
            keys.append(
                scene.ticket(
                    "SUP",
                    title,
                    f"{some[place]['id']}: {text}",
                    ago=HOUR * (1 + place),
                    priority="high" if priority in ("normal", "low") else "normal",
                    labels="triage",
                )
            )
            wanted.append(priority)
        for number in range(scene.knobs.noise):
            scene.ticket("SUP", "Sign-in", f"Solved by turning it off and on ({number + 1}).", status="done")
        scene.doc("rules-of-priority", "Priorities", RULES, by=scene.lead("growth"))
        start = scene.trail("priorities", "document rules-of-priority")
        scene.contradict(lambda n: f"enterprise is always urgent, {n} managers said", channel="customers")
        return scene.task(
            f"""Four tickets on the board SUP carry the label triage. Set the priority of each as our rules
            say: begin at {start}.""",
            hours=3,
            goals=[
                is_so(f"{key} is {priority}", "ticket", id=key, priority=priority)
                for key, priority in zip(keys, wanted, strict=True)
            ],
            allowed=[rule for key in keys for rule in ticket_changes(key, "priority")],
            oracle=(
                Action("doc_read", {"doc": "rules-of-priority"}),
                Action("ticket_search", {"query": "triage", "board": "SUP"}),
                *(Action("ticket_read", {"ticket": key}) for key in keys),
                *(Action("customer_read", {"customer": some[place]["id"]}) for place in order),
                *(
                    Action("ticket_change", {"ticket": key, "priority": priority})
                    for key, priority in zip(keys, wanted, strict=True)
                ),
            ),
        )
