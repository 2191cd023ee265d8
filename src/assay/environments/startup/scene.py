"""A scene in the company: what templates plant their situations with.

The knobs are turned here: notes that point to notes (`hops`), services that fail for the first half hour
(`faults`), people who believe something else (`contradictions`), permissions that have to be asked for
(`permissions`); decoys (`noise`) each template has its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from assay.environments import clock
from assay.environments.building import Builder
from assay.environments.clock import DAY, HOUR, MINUTE
from assay.environments.situations import Knobs, Situation, waits
from assay.environments.startup import AGENT, SERVICES, TEAMS, document, words
from assay.environments.startup.permissions import lacking
from assay.environments.streams import Stream
from assay.environments.tasks import Action, Allowed, Goal

TROUBLES: tuple[tuple[str, str, str], ...] = (
    ("outage", "docs", "the disk of the documents was full; it is being enlarged"),
    ("brownout", "tickets", "an index of the tickets is built anew"),
    ("rate-limit", "chat", "the vendor limits calls while it restarts"),
    ("outage", "directory", "the directory is moved to another host"),
    ("brownout", "console", "the console is upgraded"),
    ("outage", "billing", "the ledger is reconciled"),
    ("brownout", "mail", "the mail server is restarted"),
    ("outage", "code-host", "certificates of the code host are changed"),
)
"""What may fail beside the task: kind, service, cause. Each is over within the first half hour."""


MOST_SINCE = 16
"""Tickets of a board that came in since the company was made, without this one."""


class Scene:
    """What is planted for one task, with short words for what the company has."""

    def __init__(self, made: Builder, draw: Stream, knobs: Knobs) -> None:
        self.made, self.draw, self.knobs = made, draw, knobs
        self.begins = made.begins
        self.hopped = False
        """Whether the template has places of its own that point to one another."""
        self._follow: list[Action] = []
        self._notes = 0
        self._boards: set[str] = set()
        self._since()

    def _since(self) -> None:
        """Let some things have gone on since the company was made, so that no answer is one for all seeds:
        other versions run, others are on call, and tickets came in.
        """
        draw, made = self.draw.of("since"), self.made
        for service, (team, _) in SERVICES.items():
            if team:
                version = f"{1 + draw.below(3)}.{draw.below(10)}.{draw.below(10)}"
                made.change("service", service, version=version)
                (row,) = made.rows("SELECT id FROM deploy WHERE service = ?", service)
                made.change("deploy", row["id"], version=version)
        for team in TEAMS:
            (row,) = made.rows(
                "SELECT id FROM on_call WHERE team = ? AND begins <= ? AND ends > ?",
                team,
                self.begins,
                self.begins,
            )
            made.change("on_call", row["id"], person=draw.one(self.staff(team)))

    def _tickets_since(self, board: str) -> None:
        """Let tickets of a board have come in since; where no ticket matters, nobody counts them."""
        self._boards.add(board)
        draw, staff = self.draw.of("since", board), self.staff()
        owned = [service for service, (team, _) in SERVICES.items() if team]
        for _ in range(draw.below(MOST_SINCE)):
            service = draw.one(owned)
            self.ticket(
                board,
                draw.one(words.CHORES).format(service=service),
                draw.one(words.REASONS).format(service=service),
                labels=service,
                by=draw.one(staff),
            )

    # -- who and what there is ---------------------------------------------------------------------------

    def on_call(self, team: str) -> str:
        """Return who of a team is on call when play begins."""
        return str(
            self.made.rows(
                "SELECT person FROM on_call WHERE team = ? AND begins <= ? AND ends > ?",
                team,
                self.begins,
                self.begins,
            )[0]["person"]
        )

    def lead(self, team: str) -> str:
        """Return who leads a team."""
        return str(self.made.rows("SELECT lead FROM team WHERE id = ?", team)[0]["lead"])

    def team_of(self, service: str) -> str:
        """Return the team that owns a service."""
        return SERVICES[service][0]

    def staff(self, team: str = "", *, but: Sequence[str] = ()) -> list[str]:
        """Return the ids of people who are neither the agent nor among `but`."""
        rows = self.made.rows("SELECT id FROM person WHERE ? IN ('', team) ORDER BY id", team)
        return [row["id"] for row in rows if row["id"] not in (AGENT, *but)]

    def person(self, key: str) -> dict[str, Any]:
        """Return somebody's row."""
        return self.made.rows("SELECT * FROM person WHERE id = ?", key)[0]

    def version(self, service: str) -> str:
        """Return which version of a service runs."""
        return str(self.made.rows("SELECT version FROM service WHERE id = ?", service)[0]["version"])

    def customers(self, many: int) -> list[dict[str, Any]]:
        """Return different customers with their contracts' seats, price and id."""
        rows = self.made.rows(
            "SELECT customer.*, contract.id AS contract, seats, price_cents FROM customer"
            " JOIN contract ON contract.customer = customer.id GROUP BY customer.id ORDER BY customer.id"
        )
        return self.draw.some(rows, many)

    # -- planting ----------------------------------------------------------------------------------------

    def mail(self, by: str, subject: str, body: str, *, ago: int = HOUR) -> int:
        """Put a mail into the agent's inbox, and return its number."""
        return self.made.put("email", **_mail(subject, body), by=by, at=self.begins - ago)

    def mail_later(self, at: int, by: str, subject: str, body: str) -> None:
        """Let a mail come in at a moment, which the agent notices."""
        self.made.put_later(at, "email", **_mail(subject, body), by=by)
        self.made.notice(at, "mail", by, f"{by}: {subject}")

    def post(self, channel: str, by: str, text: str, *, ago: int = HOUR) -> int:
        """Put a message into a channel."""
        return self.made.put("message", channel=channel, thread=None, text=text, by=by, at=self.begins - ago)

    def post_later(self, at: int, channel: str, by: str, text: str) -> None:
        """Let a message be posted at a moment, which the agent notices."""
        self.made.put_later(at, "message", channel=channel, thread=None, text=text, by=by)
        self.made.notice(at, "chat", channel, f"#{channel} {by}: {text}")

    def ticket(self, board: str, title: str, body: str, *, ago: int = DAY, **values: Any) -> str:
        """Put a ticket onto a board, and return its id."""
        if board not in self._boards:
            self._tickets_since(board)
        many = self.made.rows("SELECT count(*) AS n FROM ticket WHERE board = ?", board)[0]["n"]
        row: dict[str, Any] = {
            "status": "open",
            "priority": "normal",
            "assignee": None,
            "due": None,
            "labels": "",
        } | values
        by = row.pop("by", "") or self.draw.one(self.staff())
        key = f"{board}-{many + 1}"
        self.made.put(
            "ticket", id=key, board=board, title=title, body=body, **row, by=by, at=self.begins - ago
        )
        return key

    def doc(
        self, key: str, title: str, text: str, *, by: str = "", ago: int = 3 * DAY, folder: str = "notes"
    ) -> str:
        """Put a document, and return its id."""
        document(
            self.made, key, title, folder, text, by=by or self.draw.one(self.staff()), at=self.begins - ago
        )
        return key

    def alert(self, service: str, rule: str, value: float, text: str, *, ago: int = 10 * MINUTE) -> None:
        """Let an alert fire."""
        self.made.put(
            "alert",
            service=service,
            rule=rule,
            status="firing",
            value=value,
            text=text,
            at=self.begins - ago,
        )

    def alert_later(self, at: int, service: str, rule: str, value: float, text: str) -> None:
        """Let an alert fire at a moment."""
        row: dict[str, Any] = {"rule": rule, "status": "firing", "value": value, "text": text}
        self.made.put_later(at, "alert", service=service, **row)

    def comment(self, ticket: str, text: str, *, by: str = "", ago: int = 1) -> None:
        """Put a comment on a ticket."""
        who = by or self.draw.one(self.staff())
        self.made.put("ticket_comment", ticket=ticket, text=text, by=who, at=self.begins - ago)

    def candidate(self, key: str, name: str, position: str, *, ago: int = 0) -> None:
        """Put a candidate who is being interviewed."""
        row = {"position": position, "stage": "interview", "owner": self.lead("people"), "notes": ""}
        self.made.put("candidate", id=key, name=name, **row, at=self.begins - ago)

    def secret(self, key: str, service: str, *, expires: int, renewed: int = 0) -> None:
        """Put a token of a service that runs out at a moment; what runs out this day counts as expired."""
        status = "expired" if expires < self.begins + HOUR else "valid"
        self.made.put(
            "secret_reference",
            id=key,
            service=service,
            rotated_at=renewed,
            expires_at=expires,
            status=status,
            at=0,
        )

    def tested(self, service: str, version: str, *, ago: int = HOUR) -> None:
        """Let the tests of a version have passed, so that it can be deployed."""
        row = {"branch": "main", "code_commit": version, "status": "passed", "report": "OK"}
        self.made.put("ci_run", repo=service, **row, at=self.begins - ago)

    def points(self, service: str, name: str, since: int, low: int, high: int, *, step: int = 5) -> None:
        """Put points of the last hour: `low` until `since` minutes ago, `high` from then on."""
        for minute in range(60, 0, -step):
            usual = high if minute <= since else low
            moment = self.begins - minute * MINUTE
            self._point(service, name, moment, usual + self.draw.below(max(usual // 10, 2)))

    def _point(self, service: str, name: str, moment: int, value: float) -> None:
        self.made.held.execute(
            "INSERT INTO metric (service, name, at, value, created_at, author, source_event, valid_from)"
            " VALUES (?, ?, ?, ?, ?, '', 0, ?)",
            (service, name, moment, value, moment, moment),
        )

    def point_later(self, service: str, name: str, at: int, value: float) -> None:
        """Let a point of a metric come at a moment."""
        row = {"service": service, "name": name, "at": at, "value": value}
        self.made.later(at, "put", {"table": "metric", "by": "", "values": row})

    def release(self, service: str, version: str, by: str, *, ago: int, reason: str = "new release") -> None:
        """Let a version have been deployed, which runs since."""
        at = self.begins - ago
        self.made.put("deploy", service=service, version=version, status="done", reason=reason, by=by, at=at)
        self.made.change("service", service, version=version)

    def allow(self, scope: str) -> None:
        """Let the agent have a permission."""
        self.made.put("permission", person=AGENT, scope=scope, level="write", at=0)

    def away(self, person: str, *, until: int, stand_in: str = "") -> None:
        """Let somebody be absent from yesterday until a moment."""
        self.made.fault(
            "absent-coworker",
            f"person:{person}",
            begins=self.begins - DAY,
            ends=until,
            cause="on leave",
            way_around=f"{stand_in} stands in" if stand_in else "waiting until they are back",
            signals="the directory says so, and so does their mailbox",
            stand_in=stand_in,
        )

    def answers(self, person: str, *, sure: bool = True) -> None:
        """Let somebody answer within half an hour of work, surely or never rightly."""
        self.made.script(person, reliability=1.0 if sure else 0.0, patience=20, delay=20 * MINUTE)

    def answered(self, person: str) -> int:
        """Return a moment by which somebody who was asked in the first half hour has answered."""
        zone = self.person(person)["zone"]
        return clock.next_work(self.begins + 45 * MINUTE, zone) + HOUR

    # -- knobs -------------------------------------------------------------------------------------------

    def trail(self, what: str, place: str) -> str:
        """Hide a place behind notes that point to one another, one for each hop beyond the first."""
        self.hopped = True
        for _ in range(self.knobs.hops - 1):
            self._notes += 1
            key = f"note-{self._notes}-{what.lower().replace(' ', '-')}"
            self.doc(key, f"Where to find: {what}", f"{what} moved. See {place}.", ago=2 * DAY)
            self._follow.insert(0, Action("doc_read", {"doc": key}))
            place = f"document {key}"
        return place

    def _written_down(self, text: str) -> str:
        """Hide a task itself behind notes, where nothing else in it lies behind others."""
        self.doc("left-for-robin", "Left for Robin", text, ago=HOUR)
        self._follow.append(Action("doc_read", {"doc": "left-for-robin"}))
        self.knobs = replace(self.knobs, hops=self.knobs.hops - 1)
        start = self.trail("what is left for you", "document left-for-robin")
        self.knobs = replace(self.knobs, hops=self.knobs.hops + 1)
        return f"Somebody left you something to do, and wrote down what; begin at {start}."

    def distract(self, many: int) -> None:
        """Put mails that have nothing to do with it, where a template has no more decoys of its own."""
        for number in range(many):
            by = self.draw.one(self.staff())
            self.mail(
                by, f"Lunch {number + 1}", f"Anybody for lunch at {11 + number % 4}? I am hungry already."
            )

    def contradict(self, text: Callable[[int], str], *, channel: str = "general") -> None:
        """Let people say something else in chat, without having looked: once for each contradiction."""
        for number in range(self.knobs.contradictions):
            self.post(channel, self.draw.one(self.staff()), text(number + 1), ago=(number + 2) * HOUR)

    def _trouble(self) -> tuple[tuple[Action, ...], int]:
        """Let other things fail meanwhile; return how an oracle waits, and until when."""
        last = self.begins
        for kind, service, cause in self.draw.some(TROUBLES, self.knobs.faults):
            ends = self.begins + self.draw.between(10, 25) * MINUTE
            last = max(last, ends)
            self.made.fault(
                kind,
                f"service:{service}",
                begins=self.begins,
                ends=ends,
                cause=cause,
                way_around="waiting and trying again",
                signals="answers of the service itself",
            )
        return (waits(last, 4) if last > self.begins else ()), last

    def task(
        self,
        text: str,
        *,
        hours: float,
        goals: Sequence[Goal],
        oracle: Sequence[Action],
        allowed: Sequence[Allowed] = (),
        **knobs: Any,
    ) -> Situation:
        """Return what was planted as a task."""
        text = " ".join(text.split())
        if self.knobs.hops > 1 and not self.hopped:
            text = self._written_down(text)
        more, quiet = self._trouble()
        asks, lacks = lacking(self, oracle, goals, after=quiet, text=text)
        return Situation(
            text=text,
            hours=hours + lacks / 2,
            goals=tuple(goals),
            allowed=tuple(allowed),
            oracle=(*more, *asks, *self._follow, *oracle),
            knobs={"permissions": lacks, **knobs},
        )


def after(version: str, *, minor: int = 0, patch: int = 0) -> str:
    """Return a version so many minor versions later, or else so many patches.

    >>> after("2.3.9", minor=1), after("2.3.9", patch=1)
    ('2.4.0', '2.3.10')
    """
    first, second, third = map(int, version.split("."))
    return f"{first}.{second + minor}.0" if minor else f"{first}.{second}.{third + patch}"


class Plot:
    """A template that plants a scene."""

    def situate(self, made: Builder, draw: Stream, knobs: Knobs) -> Situation:
        """Plant a situation, and return the task that it makes."""
        return self.plot(Scene(made, draw, knobs))

    def plot(self, scene: Scene) -> Situation:
        """Plant into a scene."""
        raise NotImplementedError


def _mail(subject: str, body: str) -> dict[str, Any]:
    return {
        "thread": None,
        "recipients": words.address(AGENT),
        "subject": subject,
        "body": body,
        "folder": "inbox",
        "seen": 0,
    }
