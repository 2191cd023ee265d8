"""Back after a week away: what was left is done, and what the stand-in did is not done again."""

from __future__ import annotations

from assay.environments import clock
from assay.environments.clock import DAY
from assay.environments.situations import Situation, both, is_so, mailed, mails, ticket_changes, told, writes
from assay.environments.startup import AGENT
from assay.environments.startup.scene import Plot, Scene
from assay.environments.tasks import Action


class Handover(Plot):
    """Evidence: the notes of the stand-in, tickets, the invoice. Trap: one item is done already.

    Decoys: tickets of the agent that are nobody's business.
    """

    def plot(self, scene: Scene) -> Situation:
        stand_in, heir = scene.draw.some(scene.staff(), 2)
        scene.made.put(
            "absence",
            person=AGENT,
            begins=scene.begins - 7 * DAY,
            ends=scene.begins,
            stand_in=stand_in,
            at=scene.begins - 8 * DAY,
        )
        one = scene.customers(1)[0]
        due = scene.begins // DAY * DAY + scene.draw.between(12, 30) * DAY
        invoice = f"I8{scene.draw.between(100, 999)}"
        scene.made.put(
            "invoice",
            id=invoice,
            customer=one["id"],
            period="month 4",
            amount_cents=one["seats"] * one["price_cents"],
            currency="EUR",
            status="open",
            due=due,
            at=scene.begins - 5 * DAY,
        )
        mine = scene.ticket(
            "OPS", "Renew the certificates", "Belongs to whoever has the time.", assignee=AGENT
        )
        over = scene.ticket("OPS", "Clean up old hosts", "Finished, as far as I see.", assignee=AGENT)
        done = scene.ticket("OPS", "Answer the auditors", "Due last week.", assignee=AGENT, status="done")
        for place in range(scene.knobs.noise):
            scene.ticket("OPS", f"Read the minutes, part {place + 1}", "When there is time.", assignee=AGENT)
        notes = scene.doc(
            f"handover-{stand_in}",
            "What is left for Robin",
            f"1. {mine} goes to {heir}, as agreed.\n2. {over}: the hosts are gone, it can be closed.\n"
            f"3. {done}: please close it (done meanwhile, {stand_in}).\n"
            f"4. {one['contact']} asks when {invoice} is due; nobody answered yet.\n"
            f"5. Tell {heir} which ticket comes to them.",
            by=stand_in,
            ago=DAY,
        )
        scene.made.knows(stand_in, "handover", f"{mine}", f"{mine} goes to {heir}.")
        scene.mail(one["contact"], f"{invoice}", f"Until when do we have to pay {invoice}?", ago=4 * DAY)
        start = scene.trail("handover", f"document {notes}")
        scene.contradict(lambda n: f"{mine} goes to somebody else, {n} of us think", channel="platform")
        day = clock.shown(due)[:6]
        return scene.task(
            f"""You were away for a week, and {stand_in} stood in for you. See what was left for you: begin at
            {start}. Do what is still to be done, and no more. Write days like
            "{clock.shown(scene.begins)[:6]}".""",
            hours=5,
            goals=(
                is_so("the one ticket is handed on", "ticket", id=mine, assignee=heir),
                is_so("the other is closed", "ticket", id=over, status="done"),
                mailed(one["contact"], day, name="the customer knows the day"),
                both("the heir knows", told(heir, mine), is_so("", "ticket", id=mine, status="open")),
            ),
            allowed=(*ticket_changes(mine, "assignee"), *ticket_changes(over, "status")),
            oracle=(
                Action("doc_read", {"doc": notes}),
                *(Action("ticket_read", {"ticket": key}) for key in (mine, over, done)),
                Action("invoice_read", {"invoice": invoice}),
                Action("ticket_change", {"ticket": mine, "assignee": heir}),
                Action("ticket_change", {"ticket": over, "status": "done"}),
                mails(one["contact"], invoice, f"It is due on {day}."),
                writes(heir, f"{mine} is yours now."),
            ),
        )
