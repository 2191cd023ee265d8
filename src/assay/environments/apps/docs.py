"""Documents with versions: runbooks, policies, plans. They may be outdated, and say when they were
written."""

from __future__ import annotations

from typing import Any

from assay.environments.apps import entry, search
from assay.environments.clock import MINUTE, SECOND
from assay.environments.desk import Desk
from assay.environments.errors import ToolError
from assay.environments.tools import App, tool


@tool(writes=False, costs=15 * SECOND)
def doc_search(desk: Desk, query: str) -> dict[str, Any]:
    """Find documents by title or text.

    Args:
        query: part of either
    """
    return search(
        desk,
        "SELECT id, title, folder, version, author, created_at FROM doc"
        " WHERE +title LIKE ?1 ESCAPE '!' OR +text LIKE ?1 ESCAPE '!' ORDER BY id",
        query,
    )


@tool(writes=False, costs=MINUTE)
def doc_read(desk: Desk, doc: str) -> dict[str, Any]:
    """Read a document, with who wrote its versions and when.

    Args:
        doc: its id
    """
    return entry(
        desk,
        "doc",
        doc,
        "document",
        versions="SELECT version, author, created_at FROM doc_version WHERE doc = ? ORDER BY version",
    )


@tool(writes=True, costs=5 * MINUTE)
def doc_write(desk: Desk, doc: str, text: str, title: str | None = None) -> dict[str, Any]:
    """Write a new version of a document, or a new document.

    Args:
        doc: its id
        text: the whole text
        title: wanted for a new document
    """
    desk.require("docs:write")
    there = desk.one("SELECT version FROM doc WHERE id = ?", doc)
    if there is None and not title:
        raise ToolError("bad_arguments", f"there is no document {doc!r}; give a title to begin one")
    version = (there["version"] if there else 0) + 1
    if there is None:
        desk.put("doc", id=doc, title=title, folder="notes", text=text, version=1)
    else:
        desk.change("doc", doc, text=text, version=version)
    desk.put("doc_version", doc=doc, version=version, text=text)
    return {"version": version}


APP = App("docs", "docs", (doc_search, doc_read, doc_write))
