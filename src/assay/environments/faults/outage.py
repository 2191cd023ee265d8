"""A service is down, and with it all that needs it."""

from __future__ import annotations

from typing import Any

from assay.environments.errors import ToolError
from assay.environments.faults import Hit


class Outage:
    """Every call is answered with 503 until the outage ends."""

    def before(self, hit: Hit) -> None:
        hit.note("down")
        says = hit.fault.parameters.get("says", "503 Service Unavailable: the upstream did not answer")
        raise ToolError("unavailable", says)

    def after(self, hit: Hit, answer: Any) -> Any:
        return answer
