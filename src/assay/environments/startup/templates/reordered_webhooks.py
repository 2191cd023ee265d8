"""Messages of the shop came in another order than they were sent; what was sent last holds."""

from __future__ import annotations

from assay.environments.clock import HOUR
from assay.environments.situations import Situation, is_so, told, writes
from assay.environments.startup.scene import Plot, Scene
from assay.environments.tasks import Action, Allowed


class ReorderedWebhooks(Plot):
    """Evidence: the numbers of the messages, and a document on what they mean.

    Trap: the message that came last. Decoys: messages about others.
    """

    def plot(self, scene: Scene) -> Situation:
        some = scene.customers(1 + scene.knobs.noise)
        one, many = some[0], 4
        seats = scene.draw.some(range(one["seats"] + 1, one["seats"] + 60), many)
        first = scene.draw.between(100, 800)
        events = [
            {
                "channel": "customers",
                "thread": None,
                "text": f"[shop] nr {first + place}: {one['id']} sets seats to {count}",
            }
            for place, count in enumerate(seats)
        ]
        order = scene.draw.some(range(many - 1), many - 1)
        order.insert(scene.draw.below(many - 1), many - 1)  # what was sent last does not come last
        scene.made.fault(
            "webhook-reordered",
            "channel:customers",
            begins=scene.begins - HOUR,
            ends=None,
            cause="the shop sends over several lines",
            way_around="the numbers of the messages",
            signals="numbers that go down",
            table="message",
            by="shop",
            events=events,
            order=order,
        )
        for place, other in enumerate(some[1:]):
            scene.post(
                "customers",
                "shop",
                f"[shop] nr {first + 20 + place}: {other['id']} sets seats to {10 + place}",
            )
        wanted = seats[-1]
        scene.made.truth(one["id"], "seats", wanted)
        scene.doc(
            "messages-of-the-shop",
            "Messages of the shop",
            "The shop numbers its messages as they are sent. They come in any order; the highest number of a"
            " customer holds.",
            by=scene.lead("growth"),
        )
        scene.mail(
            one["contact"], "Seats", f"We changed our minds a few times today; {wanted} seats in the end."
        )
        start = scene.trail("shop", "document messages-of-the-shop")
        scene.contradict(lambda n: f"{one['id']} wants {wanted + n} seats, it came last", channel="growth")
        return scene.task(
            f"""{one["name"]} ({one["id"]}) changed their seats in the shop this morning; its messages are in
            #customers, what they mean: {start}. Set the seats of their contract to what holds, and tell
            {one["owner"]} the number.""",
            hours=3,
            goals=(
                is_so("the contract has what holds", "contract", id=one["contract"], seats=wanted),
                told(one["owner"], str(wanted), name="the owner knows"),
            ),
            allowed=(Allowed("contract", "UPDATE", {"id": one["contract"]}, ("seats",), most=2),),
            oracle=(
                Action("doc_read", {"doc": "messages-of-the-shop"}),
                Action("chat_search", {"query": one["id"]}),
                Action("customer_read", {"customer": one["id"]}),
                Action("contract_change", {"contract": one["contract"], "seats": wanted}),
                writes(one["owner"], f"{one['id']} has {wanted} seats."),
            ),
        )
