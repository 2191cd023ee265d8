"""A customer disputes an invoice: the contract, a promise and the policy decide, and the sum is corrected."""

from __future__ import annotations

from assay.environments.clock import DAY
from assay.environments.situations import Situation, is_so, mailed, mails
from assay.environments.startup.money import new_invoice
from assay.environments.startup.scene import Plot, Scene
from assay.environments.tasks import Action, Allowed


class InvoiceDispute(Plot):
    """Evidence: the contract's seats and price, and a mail in which a discount was promised.

    Decoys: other customers of like names with other promises.
    """

    def plot(self, scene: Scene) -> Situation:
        one, *others = scene.customers(1 + scene.knobs.noise)
        discount = scene.draw.one((5, 10, 15, 20))
        whole = one["seats"] * one["price_cents"]
        owed = whole * (100 - discount) // 100
        billed = whole + scene.draw.between(1, 9) * 10_000
        invoice = new_invoice(scene, one, billed, status="disputed", ago=2 * DAY)
        scene.made.truth(invoice, "owed", owed)
        promise = "For month 4 we agreed on {percent} percent off the contract's sum.\nRegards\n{who}"
        says = promise.format(percent=discount, who=one["owner"])
        scene.mail(one["owner"], f"Discount for {one['id']}", says, ago=9 * DAY)
        scene.made.knows(
            one["owner"],
            "discount",
            f"{one['id']} discount",
            f"{one['id']} has {discount} percent off in month 4.",
        )
        for other in others:
            says = promise.format(percent=discount + 5, who=other["owner"])
            scene.mail(other["owner"], f"Discount for {other['id']}", says, ago=8 * DAY)
        number = scene.mail(
            one["contact"],
            f"Invoice {invoice} is wrong",
            f"Hello,\nwe were billed {billed} cents on {invoice}; that is not what we agreed on. Please"
            f" correct it and tell us the right amount.\n{one['name']}",
        )
        scene.contradict(
            lambda n: f"{one['id']} got {discount + n} percent off, I think", channel="customers"
        )
        return scene.task(
            f"""{one["name"]} disputes invoice {invoice}; their mail is in your inbox. Find out what they owe,
            correct the invoice, and answer their mail with the right amount in cents.""",
            hours=8,
            goals=(
                is_so("amount is right", "invoice", id=invoice, amount_cents=owed, status="open"),
                mailed(one["contact"], str(owed), name="customer is answered"),
            ),
            allowed=(Allowed("invoice", "UPDATE", {"id": invoice}, ("amount_cents", "status"), most=2),),
            oracle=(
                Action("mail_read", {"mail": number}),
                Action("customer_read", {"customer": one["id"]}),
                Action("mail_search", {"query": f"Discount for {one['id']}"}),
                Action(
                    "invoice_correct",
                    {"invoice": invoice, "amount_cents": owed, "reason": "contract and discount"},
                ),
                mails(
                    one["contact"], f"Invoice {invoice}", f"The right amount is {owed} cents.", answers=number
                ),
            ),
        )
