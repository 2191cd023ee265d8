"""An error although the write happened: who tries again blindly does it twice."""

from __future__ import annotations

from typing import Any

from assay.environments.errors import ToolError
from assay.environments.faults import Hit


class LostAcknowledgement:
    """The first `times` writes are done, and answered with 500."""

    def before(self, hit: Hit) -> None:
        pass

    def after(self, hit: Hit, answer: Any) -> Any:
        if not hit.tool.writes:
            return answer
        (met,) = hit.world.hidden("SELECT count(*) AS met FROM contact WHERE fault = ?", hit.fault.number)
        if met["met"] >= int(hit.fault.parameters.get("times", 1)):
            return answer
        hit.note("lost")
        raise ToolError("unavailable", "500 Internal Server Error: the connection was lost before the answer")
