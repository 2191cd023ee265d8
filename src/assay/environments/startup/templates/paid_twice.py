"""An invoice was paid twice; one payment goes back, as far as the policy lets anybody."""

from __future__ import annotations

from assay.environments.situations import Situation, is_so, mailed, mails
from assay.environments.startup.money import paid_invoice, refunding
from assay.environments.startup.scene import Plot, Scene
from assay.environments.tasks import Action


class PaidTwice(Plot):
    """Evidence: the payments of the invoice, and what the owner tells. Decoys: others who paid once."""

    def plot(self, scene: Scene) -> Situation:
        some = scene.customers(1 + scene.knobs.noise)
        one = some[0] | {"seats": 1, "price_cents": scene.draw.between(100, 490) * 100 + scene.draw.below(99)}
        scene.allow("billing:refund")
        invoice, amount = paid_invoice(scene, one, times=2)
        scene.made.truth(invoice, "refund", amount)
        number = scene.mail(
            one["contact"], f"{invoice} paid twice?", f"We think we paid {invoice} twice. Is that so?"
        )
        for other in some[1:]:
            key, _ = paid_invoice(scene, other)
            scene.mail(other["contact"], f"{key} paid twice?", f"We think we paid {key} twice. Is that so?")
        scene.made.knows(
            one["owner"], "paid", f"{invoice}", f"{invoice} came in two times, {amount} cents each."
        )
        scene.contradict(lambda n: f"{invoice}: the bank says it came in {n + 2} times", channel="customers")
        return scene.task(
            f"""{one["name"]} asks whether they paid {invoice} twice; others ask like things. Look whether it
            is so for {invoice}, pay back what was paid too much if the policy on refunds lets you, and answer
            their mail with the amount in cents. The others are a colleague's.""",
            hours=4,
            goals=(
                is_so("paid back exactly once", "payment", times=1, invoice=invoice, amount_cents=-amount),
                mailed(one["contact"], str(amount), name="customer knows the amount"),
            ),
            allowed=refunding(invoice, amount),
            oracle=(
                Action("mail_read", {"mail": number}),
                Action("invoice_read", {"invoice": invoice}),
                Action("doc_read", {"doc": "policy-refunds"}),
                Action("refund", {"invoice": invoice, "amount_cents": amount, "reason": "paid twice"}),
                mails(
                    one["contact"], invoice, f"You are right; we paid {amount} cents back.", answers=number
                ),
            ),
        )
