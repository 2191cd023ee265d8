"""Messages of another system that come twice, or in another order than they were sent."""

from __future__ import annotations

from assay.environments.building import Builder
from assay.environments.clock import MINUTE
from assay.environments.faults import Planned
from assay.environments.faults.planted import Planted


class WebhookDuplicates(Planted):
    """Each of the `events` (rows of `table`) is delivered `times` times, a few minutes apart."""

    def plant(self, made: Builder, fault: Planned) -> None:
        told = fault.parameters
        for place, values in enumerate(told["events"]):
            for again in range(int(told.get("times", 2))):
                at = fault.begins + (place + 7 * again) * MINUTE
                deliver(made, at, told["table"], told.get("by", "webhook"), values)


class WebhookReordered(Planted):
    """The `events` (rows of `table`) are delivered in the order that `order` says, a minute apart."""

    def plant(self, made: Builder, fault: Planned) -> None:
        told = fault.parameters
        for place, number in enumerate(told["order"]):
            at = fault.begins + place * MINUTE
            deliver(made, at, told["table"], told.get("by", "webhook"), told["events"][number])


def deliver(made: Builder, at: int, table: str, by: str, values: dict[str, str | int | None]) -> None:
    """Put a row as of a moment that is past, or let it come."""
    if at <= made.begins:
        made.put(table, by=by, at=at, **values)
    else:
        made.put_later(at, table, by=by, **values)
