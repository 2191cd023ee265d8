"""The tables of a world: surfaces that tools read and write, and what only the engine knows.

Every row of a surface says when and by whom it came, from which event, and from when to when it holds, so
that a fact can be traced, be stale, or be contradicted on purpose. What is really so (`truth`, `fact`,
`fault`,
`coworker`, `heap`) no tool can read: `assay.environments.desk` refuses it when the statement is prepared.
"""

from __future__ import annotations

PROVENANCE = ("created_at", "author", "source_event", "valid_from", "valid_to")

SURFACES: dict[str, tuple[str, ...]] = {
    # people
    "person": ("id TEXT PRIMARY KEY", "name", "role", "team", "manager", "email", "zone", "status"),
    "team": ("id TEXT PRIMARY KEY", "name", "lead", "purpose"),
    "permission": ("id INTEGER PRIMARY KEY", "person", "scope", "level"),
    "absence": ("id INTEGER PRIMARY KEY", "person", "begins", "ends", "stand_in"),
    "on_call": ("id INTEGER PRIMARY KEY", "team", "person", "begins", "ends"),
    # talk
    "channel": ("id TEXT PRIMARY KEY", "topic", "private"),
    "message": ("id INTEGER PRIMARY KEY", "channel", "thread", "text"),
    "email": ("id INTEGER PRIMARY KEY", "thread", "recipients", "subject", "body", "folder", "seen"),
    "meeting": ("id INTEGER PRIMARY KEY", "title", "begins", "ends", "place", "notes", "status"),
    "attendance": ("id INTEGER PRIMARY KEY", "meeting", "person", "answer"),
    # work
    "ticket": (
        "id TEXT PRIMARY KEY",
        "board",
        "title",
        "body",
        "status",
        "priority",
        "assignee",
        "due",
        "labels",
    ),
    "ticket_comment": ("id INTEGER PRIMARY KEY", "ticket", "text"),
    "ticket_change": ("id INTEGER PRIMARY KEY", "ticket", "field", "was", "is_now"),
    "doc": ("id TEXT PRIMARY KEY", "title", "folder", "text", "version"),
    "doc_version": ("id INTEGER PRIMARY KEY", "doc", "version", "text"),
    # code
    "repo": ("id TEXT PRIMARY KEY", "owner", "purpose"),
    "git_object": ("id TEXT PRIMARY KEY", "kind", "text"),
    "git_ref": ("id INTEGER PRIMARY KEY", "repo", "name", "target"),
    "code_commit": ("id TEXT PRIMARY KEY", "repo", "title", "tree", "parents", "paths"),
    "pull_request": (
        "id INTEGER PRIMARY KEY",
        "repo",
        "branch",
        "title",
        "body",
        "status",
        "merged_as",
        "merged_at",
    ),
    "review": ("id INTEGER PRIMARY KEY", "pull_request", "verdict", "text"),
    "ci_run": ("id INTEGER PRIMARY KEY", "repo", "branch", "code_commit", "status", "report"),
    # running it
    "service": ("id TEXT PRIMARY KEY", "owner", "tier", "region", "version", "status", "runbook", "vendor"),
    "dependency": ("id INTEGER PRIMARY KEY", "service", "needs"),
    "deploy": ("id INTEGER PRIMARY KEY", "service", "version", "status", "reason"),
    "incident": ("id TEXT PRIMARY KEY", "title", "severity", "status", "service", "commander", "cause"),
    "incident_entry": ("id INTEGER PRIMARY KEY", "incident", "text"),
    "alert": ("id INTEGER PRIMARY KEY", "service", "rule", "status", "value", "text"),
    "metric": ("id INTEGER PRIMARY KEY", "service", "name", "at", "value"),
    "status_page": ("id TEXT PRIMARY KEY", "status", "text"),
    "feature_flag": ("id TEXT PRIMARY KEY", "service", "is_on", "share"),
    "secret_reference": ("id TEXT PRIMARY KEY", "service", "rotated_at", "expires_at", "status"),
    # customers and money
    "customer": ("id TEXT PRIMARY KEY", "name", "contact", "plan", "region", "owner", "status"),
    "contract": (
        "id TEXT PRIMARY KEY",
        "customer",
        "plan",
        "seats",
        "price_cents",
        "begins",
        "ends",
        "terms",
    ),
    "invoice": ("id TEXT PRIMARY KEY", "customer", "period", "amount_cents", "currency", "status", "due"),
    "payment": ("id INTEGER PRIMARY KEY", "invoice", "amount_cents", "method"),
    "candidate": ("id TEXT PRIMARY KEY", "name", "position", "stage", "owner", "notes"),
    "interview": ("id INTEGER PRIMARY KEY", "candidate", "interviewer", "begins", "score", "notes"),
    # what the agent is told between its steps
    "notice": ("id INTEGER PRIMARY KEY", "source", "about", "text", "seen"),
}

