"""A customer disputes an invoice: the contract, a promise and the policy decide, and the sum is corrected."""

from __future__ import annotations

from assay.environments.building import Builder
from assay.environments.clock import DAY, HOUR
from assay.environments.situations import Knobs, Situation
from assay.environments.streams import Stream
from assay.environments.tasks import Action, Allowed, Goal


class InvoiceDispute:
    """Evidence: the contract's seats and price, and a mail in which a discount was promised.

    Decoys: other customers of like names with other promises.
    """

    def situate(self, made: Builder, draw: Stream, knobs: Knobs) -> Situation:
        customers = made.rows("SELECT id, name, contact, owner FROM customer ORDER BY id")
        one = draw.one(customers)
        contract = made.rows("SELECT seats, price_cents FROM contract WHERE customer = ?", one["id"])[0]
        discount = draw.one((5, 10, 15, 20))
        owed = contract["seats"] * contract["price_cents"] * (100 - discount) // 100
        billed = contract["seats"] * contract["price_cents"] + draw.between(1, 9) * 10_000
        invoice = f"I{9000 + draw.below(900)}"
        made.put(
            "invoice",
            id=invoice,
            customer=one["id"],
            period="month 4",
            amount_cents=billed,
            currency="EUR",
            status="disputed",
            due=made.begins + 10 * DAY,
            at=made.begins - 2 * DAY,
        )
        made.truth(invoice, "owed", owed)
        promise = "For month 4 we agreed on {percent} percent off the contract's sum.\nRegards\n{who}"
        made.put(
            "email",
            thread=None,
            recipients="robin@helio.example",
            subject=f"Discount for {one['id']}",
            body=promise.format(percent=discount, who=one["owner"]),
            folder="inbox",
            seen=1,
            by=one["owner"],
            at=made.begins - 9 * DAY,
        )
        made.knows(
            one["owner"],
            "discount",
            f"{one['id']} discount",
            f"{one['id']} has {discount} percent off in month 4.",
        )
        for other in draw.some([each for each in customers if each["id"] != one["id"]], knobs.noise):
            made.put(
                "email",
                thread=None,
                recipients="robin@helio.example",
                subject=f"Discount for {other['id']}",
                body=promise.format(percent=discount + 5, who=other["owner"]),
                folder="inbox",
                seen=1,
                by=other["owner"],
                at=made.begins - 8 * DAY,
            )
        number = made.put(
            "email",
            thread=None,
            recipients="robin@helio.example",
            subject=f"Invoice {invoice} is wrong",
            body=(
                f"Hello,\nwe were billed {billed} cents on {invoice}; that is not what we agreed on."
                f" Please correct it and tell us the right amount.\n{one['name']}"
            ),
            folder="inbox",
            seen=0,
            by=one["contact"],
            at=made.begins - HOUR,
        )
        return Situation(
            text=(
                f"{one['name']} disputes invoice {invoice}; their mail is in your inbox. Find out"
                " what they owe,"
                " correct the invoice, and answer their mail with the right amount in cents."
            ),
            hours=8,
            goals=(
                Goal(
                    "amount is right",
                    "SELECT 1 FROM invoice WHERE id = ? AND amount_cents = ? AND status = 'open'",
                    (invoice, owed),
                ),
                Goal(
                    "customer is answered",
                    "SELECT 1 FROM email WHERE folder = 'sent' AND recipients LIKE ? AND body LIKE ?",
                    (f"%{one['contact']}%", f"%{owed}%"),
                ),
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
                Action(
                    "mail_send",
                    {
                        "to": [one["contact"]],
                        "subject": f"Invoice {invoice}",
                        "body": f"The right amount is {owed} cents.",
                        "answers": number,
                    },
                ),
            ),
            knobs={"decoys": knobs.noise},
        )
