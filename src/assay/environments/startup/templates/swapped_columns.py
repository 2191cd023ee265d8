"""An import put names where contacts belong; the entries are set right, and no other is touched."""

from __future__ import annotations

from assay.environments.situations import Situation, is_so, told, writes
from assay.environments.startup.scene import Plot, Scene
from assay.environments.tasks import Action, Allowed


class SwappedColumns(Plot):
    """Evidence: the entries themselves, and the note about the import. Decoys: entries that are fine."""

    def plot(self, scene: Scene) -> Situation:
        some = scene.customers(3 + scene.knobs.noise)
        spoilt, fine = some[:3], [each["id"] for each in some[3:]]
        run = f"import-{scene.draw.between(200, 900)}"
        scene.made.fault(
            "corrupt-data",
            "table:customer",
            begins=scene.begins,
            ends=None,
            cause=f"{run} read its columns in another order",
            way_around="what stands in the wrong column is right in the other",
            signals="names with an @ in them",
            how="swapped",
            keys=[each["id"] for each in spoilt],
            columns=["name", "contact"],
        )
        lead = scene.lead("growth")
        keys = sorted(each["id"] for each in some)
        doc = scene.doc(
            run, f"About {run}", f"It wrote: {', '.join(keys)}. Some of its lines may be spoilt.", by=lead
        )
        start = scene.trail(run, f"document {doc}")
        scene.contradict(lambda n: f"{run} spoilt all {n + 8} entries", channel="growth")
        return scene.task(
            f"""{run} spoilt entries of customers. Begin at {start}. Set right the entries that are spoilt,
            leave
            the others, and write {lead} the ids of those that were spoilt, without the others, in a
            message.""",
            hours=3,
            goals=(
                *(
                    is_so(
                        f"{each['id']} is right",
                        "customer",
                        id=each["id"],
                        name=each["name"],
                        contact=each["contact"],
                    )
                    for each in spoilt
                ),
                told(lead, *(each["id"] for each in spoilt), but_not=fine, name="the lead knows which"),
            ),
            allowed=[
                Allowed("customer", "UPDATE", {"id": each["id"]}, ("name", "contact")) for each in spoilt
            ],
            oracle=(
                Action("doc_read", {"doc": doc}),
                *(Action("customer_read", {"customer": key}) for key in keys),
                *(
                    Action(
                        "customer_change",
                        {"customer": each["id"], "name": each["name"], "contact": each["contact"]},
                    )
                    for each in spoilt
                ),
                writes(lead, " ".join(each["id"] for each in spoilt) + " were spoilt"),
            ),
        )
