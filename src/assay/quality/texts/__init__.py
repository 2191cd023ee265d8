"""Texts: whole answers in, one text for each item and each writer's quality out.

Which when: translations, summaries and free answers have many good wordings, so one whole answer is chosen
(`rasa`, the default; `medoid` and `weighted_medoid` are simpler); transcripts have one right wording, so
`rover` votes word by word. A vote word by word on translations makes sentences that nobody wrote.
"""

from assay.quality.texts.choose import medoid, rasa, weighted_medoid
from assay.quality.texts.columns import Texts, WritingHistory
from assay.quality.texts.result import TextsMethod, TextsResult
from assay.quality.texts.rover import rover

__all__ = [
    "Texts",
    "TextsMethod",
    "TextsResult",
    "WritingHistory",
    "medoid",
    "rasa",
    "rover",
    "weighted_medoid",
]
