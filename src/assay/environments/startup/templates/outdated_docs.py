"""Two documents contradict each other; the code says which holds, and the other is mended."""

from __future__ import annotations

from assay.environments.clock import DAY
from assay.environments.situations import Situation, both, mailed, mails, said
from assay.environments.startup.coding import text_of, write
from assay.environments.startup.scene import Plot, Scene
from assay.environments.tasks import Action, Allowed, Goal


class OutdatedDocs(Plot):
    """Evidence: the code, the newer document, what the owner tells. Contradiction: the older one."""

    def plot(self, scene: Scene) -> Situation:
        right, wrong = scene.draw.between(61, 99) * 10, scene.draw.between(11, 59) * 10
        code = text_of(scene, "api", "api/limits.py").replace('"business": 600', f'"business": {right}')
        write(scene, "api", {"api/limits.py": code}, title=f"Business gets {right} calls")
        owner = scene.lead("serving")
        newer = scene.doc(
            "limits-today", "Limits", f"Business: {right} calls a minute.", by=owner, ago=4 * DAY
        )
        older = "limits-for-customers"
        scene.made.fault(
            "outdated-doc",
            f"doc:{older}",
            begins=scene.begins,
            ends=None,
            cause="the limit was raised, and this was forgotten",
            way_around="the code, and the newer document",
            signals="it says when it was written",
            title="Limits for customers",
            text=f"On the plan business a customer makes {wrong} calls a minute.",
            by=scene.draw.one(scene.staff("growth")),
            weeks=2,
        )
        scene.made.knows(owner, "limit", "business", f"Business has {right} calls a minute since last week.")
        one = scene.customers(1)[0]
        number = scene.mail(
            one["contact"], "How many calls?", "How many calls a minute has the plan business?"
        )
        for place in range(scene.knobs.noise):
            scene.doc(
                f"limits-idea-{place}", "Limits: an idea", f"Business might get {right + 10 * place + 10}."
            )
        start = scene.trail("limits", f"document {newer}")
        scene.contradict(lambda n: f"business has {wrong + 10 * n} calls, says the page", channel="customers")
        mended = Goal(
            "the older document is mended",
            "SELECT 1 FROM doc WHERE id = ? AND text GLOB ? AND text NOT GLOB ? AND version > 1",
            (older, f"*[^0-9]{right}[^0-9]*", f"*[^0-9]{wrong}[^0-9]*"),
        )
        by, values = said("email", "folder = 'sent' AND recipients LIKE ?", "body", [str(wrong)], [])
        return scene.task(
            f"""{one["name"]} asks by mail how many calls a minute the plan business has. Documents
            contradict each
            other ({start}, document {older}); what the repository api does is what holds. Answer with the
            number
            that holds, and write the number that holds into whichever document is wrong, leaving no trace
            of the
            other number there.""",
            hours=3,
            goals=(
                both(
                    "the customer is told what holds",
                    mailed(one["contact"], str(right)),
                    never=[Goal("", by, (f"%{one['contact']}%", *values))],
                ),
                mended,
            ),
            allowed=(
                Allowed("doc", "UPDATE", {"id": older}, ("text", "version")),
                Allowed("doc_version", "INSERT", {"doc": older}, most=3),
            ),
            oracle=(
                Action("mail_read", {"mail": number}),
                Action("doc_read", {"doc": newer}),
                Action("doc_read", {"doc": older}),
                Action("code_read", {"repo": "api", "path": "api/limits.py"}),
                mails(one["contact"], "Calls", f"{right} a minute.", answers=number),
                Action(
                    "doc_write",
                    {"doc": older, "text": f"On the plan business a customer makes {right} calls a minute."},
                ),
            ),
        )
