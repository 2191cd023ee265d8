"""Tickets as pages: boards by status, and one ticket with what was said and changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.environments.apps.tickets import STATUSES
from assay.environments.showing.markup import Html, join, listed, own, pairs, slug, table, tag, text, when
from assay.environments.showing.parts import MOST, Drawn, by, find
from assay.environments.world import World
from assay.wording import say


def board(world: World, key: str = "") -> Drawn:
    """Return tickets by status, of one board or of all."""
    boards = [row["board"] for row in find(world, "SELECT DISTINCT board FROM ticket ORDER BY board")]
    links = [tag("a", say("all"), href="board.html", aria_current=None if key else "true")]
    links += [
        tag("a", own(each), href=f"board-{slug(each)}.html", aria_current="true" if each == key else None)
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
        inner = tag("ul", *cards) if mine else tag("p", say("None."), class_="soft")
        columns.append(tag("section", tag("h2", own(status), f" ({len(mine)})"), inner))
    return (say("Board {name}", name=key) if key else say("Boards")), join(
        (
            tag("p", say("Boards:"), join(join((" ", link)) for link in links)),
            tag(
                "div",
                *columns,
                class_="columns",
                role="region",
                aria_label=say("Tickets by status"),
                tabindex="0",
            ),
        )
    )


def _card(row: Mapping[str, Any]) -> Html:
    about = " · ".join(str(part) for part in (row["priority"], row["assignee"], when(row["due"])) if part)
    return tag(
        "li",
        tag("a", own(row["id"]), href=f"ticket-{slug(row['id'])}.html"),
        " ",
        own(row["title"]),
        tag("div", own(about), class_="soft"),
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
                    say("status"): row["status"],
                    say("priority"): row["priority"],
                    say("assignee"): row["assignee"],
                    say("due"): when(row["due"]),
                    say("labels"): row["labels"],
                    say("opened"): f"{row['author']}, {when(row['created_at'])}",
                }
            ),
            text(row["body"]),
            tag("h2", say("Comments")),
            listed(
                (
                    join((by(world, each["author"], each["created_at"]), text(each["text"])))
                    for each in comments
                ),
                class_="talk",
            )
            if comments
            else tag("p", say("None."), class_="soft"),
            tag("h2", say("History")),
            table(
                say("History"),
                [
                    {
                        say("when"): when(each["created_at"]),
                        say("person"): each["author"],
                        say("field"): each["field"],
                        say("was"): each["was"],
                        say("is now"): each["is_now"],
                    }
                    for each in changes
                ],
            ),
        )
    )
