"""A young AI company: people, talk, tickets, code, services, customers and money, all from one seed."""

from __future__ import annotations

from pathlib import Path

from assay.environments import clock
from assay.environments.apps import (
    calendar,
    chat,
    code,
    customers,
    docs,
    hiring,
    mail,
    operations,
    people,
    tickets,
)
from assay.environments.building import Builder
from assay.environments.clock import DAY, HOUR, MINUTE
from assay.environments.startup import words
from assay.environments.startup.history import tell
from assay.environments.startup.stories import STORIES
from assay.environments.streams import Stream
from assay.environments.tools import App

APPS: tuple[App, ...] = (
    people.APP,
    chat.APP,
    mail.APP,
    tickets.APP,
    docs.APP,
    calendar.APP,
    code.APP,
    operations.APP,
    customers.APP,
    hiring.APP,
)

AGENT = "robin"
"""Whose place the agent takes: chief of staff to the engineering team."""

BEGINS = 2 * clock.WEEK + 9 * HOUR
"""Play begins on the third Monday, so that there are two weeks of past."""

VENDORS = ("cirrus", "palaver")
"""The cloud, and the chat: everything runs on the one, and all talk goes through the other, which runs on the
first too."""

SERVICES: dict[str, tuple[str, tuple[str, ...]]] = {
    # service: (team, what it needs)
    "cirrus": ("", ()),
    "palaver": ("", ("cirrus",)),
    "chat": ("", ("palaver",)),
    "mail": ("", ()),
    "directory": ("platform", ()),
    "tickets": ("platform", ()),
    "docs": ("platform", ()),
    "calendar": ("platform", ()),
    "hiring": ("people", ()),
    "code-host": ("platform", ()),
    "ci": ("platform", ("cirrus", "code-host")),
    "console": ("platform", ()),
    "billing": ("growth", ("ledger",)),
    "ledger": ("growth", ()),
    "api": ("serving", ("cirrus", "auth", "models")),
    "auth": ("platform", ("cirrus",)),
    "models": ("research", ("cirrus",)),
    "webapp": ("growth", ("api", "auth")),
    "exports": ("serving", ("api", "ledger")),
    "evals": ("research", ("models",)),
}

TEAMS = {
    "serving": "Keeps the API up",
    "platform": "Tools and infrastructure for everybody",
    "research": "Trains and evaluates the models",
    "growth": "Customers, billing and the web app",
    "people": "Hiring and care",
}

CHANNELS = {
    "general": "Everybody",
    "incidents": "What is broken now",
    "serving": "Team serving",
    "platform": "Team platform",
    "research": "Team research",
    "growth": "Team growth",
    "hiring": "Candidates",
    "customers": "What customers say",
    "releases": "What went out",
}


def build(path: Path, seed: int, *, entities: int = 2_500) -> str:
    """Write a company into a new file, and return the file's fingerprint.

    Parameters
    ----------
    entities
        About how many rows; people and customers grow with its root, talk and mail with itself.
    """
    made = Builder.new(path, seed, agent=AGENT, begins=BEGINS)
    _company(made, entities)
    return made.seal(path)


