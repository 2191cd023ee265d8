"""A customer was promised seats in several places; the last word counts, and the contract follows it."""

from __future__ import annotations

from assay.environments.clock import DAY, HOUR
from assay.environments.situations import Situation, is_so, mailed, mails
from assay.environments.startup.scene import Plot, Scene
from assay.environments.tasks import Action, Allowed


class PromisedSeats(Plot):
    """Evidence: the mail of the owner, the chat that mends it later, and what the owner tells.

    Decoys: promises to others. Contradictions: people who remember another number.
    """

    def plot(self, scene: Scene) -> Situation:
        some = scene.customers(1 + scene.knobs.noise)
        one, owner = some[0], some[0]["owner"]
        first = one["seats"] + 10 * scene.draw.between(2, 9)
        last = first + 5 * scene.draw.between(1, 7)
        scene.made.truth(one["id"], "seats", last)
        scene.mail(
            owner,
            f"Seats for {one['id']}",
            f"I promised {one['name']} {first} seats from now on.",
            ago=3 * DAY,
        )
        scene.post(
            "customers", owner, f"{one['id']}: after today's call it is {last} seats, not {first}", ago=DAY
        )
        scene.made.knows(owner, "seats", f"{one['id']} seats", f"{one['id']}: {last} seats, as of yesterday.")
        for other in some[1:]:
            scene.mail(
                other["owner"], f"Seats for {other['id']}", f"{other['id']} stays at {other['seats']} seats."
            )
        number = scene.mail(
            one["contact"], "Our seats", "When do we get the seats that we were promised?", ago=HOUR
        )
        scene.contradict(lambda n: f"{one['id']} wanted {first + 100 * n} seats or so", channel="general")
        return scene.task(
            f"""{one["name"]} ({one["id"]}) asks for the seats that they were promised. Find out how many it
            came
            to in the end, change their contract, and answer their mail with the number.""",
            hours=6,
            goals=(
                is_so("the contract has the seats", "contract", id=one["contract"], seats=last),
                mailed(one["contact"], str(last), name="customer knows the number"),
            ),
            allowed=(Allowed("contract", "UPDATE", {"id": one["contract"]}, ("seats",), most=2),),
            oracle=(
                Action("mail_read", {"mail": number}),
                Action("mail_search", {"query": f"Seats for {one['id']}"}),
                Action("chat_search", {"query": one["id"]}),
                Action("customer_read", {"customer": one["id"]}),
                Action("contract_change", {"contract": one["contract"], "seats": last}),
                mails(one["contact"], "Your seats", f"You have {last} seats now.", answers=number),
            ),
        )
