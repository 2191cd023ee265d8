"""What judgments are worth: votes in, verdicts and skills out.

The rule behind everything here: agreement with the majority is not quality. Methods read `Columns` (votes as
integer codes) and return a frozen `Result`; every method is one file and one line in the registry.
"""

from assay.quality.bwa import bwa
from assay.quality.columns import Columns
from assay.quality.contest import contest
from assay.quality.dawid_skene import dawid_skene
from assay.quality.difficulty import Difficulty, difficulty
from assay.quality.ebcc import ebcc
from assay.quality.ensemble import ensemble
from assay.quality.glad import glad
from assay.quality.hierarchical import hierarchical, hierarchical_two
from assay.quality.independence import independence
from assay.quality.iwmv import iwmv
from assay.quality.la import la, la_two_pass
from assay.quality.mace import mace
from assay.quality.majority import majority
from assay.quality.multilabel import MultilabelResult, multilabel
from assay.quality.pm import pm
from assay.quality.result import Method, Result
from assay.quality.scores import GoldScores, score
from assay.quality.skills import RaterSkills, skills
from assay.quality.stream import Stream
from assay.quality.wawa import wawa
from assay.quality.weigh import Finding, weigh

__all__ = [
    "Columns",
    "Difficulty",
    "Finding",
    "GoldScores",
    "Method",
    "MultilabelResult",
    "RaterSkills",
    "Result",
    "Stream",
    "bwa",
    "contest",
    "dawid_skene",
    "difficulty",
    "ebcc",
    "ensemble",
    "glad",
    "hierarchical",
    "hierarchical_two",
    "independence",
    "iwmv",
    "la",
    "la_two_pass",
    "mace",
    "majority",
    "multilabel",
    "pm",
    "score",
    "skills",
    "wawa",
    "weigh",
]
