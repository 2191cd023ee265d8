"""Somebody who answers readily, and wrongly."""

from __future__ import annotations

from assay.environments.building import Builder
from assay.environments.faults import Planned
from assay.environments.faults.planted import Planted


class MistakenCoworker(Planted):
    """Asked with `words`, the person says `wrong`; what is so stands elsewhere."""

    def plant(self, made: Builder, fault: Planned) -> None:
        told = fault.parameters
        made.script(fault.key, reliability=0.0, patience=20)
        made.knows(fault.key, "mistaken", told["words"], told["right"], spoilt=told["wrong"])
