"""The pages of a company: mail, talk, boards, code, operations, calendar, customers, papers, people."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from assay.environments.apps.tickets import STATUSES
from assay.environments.showing.markup import (
    Html,
    folded,
    join,
    listed,
    money,
    pairs,
    slug,
    table,
    tag,
    text,
    when,
)
from assay.environments.world import World

MOST = 300
"""Entries of a list that a page shows, the latest; the world holds all of them."""

Drawn = tuple[str, Html]


def _rows(world: World, statement: str, *values: object) -> list[dict[str, Any]]:
    return world.hidden(statement, *values)


def _more(world: World, name: str, shown: int) -> Html:
    many = _rows(world, f"SELECT count(*) AS many FROM {name}")[0]["many"]
    if many <= shown:
        return Html("")
    return tag("p", f"The latest {shown:,} of {many:,} are shown.", class_="soft")


def _by(world: World, who: object, at: object) -> Html:
    own = "own" if who == world.agent else None
    return join((tag("strong", who or "the system", class_=own), " ", tag("span", when(at), class_="soft")))


# -- overview ----------------------------------------------------------------------------------------------

COUNTED = {
    "inbox.html": ("email", "mails"),
    "chat.html": ("message", "messages"),
    "board.html": ("ticket", "tickets"),
    "code.html": ("file", "files of code"),
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
        many = _rows(world, f"SELECT count(*) AS many FROM {name}")[0]["many"]
        cards.append(join((tag("strong", f"{many:,}"), tag("a", called, href=file))))
    firing = _rows(world, "SELECT * FROM alert WHERE status = 'firing' ORDER BY id DESC LIMIT 20")
    going = _rows(world, "SELECT * FROM incident WHERE status != 'resolved' ORDER BY created_at DESC")
    unread = _rows(
        world,
        "SELECT author, subject, created_at FROM email WHERE folder = 'inbox' AND seen = 0"
        " ORDER BY id DESC LIMIT 10",
    )
    meetings = _rows(
        world, "SELECT title, begins, place FROM meeting WHERE ends > ? ORDER BY begins LIMIT 5", world.now
    )
    return "Overview", join(
        (
            listed(cards, class_="cards"),
            tag("h2", "Incidents that are open"),
            table("Incidents that are open", [_incident(row) for row in going]),
            tag("h2", "Alerts that fire"),
            table("Alerts that fire", [_alert(row) for row in firing]),
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


# -- mail and chat -----------------------------------------------------------------------------------------


def inbox(world: World) -> Drawn:
    """Return the mailbox: what came, then what was sent."""
    parts: list[Html] = []
    for folder, called in (("inbox", "Inbox"), ("sent", "Sent")):
        rows = _rows(world, "SELECT * FROM email WHERE folder = ? ORDER BY id DESC LIMIT ?", folder, MOST)
        parts.append(tag("h2", f"{called} ({len(rows):,})"))
        parts += [_mail(world, row) for row in rows] or [tag("p", "Nothing.", class_="soft")]
    return "Mail", join((*parts, _more(world, "email", MOST)))


def _mail(world: World, row: Mapping[str, Any]) -> Html:
    new = tag("strong", " new", class_="good") if not row["seen"] else ""
    summary = join((_by(world, row["author"], row["created_at"]), new, " ", tag("span", row["subject"])))
    about = {"to": row["recipients"], "thread": row["thread"], "number": row["id"]}
    return folded(summary, pairs(about), text(row["body"]))


def channels(world: World) -> Drawn:
    """Return the channels and the talks of two people."""
    known = {row["id"]: row["topic"] for row in _rows(world, "SELECT id, topic FROM channel ORDER BY id")}
    said = _rows(
        world,
        "SELECT channel, count(*) AS many, max(created_at) AS last FROM message"
        " GROUP BY channel ORDER BY channel",
    )
    counts = {row["channel"]: row for row in said}
    rows = []
    for channel in dict.fromkeys([*known, *counts]):
        found = counts.get(channel, {"many": 0, "last": None})
        shown = channel if channel.startswith("@") else f"#{channel}"
        rows.append(
            {
                "channel": tag("a", shown, href=f"chat-{slug(channel)}.html"),
                "what it is for": known.get(channel, "between two people"),
                "messages": f"{found['many']:,}",
                "last": when(found["last"]),
            }
        )
    return "Chat", table("Channels", rows)


def channel(world: World, key: str) -> Drawn:
    """Return a channel: messages in order, answers under what they answer."""
    rows = _rows(world, "SELECT * FROM message WHERE channel = ? ORDER BY id DESC LIMIT ?", key, MOST)[::-1]
    here = {row["id"] for row in rows}
    under: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        if row["thread"] in here:
            under.setdefault(row["thread"], []).append(row)

    def said(row: Mapping[str, Any], depth: int = 0) -> Html:
        answers = under.get(row["id"], []) if depth < 3 else []
        inner = listed((said(each, depth + 1) for each in answers), class_="talk") if answers else ""
        return join((_by(world, row["author"], row["created_at"]), text(row["text"]), inner))

    begun = [row for row in rows if row["thread"] not in here or row["thread"] == row["id"]]
    title = key if key.startswith("@") else f"#{key}"
    if not rows:
        return title, tag("p", "Nobody has said anything.", class_="soft")
    return title, listed(map(said, begun), class_="talk")


# -- tickets -----------------------------------------------------------------------------------------------


def board(world: World, key: str = "") -> Drawn:
    """Return tickets by status, of one board or of all."""
    boards = [row["board"] for row in _rows(world, "SELECT DISTINCT board FROM ticket ORDER BY board")]
    links = [tag("a", "all", href="board.html", aria_current=None if key else "true")]
    links += [
        tag("a", each, href=f"board-{slug(each)}.html", aria_current="true" if each == key else None)
        for each in boards
    ]
    rows = _rows(
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
    row = _rows(world, "SELECT * FROM ticket WHERE id = ?", key)[0]
    comments = _rows(world, "SELECT * FROM ticket_comment WHERE ticket = ? ORDER BY id", key)
    changes = _rows(world, "SELECT * FROM ticket_change WHERE ticket = ? ORDER BY id", key)
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
                    join((_by(world, each["author"], each["created_at"]), text(each["text"])))
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


# -- code --------------------------------------------------------------------------------------------------


def code(world: World) -> Drawn:
    """Return the repositories: files by branch, pull requests with reviews, test reports, commits."""
    parts: list[Html] = []
    for repo in _rows(world, "SELECT * FROM repo ORDER BY id"):
        key = repo["id"]
        parts.append(tag("h2", key))
        parts.append(tag("p", f"{repo['purpose']}; owner: {repo['owner'] or 'nobody'}"))
        requests = _rows(
            world, "SELECT * FROM pull_request WHERE repo = ? ORDER BY id DESC LIMIT ?", key, MOST
        )
        parts.append(tag("h3", "Pull requests"))
        parts += [_request(world, row) for row in requests] or [tag("p", "None.", class_="soft")]
        runs = _rows(world, "SELECT * FROM ci_run WHERE repo = ? ORDER BY id DESC LIMIT ?", key, MOST)
        parts.append(tag("h3", "Test reports"))
        parts += [
            folded(
                join(
                    (
                        _state(row["status"]),
                        f" {row['branch']} at {row['code_commit']} ",
                        when(row["created_at"]),
                    )
                ),
                _source(row["report"], "Test report"),
            )
            for row in runs
        ] or [tag("p", "None.", class_="soft")]
        files = _rows(world, "SELECT * FROM file WHERE repo = ? ORDER BY branch, path LIMIT ?", key, MOST)
        parts.append(tag("h3", "Files"))
        parts += [
            folded(
                join((row["path"], " ", tag("span", row["branch"], class_="soft"))),
                _source(row["text"], row["path"]),
            )
            for row in files
        ]
        commits = _rows(
            world,
            "SELECT * FROM code_commit WHERE repo = ? ORDER BY created_at DESC, id LIMIT ?",
            key,
            MOST,
        )
        parts.append(tag("h3", "Commits"))
        parts.append(
            table(
                f"Commits of {key}",
                [
                    {
                        "commit": row["id"],
                        "branch": row["branch"],
                        "title": row["title"],
                        "by": row["author"],
                        "at": when(row["created_at"]),
                    }
                    for row in commits
                ],
            )
        )
    return "Code", join(parts)


def _request(world: World, row: Mapping[str, Any]) -> Html:
    reviews = _rows(world, "SELECT * FROM review WHERE pull_request = ? ORDER BY id", row["id"])
    said = listed(
        (
            join((_by(world, each["author"], each["created_at"]), " ", each["verdict"], text(each["text"])))
            for each in reviews
        ),
        class_="talk",
    )
    about = {
        "branch": row["branch"],
        "status": row["status"],
        "merged as": row["merged_as"],
        "by": row["author"],
    }
    return folded(f"#{row['id']} {row['title']}", pairs(about), text(row["body"]), said)


def _source(source: object, label: object) -> Html:
    return tag("pre", source, tabindex="0", role="region", aria_label=str(label), dir="ltr")


def _state(state: object) -> Html:
    good = {"passed", "done", "up", "operational", "resolved", "paid", "valid", "active", "ok"}
    bad = {"failed", "down", "firing", "open incident", "major outage", "disputed", "expired", "overdue"}
    return tag("span", state, class_="good" if state in good else "bad" if state in bad else None)


# -- running it --------------------------------------------------------------------------------------------


def _incident(row: Mapping[str, Any]) -> dict[str, object]:
    return {
        "incident": row["id"],
        "title": row["title"],
        "severity": row["severity"],
        "status": _state(row["status"]),
        "service": row["service"],
        "commander": row["commander"],
        "cause": row["cause"],
    }


def _alert(row: Mapping[str, Any]) -> dict[str, object]:
    return {
        "service": row["service"],
        "rule": row["rule"],
        "status": _state(row["status"]),
        "value": row["value"],
        "says": row["text"],
        "at": when(row["created_at"]),
    }


def operations(world: World) -> Drawn:
    """Return incidents, alerts, status pages, services, deploys, flags and secrets."""
    incidents = _rows(world, "SELECT * FROM incident ORDER BY created_at DESC, id LIMIT ?", MOST)
    alerts = _rows(world, "SELECT * FROM alert ORDER BY id DESC LIMIT ?", MOST)
    pages = _rows(world, "SELECT * FROM status_page ORDER BY id")
    needs: dict[str, list[str]] = {}
    for row in _rows(world, "SELECT service, needs FROM dependency ORDER BY id"):
        needs.setdefault(row["service"], []).append(row["needs"])
    services = _rows(world, "SELECT * FROM service ORDER BY vendor, id")
    deploys = _rows(world, "SELECT * FROM deploy ORDER BY created_at DESC, id DESC LIMIT 60")
    metrics = _rows(
        world,
        "SELECT service, name, value, max(at) AS at FROM metric"
        " GROUP BY service, name ORDER BY service, name",
    )
    flags = _rows(world, "SELECT * FROM feature_flag ORDER BY id")
    secrets = _rows(world, "SELECT * FROM secret_reference ORDER BY id")
    entries = [
        folded(
            f"{row['id']}: {row['title']}",
            listed(
                (
                    join((_by(world, each["author"], each["created_at"]), text(each["text"])))
                    for each in _rows(
                        world, "SELECT * FROM incident_entry WHERE incident = ? ORDER BY id", row["id"]
                    )
                ),
                class_="talk",
            ),
        )
        for row in incidents
    ]
    named: dict[str, list[dict[str, object]]] = {
        "Alerts": [_alert(row) for row in alerts],
        "Status pages of vendors": [
            {"vendor": row["id"], "status": _state(row["status"]), "says": row["text"]} for row in pages
        ],
        "Services": [
            {
                "service": row["id"],
                "status": _state(row["status"]),
                "version": row["version"],
                "owner": row["owner"] or ("a vendor" if row["vendor"] else "nobody"),
                "needs": ", ".join(needs.get(row["id"], [])),
                "tier": row["tier"],
                "region": row["region"],
            }
            for row in services
        ],
        "Deploys": [
            {
                "service": row["service"],
                "version": row["version"],
                "status": _state(row["status"]),
                "why": row["reason"],
                "by": row["author"],
                "at": when(row["created_at"]),
            }
            for row in deploys
        ],
        "Latest measurements": [
            {"service": row["service"], "what": row["name"], "value": row["value"], "at": when(row["at"])}
            for row in metrics
        ],
        "Feature flags": [
            {
                "flag": row["id"],
                "service": row["service"],
                "is": "on" if row["is_on"] else "off",
                "for": f"{row['share']} %",
            }
            for row in flags
        ],
        "Secrets": [
            {"secret": row["id"], "status": _state(row["status"]), "expires": when(row["expires_at"])}
            for row in secrets
        ],
    }
    return "Operations", join(
        (
            tag("h2", "Incidents"),
            table("Incidents", [_incident(row) for row in incidents]),
            *entries,
            *(join((tag("h2", name), table(name, rows))) for name, rows in named.items()),
        )
    )


def calendar(world: World) -> Drawn:
    """Return meetings by day, who is away, and who is on call."""
    meetings = _rows(world, "SELECT * FROM meeting ORDER BY begins, id LIMIT ?", 5 * MOST)
    people: dict[int, list[str]] = {}
    for row in _rows(world, "SELECT meeting, person, answer FROM attendance ORDER BY id"):
        said = "" if row["answer"] in ("yes", None) else f" ({row['answer']})"
        people.setdefault(row["meeting"], []).append(f"{row['person']}{said}")
    days: dict[str, list[dict[str, object]]] = {}
    for row in meetings:
        days.setdefault(when(row["begins"])[:-6], []).append(
            {
                "time": f"{when(row['begins'])[-5:]} to {when(row['ends'])[-5:]}",
                "meeting": row["title"],
                "place": row["place"],
                "who": ", ".join(people.get(row["id"], [])),
                "status": row["status"],
                "notes": row["notes"],
            }
        )
    away = _rows(world, "SELECT * FROM absence ORDER BY begins")
    calls = _rows(world, "SELECT * FROM on_call WHERE ends > ? ORDER BY begins, team LIMIT 60", world.now)
    return "Calendar", join(
        (
            *(join((tag("h2", day), table(f"Meetings on {day}", rows))) for day, rows in days.items()),
            tag("h2", "Away"),
            table(
                "Away",
                [
                    {
                        "who": row["person"],
                        "from": when(row["begins"]),
                        "to": when(row["ends"]),
                        "stands in": row["stand_in"],
                    }
                    for row in away
                ],
            ),
            tag("h2", "On call"),
            table(
                "On call",
                [
                    {
                        "team": row["team"],
                        "who": row["person"],
                        "from": when(row["begins"]),
                        "to": when(row["ends"]),
                    }
                    for row in calls
                ],
            ),
        )
    )


# -- customers, papers, people -----------------------------------------------------------------------------


def customers(world: World) -> Drawn:
    """Return customers with contracts and invoices."""
    rows = _rows(world, "SELECT * FROM customer ORDER BY id LIMIT ?", MOST)
    return "Customers", join((*(_customer(world, row) for row in rows), _more(world, "customer", MOST)))


def _customer(world: World, row: Mapping[str, Any]) -> Html:
    contracts = _rows(world, "SELECT * FROM contract WHERE customer = ? ORDER BY id", row["id"])
    invoices = _rows(
        world,
        "SELECT invoice.*, (SELECT sum(amount_cents) FROM payment WHERE invoice = invoice.id) AS paid"
        " FROM invoice WHERE customer = ? ORDER BY invoice.id",
        row["id"],
    )
    about = {name: row[name] for name in ("contact", "plan", "region", "owner", "status")}
    disputed = any(each["status"] == "disputed" for each in invoices)
    mark = tag("span", " disputed", class_="bad") if disputed else ""
    return folded(
        join((tag("strong", row["id"]), " ", row["name"], mark)),
        pairs(about),
        table(
            f"Contracts of {row['id']}",
            [
                {
                    "contract": each["id"],
                    "plan": each["plan"],
                    "seats": each["seats"],
                    "a seat": money(each["price_cents"]),
                    "ends": when(each["ends"]),
                    "terms": each["terms"],
                }
                for each in contracts
            ],
        ),
        table(
            f"Invoices of {row['id']}",
            [
                {
                    "invoice": each["id"],
                    "for": each["period"],
                    "amount": money(each["amount_cents"], each["currency"]),
                    "status": _state(each["status"]),
                    "due": when(each["due"]),
                }
                for each in invoices
            ],
        ),
    )


def documents(world: World) -> Drawn:
    """Return documents by folder, with how often each was changed."""
    rows = _rows(world, "SELECT * FROM doc ORDER BY folder, id LIMIT ?", MOST)
    folders: dict[str, list[Html]] = {}
    for row in rows:
        summary = join((row["title"], " ", tag("span", f"version {row['version']}", class_="soft")))
        about = {"id": row["id"], "by": row["author"], "since": when(row["created_at"])}
        folders.setdefault(str(row["folder"]), []).append(folded(summary, pairs(about), text(row["text"])))
    return "Documents", join(join((tag("h2", name), *found)) for name, found in folders.items())


def people(world: World) -> Drawn:
    """Return people by team, then candidates."""
    parts = []
    for team in _rows(world, "SELECT * FROM team ORDER BY id"):
        rows = _rows(world, "SELECT * FROM person WHERE team = ? ORDER BY id", team["id"])
        parts.append(tag("h2", team["name"]))
        parts.append(tag("p", f"{team['purpose']}; lead: {team['lead'] or 'nobody'}"))
        parts.append(
            table(
                f"Team {team['name']}",
                [
                    {
                        "id": row["id"],
                        "name": row["name"],
                        "role": row["role"],
                        "answers to": row["manager"],
                        "mail": row["email"],
                        "hours from UTC": f"{row['zone']:+}" if isinstance(row["zone"], int) else row["zone"],
                        "status": row["status"],
                    }
                    for row in rows
                ],
            )
        )
    candidates = _rows(world, "SELECT * FROM candidate ORDER BY id LIMIT ?", MOST)
    parts.append(tag("h2", "Candidates"))
    parts.append(
        table(
            "Candidates",
            [
                {name: row[name] for name in ("id", "name", "position", "stage", "owner", "notes")}
                for row in candidates
            ],
        )
    )
    return "People", join(parts)


# -- what no tool can read ---------------------------------------------------------------------------------


def behind(world: World) -> Drawn:
    """Return what is really so, what breaks, what people know and what is still to come."""
    truths = _rows(world, "SELECT subject, key, value FROM truth ORDER BY id")
    faults = _rows(world, "SELECT * FROM fault ORDER BY begins, id")
    facts = _rows(world, "SELECT holder, topic, words, text, spoilt FROM fact ORDER BY id LIMIT ?", MOST)
    coming = _rows(world, "SELECT at, kind, payload FROM heap ORDER BY at, priority, seq LIMIT 100")
    return "Behind it", join(
        (
            tag("p", "No tool can read any of this; an agent has to find it out.", class_="soft"),
            tag("h2", "What is so"),
            table("What is so", truths),
            tag("h2", "What breaks"),
            table(
                "What breaks",
                [
                    {
                        "kind": row["kind"],
                        "on": row["scope"],
                        "from": when(row["begins"]),
                        "to": when(row["ends"]) or "mended",
                        "cause": row["cause"],
                        "way around": row["way_around"],
                    }
                    for row in faults
                ],
            ),
            tag("h2", "What people know"),
            table(
                "What people know",
                [
                    {
                        "who": row["holder"],
                        "asked with": row["words"],
                        "says": row["text"],
                        "or wrongly": row["spoilt"],
                    }
                    for row in facts
                ],
            ),
            tag("h2", "What is to come"),
            table(
                "What is to come",
                [
                    {
                        "at": when(row["at"]),
                        "what": row["kind"],
                        "with": json.dumps(json.loads(row["payload"]), ensure_ascii=False)[:300],
                    }
                    for row in coming
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
