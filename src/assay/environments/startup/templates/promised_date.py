"""A customer was promised a date that no ticket knows of; the ticket gets it, its assignee hears of it."""

from __future__ import annotations

from assay.environments import clock
from assay.environments.clock import DAY, HOUR
from assay.environments.situations import Situation, both, is_so, mailed, mails, ticket_changes, told, writes
from assay.environments.startup.scene import Plot, Scene
from assay.environments.tasks import Action


class PromisedDate(Plot):
    """Evidence: the minutes of the call, the customer's mail. Trap: the date before, in the ticket itself."""

    def plot(self, scene: Scene) -> Situation:
        one = scene.customers(1)[0]
        feature = scene.draw.one(("single sign-on", "audit log", "bulk export", "usage report"))
        assignee = scene.draw.one(scene.staff(but=(one["owner"],)))
        due = scene.begins // DAY * DAY + scene.draw.between(8, 12) * DAY + 12 * HOUR
        old = due + 5 * DAY
        key = scene.ticket(
            "WEB",
            f"Build the {feature}",
            f"Wanted by {one['id']}. Planned for {clock.shown(old)}.",
            assignee=assignee,
            due=old,
            labels=one["id"],
        )
        for place in range(scene.knobs.noise):
            scene.ticket("WEB", f"Build the {feature} for phones", f"Later, part {place + 1}.", due=old)
        doc = scene.doc(
            f"call-{one['id'].lower()}",
            f"Call with {one['name']}",
            f"We promised: {feature} by {clock.shown(due)} at the latest, else they may leave.",
            by=one["owner"],
            ago=2 * DAY,
        )
        scene.made.knows(
            one["owner"], "date", f"{one['id']}", f"{feature} by {clock.shown(due)}, I promised."
        )
        number = scene.mail(
            one["contact"],
            f"{feature}?",
            f"You promised us a date for the {feature}. Does it hold?",
            ago=HOUR,
        )
        start = scene.trail("call", f"document {doc}")
        scene.contradict(lambda n: f"{feature} is due {clock.shown(old + n * DAY)}", channel="growth")
        day = clock.shown(due)[:6]
        return scene.task(
            f"""{one["name"]} ({one["id"]}) asks in a mail whether the date of the {feature} holds. Find out
            what
            we promised (the minutes of the call: {start}), let the ticket be due then, tell its assignee the
            day, and answer the customer with the day. Write days like "{clock.shown(scene.begins)[:6]}".""",
            hours=6,
            goals=(
                is_so("the ticket is due then", "ticket", id=key, due=due),
                both(
                    "the assignee knows", told(assignee, day), is_so("", "ticket", id=key, assignee=assignee)
                ),
                mailed(one["contact"], day, name="the customer knows"),
            ),
            allowed=ticket_changes(key, "due", "priority"),
            oracle=(
                Action("mail_read", {"mail": number}),
                Action("doc_read", {"doc": doc}),
                Action("ticket_search", {"query": feature}),
                Action("ticket_read", {"ticket": key}),
                Action("ticket_change", {"ticket": key, "due": clock.shown(due)}),
                writes(assignee, f"{key} is due on {day}, promised."),
                mails(one["contact"], f"{feature}", f"It holds: {day}.", answers=number),
            ),
        )
