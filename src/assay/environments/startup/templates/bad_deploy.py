"""A release broke a service, and what needs it; the version before has to be brought back."""

from __future__ import annotations

from assay.environments.building import Builder
from assay.environments.clock import HOUR, MINUTE
from assay.environments.situations import Knobs, Situation
from assay.environments.streams import Stream
from assay.environments.tasks import Action, Allowed, Goal


class BadDeploy:
    """Evidence: errors that begin with the deploy, and what the author of the release knows.

    Decoys: alerts of services that only need the one, or that are loud by nature.
    """

    def situate(self, made: Builder, draw: Stream, knobs: Knobs) -> Situation:
        service = draw.one(("models", "auth", "ledger"))
        row = made.rows("SELECT owner, version FROM service WHERE id = ?", service)[0]
        team = made.rows("SELECT team FROM person WHERE id = ?", row["owner"])[0]["team"]
        (on_call,) = [
            each["person"]
            for each in made.rows(
                "SELECT person FROM on_call WHERE team = ? AND begins <= ? AND ends > ?",
                team,
                made.begins,
                made.begins,
            )
        ]
        good = row["version"]
        major, minor, _ = good.split(".")
        bad = f"{major}.{int(minor) + 1}.0"
        at = made.begins - draw.between(20, 50) * MINUTE
        made.put(
            "deploy",
            service=service,
            version=bad,
            status="done",
            reason="new release",
            by=row["owner"],
            at=at,
        )
        made.change("service", service, version=bad)
        made.truth(service, "cause", bad)
        for minute in range(0, 60, 5):
            moment = made.begins - (60 - minute) * MINUTE
            value = 400 + draw.below(80) if moment >= at else 2 + draw.below(3)
            made.held.execute(
                "INSERT INTO metric (service, name, at, value, created_at, author, source_event, valid_from)"
                " VALUES (?, 'errors', ?, ?, ?, '', 0, ?)",
                (service, moment, value, moment, moment),
            )
        needing = [
            each["service"] for each in made.rows("SELECT service FROM dependency WHERE needs = ?", service)
        ]
        for place, each in enumerate(needing):
            made.put(
                "alert",
                service=each,
                rule="errors > 100",
                status="firing",
                value=150 + place,
                text=f"{each} answers with errors",
                at=at + (2 + place) * MINUTE,
            )
        made.put(
            "alert",
            service=service,
            rule="errors > 100",
            status="firing",
            value=420,
            text=f"{service} answers with errors",
            at=at + 6 * MINUTE,
        )
        for each in draw.some(["docs", "calendar", "tickets", "evals"], knobs.noise):
            made.put(
                "alert",
                service=each,
                rule="disk > 80 %",
                status="firing",
                value=82,
                text=f"disk of {each} fills slowly",
                at=at - HOUR,
            )
        made.knows(
            row["owner"],
            "release",
            service,
            f"I released {service} {bad} a while ago; {good} was fine before.",
        )
        symptom = needing[0] if needing else service
        return Situation(
            text=(
                f"Customers report that {symptom} fails. Find out why, get it working again, open an"
                " incident of"
                " severity 2 for the service that is at fault with the right commander, and write"
                " the cause into"
                " it. The policies say who commands."
            ),
            hours=3,
            goals=(
                Goal(
                    "runs the version before",
                    "SELECT 1 FROM service WHERE id = ? AND version = ?",
                    (service, good),
                ),
                Goal(
                    "incident with the right commander",
                    "SELECT 1 FROM incident WHERE service = ? AND commander = ? AND severity = '2'",
                    (service, on_call),
                ),
                Goal(
                    "cause is written down",
                    "SELECT 1 FROM incident WHERE service = ? AND cause LIKE ?",
                    (service, f"%{bad}%"),
                ),
            ),
            allowed=(
                Allowed("deploy", "INSERT", {"service": service, "version": good}, most=1),
                Allowed("service", "UPDATE", {"id": service}, ("version",)),
                Allowed("incident", "INSERT", {"service": service}, most=1),
                Allowed("incident", "UPDATE", {}, ("status", "cause")),
                Allowed("incident_entry", "INSERT", most=10),
            ),
            oracle=(
                Action("service_read", {"service": symptom}),
                Action("service_read", {"service": service}),
                Action("people_on_call", {"team": team}),
                Action("deploy_start", {"service": service, "version": good, "reason": f"roll back {bad}"}),
                Action(
                    "incident_open",
                    {"title": f"{service} fails", "severity": "2", "service": service, "commander": on_call},
                    "opened",
                ),
                Action(
                    "incident_update",
                    {
                        "incident": "{opened.incident}",
                        "entry": "Rolled back.",
                        "status": "resolved",
                        "cause": bad,
                    },
                ),
            ),
            knobs={"decoys": knobs.noise, "needing": len(needing)},
        )
