"""An import wrote amounts in euros where cents belong; each invoice has to be set right by its contract."""

from __future__ import annotations

from assay.environments.situations import Situation, is_so, told, writes
from assay.environments.startup.money import new_invoice
from assay.environments.startup.scene import Plot, Scene
from assay.environments.tasks import Action, Allowed


class WrongUnits(Plot):
    """Evidence: seats and price of the contracts, and the note about the import.

    Decoys: invoices of the same import that are small, and right.
    """

    def plot(self, scene: Scene) -> Situation:
        some = scene.customers(3 + scene.knobs.noise)
        batch = f"batch-{scene.draw.between(20, 90)}"
        wrong, amounts = [], []
        for each in some[:3]:
            amounts.append(each["seats"] * each["price_cents"])
            wrong.append(new_invoice(scene, each, amounts[-1]))
        right = []
        for each in some[3:]:
            small = scene.draw.between(1, 3) * each["price_cents"] // 4
            scene.made.change("contract", each["contract"], seats=1, price_cents=small)
            right.append(new_invoice(scene, each, small))
        scene.made.fault(
            "corrupt-data",
            "table:invoice",
            begins=scene.begins,
            ends=None,
            cause=f"{batch} was read in euros",
            way_around="contracts say seats and price",
            signals="amounts are a hundredth of seats times price",
            how="units",
            keys=wrong,
            columns=["amount_cents"],
            divisor=100,
        )
        keys = sorted((*wrong, *right))
        lead = scene.lead("growth")
        doc = scene.doc(
            f"import-{batch}",
            f"Import {batch}",
            f"Invoices of {batch}: {', '.join(keys)}.\nSome lines of the source were in euros, others in"
            " cents; nobody wrote down which.\nAn invoice is seats times price of the contract, in cents.",
        )
        start = scene.trail(batch, f"document {doc}")
        scene.contradict(lambda n: f"all of {batch} is wrong by {10**n}", channel="growth")
        return scene.task(
            f"""Some invoices of {batch} have a wrong amount. Begin at {start}. Correct those that are wrong,
            leave the others, and write {lead} one message with the ids of those that were wrong and no
            others.""",
            hours=4,
            goals=(
                *(
                    is_so(f"{key} is right", "invoice", id=key, amount_cents=amount)
                    for key, amount in zip(wrong, amounts, strict=True)
                ),
                told(lead, *wrong, but_not=right, name="the lead knows which"),
            ),
            allowed=[Allowed("invoice", "UPDATE", {"id": key}, ("amount_cents", "status")) for key in wrong],
            oracle=(
                Action("doc_read", {"doc": doc}),
                *(Action("customer_read", {"customer": each["id"]}) for each in some),
                *(
                    Action(
                        "invoice_correct",
                        {"invoice": key, "amount_cents": amount, "reason": "euros for cents"},
                    )
                    for key, amount in zip(wrong, amounts, strict=True)
                ),
                writes(lead, f"Were wrong: {', '.join(wrong)}"),
            ),
        )