HIDDEN: dict[str, tuple[str, ...]] = {
    "meta": ("key TEXT PRIMARY KEY", "value"),
    "truth": ("id INTEGER PRIMARY KEY", "subject", "key", "value"),
    "fact": ("id INTEGER PRIMARY KEY", "holder", "topic", "words", "text", "spoilt"),
    "coworker": ("person TEXT PRIMARY KEY", "reliability", "patience", "delay", "asked", "mood"),
    "fault": (
        "id INTEGER PRIMARY KEY",
        "kind",
        "scope",
        "begins",
        "ends",
        "cause",
        "parameters",
        "signals",
        "way_around",
    ),
    "contact": ("id INTEGER PRIMARY KEY", "fault", "step", "did"),
    "heap": (
        "at INTEGER",
        "priority INTEGER",
        "seq INTEGER",
        "kind",
        "payload",
        "PRIMARY KEY (at, priority, seq)",
    ),
    "step": (
        "id INTEGER PRIMARY KEY",
        "begins",
        "ends",
        "tool",
        "arguments",
        "code",
        "answer",
        "changes BLOB",
        "hash",
    ),
}

INDEXES = (
    ("message", "channel, id"),
    ("message", "thread"),
    ("email", "folder, id"),
    ("email", "thread"),
    ("ticket", "board, status"),
    ("ticket", "board, created_at DESC, id"),
    ("ticket", "assignee"),
    ("ticket_comment", "ticket"),
    ("ticket_change", "ticket"),
    ("doc_version", "doc"),
    ("git_ref", "repo, name"),
    ("code_commit", "repo"),
    ("ci_run", "repo, branch"),
    ("review", "pull_request"),
    ("dependency", "service"),
    ("deploy", "service"),
    ("incident_entry", "incident"),
    ("alert", "service"),
    ("metric", "service, name, at"),
    ("contract", "customer"),
    ("invoice", "customer"),
    ("payment", "invoice"),
    ("interview", "candidate"),
    ("attendance", "meeting"),
    ("attendance", "person"),
    ("permission", "person, scope"),
    ("fact", "holder"),
    ("notice", "seen"),
)


def statements() -> list[str]:
    """Return what creates the tables."""
    made = []
    for name, columns in SURFACES.items():
        made.append(f"CREATE TABLE {name} ({', '.join((*columns, *PROVENANCE))})")
    for name, columns in HIDDEN.items():
        bare = " WITHOUT ROWID" if name == "heap" else ""
        made.append(f"CREATE TABLE {name} ({', '.join(columns)}){bare}")
    for number, (table, indexed) in enumerate(INDEXES):
        made.append(f"CREATE INDEX by_{table}_{number} ON {table} ({indexed})")
    return made


def columns_of(table: str) -> tuple[str, ...]:
    """Return the names of a surface's own columns, without provenance.

    >>> columns_of("channel")
    ('id', 'topic', 'private')
    """
    return tuple(column.split()[0] for column in SURFACES[table])
