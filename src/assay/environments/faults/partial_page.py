"""Lists that end too early, as when one shard does not answer."""

from __future__ import annotations

from typing import Any

from assay.environments.faults import Hit


class PartialPage:
    """Of every list only the first `share` comes, with `complete` false beside where the answer has room."""

    def before(self, hit: Hit) -> None:
        pass

    def after(self, hit: Hit, answer: Any) -> Any:
        share = float(hit.fault.parameters.get("share", 0.5))
        if isinstance(answer, dict) and isinstance(answer.get("found"), list) and len(answer["found"]) > 1:
            hit.note("cut")
            kept = max(1, int(len(answer["found"]) * share))
            return {**answer, "found": answer["found"][:kept], "complete": False}
        return answer
