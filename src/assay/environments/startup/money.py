"""What disputes about money have in common: invoices that are asked about."""

from __future__ import annotations

from typing import Any

from assay.environments.clock import DAY
from assay.environments.startup.scene import Scene
from assay.environments.tasks import Allowed


def new_invoice(
    scene: Scene, customer: dict[str, Any], amount: int, *, status: str = "open", ago: int = 5 * DAY
) -> str:
    """Put an invoice of month 4 for a customer, and return its id."""
    many = scene.made.rows("SELECT count(*) AS n FROM invoice WHERE id LIKE 'I9%'")[0]["n"]
    key = f"I9{100 + 7 * many + scene.draw.below(7)}"
    scene.made.put(
        "invoice",
        id=key,
        customer=customer["id"],
        period="month 4",
        amount_cents=amount,
        currency="EUR",
        status=status,
        due=scene.begins + 10 * DAY,
        at=scene.begins - ago,
    )
    return key


def paid_invoice(scene: Scene, customer: dict[str, Any], *, times: int = 1) -> tuple[str, int]:
    """Put an invoice by contract that was paid so many times; return its id and amount."""
    amount = customer["seats"] * customer["price_cents"]
    key = new_invoice(scene, customer, amount, status="paid")
    for time in range(times):
        pay(scene, key, amount, ago=(3 - time) * DAY)
    return key, amount


def pay(scene: Scene, invoice: str, amount: int, *, ago: int = DAY, method: str = "transfer") -> int:
    """Put a payment, and return its number."""
    return scene.made.put(
        "payment", invoice=invoice, amount_cents=amount, method=method, at=scene.begins - ago
    )


def refunding(invoice: str, amount: int) -> tuple[Allowed, ...]:
    """Return what one refund changes."""
    return (
        Allowed("payment", "INSERT", {"invoice": invoice, "amount_cents": -amount}, most=1),
        Allowed("invoice", "UPDATE", {"id": invoice}, ("status",), most=1),
    )
