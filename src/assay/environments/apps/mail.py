"""Mail, inside the company and with customers."""

from __future__ import annotations

from typing import Any, Literal

from assay.environments.apps import MOST, search, shown, told
from assay.environments.clock import MINUTE, SECOND
from assay.environments.desk import Desk
from assay.environments.errors import ToolError
from assay.environments.tools import App, tool


@tool(writes=False, costs=20 * SECOND)
def mail_list(desk: Desk, folder: Literal["inbox", "sent"] = "inbox", limit: int = 20) -> dict[str, Any]:
    """List the latest mails of a folder, the latest first, without their texts.

    Args:
        folder: inbox or sent
        limit: how many
    """
    limit = min(max(limit, 1), MOST)
    rows = desk.table(
        "SELECT id, thread, author, recipients, subject, seen, created_at FROM email WHERE folder = ?"
        " ORDER BY id DESC LIMIT ?",
        folder,
        limit + 1,
    )
    return told(rows, limit)


@tool(writes=False, costs=20 * SECOND)
def mail_search(desk: Desk, query: str) -> dict[str, Any]:
    """Find mails by sender, subject or text, the latest first.

    Args:
        query: part of any of them
    """
    return search(
        desk,
        "SELECT id, thread, author, recipients, subject, folder, created_at FROM email"
        " WHERE +subject LIKE ?1 ESCAPE '!' OR +body LIKE ?1 ESCAPE '!' OR +author LIKE ?1 ESCAPE '!'"
        " ORDER BY id DESC",
        query,
    )


@tool(writes=True, costs=40 * SECOND)
def mail_read(desk: Desk, mail: int) -> dict[str, Any]:
    """Read a mail; it counts as seen then.

    Args:
        mail: its number
    """
    row = desk.found("email", mail, "mail")
    if not row["seen"]:
        desk.change("email", mail, seen=1)
    return shown(row)


@tool(writes=True, costs=2 * MINUTE)
def mail_send(
    desk: Desk, to: list[str], subject: str, body: str, answers: int | None = None
) -> dict[str, Any]:
    """Send a mail.

    Args:
        to: addresses, or ids of colleagues
        subject: what it is about
        body: the text
        answers: the number of the mail that it answers
    """
    if not to or not body.strip():
        raise ToolError("bad_arguments", "a mail wants somebody to go to and a text")
    thread = None
    if answers is not None:
        answered = desk.found("email", answers, "mail")
        thread = answered["thread"] or answers
    reached = [_address(desk, each) for each in to]
    number = desk.put(
        "email",
        thread=thread,
        recipients=", ".join(address for address, _ in reached),
        subject=subject,
        body=body,
        folder="sent",
        seen=1,
    )
    for address, person in reached:
        desk.later(
            desk.now,
            "said",
            to=person or address,
            by=desk.who,
            medium="mail",
            place=str(thread or number),
            about=number,
            text=f"{subject}\n{body}",
        )
    return {"mail": number}


def _address(desk: Desk, to: str) -> tuple[str, str | None]:
    row = desk.one("SELECT id, email FROM person WHERE id = ?1 OR email = ?1", to)
    if row:
        return row["email"], row["id"]
    if "@" not in to:
        raise ToolError("not_found", f"{to!r} is no address and nobody's id")
    return to, None


APP = App("mail", "mail", (mail_list, mail_search, mail_read, mail_send))
