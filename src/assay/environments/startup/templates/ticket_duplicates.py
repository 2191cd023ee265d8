"""Several tickets say the same thing; the oldest stays, the others are closed and name it."""

from __future__ import annotations

from assay.environments.clock import DAY
from assay.environments.situations import Situation, both, commented, is_so, ticket_changes
from assay.environments.startup.scene import Plot, Scene
from assay.environments.tasks import Action

SYMPTOMS = (
    ("a blank page after signing in", "white screen when I log on", "nothing is shown once signed in"),
    ("exports end in the middle", "downloaded files are cut off", "half of my file is missing"),
    (
        "mails with invoices come late",
        "the invoice arrives days later",
        "no invoice mail until the week after",
    ),
)


class TicketDuplicates(Plot):
    """Evidence: the request number in the texts, which is the same. Decoys: like words, other requests."""

    def plot(self, scene: Scene) -> Situation:
        says = scene.draw.one(SYMPTOMS)
        request = f"req-{scene.draw.between(1000, 9000)}"
        mine = f"Seen by a customer. Trace: {request}."
        entries = [(words, mine) for words in says]
        for place in range(1 + scene.knobs.noise):
            trace = f"Trace: req-{9001 + 13 * place}. Looks like {request}, but is not: mended on its own."
            entries.append((says[place % 3], f"Seen by a customer. {trace}"))
        keys = []
        for place, (words, text) in enumerate(scene.draw.some(entries, len(entries))):
            ago = 6 * DAY - place * 5 * DAY // len(entries)
            key = scene.ticket("SUP", words.capitalize(), text, ago=ago)
            if text == mine:
                keys.append(key)
        first, *rest = keys
        scene.doc(
            "how-we-triage",
            "How we triage",
            "Tickets with one trace are one thing. The oldest stays open; others are rejected, with a comment"
            " that names the oldest.",
        )
        start = scene.trail("triage", "document how-we-triage")
        scene.contradict(lambda n: f"ticket number {n + 1} should stay, I think", channel="customers")
        return scene.task(
            f"""On the board SUP several tickets are about the trace {request}. Treat the duplicates as we
            have
            agreed to; that is written down: begin at {start}.""",
            hours=3,
            goals=[
                both(
                    f"{key} is closed for {first}",
                    is_so("", "ticket", id=key, status="rejected"),
                    commented(key, first),
                    is_so("", "ticket", id=first, status="open"),
                )
                for key in rest
            ],
            allowed=[rule for key in rest for rule in ticket_changes(key, "status")],
            oracle=(
                Action("doc_read", {"doc": "how-we-triage"}),
                Action("ticket_search", {"query": request, "board": "SUP"}),
                *(Action("ticket_read", {"ticket": key}) for key in keys),
                *(
                    step
                    for key in rest
                    for step in (
                        Action("ticket_change", {"ticket": key, "status": "rejected"}),
                        Action("ticket_comment", {"ticket": key, "text": f"Same as {first}."}),
                    )
                ),
            ),
        )
