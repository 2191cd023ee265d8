"""Names of customers came through an import with broken letters; their own mails say how they are written."""

from __future__ import annotations

from assay.environments.clock import DAY
from assay.environments.situations import Situation, is_so, told, writes
from assay.environments.startup.scene import Plot, Scene
from assay.environments.tasks import Action, Allowed

NAMES = (
    "Müller Söhne",
    "Café Noël",
    "Łódź Press",
    "Ångström Labs",
    "Peña e Hijos",
    "Škoda Foods",
    "Çelik Energy",
    "Bjørn Studios",
    "Ōtani Legal",
)


class GarbledNames(Plot):
    """Evidence: signatures of mails, and what the letters were before they were read wrongly.

    Decoys: names with letters that are unusual, and right.
    """

    def plot(self, scene: Scene) -> Situation:
        some = scene.customers(3 + min(scene.knobs.noise, 6))
        names = scene.draw.some(NAMES, len(some))
        for each, name in zip(some, names, strict=True):
            scene.made.change("customer", each["id"], name=name)
            scene.mail(
                each["contact"], f"Thanks from {each['id']}", f"Thank you for the call.\n{name}", ago=3 * DAY
            )
        spoilt = some[:3]
        scene.made.fault(
            "corrupt-data",
            "table:customer",
            begins=scene.begins,
            ends=None,
            cause="an import read UTF-8 as Latin-1",
            way_around="mails of the customers are signed with their names",
            signals="two strange letters where one belongs",
            how="mojibake",
            keys=[each["id"] for each in spoilt],
            columns=["name"],
        )
        lead = scene.lead("growth")
        keys = sorted(each["id"] for each in some)
        doc = scene.doc(
            "names-to-check", "Names to check", f"Imported on Friday: {', '.join(keys)}.", by=lead
        )
        start = scene.trail("names", f"document {doc}")
        scene.contradict(lambda n: f"{names[n % 3]} changed their name, version {n}", channel="customers")
        return scene.task(
            f"""Some names of customers that were imported on Friday have broken letters; which were
            imported is
            written down: begin at {start}. Write the broken ones as the customers do themselves, leave the
            others, and write {lead} the ids of those that were broken, without the others, in a message.""",
            hours=3,
            goals=(
                *(
                    is_so(f"{each['id']} is right", "customer", id=each["id"], name=name)
                    for each, name in zip(spoilt, names, strict=False)
                ),
                told(
                    lead,
                    *(each["id"] for each in spoilt),
                    but_not=[each["id"] for each in some[3:]],
                    name="the lead knows which",
                ),
            ),
            allowed=[Allowed("customer", "UPDATE", {"id": each["id"]}, ("name",)) for each in spoilt],
            oracle=(
                Action("doc_read", {"doc": doc}),
                *(Action("customer_read", {"customer": key}) for key in keys),
                *(Action("mail_search", {"query": f"Thanks from {each['id']}"}) for each in spoilt),
                *(
                    Action("customer_change", {"customer": each["id"], "name": name})
                    for each, name in zip(spoilt, names, strict=False)
                ),
                writes(lead, " ".join(each["id"] for each in spoilt) + " were broken"),
            ),
        )
