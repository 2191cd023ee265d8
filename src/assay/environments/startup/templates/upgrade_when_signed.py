"""A plan is changed only after the customer has signed, which takes days, and to what they sign."""

from __future__ import annotations

from assay.environments import clock
from assay.environments.clock import DAY, HOUR
from assay.environments.situations import Situation, is_so, told, waits, writes
from assay.environments.startup.scene import Plot, Scene
from assay.environments.tasks import Action, Allowed, Goal


class UpgradeWhenSigned(Plot):
    """Up to two weeks. Mails come meanwhile that are no signature. The signed number is not the offered one.

    The order counts: what is changed before the mail came was changed without a signature.
    """

    def plot(self, scene: Scene) -> Situation:
        rows = [each for each in scene.customers(12) if each["plan"] != "enterprise"]
        one = rows[0]
        offered = one["seats"] + 40
        signed = offered + scene.draw.between(1, 19)
        at = scene.begins + scene.draw.between(4, 9) * DAY + scene.draw.below(6) * HOUR
        scene.made.truth(one["id"], "signed", signed)
        scene.mail(
            one["owner"], f"Offer to {one['id']}", f"We offered enterprise with {offered} seats.", ago=DAY
        )
        for place in range(1 + scene.knobs.noise):
            when = scene.begins + (place + 1) * (at - scene.begins) // (2 + scene.knobs.noise)
            scene.mail_later(
                when, one["contact"], "Your offer", f"Legal still reads it, question {place + 1}."
            )
        scene.mail_later(at, one["contact"], "Signed", f"Signed: enterprise, {signed} seats, from today.")
        scene.contradict(lambda n: f"{one['id']} signed {n} days ago, I heard", channel="customers")
        return scene.task(
            f"""{one["name"]} ({one["id"]}) has our offer. They will mail you when they have signed, which may
            take up to ten days. Then, and not before, change plan and seats of their contract to what they
            signed, on the same day, and tell {one["owner"]} the number of seats.""",
            hours=12 * 24,
            goals=(
                Goal(
                    "changed to what was signed, after it was, on the same day",
                    "SELECT 1 FROM contract JOIN step ON step.tool = 'contract_change' AND step.code = 'ok'"
                    " WHERE contract.id = ? AND plan = 'enterprise' AND seats = ?"
                    " AND (SELECT min(begins) FROM step WHERE tool = 'contract_change' AND code = 'ok') >= ?"
                    " AND step.ends < ?",
                    (one["contract"], signed, at, at + DAY),
                    2.0,
                ),
                told(one["owner"], str(signed), name="the owner knows the seats"),
                is_so(
                    "the plan is what was signed",
                    "contract",
                    id=one["contract"],
                    plan="enterprise",
                    seats=signed,
                ),
            ),
            allowed=(Allowed("contract", "UPDATE", {"id": one["contract"]}, ("seats", "plan"), most=3),),
            oracle=(
                *waits(at, 3 + scene.knobs.noise),
                Action("mail_search", {"query": "Signed"}),
                Action("customer_read", {"customer": one["id"]}),
                Action(
                    "contract_change", {"contract": one["contract"], "plan": "enterprise", "seats": signed}
                ),
                writes(one["owner"], f"{one['id']}: {signed} seats, done."),
            ),
            until=clock.shown(at),
        )
