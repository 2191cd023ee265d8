"""A replica that lags: lists lack what came in since."""

from __future__ import annotations

from typing import Any

from assay.environments import clock
from assay.environments.faults import Hit


class StaleRead:
    """What came in after the fault began is missing from every list that says when its entries came."""

    def before(self, hit: Hit) -> None:
        pass

    def after(self, hit: Hit, answer: Any) -> Any:
        if not (isinstance(answer, dict) and isinstance(answer.get("found"), list)):
            return answer
        there = [each for each in answer["found"] if not _since(each, hit.fault.begins)]
        if len(there) < len(answer["found"]):
            hit.note("stale")
        return {**answer, "found": there}


def _since(entry: Any, moment: int) -> bool:
    return isinstance(entry, dict) and "at" in entry and clock.read(entry["at"]) > moment
