"""What templates share: how hard a task is to be, the situation that one plants, and how goals are said."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Protocol

from assay.environments import clock
from assay.environments.building import Builder
from assay.environments.errors import WorldError
from assay.environments.streams import Stream
from assay.environments.tasks import Action, Allowed, Goal, Task

MOST_TURNED: Mapping[str, int] = {
    "noise": 100,
    "hops": 30,
    "faults": 30,
    "contradictions": 100,
    "permissions": 30,
    "size": 400,
}
"""How far each knob can be turned: so far every task can be done, and all is in the past as play begins; a
company of the largest size has a million rows.
"""


@dataclass(frozen=True)
class Knobs:
    """How hard a task is made.

    Attributes
    ----------
    noise
        Decoys planted beside the evidence.
    hops
        How many places have to be looked at, one pointing to the next.
    faults
        How much breaks meanwhile, beyond what the task is about.
    contradictions
        Sources that say otherwise, and are outdated or wrong.
    permissions
        How many of the permissions that the task needs are lacking, and have to be asked for; a task that
        needs fewer lacks fewer.
    size
        How many times as large as usual the company is.

    Raises
    ------
    WorldError
        Where one is no number that it can be turned to.
    """

    noise: int = 2
    hops: int = 1
    faults: int = 0
    contradictions: int = 0
    permissions: int = 0
    size: int = 1

    def __post_init__(self) -> None:
        for each in fields(self):
            value, least = getattr(self, each.name), int(each.name in {"hops", "size"})
            most = MOST_TURNED[each.name]
            if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
                raise WorldError(
                    f"the knob {each.name} is a whole number from {least} to {most}, not {value!r}"
                )

    @property
    def code(self) -> str:
        """How the knobs stand in the id of a task: those at the end that nobody turned are left out.

        >>> Knobs().code, Knobs(permissions=1).code, Knobs(noise=12).code
        ('2100', '21001', '12.1.0.0')
        """
        values = [getattr(self, each.name) for each in fields(self)]
        usual = [each.default for each in fields(self)]
        while len(values) > 4 and values[-1] == usual[len(values) - 1]:
            values.pop()
        return ("." if max(values) > 9 else "").join(map(str, values))

    @classmethod
    def read(cls, code: str) -> Knobs:
        """Return the knobs that `code` wrote; those of a task that nobody turned where it is none.

        >>> Knobs.read("12.1.0.0").noise, Knobs.read("21001").permissions
        (12, 1)
        """
        parts = code.split(".") if "." in code else list(code)
        if not all(part.isascii() and part.isdigit() for part in parts) or not 4 <= len(parts) <= 6:
            return cls()
        return cls(*map(int, parts))


def knobs_of(task: Task) -> Knobs:
    """Return how hard a task was made, which stands at the end of its id."""
    return Knobs.read(task.id.rpartition("-")[2])


@dataclass(frozen=True)
class Situation:
    """What a template comes to once it is planted; `hours` is how long the agent has."""

    text: str
    hours: float
    goals: tuple[Goal, ...]
    allowed: tuple[Allowed, ...]
    oracle: tuple[Action, ...]
    knobs: Mapping[str, Any] = field(default_factory=dict)


class Template(Protocol):
    """A kind of task: samples what is really so, plants the evidence, and says what has to be done."""

    def situate(self, made: Builder, draw: Stream, knobs: Knobs) -> Situation:
        """Plant a situation into a fork of a world, and return the task that it makes."""


AGENT = "(SELECT value FROM meta WHERE key = 'agent')"


def is_so(name: str, table: str, /, *, times: int = 0, **values: Any) -> Goal:
    """Return the goal that a table has a row with these values, or exactly so many with `times`.

    >>> is_so("closed", "ticket", id="OPS-9", status="done").statement
    'SELECT 1 FROM ticket WHERE id IS ? AND status IS ?'
    """
    where = " AND ".join(f"{column} IS ?" for column in values)
    if times:
        statement = f"SELECT 1 WHERE (SELECT count(*) FROM {table} WHERE {where}) = {times}"
    else:
        statement = f"SELECT 1 FROM {table} WHERE {where}"
    return Goal(name, statement, tuple(values.values()))


def looked(tool: str, **arguments: Any) -> Goal:
    """Return the goal that the agent called a tool with these arguments, and was answered.

    >>> looked("doc_read", doc="policy-access").values
    ('doc_read', 'policy-access')
    """
    given = "".join(f" AND json_extract(arguments, '$.{name}') = ?" for name in arguments)
    return Goal(
        f"looked with {tool} {' '.join(map(str, arguments.values()))}".strip(),
        f"SELECT 1 FROM step WHERE tool = ? AND code = 'ok'{given}",
        (tool, *arguments.values()),
    )


def both(name: str, *goals: Goal, never: Sequence[Goal] = (), weight: float = 1.0) -> Goal:
    """Return the goal that all of some goals hold, and none of others: what must not be done is no goal of
    its own, since it holds from the beginning.
    """
    parts = [f"EXISTS ({goal.statement})" for goal in goals]
    parts += [f"NOT EXISTS ({goal.statement})" for goal in never]
    values = tuple(value for goal in (*goals, *never) for value in goal.values)
    return Goal(name, f"SELECT 1 WHERE {' AND '.join(parts)}", values, weight)


def in_order(name: str, first: str, then: str, *values: Any) -> Goal:
    """Return the goal that something was so before something else.

    Parameters
    ----------
    first, then
        SELECTs of one moment each; the earliest of the first is compared with the earliest of the second.
    values
        What stands for their question marks, in order.
    """
    return Goal(
        name, f"SELECT 1 WHERE (SELECT min(at) FROM ({first})) < (SELECT min(at) FROM ({then}))", values
    )


def later_than(name: str, told_so: Goal, what: str, *values: Any) -> Goal:
    """Return the goal that the agent said something after something was so.

    `told_so` is what `told`, `mailed`, `posted` or `commented` returns, `what` a SELECT of moments as `at`.
    """
    statement = (
        f"SELECT 1 WHERE (SELECT max(at) FROM ({told_so.statement})) >= (SELECT min(at) FROM ({what}))"
    )
    return Goal(name, statement, (*told_so.values, *values))


def said(
    medium: str, where: str, text: str, words: Sequence[str], but_not: Sequence[str]
) -> tuple[str, list[str]]:
    """Return a SELECT of the moments when the agent said some whole words, and others not, and its values."""
    tests = [f"' ' || lower({text}) || ' ' GLOB ?"] * len(words)
    tests += [f"' ' || lower({text}) || ' ' NOT GLOB ?"] * len(but_not)
    told_so = "".join(f" AND {test}" for test in tests)
    return (
        f"SELECT created_at AS at FROM {medium} WHERE author = {AGENT} AND {where}{told_so}",
        [_whole(word) for word in (*words, *but_not)],
    )


def _whole(word: str) -> str:
    """Return a pattern for GLOB that finds a word which is no part of a longer one."""
    quoted = re.sub(r"([*?\[])", r"[\1]", word.lower())
    return f"*[^a-z0-9_-]{quoted}[^a-z0-9_-]*"


def told(person: str, *words: str, but_not: Sequence[str] = (), name: str = "") -> Goal:
    """Return the goal that a colleague was told something in words of the agent, by chat or mail.

    Counts what goes to the person, or names them with @ in a channel. `but_not` are words that must not stand
    in it: who lists every possible answer has given none.
    """
    chat, chat_words = said(
        "message",
        f"(channel = {_TALK} OR ' ' || lower(text) || ' ' GLOB ?)",
        "text",
        words,
        but_not,
    )
    mail, mail_words = said(
        "email",
        "folder = 'sent' AND ', ' || recipients LIKE ?",
        "subject || ' ' || body",
        words,
        but_not,
    )
    return Goal(
        name or f"{person} was told {' '.join(words)}",
        f"{chat} UNION ALL {mail}",
        (person, person, person, f"*@{person}[^a-z0-9_-]*", *chat_words, f"%, {person}@%", *mail_words),
    )


_TALK = f"CASE WHEN ? < {AGENT} THEN '@' || ? || '+' || {AGENT} ELSE '@' || {AGENT} || '+' || ? END"


def mailed(address: str, *words: str, but_not: Sequence[str] = (), name: str = "") -> Goal:
    """Return the goal that the agent wrote a mail to an address, with words in it and others not."""
    mail, values = said(
        "email", "folder = 'sent' AND recipients LIKE ?", "subject || ' ' || body", words, but_not
    )
    return Goal(name or f"{address} was told {' '.join(words)}", mail, (f"%{address}%", *values))


def answer_of(person: str, *carries: object) -> tuple[str, list[str]]:
    """Return a SELECT of the moments when a colleague said something that carries numbers, and its values.

    Whatever their words: a voice may find others than the script's, and keeps the numbers.

    >>> answer_of("ann", 40)[1]
    ['ann', '*40*', 'ann', '*40*']
    """
    parts, values = [], list[str]()
    for table, text in (("message", "text"), ("email", "body")):
        parts.append(
            f"SELECT created_at AS at FROM {table} WHERE author = ?"
            " AND created_at > (SELECT value FROM meta WHERE key = 'begins')"
            + f" AND {text} GLOB ?"
            * len(carries)
        )
        values += [person, *(f"*{each}*" for each in carries)]
    return " UNION ALL ".join(parts), values


def posted(channel: str, *words: str, but_not: Sequence[str] = (), name: str = "") -> Goal:
    """Return the goal that the agent posted words in a channel."""
    chat, values = said("message", "channel = ?", "text", words, but_not)
    return Goal(name or f"{channel} was told {' '.join(words)}", chat, (channel, *values))


def commented(ticket: str, *words: str, but_not: Sequence[str] = (), name: str = "") -> Goal:
    """Return the goal that the agent commented on a ticket with words."""
    chat, values = said("ticket_comment", "ticket = ?", "text", words, but_not)
    return Goal(name or f"{ticket} says {' '.join(words)}", chat, (ticket, *values))


def ticket_changes(ticket: str, *columns: str) -> tuple[Allowed, ...]:
    """Return what changing some columns of a ticket, and commenting on it, changes.

    >>> [(each.table, each.did) for each in ticket_changes("OPS-9", "status")]
    [('ticket', 'UPDATE'), ('ticket_change', 'INSERT'), ('ticket_comment', 'INSERT')]
    """
    return (
        Allowed("ticket", "UPDATE", {"id": ticket}, columns),
        Allowed("ticket_change", "INSERT", {"ticket": ticket}, most=6),
        Allowed("ticket_comment", "INSERT", {"ticket": ticket}, most=3),
    )


def waits(until: int, times: int = 3) -> tuple[Action, ...]:
    """Return waiting until a moment for an oracle: more than once, since what comes up ends a wait."""
    return (Action("wait", {"until": clock.shown(until)}),) * times


def writes(person: str, text: str) -> Action:
    """Return writing somebody in chat.

    >>> writes("ann", "Hello").arguments["channel"]
    '@ann'
    """
    return Action("chat_post", {"channel": f"@{person}", "text": text})


def mails(to: str, subject: str, body: str, *, answers: int | None = None) -> Action:
    """Return mailing somebody, perhaps as the answer to a mail of theirs."""
    given: dict[str, Any] = {"to": [to], "subject": subject, "body": body}
    return Action("mail_send", given if answers is None else given | {"answers": answers})


def deploying(service: str, version: str) -> tuple[Allowed, ...]:
    """Return what deploying one version of a service changes."""
    return (
        Allowed("deploy", "INSERT", {"service": service, "version": version}, most=1),
        Allowed("service", "UPDATE", {"id": service}, ("version",)),
    )
