"""Everything known about each row, for people who want to trace or filter it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

from assay.records import Example


class Jsonl:
    """Every field of an example, in the order of the record.

    `ratings` is a list of pairs: its questions differ from brief to brief, and a column cannot.
    """

    title = "Assay rows with their history (JSONL)"
    suffix = ".jsonl"
    shapes = ("preference", "demonstration", "rating")

    def row(self, example: Example) -> Mapping[str, object]:
        row = {field.name: getattr(example, field.name) for field in fields(example)}
        row["judgments"] = list(example.judgments)
        row["messages"] = [dict(message) for message in example.messages]
        row["ratings"] = [{"question": name, "label": label} for name, label in example.ratings.items()]
        return row


FORMAT = Jsonl()
