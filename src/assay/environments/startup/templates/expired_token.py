"""The token of billing runs out in mid-task; it is renewed, and the task goes on."""

from __future__ import annotations

from assay.environments.clock import DAY, MINUTE
from assay.environments.situations import Situation, is_so, mailed, mails
from assay.environments.startup.scene import Plot, Scene
from assay.environments.tasks import Action, Allowed


class ExpiredToken(Plot):
    """Evidence: the answer names the token; the list of billing's tokens says when it ran out.

    Way around: whoever may renew secrets of billing renews it.
    """

    def plot(self, scene: Scene) -> Situation:
        token = f"billing-{scene.draw.one(('reader', 'gateway', 'bridge'))}"
        scene.secret(token, "billing", expires=scene.begins + 2 * MINUTE, renewed=scene.begins - 90 * DAY)
        scene.made.fault(
            "expired-token",
            "service:billing",
            begins=scene.begins,
            ends=None,
            cause=f"{token} ran out",
            way_around=f"renewing {token}",
            signals="calls are answered with 401",
            mended_when=f"SELECT 1 FROM secret_reference WHERE id = '{token}' AND status = 'valid'",
            says="401 Unauthorized: the token of billing has expired",
            tell=scene.lead("growth"),
        )
        some = scene.customers(2 + scene.knobs.noise)
        one = some[0]
        seats = one["seats"] * 3 + scene.draw.below(50)
        scene.made.change("contract", one["contract"], seats=seats)
        for other in some[1:]:
            scene.mail(
                other["contact"],
                "Seats",
                f"How many seats does {other['name']} ({other['id']}) have? Never mind, we found it.",
            )
        number = scene.mail(one["contact"], "How many seats?", f"How many seats have we got? {one['id']}")
        scene.contradict(lambda n: f"{one['id']} has {seats + n} seats, I think", channel="customers")
        return scene.task(
            f"""{one["name"]} ({one["id"]}) asks in a mail how many seats their contract has. Look it up and
            answer them with the number. If something that you need has run out, renew it: you may.""",
            hours=3,
            goals=(
                is_so("the token is valid", "secret_reference", id=token, status="valid"),
                mailed(one["contact"], str(seats), name="customer is answered"),
            ),
            allowed=(Allowed("secret_reference", "UPDATE", {"id": token}, most=1),),
            oracle=(
                Action("mail_read", {"mail": number}),
                Action("customer_read", {"customer": one["id"]}),
                Action("secret_list", {"service": "billing"}),
                Action("secret_renew", {"secret": token}),
                Action("customer_read", {"customer": one["id"]}),
                mails(one["contact"], "Re: How many seats?", f"You have {seats} seats.", answers=number),
            ),
        )
