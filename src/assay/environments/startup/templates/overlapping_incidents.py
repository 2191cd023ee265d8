"""Two things fail at once for different reasons: a vendor, whom nobody can mend, and a release of ours."""

from __future__ import annotations

from assay.environments.clock import MINUTE
from assay.environments.situations import Situation, both, deploying, is_so
from assay.environments.startup.incidents import broken_release, harmless_alerts, keep, keeping, kept
from assay.environments.startup.scene import Plot, Scene
from assay.environments.tasks import Action


class OverlappingIncidents(Plot):
    """Evidence: the vendor's status page and its dependents; the deploys and errors of the other.

    Trap: one incident for both, or a rollback of what only the vendor slows down.
    """

    def plot(self, scene: Scene) -> Situation:
        service = scene.draw.one(("billing", "ledger"))
        good, bad = broken_release(scene, service, minutes=scene.draw.between(15, 40))
        scene.made.change(
            "status_page", "cirrus", status="degraded", text="Network of us-2 is slow. We work on it."
        )
        scene.made.truth("webapp", "cause", "cirrus")
        for needing in ("api", "webapp", "auth"):
            scene.points(needing, "latency_ms", 45, 120, 2400)
            scene.alert(needing, "latency > 1000", 2400, f"{needing} is slow", ago=40 * MINUTE)
        scene.alert(service, "errors > 100", 402, f"{service} answers with errors", ago=14 * MINUTE)
        harmless_alerts(scene)
        scene.contradict(lambda n: f"all of it is {service}, roll back webapp to {n}.0", channel="incidents")
        first, second = scene.on_call("serving"), scene.on_call("growth")
        vendors, ours = kept("cirrus", "1", first, "cirrus"), kept(service, "2", second, bad)
        runs = is_so("runs the version before", "service", id=service, version=good)
        return scene.task(
            f"""Customers say that the web app is slow, and that {service} fails. These may be one thing or
            two. For each open an incident for the service or vendor that is at fault: severity 1 and
            whoever is on call for serving as commander where a vendor is, severity 2 and whoever is on
            call for growth where one of ours is. The cause is the vendor's id, or the version that is to
            blame. Mend what we can mend, and touch nothing else.""",
            hours=4,
            goals=(
                # Of two incidents one is none: what is right for any outage of the vendor earns nothing,
                # nor does what is right for the one release alone.
                both("mended, and an incident for each", runs, vendors[0], ours[0]),
                both("the cause of each is written down", *vendors, *ours),
            ),
            allowed=(
                *deploying(service, good),
                *keeping("cirrus"),
                *keeping(service),
            ),
            oracle=(
                Action("service_read", {"service": "webapp"}),
                Action("service_read", {"service": service}),
                Action("status_page_read", {"vendor": "cirrus"}),
                *keep("cirrus", "1", first, "cirrus"),
                Action("deploy_start", {"service": service, "version": good, "reason": f"roll back {bad}"}),
                *keep(service, "2", second, bad),
            ),
        )
