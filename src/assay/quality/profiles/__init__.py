"""What each person can do: one posterior for every skill, language and domain, partially pooled."""

from assay.quality.profiles.evidence import Evidence
from assay.quality.profiles.fit import Profiles, profiles

__all__ = ["Evidence", "Profiles", "profiles"]
