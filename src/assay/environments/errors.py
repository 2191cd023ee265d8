"""What goes wrong in worlds: mistakes of whoever builds them, and refusals that belong to the game."""

from __future__ import annotations

from assay.errors import AssayError


class WorldError(AssayError):
    """A world is used or built wrongly; the episode ends."""


class ToolError(Exception):
    """What a tool answers instead of a result; the episode goes on.

    Attributes
    ----------
    code
        As a service would say it: `not_found`, `bad_arguments`, `forbidden`, `unavailable`, `rate_limited`,
        `conflict`, `timeout`.
    retry_after
        Seconds after which to try again, where the service says so.
    """

    def __init__(self, code: str, says: str, *, retry_after: int | None = None) -> None:
        super().__init__(says)
        self.code, self.retry_after = code, retry_after
