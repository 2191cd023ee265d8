"""A service that takes only so many calls a minute."""

from __future__ import annotations

from typing import Any

from assay.environments.clock import MINUTE, SECOND
from assay.environments.errors import ToolError
from assay.environments.faults import Hit


class RateLimit:
    """After `calls` within a minute it refuses, and says after how many seconds to come back."""

    def before(self, hit: Hit) -> None:
        most = int(hit.fault.parameters.get("calls", 3))
        since = hit.world.now - MINUTE
        recent = hit.world.hidden(
            "SELECT step.ends AS at FROM contact JOIN step ON step.id = contact.step"
            " WHERE contact.fault = ? AND contact.did = 'served' AND step.ends > ? ORDER BY step.ends",
            hit.fault.number,
            since,
        )
        if len(recent) >= most:
            left = max((recent[-most]["at"] + MINUTE - hit.world.now + SECOND - 1) // SECOND, 1)
            # Until when is kept, so that a report can say whether it was waited for.
            hit.note(f"refused until {hit.world.now + left * SECOND}")
            raise ToolError("rate_limited", "429 Too Many Requests: slow down", retry_after=left)

    def after(self, hit: Hit, answer: Any) -> Any:
        hit.note("served")
        return answer
