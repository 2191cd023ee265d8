"""A service that answers some calls and fails others."""

from __future__ import annotations

from typing import Any

from assay.environments.errors import ToolError
from assay.environments.faults import Hit


class Brownout:
    """Calls fail with the probability `share`, before anything is done; trying again helps."""

    def before(self, hit: Hit) -> None:
        if hit.chance(float(hit.fault.parameters.get("share", 0.5))):
            hit.note("failed")
            raise ToolError(
                "timeout", "504 Gateway Timeout: nothing was done; the service is slow at the moment"
            )

    def after(self, hit: Hit, answer: Any) -> Any:
        return answer
