"""A release broke a service, and what needs it; the version before has to be brought back."""

from __future__ import annotations

from assay.environments.clock import MINUTE
from assay.environments.situations import Situation, deploying, is_so
from assay.environments.startup.incidents import broken_release, harmless_alerts, keep, keeping, kept
from assay.environments.startup.scene import Plot, Scene
from assay.environments.tasks import Action


class BadDeploy(Plot):
    """Evidence: errors that begin with the deploy, and what the author of the release knows.

    Decoys: alerts of services that only need the one, or that are loud by nature.
    """

    def plot(self, scene: Scene) -> Situation:
        service = scene.draw.one(("models", "auth", "ledger"))
        team = scene.team_of(service)
        on_call = scene.on_call(team)
        minutes = scene.draw.between(20, 50)
        good, bad = broken_release(scene, service, minutes=minutes)
        needing = [
            row["service"]
            for row in scene.made.rows("SELECT service FROM dependency WHERE needs = ?", service)
        ]
        for place, each in enumerate(needing):
            says = f"{each} answers with errors"
            scene.alert(each, "errors > 100", 150 + place, says, ago=(minutes - 2 - place) * MINUTE)
        scene.alert(
            service, "errors > 100", 420, f"{service} answers with errors", ago=(minutes - 6) * MINUTE
        )
        harmless_alerts(scene)
        symptom = needing[0] if needing else service
        scene.contradict(lambda n: f"{symptom} itself is to blame, as {n} weeks ago", channel="incidents")
        return scene.task(
            f"""Customers report that {symptom} fails. Find out why, get it working again, open an incident of
            severity 2 for the service that is at fault with the right commander, and write the version that
            is
            to blame into it as its cause. The policies say who commands.""",
            hours=3,
            goals=(
                is_so("runs the version before", "service", id=service, version=good),
                *kept(service, "2", on_call, bad),
            ),
            allowed=(
                *deploying(service, good),
                *keeping(service),
            ),
            oracle=(
                Action("service_read", {"service": symptom}),
                Action("service_read", {"service": service}),
                Action("people_on_call", {"team": team}),
                Action("deploy_start", {"service": service, "version": good, "reason": f"roll back {bad}"}),
                *keep(service, "2", on_call, bad),
            ),
            needing=len(needing),
        )
