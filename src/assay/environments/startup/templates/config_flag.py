"""A feature that was switched on for everybody breaks what is above it; it has to be switched off."""

from __future__ import annotations

from assay.environments.clock import MINUTE
from assay.environments.situations import Situation, is_so
from assay.environments.startup.incidents import harmless_releases, keep, keeping, kept
from assay.environments.startup.scene import Plot, Scene
from assay.environments.tasks import Action, Allowed

FLAGS = (
    "cold-start", "strict-mode", "second-pool", "new-parser", "short-leases", "wide-rows", "lazy-keys",
    "warm-standby", "early-close",
)  # fmt: skip


class ConfigFlag(Plot):
    """Evidence: what was said in #releases, the errors since then, and what the owner tells.

    Decoys: releases at about the same time. Contradictions: people who blame one of them.
    """

    def plot(self, scene: Scene) -> Situation:
        service = scene.draw.one(("auth", "models", "ledger"))
        symptom = {"auth": "webapp", "models": "evals", "ledger": "exports"}[service]
        flag = f"{service}-{scene.draw.one(FLAGS)}"
        owner, commander = scene.lead(scene.team_of(service)), scene.on_call(scene.team_of(service))
        ago = scene.draw.between(20, 50)
        scene.made.put("feature_flag", id=flag, service=service, is_on=1, share=100, at=0)
        scene.post("releases", owner, f"{flag} is on for everybody now", ago=ago * MINUTE)
        scene.made.knows(owner, "flag", service, f"We switched {flag} on this morning; nothing was released.")
        scene.points(service, "errors", ago, 2, 300)
        scene.made.truth(service, "cause", flag)
        scene.alert(
            symptom, "errors > 100", 210, f"{symptom} answers with errors of {service}", ago=15 * MINUTE
        )
        harmless_releases(scene, but=(service,))
        scene.contradict(
            lambda n: f"{symptom} is broken, surely the release of console {n}.0", channel="incidents"
        )
        return scene.task(
            f"""Since this morning {symptom} fails for many customers, and nothing was released there. Find
            out what was changed, undo that and nothing else, and open an incident of severity 2 for the
            service at fault, commanded by whoever is on call for its team; its cause is the id of what was
            changed.""",
            hours=3,
            goals=(
                is_so("the feature is off", "feature_flag", id=flag, is_on=0),
                *kept(service, "2", commander, flag),
            ),
            allowed=(Allowed("feature_flag", "UPDATE", {"id": flag}, ("is_on",), most=1), *keeping(service)),
            oracle=(
                Action("service_read", {"service": symptom}),
                Action("metric_read", {"service": service, "name": "errors"}),
                Action("chat_search", {"query": service}),
                Action("people_on_call", {"team": scene.team_of(service)}),
                Action("flag_set", {"flag": flag, "on": False}),
                *keep(service, "2", commander, flag),
            ),
        )
