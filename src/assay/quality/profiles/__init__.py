"""What each person can do: one posterior for every skill, language and domain, partially pooled."""

from assay.quality.profiles.evidence import Evidence
from assay.quality.profiles.fit import Profiles, profiles
from assay.quality.profiles.sources import Gathered, evidence_of

__all__ = ["Evidence", "Gathered", "Profiles", "evidence_of", "profiles"]
