"""Customers, contracts, invoices and payments. Money is in cents."""

from __future__ import annotations

import re
from typing import Any, Literal

from assay.environments.apps import MOST, entry, search
from assay.environments.clock import MINUTE, SECOND
from assay.environments.desk import Desk
from assay.environments.errors import ToolError
from assay.environments.tools import App, tool


@tool(writes=False, costs=15 * SECOND)
def customer_search(desk: Desk, query: str) -> dict[str, Any]:
    """Find customers by id, name, contact or plan.

    Args:
        query: part of any of them
    """
    return search(
        desk,
        "SELECT id, name, contact, plan, region, owner, status FROM customer WHERE +id LIKE ?1 ESCAPE '!' OR"
        " +name LIKE ?1 ESCAPE '!' OR +contact LIKE ?1 ESCAPE '!' OR plan = ?2 ORDER BY id",
        query,
        query,
    )


@tool(writes=False, costs=30 * SECOND)
def customer_read(desk: Desk, customer: str) -> dict[str, Any]:
    """Read a customer with contracts and invoices.

    Args:
        customer: their id
    """
    desk.require("contracts:read")
    return entry(
        desk,
        "customer",
        customer,
        "customer",
        contracts="SELECT * FROM contract WHERE customer = ? ORDER BY begins, id",
        invoices="SELECT id, period, amount_cents, currency, status, due FROM invoice WHERE customer = ?"
        f" ORDER BY due DESC, id LIMIT {MOST}",
    )


@tool(writes=False, costs=20 * SECOND)
def invoice_read(desk: Desk, invoice: str) -> dict[str, Any]:
    """Read an invoice with its payments.

    Args:
        invoice: its id
    """
    desk.require("billing:read")
    return entry(
        desk,
        "invoice",
        invoice,
        "invoice",
        payments="SELECT id, amount_cents, method, author, created_at FROM payment WHERE invoice = ?"
        " ORDER BY id",
    )


@tool(writes=True, costs=2 * MINUTE)
def invoice_correct(desk: Desk, invoice: str, amount_cents: int, reason: str) -> dict[str, Any]:
    """Correct the amount of an invoice that is open or disputed.

    Args:
        invoice: its id
        amount_cents: what it should have been
        reason: why; the customer reads it
    """
    row = desk.found("invoice", invoice, "invoice")
    desk.require("billing:write")
    if row["status"] not in ("open", "disputed"):
        raise ToolError(
            "conflict", f"{invoice} is {row['status']}; only open or disputed ones can be corrected"
        )
    if amount_cents < 0 or not reason.strip():
        raise ToolError("bad_arguments", "a correction wants an amount of 0 or more, and a reason")
    desk.change("invoice", invoice, amount_cents=amount_cents, status="open")
    return {"invoice": invoice, "amount_cents": amount_cents}


@tool(writes=True, costs=3 * MINUTE)
def refund(desk: Desk, invoice: str, amount_cents: int, reason: str) -> dict[str, Any]:
    """Pay money back on an invoice that was paid; money leaves the company at once.

    Args:
        invoice: its id
        amount_cents: how much
        reason: why
    """
    row = desk.found("invoice", invoice, "invoice")
    desk.require("billing:refund")
    paid = desk.one("SELECT coalesce(sum(amount_cents), 0) AS paid FROM payment WHERE invoice = ?", invoice)
    left = (paid or {"paid": 0})["paid"]
    if not 0 < amount_cents <= left:
        raise ToolError(
            "conflict", f"{left} cents were paid on {invoice}; a refund is above 0 and no more than that"
        )
    if not reason.strip():
        raise ToolError("bad_arguments", "a refund wants a reason")
    number = desk.put("payment", invoice=invoice, amount_cents=-amount_cents, method="refund")
    desk.change("invoice", invoice, status="refunded" if amount_cents == left else row["status"])
    return {"payment": number}


@tool(writes=True, costs=2 * MINUTE)
def contract_change(
    desk: Desk,
    contract: str,
    seats: int | None = None,
    plan: Literal["team", "business", "enterprise"] | None = None,
) -> dict[str, Any]:
    """Change the seats or the plan of a contract.

    Args:
        contract: its id
        seats: how many people may use it
        plan: the plan
    """
    desk.found("contract", contract, "contract")
    desk.require("contracts:write")
    changed: dict[str, Any] = {
        name: value for name, value in (("seats", seats), ("plan", plan)) if value is not None
    }
    if changed:
        desk.change("contract", contract, **changed)
    return {"changed": sorted(changed)}


@tool(writes=True, costs=MINUTE)
def customer_change(
    desk: Desk,
    customer: str,
    name: str | None = None,
    contact: str | None = None,
    region: Literal["eu", "us", "asia"] | None = None,
    owner: str | None = None,
    status: Literal["active", "paused", "duplicate", "closed"] | None = None,
) -> dict[str, Any]:
    """Correct a customer's entry; what is left out stays.

    Args:
        customer: their id
        name: what they are called
        contact: the address that their mail goes to
        region: where they are
        owner: the id of the colleague who looks after them
        status: active, paused, duplicate (entered twice; keep the other) or closed
    """
    row = desk.found("customer", customer, "customer")
    desk.require("contracts:write")
    if contact is not None and not re.fullmatch(r"[^@\s]+@[^@\s]+", contact):
        raise ToolError("bad_arguments", f"{contact!r} is no mail address")
    if owner is not None:
        desk.found("person", owner, "person")
    wanted = {"name": name, "contact": contact, "region": region, "owner": owner, "status": status}
    changed = {each: value for each, value in wanted.items() if value is not None and value != row[each]}
    if changed:
        desk.change("customer", customer, **changed)
    return {"changed": sorted(changed)}


APP = App(
    "customers",
    "billing",
    (customer_search, customer_read, invoice_read, invoice_correct, refund, contract_change, customer_change),
)
