"""Customers as a page, with their contracts and invoices; and what is written down for everybody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.environments.showing.markup import Html, folded, join, money, own, pairs, table, tag, text, when
from assay.environments.showing.parts import MOST, Drawn, find, more, state
from assay.environments.world import World
from assay.wording import say


def customers(world: World) -> Drawn:
    """Return customers with contracts and invoices."""
    rows = find(world, "SELECT * FROM customer ORDER BY id LIMIT ?", MOST)
    return say("Customers"), join((*(_customer(world, row) for row in rows), more(world, "customer", MOST)))


def _customer(world: World, row: Mapping[str, Any]) -> Html:
    contracts = find(world, "SELECT * FROM contract WHERE customer = ? ORDER BY id", row["id"])
    invoices = find(
        world,
        "SELECT invoice.*, (SELECT sum(amount_cents) FROM payment WHERE invoice = invoice.id) AS paid"
        " FROM invoice WHERE customer = ? ORDER BY invoice.id",
        row["id"],
    )
    about = {
        say("contact"): row["contact"],
        say("plan"): row["plan"],
        say("region"): row["region"],
        say("owner"): row["owner"],
        say("status"): row["status"],
    }
    disputed = any(each["status"] == "disputed" for each in invoices)
    mark = join((" ", tag("span", say("disputed"), class_="bad"))) if disputed else ""
    return folded(
        join((tag("strong", own(row["id"])), " ", own(row["name"]), mark)),
        pairs(about),
        table(
            say("Contracts of {name}", name=row["id"]),
            [
                {
                    say("contract"): each["id"],
                    say("plan"): each["plan"],
                    say("seats"): each["seats"],
                    say("a seat"): money(each["price_cents"]),
                    say("ends"): when(each["ends"]),
                    say("terms"): each["terms"],
                }
                for each in contracts
            ],
        ),
        table(
            say("Invoices of {name}", name=row["id"]),
            [
                {
                    say("invoice"): each["id"],
                    say("period"): each["period"],
                    say("amount"): money(each["amount_cents"], each["currency"]),
                    say("status"): state(each["status"]),
                    say("due"): when(each["due"]),
                }
                for each in invoices
            ],
        ),
    )


def documents(world: World) -> Drawn:
    """Return documents by folder, with how often each was changed."""
    rows = find(world, "SELECT * FROM doc ORDER BY folder, id LIMIT ?", MOST)
    folders: dict[str, list[Html]] = {}
    for row in rows:
        version = say("version {number}", number=row["version"])
        summary = join((own(row["title"]), " ", tag("span", version, class_="soft")))
        about = {say("id"): row["id"], say("author"): row["author"], say("since"): when(row["created_at"])}
        folders.setdefault(str(row["folder"]), []).append(folded(summary, pairs(about), text(row["text"])))
    return say("Documents"), join(join((tag("h2", own(name)), *found)) for name, found in folders.items())
