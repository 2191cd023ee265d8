"""The same doors for programs: JSON over a signed-in session, with its CSRF token in `X-CSRFToken`."""

from assay.platform.api.routes import api

__all__ = ["api"]
