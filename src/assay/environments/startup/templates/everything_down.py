"""The cloud goes down and takes chat with it; the right people have to hear of it by another way."""

from __future__ import annotations

from assay.environments import clock
from assay.environments.building import Builder
from assay.environments.clock import HOUR, MINUTE
from assay.environments.situations import Knobs, Situation
from assay.environments.streams import Stream
from assay.environments.tasks import Action, Allowed, Goal


class EverythingDown:
    """An outage at the vendor: nothing of ours helps, deploying least of all.

    Way around: mail, which does not run on that cloud. Contradiction: the vendor's status page is late.
    """

    def situate(self, made: Builder, draw: Stream, knobs: Knobs) -> Situation:
        begins = made.begins + draw.between(2, 8) * MINUTE
        ends = begins + draw.between(3, 5) * HOUR
        made.fault(
            "outage",
            "service:cirrus",
            begins=begins,
            ends=ends,
            cause="a region of the vendor lost its power",
            way_around="mail does not run on cirrus",
            says="503 Service Unavailable: cirrus eu-1 does not answer",
        )
        made.truth("cirrus", "cause", "cirrus")
        late = begins + draw.between(40, 80) * MINUTE
        made.change_later(
            late, "status_page", "cirrus", status="major outage", text="We investigate errors in eu-1."
        )
        made.change_later(ends, "status_page", "cirrus", status="operational", text="Resolved.")
        for place, service in enumerate(("api", "webapp", "auth", "models")):
            made.put_later(
                begins + (2 + place) * MINUTE,
                "alert",
                service=service,
                rule="no answer",
                status="firing",
                value=1,
                text=f"{service} does not answer",
            )
        made.notice(
            begins + 6 * MINUTE, "pager", "api", "api does not answer; neither do webapp, auth and models"
        )
        (on_call,) = [
            each["person"]
            for each in made.rows(
                "SELECT person FROM on_call WHERE team = 'serving' AND begins <= ? AND ends > ?",
                made.begins,
                made.begins,
            )
        ]
        lead = made.rows("SELECT lead FROM team WHERE id = 'growth'")[0]["lead"]
        mails = (
            "SELECT 1 FROM email WHERE folder = 'sent' AND recipients LIKE ? AND lower(subject"
            " || body) LIKE '%cirrus%'"
        )
        return Situation(
            text=(
                "You look after operations today. If something serious happens: open an incident of"
                " severity 1 for"
                " the service or vendor that is at fault, with whoever is on call for serving as"
                " commander; make"
                " sure that the commander and the lead of growth know what is at fault; touch"
                " nothing that does"
                " not help. Begin by waiting until half past nine."
            ),
            hours=6,
            goals=(
                Goal(
                    "incident for the vendor",
                    "SELECT 1 FROM incident WHERE service = 'cirrus' AND severity = '1' AND commander = ?",
                    (on_call,),
                ),
                Goal("commander knows by mail", mails, (f"%{on_call}@%",)),
                Goal("growth knows by mail", mails, (f"%{lead}@%",)),
            ),
            allowed=(
                Allowed("incident", "INSERT", {"service": "cirrus"}, most=1),
                Allowed("incident", "UPDATE", {}, ("status", "cause")),
                Allowed("incident_entry", "INSERT", most=10),
            ),
            oracle=(
                Action("wait", {"until": clock.shown(made.begins + 30 * MINUTE)}),
                Action("alert_list", {}),
                Action("service_read", {"service": "api"}),
                Action("chat_channels", {}),
                Action("people_on_call", {"team": "serving"}),
                Action(
                    "incident_open",
                    {"title": "cirrus is down", "severity": "1", "service": "cirrus", "commander": on_call},
                ),
                Action(
                    "mail_send",
                    {
                        "to": [on_call],
                        "subject": "cirrus is down",
                        "body": "api, webapp, auth and models need it.",
                    },
                ),
                Action(
                    "mail_send",
                    {
                        "to": [lead],
                        "subject": "cirrus is down",
                        "body": "Customers cannot work until it is back.",
                    },
                ),
            ),
            knobs={"contradictions": 1},
        )
