"""Customers whose contracts end soon have to be found while billing takes only a few calls a minute."""

from __future__ import annotations

from assay.environments.clock import DAY
from assay.environments.situations import Situation, both, looked, mails, told
from assay.environments.startup.scene import Plot, Scene
from assay.environments.tasks import Action


class RateLimit(Plot):
    """Evidence: the contracts themselves. Way around: coming back when the answer says.

    Contradictions: people who name others.
    """

    def plot(self, scene: Scene) -> Situation:
        some = scene.customers(6 + scene.knobs.noise)
        many = scene.draw.between(2, 3)
        soon, others = some[:many], some[many:]
        for place, each in enumerate(soon):
            scene.made.change("contract", each["contract"], ends=scene.begins + (3 + 4 * place) * DAY)
        for each in others:
            scene.made.change(
                "contract", each["contract"], ends=scene.begins + (60 + len(each["name"])) * DAY
            )
        scene.made.fault(
            "rate-limit",
            "service:billing",
            begins=scene.begins,
            ends=None,
            cause="billing is protected against scripts",
            way_around="waiting as long as the answer says",
            signals="429 with the seconds to wait",
            calls=2,
        )
        lead = scene.lead("growth")
        scene.contradict(
            lambda n: f"I believe {others[n % len(others)]['id']} ends this week", channel="customers"
        )
        asked = sorted(some, key=lambda each: str(each["id"]))
        names = ", ".join(each["id"] for each in asked)
        found = sorted(each["id"] for each in soon)
        steps: list[Action] = []
        for place, each in enumerate(asked):
            steps.append(Action("customer_read", {"customer": each["id"]}))
            if place % 2:
                # Only a page, of which there is none, would end it early.
                steps.append(Action("wait", {"minutes": 3, "event": "pager"}))
        return scene.task(
            f"""Look up the contracts of the customers {names}, and write {lead} by chat or mail, in one
            message, the ids of those whose contract ends within the next three weeks, and no other id.""",
            hours=3,
            goals=(
                both(
                    "lead knows which end, and no others",
                    *(looked("customer_read", customer=key) for key in found),
                    told(
                        lead,
                        *(key.lower() for key in found),
                        but_not=[each["id"] for each in others],
                    ),
                ),
            ),
            oracle=(
                *steps,
                mails(lead, "Contracts that end", " ".join(found)),
            ),
        )
