"""The loudest alert is not the cause: a quiet release of billing is."""

from __future__ import annotations

from assay.environments.clock import MINUTE
from assay.environments.situations import Situation, deploying, is_so, told, writes
from assay.environments.startup.incidents import broken_release, keep, keeping, kept
from assay.environments.startup.scene import Plot, Scene
from assay.environments.tasks import Action


class NoisyAlert(Plot):
    """Evidence: the metric of the quiet service, its deploys, and what who released it tells.

    Decoys: many alerts of a service that is loud by nature, as a ticket says.
    """

    def plot(self, scene: Scene) -> Situation:
        quiet = scene.draw.one(("billing", "exports"))
        loud = scene.draw.one(("evals", "webapp"))
        team = scene.team_of(quiet)
        commander, lead = scene.on_call(team), scene.lead(team)
        good, bad = broken_release(scene, quiet, minutes=scene.draw.between(15, 55))
        for place in range(3 + 3 * scene.knobs.noise):
            scene.alert(loud, f"shard {place} is red", 9000 + place, f"CRITICAL: shard {place} of {loud}")
        scene.alert(quiet, "errors > 100", 401, f"some calls of {quiet} fail", ago=12 * MINUTE)
        scene.ticket(
            "OPS",
            f"Alerts of {loud} mean nothing",
            f"Shards of {loud} are red whenever a run begins. Nobody has to do anything.",
            labels=loud,
        )
        scene.contradict(
            lambda n: f"{loud} is all red, that must be why invoices fail ({n})", channel="incidents"
        )
        return scene.task(
            f"""Customers complain that invoices fail since this morning, and {loud} is all red. Find out what
            is at fault for the invoices, bring the version before back where a release is to blame, open an
            incident of severity 2 for the service with whoever is on call for its team, write the version
            that is to blame into it as the cause, and tell the team's lead which version that was. Leave
            alone what is not to blame.""",
            hours=3,
            goals=(
                is_so("runs the version before", "service", id=quiet, version=good),
                *kept(quiet, "2", commander, bad),
                told(lead, bad),
            ),
            allowed=(
                *deploying(quiet, good),
                *keeping(quiet),
            ),
            oracle=(
                Action("alert_list"),
                Action("metric_read", {"service": quiet, "name": "errors"}),
                Action("service_read", {"service": quiet}),
                Action("people_on_call", {"team": team}),
                Action("deploy_start", {"service": quiet, "version": good, "reason": f"roll back {bad}"}),
                *keep(quiet, "2", commander, bad),
                writes(lead, f"{quiet} {bad} broke invoices."),
            ),
        )
