"""A token that runs out in mid-task, and is renewed in a documented way."""

from __future__ import annotations

from typing import Any

from assay.environments.errors import ToolError
from assay.environments.faults import Hit


class ExpiredToken:
    """Calls are refused until the token is renewed; `says` tells what the service says."""

    def before(self, hit: Hit) -> None:
        hit.note("refused")
        raise ToolError(
            "forbidden", hit.fault.parameters.get("says", "401 Unauthorized: the token has expired")
        )

    def after(self, hit: Hit, answer: Any) -> Any:
        return answer
