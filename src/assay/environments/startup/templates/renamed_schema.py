"""Billing shows amounts in another unit under another name since today; a sum has to be right anyway."""

from __future__ import annotations

from assay.environments.clock import DAY
from assay.environments.situations import Situation, is_so, mailed, mails
from assay.environments.startup.money import new_invoice
from assay.environments.startup.scene import Plot, Scene
from assay.environments.tasks import Action, Allowed


class RenamedSchema(Plot):
    """Evidence: the release notes, the contract, and that amounts are ten times what they were.

    Trap: the new numbers written back as if they were cents.
    """

    def plot(self, scene: Scene) -> Situation:
        one = scene.customers(1)[0]
        amount = one["seats"] * one["price_cents"]
        credit = scene.draw.between(10, 90) * 100
        invoice = new_invoice(scene, one, amount, status="disputed")
        owed = amount - credit
        scene.made.truth(invoice, "owed", owed)
        scene.made.fault(
            "renamed-schema",
            "service:billing",
            begins=scene.begins,
            ends=None,
            cause="billing was upgraded",
            way_around="the release notes say what the new name means",
            signals="`amount_cents` is gone; there is `amount_minor`",
            renamed={"amount_cents": "amount_minor", "price_cents": "price_minor"},
            factor=10,
        )
        scene.doc(
            "billing-changes",
            "Billing: what is new",
            "Reading: amount_cents and price_cents are now amount_minor and price_minor, in tenths of a cent."
            "\nWriting: as before, in cents.",
            by=scene.lead("growth"),
            ago=DAY,
        )
        scene.post("growth", scene.lead("growth"), "billing is upgraded, see document billing-changes")
        for place in range(scene.knobs.noise):
            scene.doc(
                f"billing-idea-{place}", "Billing: ideas", "amount_minor might become whole euros one day."
            )
        number = scene.mail(
            one["contact"], f"{invoice}", f"You owe us a credit of {credit} cents on {invoice}."
        )
        scene.mail(
            one["owner"],
            f"Credit for {one['id']}",
            f"{one['id']} has a credit of {credit} cents, that is right.",
        )
        scene.contradict(lambda n: f"amount_minor is {n} cents, isn't it?", channel="growth")
        return scene.task(
            f"""{one["name"]} wants a credit on {invoice}; see their mail, and whether {one["owner"]} agrees.
            Take the credit off the invoice's amount, and answer them with the new amount in cents.""",
            hours=4,
            goals=(
                is_so("amount is right", "invoice", id=invoice, amount_cents=owed, status="open"),
                mailed(one["contact"], str(owed), name="customer knows the amount"),
            ),
            allowed=(Allowed("invoice", "UPDATE", {"id": invoice}, ("amount_cents", "status"), most=2),),
            oracle=(
                Action("mail_read", {"mail": number}),
                Action("mail_search", {"query": f"Credit for {one['id']}"}),
                Action("invoice_read", {"invoice": invoice}),
                Action("doc_read", {"doc": "billing-changes"}),
                Action("invoice_correct", {"invoice": invoice, "amount_cents": owed, "reason": "credit"}),
                mails(one["contact"], invoice, f"It is {owed} cents now.", answers=number),
            ),
        )
