"""Customers were entered twice; the entries without a contract are marked, real branches stay."""

from __future__ import annotations

from assay.environments.clock import DAY
from assay.environments.situations import Situation, is_so, told, writes
from assay.environments.startup.scene import Plot, Scene
from assay.environments.tasks import Action, Allowed


class ImportedTwice(Plot):
    """Evidence: one contact for two entries, and which of them has a contract.

    Decoys: branches of one firm, with contacts and contracts of their own.
    """

    def plot(self, scene: Scene) -> Situation:
        some = scene.customers(3 + scene.knobs.noise)
        twice: list[str] = []
        branches: list[str] = []
        for place, each in enumerate(some):
            key = f"C{800 + 11 * place + scene.draw.below(9)}"
            real = place >= 3
            row = {name: each[name] for name in ("name", "plan", "region", "owner", "status")}
            contact = f"branch-{each['contact']}" if real else each["contact"]
            scene.made.put("customer", id=key, contact=contact, **row, at=scene.begins - 2 * DAY)
            if real:
                scene.made.put(
                    "contract",
                    id=f"K{key[1:]}",
                    customer=key,
                    plan=each["plan"],
                    seats=10,
                    price_cents=each["price_cents"],
                    begins=0,
                    ends=scene.begins + 90 * DAY,
                    terms="monthly",
                    at=0,
                )
            (branches if real else twice).append(key)
        lead = scene.lead("growth")
        names = sorted({each["name"] for each in some})
        scene.doc(
            "entered-twice",
            "Customers entered twice",
            "An entry with the contact of another and no contract is set to duplicate. A branch with a"
            f" contract is no duplicate. To be looked at: {', '.join(names)}.",
            by=lead,
        )
        start = scene.trail("entered twice", "document entered-twice")
        scene.contradict(lambda n: f"all entries above C{790 + n} are duplicates", channel="growth")
        return scene.task(
            f"""Some customers were entered twice. Which to look at, and what to do, is written down: begin at
            {start}. Mark the duplicates, and write {lead} one message with their ids and no other of the
            firms' ids.""",
            hours=4,
            goals=(
                *(is_so(f"{key} is marked", "customer", id=key, status="duplicate") for key in twice),
                told(
                    lead,
                    *twice,
                    but_not=[*branches, *(each["id"] for each in some)],
                    name="the lead knows which",
                ),
            ),
            allowed=[Allowed("customer", "UPDATE", {"id": key}, ("status",), most=1) for key in twice],
            oracle=(
                Action("doc_read", {"doc": "entered-twice"}),
                *(Action("customer_search", {"query": name}) for name in names),
                *(Action("customer_read", {"customer": key}) for key in (*twice, *branches)),
                *(Action("customer_change", {"customer": key, "status": "duplicate"}) for key in twice),
                writes(lead, f"Duplicates: {' '.join(twice)}"),
            ),
        )
