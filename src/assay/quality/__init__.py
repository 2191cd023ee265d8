"""What judgments are worth: votes in, verdicts and skills out.

The rule behind everything here: agreement with the majority is not quality. Labels, the most common answers,
have their names here; numbers, comparisons, texts, spans and boxes have folders of their own.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assay.quality.labels.bwa import bwa as bwa
    from assay.quality.labels.columns import Columns as Columns
    from assay.quality.labels.contest import contest as contest
    from assay.quality.labels.dawid_skene import dawid_skene as dawid_skene
    from assay.quality.labels.dawid_skene import dawid_skene_em as dawid_skene_em
    from assay.quality.labels.difficulty import Difficulty as Difficulty
    from assay.quality.labels.difficulty import difficulty as difficulty
    from assay.quality.labels.ebcc import ebcc as ebcc
    from assay.quality.labels.ensemble import ensemble as ensemble
    from assay.quality.labels.glad import glad as glad
    from assay.quality.labels.hierarchical import hierarchical as hierarchical
    from assay.quality.labels.hierarchical import hierarchical_two as hierarchical_two
    from assay.quality.labels.independence import independence as independence
    from assay.quality.labels.iwmv import iwmv as iwmv
    from assay.quality.labels.la import la as la
    from assay.quality.labels.la import la_two_pass as la_two_pass
    from assay.quality.labels.mace import mace as mace
    from assay.quality.labels.majority import majority as majority
    from assay.quality.labels.multilabel import MultilabelResult as MultilabelResult
    from assay.quality.labels.multilabel import multilabel as multilabel
    from assay.quality.labels.pm import pm as pm
    from assay.quality.labels.result import Method as Method
    from assay.quality.labels.result import Result as Result
    from assay.quality.labels.scores import GoldScores as GoldScores
    from assay.quality.labels.scores import score as score
    from assay.quality.labels.skills import RaterSkills as RaterSkills
    from assay.quality.labels.skills import skills as skills
    from assay.quality.labels.stream import Stream as Stream
    from assay.quality.labels.wawa import wawa as wawa
    from assay.quality.labels.weigh import Finding as Finding
    from assay.quality.labels.weigh import weigh as weigh

# SciPy and polars take a second to load; whoever names this package pays for what they use.
_MODULES = {
    "assay.quality.labels.bwa": ("bwa",),
    "assay.quality.labels.columns": ("Columns",),
    "assay.quality.labels.contest": ("contest",),
    "assay.quality.labels.dawid_skene": ("dawid_skene", "dawid_skene_em"),
    "assay.quality.labels.difficulty": ("Difficulty", "difficulty"),
    "assay.quality.labels.ebcc": ("ebcc",),
    "assay.quality.labels.ensemble": ("ensemble",),
    "assay.quality.labels.glad": ("glad",),
    "assay.quality.labels.hierarchical": ("hierarchical", "hierarchical_two"),
    "assay.quality.labels.independence": ("independence",),
    "assay.quality.labels.iwmv": ("iwmv",),
    "assay.quality.labels.la": ("la", "la_two_pass"),
    "assay.quality.labels.mace": ("mace",),
    "assay.quality.labels.majority": ("majority",),
    "assay.quality.labels.multilabel": ("MultilabelResult", "multilabel"),
    "assay.quality.labels.pm": ("pm",),
    "assay.quality.labels.result": ("Method", "Result"),
    "assay.quality.labels.scores": ("GoldScores", "score"),
    "assay.quality.labels.skills": ("RaterSkills", "skills"),
    "assay.quality.labels.stream": ("Stream",),
    "assay.quality.labels.wawa": ("wawa",),
    "assay.quality.labels.weigh": ("Finding", "weigh"),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}

__all__ = sorted(_HOMES)  # noqa: PLE0605 -- a list, written once


def __getattr__(name: str) -> object:
    """Import what is asked for, and keep it."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """Name what can be asked for, for completion in a shell."""
    return sorted({*globals(), *_HOMES})
