"""Permissions that a task needs and the agent lacks, until it asks whoever gives them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from assay.environments.clock import DAY, HOUR, MINUTE, at_work
from assay.environments.situations import mails, waits
from assay.environments.startup import AGENT
from assay.environments.tasks import Action, Goal

if TYPE_CHECKING:
    from assay.environments.startup.scene import Scene

SCOPES: Mapping[str, str] = {
    "deploy_start": "deploy:{service}",
    "flag_set": "deploy:{feature_flag}",
    "secret_renew": "secret:{secret_reference}",
    "candidate_move": "hiring:write",
    "interview_book": "hiring:write",
    "ticket_open": "tickets:write",
    "ticket_change": "tickets:write",
    "doc_write": "docs:write",
    "incident_open": "incidents:write",
    "invoice_correct": "billing:write",
    "refund": "billing:refund",
    "contract_change": "contracts:write",
    "customer_change": "contracts:write",
    "calendar_book": "calendar:write",
    "pull_merge": "code:merge",
    "customer_read": "contracts:read",
    "invoice_read": "billing:read",
}
"""Tool → the permission that it wants. A table stands for the service of the row that the call names."""

ANSWERS = 15 * MINUTE
"""Within which who gives a permission has answered."""


def lacking(
    scene: Scene, steps: Sequence[Action], goals: Sequence[Goal], *, after: int, text: str
) -> tuple[tuple[Action, ...], int]:
    """Take some of the permissions away that steps need; return how an oracle gets them back, and how many.

    Evidence: a paper on who gives what, and a message that says the same. Way around: asking that person.

    Parameters
    ----------
    goals
        Of the task: who may read something is asked for only where a goal wants it read.
    after
        When the oracle comes to asking.
    text
        Of the task: who is named in it has something else to do there.
    """
    named = {value for goal in goals for value in goal.values}
    needing = [
        step for step in steps if not SCOPES.get(step.tool, "").endswith(":read") or step.tool in named
    ]
    draw, wanted = scene.draw.of("permissions"), _scopes(scene, needing)
    taken = draw.some(wanted, scene.knobs.permissions)
    if not taken:
        return (), 0
    busy = {str(row["holder"]) for row in scene.made.rows("SELECT DISTINCT holder FROM fact")}
    busy |= {str(row["person"]) for row in scene.made.rows("SELECT person FROM absence")}
    free = [
        each
        for each in scene.staff(but=sorted(busy))
        if at_work(after, zone := scene.person(each)["zone"]) and at_work(after + HOUR, zone)
        if f" {each}" not in text
    ]
    gives = draw.one(free)
    scene.made.script(gives, reliability=1.0, patience=20, delay=6 * MINUTE)
    lines = []
    for scope in taken:
        scene.made.fault(
            "lost-permission",
            f"permission:{scope}",
            begins=scene.begins,
            ends=None,
            cause="unused permissions were cleaned up",
            way_around=f"asking {gives}, who gives it again",
            signals="the call is refused; the directory lists it no more",
            owner=gives,
            words=" ".join(scope.split(":")),
            tools=[tool for tool, wants in SCOPES.items() if wants == scope],
            tell=gives,
        )
        lines.append(f"{scope}: {gives} gives it, to whoever asks for it by its name.")
    scene.doc(
        "who-gives-permissions",
        "Permissions: who gives them",
        "Unused permissions end with each quarter. Ask for them again where you need them.\n"
        + "\n".join(lines),
        ago=2 * DAY,
    )
    scene.post(
        "platform",
        draw.one(scene.staff(but=(gives,))),
        f"permissions were cleaned up; {gives} gives you {' and '.join(taken)} again if you ask",
        ago=2 * HOUR,
    )
    # By mail, which works also where chat is what is down.
    asks = tuple(mails(gives, f"May I have {scope} again?", "I need it now, please.") for scope in taken)
    return (Action("doc_read", {"doc": "who-gives-permissions"}), *asks, *waits(after + ANSWERS, 4)), len(
        taken
    )


def _scopes(scene: Scene, steps: Sequence[Action]) -> list[str]:
    """Return the permissions that steps need, that the agent has, and that are not to be lost anyhow."""
    has = {
        row["scope"]
        for row in scene.made.rows(
            "SELECT scope FROM permission WHERE person = ? AND valid_to IS NULL", AGENT
        )
    }
    lost = {row["scope"].partition(":")[2] for row in scene.made.rows("SELECT scope FROM fault")}
    found = dict.fromkeys(scope for step in steps if (scope := _scope(scene, step)))
    return [scope for scope in found if scope in has and scope not in lost]


def _scope(scene: Scene, step: Action) -> str:
    """Return the permission that a step needs; nothing where it needs none, or what it is on comes later."""
    scope = SCOPES.get(step.tool, "")
    what, _, on = scope.partition(":")
    if not on.startswith("{"):
        return scope
    given: Mapping[str, Any] = step.arguments
    if on == "{service}":
        return f"{what}:{given['service']}"
    key = given["flag" if step.tool == "flag_set" else "secret"]
    rows = scene.made.rows(f"SELECT service FROM {on[1:-1]} WHERE id = ?", key)
    return f"{what}:{rows[0]['service']}" if rows else ""
