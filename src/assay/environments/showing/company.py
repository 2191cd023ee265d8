"""The pages of a company, by the name of their file, and the first of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from assay.environments.showing.behind import behind
from assay.environments.showing.boards import board
from assay.environments.showing.code import code
from assay.environments.showing.customers import customers, documents
from assay.environments.showing.markup import join, listed, table, tag, when
from assay.environments.showing.operations import alert, incident, operations
from assay.environments.showing.parts import Drawn, find
from assay.environments.showing.people import calendar, people
from assay.environments.showing.talk import channels, inbox
from assay.environments.world import World

COUNTED = {
    "inbox.html": ("email", "mails"),
    "chat.html": ("message", "messages"),
    "board.html": ("ticket", "tickets"),
    "code.html": ("code_commit", "commits"),
    "operations.html": ("service", "services"),
    "calendar.html": ("meeting", "meetings"),
    "customers.html": ("customer", "customers"),
    "documents.html": ("doc", "documents"),
    "people.html": ("person", "people"),
}


def overview(world: World) -> Drawn:
    """Return the first page: how much there is, and what is on now."""
    cards = []
    for file, (name, called) in COUNTED.items():
        many = find(world, f"SELECT count(*) AS many FROM {name}")[0]["many"]
        cards.append(join((tag("strong", f"{many:,}"), tag("a", called, href=file))))
    firing = find(world, "SELECT * FROM alert WHERE status = 'firing' ORDER BY id DESC LIMIT 20")
    going = find(world, "SELECT * FROM incident WHERE status != 'resolved' ORDER BY created_at DESC")
    unread = find(
        world,
        "SELECT author, subject, created_at FROM email WHERE folder = 'inbox' AND seen = 0"
        " ORDER BY id DESC LIMIT 10",
    )
    meetings = find(
        world, "SELECT title, begins, place FROM meeting WHERE ends > ? ORDER BY begins LIMIT 5", world.now
    )
    return "Overview", join(
        (
            listed(cards, class_="cards"),
            tag("h2", "Incidents that are open"),
            table("Incidents that are open", [incident(row) for row in going]),
            tag("h2", "Alerts that fire"),
            table("Alerts that fire", [alert(row) for row in firing]),
            tag("h2", "Unread mail"),
            table(
                "Unread mail",
                [
                    {"from": row["author"], "subject": row["subject"], "at": when(row["created_at"])}
                    for row in unread
                ],
            ),
            tag("h2", "Next meetings"),
            table(
                "Next meetings",
                [
                    {"meeting": row["title"], "begins": when(row["begins"]), "place": row["place"]}
                    for row in meetings
                ],
            ),
        )
    )


PAGES: Mapping[str, Callable[[World], Drawn]] = {
    "index.html": overview,
    "inbox.html": inbox,
    "chat.html": channels,
    "board.html": board,
    "code.html": code,
    "operations.html": operations,
    "calendar.html": calendar,
    "customers.html": customers,
    "documents.html": documents,
    "people.html": people,
    "behind.html": behind,
}
"""File → what draws it."""

MENU: Mapping[str, str] = {
    "index.html": "Overview",
    "inbox.html": "Mail",
    "chat.html": "Chat",
    "board.html": "Boards",
    "code.html": "Code",
    "operations.html": "Operations",
    "calendar.html": "Calendar",
    "customers.html": "Customers",
    "documents.html": "Documents",
    "people.html": "People",
    "behind.html": "Behind it",
}
