"""A document that was right once."""

from __future__ import annotations

from assay.environments.building import Builder
from assay.environments.clock import WEEK
from assay.environments.faults import Planned
from assay.environments.faults.planted import Planted


class OutdatedDoc(Planted):
    """A document says `text`, and was last written `weeks` before play began."""

    def plant(self, made: Builder, fault: Planned) -> None:
        told = fault.parameters
        at = max(made.begins - int(told.get("weeks", 2)) * WEEK, 0)
        row = {"by": told.get("by", ""), "at": at}
        made.put(
            "doc",
            id=fault.key,
            title=told["title"],
            folder=told.get("folder", "notes"),
            text=told["text"],
            version=1,
            **row,
        )
        made.put("doc_version", doc=fault.key, version=1, text=told["text"], **row)
