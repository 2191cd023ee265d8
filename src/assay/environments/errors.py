"""What goes wrong in worlds: mistakes of whoever builds them, and refusals that belong to the game."""

from __future__ import annotations

from assay.errors import AssayError


class WorldError(AssayError):
    """A world is used or built wrongly; the episode ends."""


LONGEST_SAID = 1_000
"""Characters of a refusal, which an agent has to read."""


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
        # What was asked for is named in it, and may be as long as a book.
        super().__init__(says if len(says) <= LONGEST_SAID else f"{says[:LONGEST_SAID]}…")
        self.code, self.retry_after = code, retry_after
