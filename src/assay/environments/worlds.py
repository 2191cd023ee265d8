"""The kinds of worlds there are."""

from __future__ import annotations

from assay.environments.startup import APPS, build
from assay.environments.universe import Kind

STARTUP = Kind("startup", build, APPS, "startup-templates")
