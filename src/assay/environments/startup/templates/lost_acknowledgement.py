"""A refund is answered with an error although it was paid; it must not be paid twice."""

from __future__ import annotations

from assay.environments.clock import DAY, HOUR
from assay.environments.situations import Situation, is_so, mailed, mails
from assay.environments.startup.money import paid_invoice
from assay.environments.startup.scene import Plot, Scene
from assay.environments.tasks import Action, Allowed


class LostAcknowledgement(Plot):
    """Way around: looking at the payments of the invoice before trying again.

    Decoys: other customers who ask for money without a reason.
    """

    def plot(self, scene: Scene) -> Situation:
        some = scene.customers(1 + scene.knobs.noise)
        one = some[0]
        scene.allow("billing:refund")
        invoice, _ = paid_invoice(scene, one)
        amount = scene.draw.between(40, 190) * 100 + scene.draw.below(100)
        scene.made.truth(invoice, "refund", amount)
        number = scene.mail(
            one["owner"],
            f"Refund for {one['id']}",
            f"Please refund {amount} cents on {invoice}: the setup fee was waived.",
            ago=DAY,
        )
        scene.made.knows(one["owner"], "refund", f"{invoice} refund", f"It is {amount} cents on {invoice}.")
        for place, other in enumerate(some[1:]):
            scene.mail(other["contact"], "Discount?", "Could we pay less, perhaps?", ago=(place + 2) * HOUR)
        scene.made.fault(
            "lost-acknowledgement",
            "tool:refund",
            begins=scene.begins,
            ends=None,
            cause="the connection to the bank is lost after the order",
            way_around="reading the payments of the invoice before trying again",
            signals="500 although the payment is there",
            times=1,
        )
        scene.contradict(
            lambda n: f"refund of {one['id']}: {amount + 100 * n} cents I think", channel="customers"
        )
        return scene.task(
            f"""{one["owner"]} asked you by mail for a refund to {one["name"]} ({one["id"]}). Pay it, exactly
            once, and write the customer's contact the amount in cents.""",
            hours=3,
            goals=(
                is_so("paid exactly once", "payment", times=1, invoice=invoice, amount_cents=-amount),
                mailed(one["contact"], str(amount), name="customer knows the amount"),
            ),
            allowed=(
                Allowed("payment", "INSERT", {"invoice": invoice, "amount_cents": -amount}, most=1),
                Allowed("invoice", "UPDATE", {"id": invoice}, ("status",), most=1),
            ),
            oracle=(
                Action("mail_read", {"mail": number}),
                Action("doc_read", {"doc": "policy-refunds"}),
                Action("refund", {"invoice": invoice, "amount_cents": amount, "reason": "setup fee waived"}),
                Action("invoice_read", {"invoice": invoice}),
                mails(one["contact"], "Refund", f"We paid {amount} cents back."),
            ),
        )