def _company(made: Builder, entities: int) -> None:
    staff = _people(made, max(14, int((entities / 12) ** 0.5) + 6))
    _services(made, staff)
    _docs(made, staff)
    _code(made, staff)
    clients = _customers(made, staff, max(12, entities // 60))
    _tickets(made, staff, max(20, entities // 15))
    _meetings(made, staff)
    _candidates(made, staff)
    so_far = made.rows(
        "SELECT sum(n) AS n FROM (SELECT count(*) AS n FROM ticket UNION ALL SELECT count(*) FROM"
        " metric UNION ALL"
        " SELECT count(*) FROM ticket_comment UNION ALL SELECT count(*) FROM invoice UNION ALL"
        " SELECT count(*) FROM"
        " payment UNION ALL SELECT count(*) FROM attendance)"
    )[0]["n"]
    left = max(entities - so_far, 200)
    _talk(made, staff, clients, left * 2 // 3)
    _mail(made, staff, clients, left // 3)


def _people(made: Builder, many: int) -> list[str]:
    draw = made.stream("people")
    ids: list[str] = []
    for team, purpose in TEAMS.items():
        made.put("team", id=team, name=team.title(), lead=None, purpose=purpose, at=0)
    made.put(
        "person",
        id=AGENT,
        name="Robin Vale",
        role="chief of staff",
        team="platform",
        manager=None,
        email=words.address(AGENT),
        zone=0,
        status="active",
        at=0,
    )
    for place, name in enumerate(draw.some(words.PEOPLE, many)):
        first = name.split()[0].lower()
        key = first if first not in (*ids, AGENT) else f"{first}-{place}"
        team = list(TEAMS)[place % len(TEAMS)]
        lead = place < len(TEAMS)
        made.put(
            "person",
            id=key,
            name=name,
            role="lead" if lead else draw.one(words.ROLES[team]),
            team=team,
            manager=AGENT if lead else ids[place % len(TEAMS)],
            email=words.address(key),
            zone=draw.one((-8, -5, 0, 0, 1, 1, 2, 5)),
            status="active",
            at=0,
        )
        if lead:
            made.change("team", team, lead=key)
        made.script(
            key,
            reliability=0.9 + draw.below(10) / 100,
            patience=8 + draw.below(8),
            delay=(5 + draw.below(40)) * MINUTE,
        )
        ids.append(key)
    for team in TEAMS:
        members = [
            row["id"] for row in made.rows("SELECT id FROM person WHERE team = ? AND id != ?", team, AGENT)
        ]
        for week in range(6):
            made.put(
                "on_call",
                team=team,
                person=members[week % len(members)],
                begins=week * clock.WEEK,
                ends=(week + 1) * clock.WEEK,
                at=0,
            )
    for scope in ("contracts", "billing", "hiring", "tickets", "docs", "incidents", "calendar"):
        made.put("permission", person=AGENT, scope=f"{scope}:write", level="write", at=0)
    for scope in ("contracts:read", "billing:read", "code:merge"):
        made.put("permission", person=AGENT, scope=scope, level=scope.rpartition(":")[2], at=0)
    return ids


def _lead(made: Builder, team: str) -> str:
    return str(made.rows("SELECT lead FROM team WHERE id = ?", team)[0]["lead"])


def _services(made: Builder, staff: list[str]) -> None:
    draw = made.stream("services")
    for service, (team, needs) in SERVICES.items():
        owner = _lead(made, team) if team else ""
        version = f"{1 + draw.below(3)}.{draw.below(10)}.{draw.below(10)}"
        made.put(
            "service",
            id=service,
            owner=owner,
            tier=str(1 + draw.below(3)),
            region=draw.one(("eu-1", "us-2")),
            version=version,
            status="up",
            runbook=f"runbook-{service}" if team else None,
            vendor=int(service in VENDORS),
            at=0,
        )
        for needed in needs:
            made.put("dependency", service=service, needs=needed, at=0)
        if not team:
            continue
        made.put(
            "deploy",
            service=service,
            version=version,
            status="done",
            reason="scheduled release",
            by=owner,
            at=BEGINS - draw.between(3 * 24, 9 * 24) * HOUR,
        )
        for name, usual in (("errors", 2), ("latency_ms", 120), ("requests", 900)):
            for hour in range(24):
                wobble = usual * (0.8 + 0.4 * draw.share())
                _point(made, service, name, BEGINS - (24 - hour) * HOUR, round(wobble, 1))
        made.put("permission", person=AGENT, scope=f"deploy:{service}", level="write", at=0)
        made.put("permission", person=AGENT, scope=f"secret:{service}", level="write", at=0)
        made.put(
            "feature_flag",
            id=f"{service}-{draw.one(words.FEATURES)}",
            service=service,
            is_on=int(draw.chance(0.5)),
            share=100,
            at=0,
        )
        made.put(
            "secret_reference",
            id=f"{service}-token",
            service=service,
            rotated_at=0,
            expires_at=BEGINS + draw.between(20, 90) * DAY,
            status="valid",
            at=0,
        )
    for vendor in VENDORS:
        made.put("status_page", id=vendor, status="operational", text="All systems operational.", at=0)


def _point(made: Builder, service: str, name: str, at: int, value: float) -> None:
    made.held.execute(
        "INSERT INTO metric (service, name, at, value, created_at, author, source_event, valid_from)"
        " VALUES (?, ?, ?, ?, ?, '', 0, ?)",
        (service, name, at, value, at, at),
    )


def _docs(made: Builder, staff: list[str]) -> None:
    for service, (team, needs) in SERVICES.items():
        if not team:
            continue
        text = words.RUNBOOK.format(service=service, needs=", ".join(needs) or "nothing else", team=team)
        document(
            made, f"runbook-{service}", f"Runbook: {service}", "runbooks", text, by=_lead(made, team), at=DAY
        )
    for key, (title, text) in words.POLICIES.items():
        document(made, key, title, "policies", text, by=staff[0], at=2 * DAY)


def document(made: Builder, key: str, title: str, folder: str, text: str, *, by: str, at: int) -> None:
    """Put a document with its first version."""
    made.put("doc", id=key, title=title, folder=folder, text=text, version=1, by=by, at=at)
    made.put("doc_version", doc=key, version=1, text=text, by=by, at=at)


def _code(made: Builder, staff: list[str]) -> None:
    draw = made.stream("code")
    for repo, story in STORIES.items():
        team = SERVICES[repo][0]
        lead = _lead(made, team)
        made.put("repo", id=repo, owner=lead, purpose=f"The source of {repo}", at=0)
        others = made.rows(
            "SELECT id FROM person WHERE team = ? AND id NOT IN (?, ?) ORDER BY id", team, lead, AGENT
        )
        tell(made, repo, story, [lead, *(row["id"] for row in others)], draw.of(repo))


def _customers(made: Builder, staff: list[str], many: int) -> list[str]:
    draw = made.stream("customers")
    ids = []
    growth = [row["id"] for row in made.rows("SELECT id FROM person WHERE team = 'growth' ORDER BY id")]
    for place in range(many):
        name = f"{draw.one(words.FIRMS)} {draw.one(words.TRADES)}"
        key = f"C{100 + place}"
        plan = draw.one(("team", "business", "enterprise"))
        seats = {"team": 10, "business": 50, "enterprise": 300}[plan] + draw.below(20)
        price = {"team": 2_000, "business": 3_500, "enterprise": 3_000}[plan]
        made.put(
            "customer",
            id=key,
            name=name,
            contact=f"office@{name.split(maxsplit=1)[0].lower()}-{place}.example",
            plan=plan,
            region=draw.one(("eu", "us", "asia")),
            owner=draw.one(growth),
            status="active",
            at=0,
        )
        made.put(
            "contract",
            id=f"K{100 + place}",
            customer=key,
            plan=plan,
            seats=seats,
            price_cents=price,
            begins=0,
            ends=BEGINS + draw.between(30, 300) * DAY,
            terms="monthly, 30 days to pay",
            at=0,
        )
        for month in range(1 + draw.below(3)):
            invoice = f"I{1000 + place * 10 + month}"
            paid = month > 0 or draw.chance(0.6)
            made.put(
                "invoice",
                id=invoice,
                customer=key,
                period=f"month {3 - month}",
                amount_cents=seats * price,
                currency="EUR",
                status="paid" if paid else "open",
                due=BEGINS + (14 - month * 30) * DAY,
                at=0,
            )
            if paid:
                made.put("payment", invoice=invoice, amount_cents=seats * price, method="transfer", at=DAY)
        ids.append(key)
    return ids


def _tickets(made: Builder, staff: list[str], many: int) -> None:
    draw = made.stream("tickets")
    counts: dict[str, int] = {}
    for _ in range(many):
        board = draw.one(("OPS", "WEB", "RES", "SUP"))
        counts[board] = counts.get(board, 0) + 1
        key = f"{board}-{counts[board]}"
        service = draw.one([name for name, (team, _) in SERVICES.items() if team])
        title = draw.one(words.CHORES).format(service=service)
        at = draw.between(0, BEGINS // HOUR - 1) * HOUR
        status = draw.one(("open", "open", "in progress", "done", "done", "blocked"))
        made.put(
            "ticket",
            id=key,
            board=board,
            title=title,
            body=draw.one(words.REASONS).format(service=service),
            status=status,
            priority=draw.one(("low", "normal", "normal", "high")),
            assignee=draw.one(staff),
            due=BEGINS + draw.between(1, 20) * DAY if draw.chance(0.3) else None,
            labels=service,
            by=draw.one(staff),
            at=at,
        )
        for number in range(draw.below(4)):
            made.put(
                "ticket_comment",
                ticket=key,
                text=draw.one(words.COMMENTS).format(service=service),
                by=draw.one(staff),
                at=min(at + (number + 1) * 5 * HOUR, BEGINS),
            )


def _meetings(made: Builder, staff: list[str]) -> None:
    draw = made.stream("meetings")
    for team in TEAMS:
        members = [row["id"] for row in made.rows("SELECT id FROM person WHERE team = ? ORDER BY id", team)]
        hour = 9 + draw.below(7)
        for week in range(2, 5):
            for day in (0, 3):
                begins = week * clock.WEEK + day * DAY + hour * HOUR
                number = made.put(
                    "meeting",
                    title=f"{team.title()} standup",
                    begins=begins,
                    ends=begins + HOUR // 2,
                    place="video",
                    notes="",
                    status="planned",
                    by=_lead(made, team),
                    at=DAY,
                )
                for person in members:
                    if person != AGENT:
                        made.put("attendance", meeting=number, person=person, answer="yes", at=DAY)


def _candidates(made: Builder, staff: list[str]) -> None:
    draw = made.stream("candidates")
    for place, name in enumerate(draw.some(words.STRANGERS, 8)):
        made.put(
            "candidate",
            id=f"cand-{place + 1}",
            name=name,
            position=draw.one(("engineer", "researcher", "designer")),
            stage=draw.one(("screen", "interview", "interview")),
            owner=_lead(made, "people"),
            notes="",
            at=3 * DAY,
        )


def _talk(made: Builder, staff: list[str], clients: list[str], many: int) -> None:
    draw = made.stream("talk")
    for channel, topic in CHANNELS.items():
        made.put("channel", id=channel, topic=topic, private=0, at=0)
    moments = sorted(draw.between(0, BEGINS // MINUTE - 1) * MINUTE for _ in range(many))
    for at in moments:
        service = draw.one([name for name, (team, _) in SERVICES.items() if team])
        made.put(
            "message",
            channel=draw.one(list(CHANNELS)),
            thread=None,
            text=draw.one(words.CHATTER).format(
                service=service, client=draw.one(clients), person=draw.one(staff)
            ),
            by=draw.one(staff),
            at=at,
        )


def _mail(made: Builder, staff: list[str], clients: list[str], many: int) -> None:
    draw = made.stream("mail")
    moments = sorted(draw.between(0, BEGINS // MINUTE - 1) * MINUTE for _ in range(many))
    for at in moments:
        person, service, client = draw.one(staff), draw.one(list(SERVICES)), draw.one(clients)
        subject, body = draw.one(words.MAILS)
        made.put(
            "email",
            thread=None,
            recipients=words.address(AGENT),
            subject=subject.format(service=service, client=client),
            body=body.format(service=service, person=person, client=client),
            folder="inbox",
            seen=int(draw.chance(0.9)),
            by=person,
            at=at,
        )


def pick(draw: Stream, made: Builder, statement: str) -> str:
    """Return one of the keys that a SELECT finds."""
    return str(draw.one([next(iter(row.values())) for row in made.rows(statement)]))
