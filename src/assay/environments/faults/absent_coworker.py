"""Somebody is away: their mailbox says so, chat stays silent, and somebody may stand in."""

from __future__ import annotations

from assay.environments.building import Builder
from assay.environments.faults import Planned
from assay.environments.faults.planted import Planted


class AbsentCoworker(Planted):
    """The person is absent while the fault lasts; `stand_in` stands in."""

    def plant(self, made: Builder, fault: Planned) -> None:
        made.put(
            "absence",
            person=fault.key,
            begins=fault.begins,
            ends=fault.ends,
            stand_in=fault.parameters.get("stand_in") or None,
            at=min(fault.begins, made.begins),
        )
