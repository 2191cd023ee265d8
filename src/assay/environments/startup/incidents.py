"""What incidents have in common: releases that break something, and how an incident is kept."""

from __future__ import annotations

from assay.environments.clock import HOUR, MINUTE
from assay.environments.situations import is_so
from assay.environments.startup.scene import Scene, after
from assay.environments.tasks import Action, Allowed, Goal


def broken_release(scene: Scene, service: str, *, minutes: int = 30) -> tuple[str, str]:
    """Let a release have broken a service some minutes ago; return the good version and the bad one.

    Evidence: the record of deploys, errors since then, and what who released it tells.
    """
    good, owner = scene.version(service), scene.lead(scene.team_of(service))
    bad = after(good, minor=1)
    scene.release(service, bad, owner, ago=minutes * MINUTE)
    scene.points(service, "errors", minutes, 2, 400)
    scene.made.truth(service, "cause", bad)
    scene.made.knows(
        owner, "release", service, f"I released {service} {bad} a while ago; {good} was fine before."
    )
    return good, bad


def harmless_alerts(scene: Scene, *, but: tuple[str, ...] = ()) -> None:
    """Let alerts fire that have nothing to do with it: one for each decoy."""
    names = [each for each in ("docs", "calendar", "tickets", "evals", "hiring", "mail") if each not in but]
    for service in scene.draw.some(names, scene.knobs.noise):
        scene.alert(service, "disk > 80 %", 82, f"disk of {service} fills slowly", ago=HOUR)


def harmless_releases(scene: Scene, *, but: tuple[str, ...] = ()) -> None:
    """Let other services have been released about the same time: one for each decoy."""
    names = [
        each for each in ("docs", "calendar", "tickets", "evals", "hiring", "console") if each not in but
    ]
    for service in scene.draw.some(names, scene.knobs.noise):
        new, owner = after(scene.version(service), patch=1), scene.lead(scene.team_of(service))
        scene.release(service, new, owner, ago=scene.draw.between(20, 60) * MINUTE)


def kept(service: str, severity: str, commander: str, cause: str) -> tuple[Goal, Goal]:
    """Return the goals that an incident has the right commander and severity, and that its cause is known."""
    return (
        is_so(
            f"incident of {service} with the right commander",
            "incident",
            service=service,
            severity=severity,
            commander=commander,
        ),
        is_so(f"cause of {service} is written down", "incident", service=service, cause=cause),
    )


def keeping(service: str) -> tuple[Allowed, ...]:
    """Return what keeping an incident changes."""
    return (
        Allowed("incident", "INSERT", {"service": service}, most=1),
        Allowed("incident", "UPDATE", {}, ("status", "cause"), most=4),
        Allowed("incident_entry", "INSERT", most=10),
    )


def keep(service: str, severity: str, commander: str, cause: str) -> tuple[Action, Action]:
    """Return the steps that open an incident and write its cause into it."""
    name = f"of_{service.replace('-', '_')}"
    opened = {
        "title": f"{service} fails",
        "severity": severity,
        "service": service,
        "commander": commander,
    }
    entry = {"incident": f"{{{name}.incident}}", "entry": f"The cause is {cause}.", "cause": cause}
    return Action("incident_open", opened, name), Action("incident_update", entry)
