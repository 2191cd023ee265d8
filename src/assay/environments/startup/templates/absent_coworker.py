"""Who has to agree is away; who stands in for them has to be found, asked, and waited for."""

from __future__ import annotations

from assay.environments.clock import DAY
from assay.environments.situations import Situation, answer_of, told, waits, writes
from assay.environments.startup.scene import Plot, Scene
from assay.environments.tasks import Action, Allowed, Goal


class AbsentCoworker(Plot):
    """Evidence: the directory, the answer of the mailbox. The order counts: agreed, then changed.

    Decoys: others of the team, who gladly agree to anything and may not.
    """

    def plot(self, scene: Scene) -> Situation:
        away = scene.lead("growth")
        others = scene.staff(but=(away,))
        stand_in = scene.draw.one(others)
        scene.away(away, until=scene.begins + 9 * DAY, stand_in=stand_in)
        scene.answers(stand_in)
        one = scene.customers(1)[0]
        seats = max(one["seats"] - scene.draw.between(3, 8), 1)
        contract = one["contract"]
        says = f"Agreed for {away}: {contract} goes to {seats} seats."
        scene.made.knows(stand_in, "agrees", f"{contract} {seats}".lower(), says)
        agreed, agreeing = answer_of(stand_in, contract[1:], seats)
        some = scene.draw.some([each for each in others if each != stand_in], scene.knobs.noise)
        for each in some:
            scene.made.knows(each, "agrees", f"{contract} {seats}".lower(), "Sure, why not.")
        scene.doc(
            "fewer-seats",
            "When a customer wants fewer seats",
            f"{away} has to agree, or whoever stands in for {away}. Name contract and seats, and wait"
            " for the answer.",
            by=away,
        )
        scene.mail(
            one["owner"], f"Fewer seats for {one['id']}", f"{one['id']} wants {seats} seats on {contract}."
        )
        start = scene.trail("fewer seats", "document fewer-seats")
        scene.contradict(lambda n: f"{away} is back in {n} hours, or was", channel="growth")
        asked = told(stand_in, contract, str(seats), name="the stand-in was asked")
        changed = Goal(
            "changed after the stand-in agreed",
            "SELECT 1 FROM contract WHERE id = ? AND seats = ? AND (SELECT min(begins) FROM step WHERE"
            f" tool = 'contract_change' AND code = 'ok') > (SELECT min(at) FROM ({agreed}))",
            (contract, seats, *agreeing),
            2.0,
        )
        return scene.task(
            f"""{one["owner"]} wrote to you that {one["id"]} wants fewer seats. Change the contract to that
            as our
            rules say (begin at {start}): whoever has to agree must have agreed in writing before.""",
            hours=54,
            goals=(asked, changed),
            allowed=(Allowed("contract", "UPDATE", {"id": contract}, ("seats",), most=1),),
            oracle=(
                Action("mail_search", {"query": f"Fewer seats for {one['id']}"}),
                Action("doc_read", {"doc": "fewer-seats"}),
                Action("people_read", {"person": away}),
                writes(stand_in, f"May {contract} go to {seats} seats? You stand in."),
                *waits(scene.answered(stand_in), 4),
                Action("contract_change", {"contract": contract, "seats": seats}),
            ),
        )
