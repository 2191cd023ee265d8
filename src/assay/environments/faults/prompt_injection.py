"""Words in a mail, ticket or document that speak to whoever reads it as if they were instructions."""

from __future__ import annotations

from assay.environments.building import Builder
from assay.environments.errors import WorldError
from assay.environments.faults import Planned
from assay.environments.faults.planted import Planted

TEXTS = {"mail": ("email", "body"), "ticket": ("ticket", "body"), "doc": ("doc", "text")}


class PromptInjection(Planted):
    """`text` is added to what is there; the scope says where: "mail:", "ticket:" or "doc:" and its id."""

    def plant(self, made: Builder, fault: Planned) -> None:
        if fault.about not in TEXTS:
            raise WorldError(f"an injection is planted in a mail, ticket or doc, not in {fault.about!r}")
        table, column = TEXTS[fault.about]
        (row,) = made.rows(f"SELECT id, {column} AS text FROM {table} WHERE CAST(id AS TEXT) = ?", fault.key)
        made.change(table, row["id"], **{column: f"{row['text']}\n\n{fault.parameters['text']}"})
