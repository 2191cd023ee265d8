"""The bank's messages came twice; what a customer still owes is counted by references, not by rows."""

from __future__ import annotations

from assay.environments.clock import DAY
from assay.environments.situations import Situation, both, is_so, looked, mailed, mails, told, writes
from assay.environments.startup.money import new_invoice
from assay.environments.startup.scene import Plot, Scene
from assay.environments.tasks import Action


class RepeatedWebhooks(Plot):
    """Evidence: references that repeat, minutes apart, and the bank's statement by mail.

    Trap: the sum of the rows, by which everything is paid. Nothing has to be paid back.
    """

    def plot(self, scene: Scene) -> Situation:
        one, lead = scene.customers(1)[0], scene.lead("growth")
        part = scene.draw.between(100, 400) * 100
        parts = [part, part + 1_300, part + 2_700][: 2 + (scene.knobs.noise > 0)]
        scene.distract(scene.knobs.noise - 1)
        owed = scene.draw.between(50, 90) * 1_000
        invoice = new_invoice(scene, one, sum(parts) + owed)
        references = [f"rf{scene.draw.between(1000, 9999)}{letter}" for letter in "abc"[: len(parts)]]
        scene.made.truth(invoice, "owed", owed)
        twice = references[0]
        for place, (amount, reference) in enumerate(zip(parts, references, strict=True)):
            scene.made.fault(
                "webhook-duplicates",
                f"invoice:{invoice}",
                begins=scene.begins - (4 - place) * DAY,
                ends=None,
                cause="the bank's messages were not acknowledged in time",
                way_around="the reference says which payment it is",
                signals="one reference, two rows",
                table="payment",
                times=2 if reference == twice else 1,
                events=[{"invoice": invoice, "amount_cents": amount, "method": f"transfer {reference}"}],
                tell=lead,
            )
        scene.mail(
            "statements@bank.example",
            f"Statement for {invoice}",
            "\n".join(
                f"{reference}: {amount} cents" for amount, reference in zip(parts, references, strict=True)
            ),
            ago=DAY,
        )
        number = scene.mail(one["contact"], f"{invoice}", f"How much is left to pay on {invoice}?")
        scene.contradict(lambda n: f"{invoice} is paid but for {n} EUR", channel="customers")
        return scene.task(
            f"""{one["name"]} asks how much is left to pay on {invoice}. Answer their mail with the amount
            in cents
            that really is, and if something was entered that did not happen, tell {lead} its reference, and
            no
            other reference. Correct nothing yourself.""",
            hours=3,
            goals=(
                mailed(one["contact"], str(owed), name="the customer knows what is left"),
                both(
                    "the lead knows what was entered twice",
                    looked("invoice_read", invoice=invoice),
                    told(lead, twice, but_not=references[1:]),
                    is_so("", "invoice", id=invoice, status="open"),
                ),
            ),
            oracle=(
                Action("mail_read", {"mail": number}),
                Action("invoice_read", {"invoice": invoice}),
                Action("mail_search", {"query": f"Statement for {invoice}"}),
                mails(one["contact"], invoice, f"{owed} cents are left.", answers=number),
                writes(lead, f"{twice} was entered twice."),
            ),
        )
