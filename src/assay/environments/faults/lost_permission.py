"""A permission that is taken away in mid-task, and given again by who owns it."""

from __future__ import annotations

from typing import Any

from assay.environments.building import Builder
from assay.environments.faults import Hit, Planned


class LostPermission:
    """The permission that the scope names ("permission:deploy:api") ends when the fault begins.

    `owner` gives it again when asked with `words`.

    Signals: calls that need it answer that it is lacking, and the directory no longer lists it.
    """

    def plant(self, made: Builder, fault: Planned) -> None:
        told, agent = fault.parameters, str(made.meta("agent"))
        for row in made.rows("SELECT id FROM permission WHERE person = ? AND scope = ?", agent, fault.key):
            if fault.begins <= made.begins:
                made.change("permission", row["id"], valid_to=fault.begins)
            else:
                made.change_later(fault.begins, "permission", row["id"], valid_to=fault.begins)
        made.knows(
            told["owner"],
            f"grant:{fault.key}",
            told["words"],
            f"Sorry, that was the clean-up of permissions. You have {fault.key} again.",
        )

    def before(self, hit: Hit) -> None:
        held = hit.world.hidden(
            "SELECT 1 FROM permission WHERE person = ? AND scope = ? AND valid_to IS NULL",
            hit.world.agent,
            hit.fault.key,
        )
        if not held:
            hit.note("refused")  # the tool itself says so

    def after(self, hit: Hit, answer: Any) -> Any:
        return answer
