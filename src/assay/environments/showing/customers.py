"""Customers as a page, with their contracts and invoices; and what is written down for everybody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.environments.showing.markup import Html, folded, join, money, pairs, table, tag, text, when
from assay.environments.showing.parts import MOST, Drawn, find, more, state
from assay.environments.world import World


def customers(world: World) -> Drawn:
    """Return customers with contracts and invoices."""
    rows = find(world, "SELECT * FROM customer ORDER BY id LIMIT ?", MOST)
    return "Customers", join((*(_customer(world, row) for row in rows), more(world, "customer", MOST)))


def _customer(world: World, row: Mapping[str, Any]) -> Html:
    contracts = find(world, "SELECT * FROM contract WHERE customer = ? ORDER BY id", row["id"])
    invoices = find(
        world,
        "SELECT invoice.*, (SELECT sum(amount_cents) FROM payment WHERE invoice = invoice.id) AS paid"
        " FROM invoice WHERE customer = ? ORDER BY invoice.id",
        row["id"],
    )
    about = {name: row[name] for name in ("contact", "plan", "region", "owner", "status")}
    disputed = any(each["status"] == "disputed" for each in invoices)
    mark = tag("span", " disputed", class_="bad") if disputed else ""
    return folded(
        join((tag("strong", row["id"]), " ", row["name"], mark)),
        pairs(about),
        table(
            f"Contracts of {row['id']}",
            [
                {
                    "contract": each["id"],
                    "plan": each["plan"],
                    "seats": each["seats"],
                    "a seat": money(each["price_cents"]),
                    "ends": when(each["ends"]),
                    "terms": each["terms"],
                }
                for each in contracts
            ],
        ),
        table(
            f"Invoices of {row['id']}",
            [
                {
                    "invoice": each["id"],
                    "for": each["period"],
                    "amount": money(each["amount_cents"], each["currency"]),
                    "status": state(each["status"]),
                    "due": when(each["due"]),
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
        summary = join((row["title"], " ", tag("span", f"version {row['version']}", class_="soft")))
        about = {"id": row["id"], "by": row["author"], "since": when(row["created_at"])}
        folders.setdefault(str(row["folder"]), []).append(folded(summary, pairs(about), text(row["text"])))
    return "Documents", join(join((tag("h2", name), *found)) for name, found in folders.items())
