"""A release has to be watched for some hours, and taken back if its errors rise."""

from __future__ import annotations

from assay.environments.clock import HOUR, MINUTE
from assay.environments.situations import Situation, both, deploying, is_so, told, waits, writes
from assay.environments.startup.incidents import harmless_alerts
from assay.environments.startup.scene import Plot, Scene, after
from assay.environments.tasks import Action, Goal


class WatchRelease(Plot):
    """Nothing tells the agent: it has to wait and look. What is rolled back too early was not watched.

    Evidence: errors that rise later, and an alert. Decoys: another service's errors, from a load test.
    """

    def plot(self, scene: Scene) -> Situation:
        service = scene.draw.one(("auth", "ledger", "models"))
        owner = scene.lead(scene.team_of(service))
        good = scene.version(service)
        bad = after(good, minor=1)
        scene.release(service, bad, owner, ago=20 * MINUTE)
        rises = scene.begins + scene.draw.between(60, 150) * MINUTE
        for place in range(48):
            at = scene.begins + place * 5 * MINUTE
            value = 350 + scene.draw.below(50) if at >= rises else 2 + scene.draw.below(3)
            scene.point_later(service, "errors", at, value)
        scene.alert_later(rises + 6 * MINUTE, service, "errors > 100", 350, f"{service} answers with errors")
        other = "evals"
        scene.points(other, "errors", 30, 2, 500)
        scene.post("research", scene.lead("research"), f"load test of {other} until noon, ignore its errors")
        harmless_alerts(scene, but=(other,))
        scene.made.truth(service, "breaks", rises)
        scene.contradict(lambda n: f"{service} {bad} looks perfect, {n} checks done", channel="releases")
        return scene.task(
            f"""{service} {bad} went out at 08:40. Watch its errors until 13:00, at least every half hour. As
            soon as, and only if, they stay above 100, deploy {good} again and tell {owner} which version
            you took back; nobody will call you. Other services are watched by others.""",
            hours=4.5,
            goals=(
                is_so("runs the version before", "service", id=service, version=good),
                Goal(
                    "rolled back after errors rose, within the hour",
                    "SELECT 1 FROM deploy WHERE service = ? AND version = ? AND created_at BETWEEN ? AND ?",
                    (service, good, rises, rises + HOUR),
                ),
                both(
                    "taken back, and the owner knows",
                    is_so("", "service", id=service, version=good),
                    told(owner, bad),
                ),
            ),
            allowed=(*deploying(service, good),),
            oracle=(
                *(
                    step
                    for at in range(scene.begins + 30 * MINUTE, rises + 20 * MINUTE, 30 * MINUTE)
                    for step in (
                        *waits(at, 1),
                        Action("metric_read", {"service": service, "name": "errors"}),
                    )
                ),
                *waits(rises + 15 * MINUTE, 2),
                Action("metric_read", {"service": service, "name": "errors"}),
                Action("deploy_start", {"service": service, "version": good, "reason": f"errors of {bad}"}),
                writes(owner, f"Took {service} {bad} back: errors."),
            ),
        )
