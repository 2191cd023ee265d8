"""A vendor's status page that says otherwise than it is."""

from __future__ import annotations

from typing import Any

from assay.environments.building import Builder
from assay.environments.faults import Planned
from assay.environments.faults.planted import Planted


class WrongStatusPage(Planted):
    """The page of the vendor says `status` and `text`, and keeps to it."""

    def plant(self, made: Builder, fault: Planned) -> None:
        says: dict[str, Any] = {
            "status": fault.parameters.get("status", "operational"),
            "text": fault.parameters.get("text", "All systems operational."),
        }
        made.change("status_page", fault.key, **says)
