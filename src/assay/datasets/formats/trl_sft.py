"""Ideal answers as TRL's SFT trainer reads them, in the conversational prompt–completion form."""

from __future__ import annotations

from collections.abc import Mapping

from assay.datasets.messages import asked
from assay.records import Example


class TrlSft:
    """`prompt` and `completion` as lists of messages.

    A demonstration gives its text, a preference the answer that people chose. The loss falls on the
    completion only, which is why the two are apart.
    """

    title = "TRL supervised fine-tuning (SFT)"
    suffix = ".jsonl"
    shapes = ("demonstration", "preference")
    once = ("prompt", "completion")

    def row(self, example: Example) -> Mapping[str, object]:
        return {
            "prompt": asked(example),
            "completion": [{"role": "assistant", "content": example.completion or example.chosen}],
            "weight": example.weight,
            "language": example.language,
            "id": example.id,
        }


FORMAT = TrlSft()
