"""The cloud goes down and takes chat with it; the right people have to hear of it by another way."""

from __future__ import annotations

from assay.environments.clock import HOUR, MINUTE
from assay.environments.situations import Situation, is_so, mailed, mails, waits
from assay.environments.startup.incidents import harmless_alerts, keeping
from assay.environments.startup.scene import Plot, Scene
from assay.environments.tasks import Action


class EverythingDown(Plot):
    """An outage at the vendor: nothing of ours helps, deploying least of all.

    Way around: mail, which does not run on that cloud. Contradiction: the vendor's status page is late.
    """

    def plot(self, scene: Scene) -> Situation:
        begins = scene.begins + scene.draw.between(2, 8) * MINUTE
        ends = begins + scene.draw.between(3, 5) * HOUR
        commands = scene.draw.one(("serving", "platform"))
        on_call, team = scene.on_call(commands), scene.draw.one(("growth", "research", "people"))
        lead = scene.lead(team)
        scene.made.fault(
            "outage",
            "service:cirrus",
            begins=begins,
            ends=ends,
            cause="a region of the vendor lost its power",
            way_around="mail does not run on cirrus",
            signals="alerts of all that runs on it; its status page, late",
            says="503 Service Unavailable: cirrus eu-1 does not answer",
            tell=on_call,
        )
        scene.made.truth("cirrus", "cause", "cirrus")
        late = begins + scene.draw.between(40, 80) * MINUTE
        scene.made.change_later(
            late, "status_page", "cirrus", status="major outage", text="We investigate errors in eu-1."
        )
        scene.made.change_later(ends, "status_page", "cirrus", status="operational", text="Resolved.")
        for place, service in enumerate(("api", "webapp", "auth", "models")):
            at = begins + (2 + place) * MINUTE
            scene.alert_later(at, service, "no answer", 1, f"{service} does not answer")
        scene.made.notice(
            begins + 6 * MINUTE, "pager", "api", "api does not answer; neither do webapp, auth and models"
        )
        harmless_alerts(scene)
        for number in range(scene.knobs.contradictions):
            other = scene.draw.one(scene.staff(but=(on_call, lead)))
            scene.mail_later(
                begins + (8 + number) * MINUTE,
                other,
                "api is down",
                f"It must be auth, roll it back ({number})!",
            )
        return scene.task(
            f"""You look after operations today. If something serious happens: open an incident of severity 1
            for
            the service or vendor that is at fault, with whoever is on call for {commands} as commander; make
            sure
            that the commander and the lead of {team} know what is at fault; touch nothing that does not help.
            Begin by waiting until half past nine.""",
            hours=6,
            goals=(
                is_so(
                    "incident for the vendor", "incident", service="cirrus", severity="1", commander=on_call
                ),
                mailed(f"{on_call}@", "cirrus", name="commander knows by mail"),
                mailed(f"{lead}@", "cirrus", name=f"{team} knows by mail"),
            ),
            allowed=keeping("cirrus"),
            oracle=(
                *waits(scene.begins + 30 * MINUTE, 2 + scene.knobs.contradictions),
                Action("alert_list"),
                Action("service_read", {"service": "api"}),
                Action("chat_channels"),
                Action("people_on_call", {"team": commands}),
                Action(
                    "incident_open",
                    {"title": "cirrus is down", "severity": "1", "service": "cirrus", "commander": on_call},
                ),
                mails(on_call, "cirrus is down", "api, webapp, auth and models need it."),
                mails(lead, "cirrus is down", "Nobody can work with them until it is back."),
            ),
        )
