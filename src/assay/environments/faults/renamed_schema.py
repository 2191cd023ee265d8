"""A service that was upgraded, and calls its columns otherwise, perhaps in another unit."""

from __future__ import annotations

from typing import Any

from assay.environments.faults import Hit


class RenamedSchema:
    """In answers `renamed` names are new, and the numbers among them `factor` times as large.

    What is written keeps the old names: only the reading side was upgraded.
    """

    def before(self, hit: Hit) -> None:
        pass

    def after(self, hit: Hit, answer: Any) -> Any:
        told = hit.fault.parameters
        changed = renamed(answer, dict(told["renamed"]), int(told.get("factor", 1)))
        if changed != answer:
            hit.note("renamed")
        return changed


def renamed(answer: Any, names: dict[str, str], factor: int) -> Any:
    """Return an answer with other names.

    >>> renamed({"found": [{"cents": 5, "id": 1}]}, {"cents": "mills"}, 10)
    {'found': [{'mills': 50, 'id': 1}]}
    """
    if isinstance(answer, list):
        return [renamed(each, names, factor) for each in answer]
    if not isinstance(answer, dict):
        return answer
    found: dict[str, Any] = {}
    for name, value in answer.items():
        if name in names and isinstance(value, int | float):
            found[names[name]] = value * factor
        else:
            found[str(names.get(str(name), name))] = renamed(value, names, factor)
    return found
