"""Tickets as pages: boards by status, and one ticket with what was said and changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.environments.apps.tickets import STATUSES
from assay.environments.showing.markup import Html, join, listed, pairs, slug, table, tag, text, when
from assay.environments.showing.parts import MOST, Drawn, by, find
from assay.environments.world import World


def board(world: World, key: str = "") -> Drawn:
    """Return tickets by status, of one board or of all."""
    boards = [row["board"] for row in find(world, "SELECT DISTINCT board FROM ticket ORDER BY board")]
    links = [tag("a", "all", href="board.html", aria_current=None if key else "true")]
    links += [
        tag("a", each, href=f"board-{slug(each)}.html", aria_current="true" if each == key else None)
        for each in boards
    ]
    rows = find(
        world,
        "SELECT * FROM ticket WHERE ?1 = '' OR board = ?1 ORDER BY created_at DESC, id LIMIT ?2",
        key,
        5 * MOST,
    )
    statuses = dict.fromkeys([*STATUSES, *(row["status"] for row in rows)])
    columns = []
    for status in statuses:
        mine = [row for row in rows if row["status"] == status]
        cards = (_card(row) for row in mine)
        inner = tag("ul", *cards) if mine else tag("p", "None.", class_="soft")
        columns.append(tag("section", tag("h2", f"{status} ({len(mine)})"), inner))
    return (f"Board {key}" if key else "Boards"), join(
        (
            tag("p", "Boards: ", join(join((" ", link)) for link in links)),
            tag(
                "div", *columns, class_="columns", role="region", aria_label="Tickets by status", tabindex="0"
            ),
        )
    )


def _card(row: Mapping[str, Any]) -> Html:
    about = " · ".join(str(part) for part in (row["priority"], row["assignee"], when(row["due"])) if part)
    return tag(
        "li",
        tag("a", row["id"], href=f"ticket-{slug(row['id'])}.html"),
        " ",
        tag("span", row["title"], dir="auto"),
        tag("div", about, class_="soft"),
        class_="card",
    )


def ticket(world: World, key: str) -> Drawn:
    """Return a ticket with its comments and history."""
    row = find(world, "SELECT * FROM ticket WHERE id = ?", key)[0]
    comments = find(world, "SELECT * FROM ticket_comment WHERE ticket = ? ORDER BY id", key)
    changes = find(world, "SELECT * FROM ticket_change WHERE ticket = ? ORDER BY id", key)
    return f"{key}: {row['title']}", join(
        (
            pairs(
                {
                    "status": row["status"],
                    "priority": row["priority"],
                    "assignee": row["assignee"],
                    "due": when(row["due"]),
                    "labels": row["labels"],
                    "opened": f"{row['author']}, {when(row['created_at'])}",
                }
            ),
            text(row["body"]),
            tag("h2", "Comments"),
            listed(
                (
                    join((by(world, each["author"], each["created_at"]), text(each["text"])))
                    for each in comments
                ),
                class_="talk",
            )
            if comments
            else tag("p", "None.", class_="soft"),
            tag("h2", "History"),
            table(
                "History",
                [
                    {
                        "at": when(each["created_at"]),
                        "who": each["author"],
                        "what": each["field"],
                        "was": each["was"],
                        "is now": each["is_now"],
                    }
                    for each in changes
                ],
            ),
        )
    )
