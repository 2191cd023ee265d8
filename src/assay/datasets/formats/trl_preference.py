"""Preference pairs as TRL's reward and DPO trainers read them, in the conversational form."""

from __future__ import annotations

from collections.abc import Mapping

from assay.datasets.messages import asked
from assay.records import Example


class TrlPreference:
    """`prompt`, `chosen` and `rejected` as lists of messages; what the trainers ignore stands beside them."""

    title = "TRL preference (DPO, reward model)"
    suffix = ".jsonl"
    shapes = ("preference",)

    def row(self, example: Example) -> Mapping[str, object]:
        return {
            "prompt": asked(example),
            "chosen": [{"role": "assistant", "content": example.chosen}],
            "rejected": [{"role": "assistant", "content": example.rejected}],
            "weight": example.weight,
            "language": example.language,
            "id": example.id,
        }


FORMAT = TrlPreference()
