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
from assay.wording import say

COUNTED = {
    "inbox.html": ("email", say("mails")),
    "chat.html": ("message", say("messages")),
    "board.html": ("ticket", say("tickets")),
    "code.html": ("code_commit", say("commits")),
    "operations.html": ("service", say("services")),
    "calendar.html": ("meeting", say("meetings")),
    "customers.html": ("customer", say("customers")),
    "documents.html": ("doc", say("documents")),
    "people.html": ("person", say("people")),
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
    return say("Overview"), join(
        (
            listed(cards, class_="cards"),
            tag("h2", say("Incidents that are open")),
            table(say("Incidents that are open"), [incident(row) for row in going]),
            tag("h2", say("Alerts that fire")),
            table(say("Alerts that fire"), [alert(row) for row in firing]),
            tag("h2", say("Unread mail")),
            table(
                say("Unread mail"),
                [
                    {
                        say("sender"): row["author"],
                        say("subject"): row["subject"],
                        say("when"): when(row["created_at"]),
                    }
                    for row in unread
                ],
            ),
            tag("h2", say("Next meetings")),
            table(
                say("Next meetings"),
                [
                    {
                        say("meeting"): row["title"],
                        say("begins"): when(row["begins"]),
                        say("place"): row["place"],
                    }
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
    "index.html": say("Overview"),
    "inbox.html": say("Mail"),
    "chat.html": say("Chat"),
    "board.html": say("Boards"),
    "code.html": say("Code"),
    "operations.html": say("Operations"),
    "calendar.html": say("Calendar"),
    "customers.html": say("Customers"),
    "documents.html": say("Documents"),
    "people.html": say("People"),
    "behind.html": say("Behind it"),
}
