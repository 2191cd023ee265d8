"""Spans: marked stretches of text in, spans for each item and each rater's precision and recall out.

`soft` (a vote on every character with threshold 0.4) is the default.
"""

from assay.quality.spans.columns import MarkHistory, Runs, Spans
from assay.quality.spans.result import SpansMethod, SpansResult
from assay.quality.spans.vote import soft, staple, weighted

__all__ = ["MarkHistory", "Runs", "Spans", "SpansMethod", "SpansResult", "soft", "staple", "weighted"]
