"""The same doors for programs: JSON over a signed-in session, with its CSRF token in `X-CSRFToken`."""

from assay.platform.api import arena, conversations, files
from assay.platform.api.routes import api

api.add_router("", arena.router)
api.add_router("", conversations.router)
api.add_router("", files.router)

__all__ = ["api"]
