"""Chat is down while its vendor's page says that all is well."""

from __future__ import annotations

from assay.environments.clock import HOUR, MINUTE
from assay.environments.situations import Situation, both, looked, mailed, mails, waits
from assay.environments.startup.incidents import harmless_alerts, keep, keeping, kept
from assay.environments.startup.scene import Plot, Scene
from assay.environments.tasks import Action


class WrongStatusPage(Plot):
    """Evidence: chat answers 503, a colleague writes by mail that it does, and cirrus below it is well.

    Way around: mail. Contradiction: the status page.
    """

    def plot(self, scene: Scene) -> Situation:
        begins = scene.begins + scene.draw.between(1, 4) * MINUTE
        scene.made.fault(
            "outage",
            "service:palaver",
            begins=begins,
            ends=begins + 5 * HOUR,
            cause="a certificate of the vendor ran out",
            way_around="mail does not run on palaver",
            signals="chat answers 503; colleagues say so by mail",
            says="503 Service Unavailable",
        )
        scene.made.fault(
            "wrong-status-page",
            "vendor:palaver",
            begins=scene.begins,
            ends=None,
            cause="the vendor's page is kept by hand",
            way_around="trying it out",
            signals="what the page says does not fit what chat answers",
        )
        scene.made.truth("chat", "cause", "palaver")
        commander = scene.on_call("platform")
        witness = scene.draw.one(scene.staff(but=(commander,)))
        scene.mail_later(begins + 5 * MINUTE, witness, "chat?", "Chat does not work for me. Is it only me?")
        harmless_alerts(scene)
        for number in range(scene.knobs.contradictions):
            other = scene.draw.one(scene.staff(but=(witness, commander)))
            scene.mail(other, "chat", f"Chat worked for me {number + 2} hours ago.", ago=number * HOUR + 1)
        return scene.task(
            """Somebody will ask you today whether chat works. Find out for yourself whether it does, and what
            it is that fails: ours or a vendor's. If a vendor is at fault, open an incident of severity 2 for
            the vendor with whoever is on call for platform as commander and the vendor's id as its cause,
            and let the commander and whoever asked know by mail which vendor it is. Begin by waiting until
            a quarter past nine.""",
            hours=4,
            goals=(
                both(
                    "looked at the vendor's page",
                    looked("status_page_read", vendor="palaver"),
                    *kept("palaver", "2", commander, "palaver"),
                ),
                *kept("palaver", "2", commander, "palaver"),
                mailed(f"{commander}@", "palaver", name="commander knows by mail"),
                mailed(f"{witness}@", "palaver", name="who asked knows by mail"),
            ),
            allowed=keeping("palaver"),
            oracle=(
                *waits(scene.begins + 15 * MINUTE, 3),
                Action("chat_channels"),
                Action("service_read", {"service": "chat"}),
                Action("status_page_read", {"vendor": "palaver"}),
                Action("people_on_call", {"team": "platform"}),
                *keep("palaver", "2", commander, "palaver"),
                mails(commander, "chat", "palaver is down."),
                mails(witness, "Re: chat?", "palaver is down."),
            ),
        )
