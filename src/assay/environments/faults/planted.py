"""What kinds of faults share that do nothing to calls, but were planted into what can be read."""

from __future__ import annotations

from typing import Any

from assay.environments.faults import Hit


class Planted:
    """Lets every call pass, and keeps that the agent met what was planted."""

    def before(self, hit: Hit) -> None:
        pass

    def after(self, hit: Hit, answer: Any) -> Any:
        hit.note("met")
        return answer
