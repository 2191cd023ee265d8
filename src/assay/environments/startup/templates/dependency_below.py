"""What customers see fails because something several services below lost its token."""

from __future__ import annotations

from itertools import pairwise

from assay.environments.clock import DAY, MINUTE
from assay.environments.situations import Situation, is_so
from assay.environments.startup.incidents import harmless_alerts, keep, keeping, kept
from assay.environments.startup.scene import Plot, Scene
from assay.environments.tasks import Action, Allowed

BELOW = (
    "tokenizer", "weights", "blocks", "shelf", "vault", "ledgerline", "keyring", "queue", "sorter", "mirror",
    "index", "spool", "gatehouse", "relay", "archive",
)  # fmt: skip


class DependencyBelow(Plot):
    """Each hop is one more service between what fails and what is at fault.

    Evidence: the chain of dependencies with its alerts, the token's entry, and what the owner tells.
    """

    def plot(self, scene: Scene) -> Situation:
        chain = ["api", "models", *scene.draw.some(BELOW, scene.knobs.hops)]
        scene.hopped = True
        made, deep = scene.made, chain[-1]
        owner, commander = scene.lead("research"), scene.on_call("research")
        for above, service in pairwise(chain[1:]):
            made.put(
                "service",
                id=service,
                owner=owner,
                tier="2",
                region="eu-1",
                version="1.0.0",
                status="up",
                runbook=None,
                vendor=0,
                at=0,
            )
            made.put("dependency", service=above, needs=service, at=0)
        token = f"{deep}-token"
        scene.secret(token, deep, expires=scene.begins - 30 * MINUTE, renewed=scene.begins - 90 * DAY)
        scene.allow(f"secret:{deep}")
        made.truth("api", "cause", token)
        made.knows(owner, "token", deep, f"{deep} reads its store with {token}; it runs out every 90 days.")
        for place, service in enumerate(reversed(chain)):
            says = (
                f"{service} is refused by its store" if service == deep else f"{service} answers with errors"
            )
            scene.alert(service, "errors > 100", 300 - place, says, ago=(28 - place) * MINUTE)
        harmless_alerts(scene)
        scene.contradict(lambda n: f"api again! that is the limiter, as {n} weeks ago", channel="incidents")
        return scene.task(
            """Customers get errors from api. Find out which service is really at fault, however far below,
            and get it working. Open an incident of severity 1 for that service, commanded by whoever is on
            call for the team of its owner; its cause is the id of what failed there. Deploy nothing that
            does not help.""",
            hours=3,
            goals=(
                is_so("the token is valid", "secret_reference", id=token, status="valid"),
                *kept(deep, "1", commander, token),
            ),
            allowed=(Allowed("secret_reference", "UPDATE", {"id": token}, most=1), *keeping(deep)),
            oracle=(
                *(Action("service_read", {"service": service}) for service in chain),
                Action("secret_list", {"service": deep}),
                Action("people_on_call", {"team": "research"}),
                Action("secret_renew", {"secret": token}),
                *keep(deep, "1", commander, token),
            ),
        )
