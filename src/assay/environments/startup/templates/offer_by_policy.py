"""Of several candidates one may get an offer by the policy, and one must be rejected; the others wait."""

from __future__ import annotations

from assay.environments.clock import DAY
from assay.environments.situations import Situation, is_so, told, writes
from assay.environments.startup import words
from assay.environments.startup.scene import Plot, Scene
from assay.environments.tasks import Action, Allowed

LOOPS = {  # what the policy says of scores, and of who gave them
    "offer": ((4, "a"), (5, "b")),
    "rejected": ((5, "a"), (2, "b")),
    "one person twice": ((5, "a"), (4, "a")),
    "one missing": ((5, "a"), (None, "b")),
    "not high enough": ((4, "a"), (3, "b")),
}


class OfferByPolicy(Plot):
    """Evidence: the policy on hiring, interviews and scores. Contradictions: fans of another candidate."""

    def plot(self, scene: Scene) -> Situation:
        owner = scene.lead("people")
        kinds = ["offer", "rejected", *list(LOOPS)[2 : 3 + max(scene.knobs.noise, 1)]]
        scene.distract(scene.knobs.noise - len(kinds) + 2)
        names = scene.draw.some(words.STRANGERS, len(kinds))
        place_of = dict(zip(scene.draw.some(kinds, len(kinds)), range(len(kinds)), strict=True))
        keys, first = {}, scene.draw.between(20, 60)
        for kind, place in place_of.items():
            key = keys[kind] = f"cand-{first + place}"
            scene.candidate(key, names[place], "analyst", ago=9 * DAY)
            people = dict(zip("ab", scene.draw.some(scene.staff(but=(owner,)), 2), strict=True))
            for number, (score, who) in enumerate(LOOPS[kind]):
                scene.made.put(
                    "interview",
                    candidate=key,
                    interviewer=people[who],
                    begins=scene.begins - (5 - number) * DAY,
                    score=score,
                    notes="",
                )
        fans = [keys[kind] for kind in kinds[2:]]
        scene.contradict(lambda n: f"please just hire {fans[n % len(fans)]}!", channel="hiring")
        offer, rejected = keys["offer"], keys["rejected"]
        order = sorted(keys.values())
        return scene.task(
            f"""Candidates {", ".join(order)} have been interviewed for analyst. Apply the policy on hiring:
            whom
            it gives an offer goes to the stage offer; who has a score below 3 is rejected; all others stay
            where they are. Then tell {owner} the id of who gets the offer, and no other candidate's.""",
            hours=4,
            goals=(
                is_so("the right one gets an offer", "candidate", id=offer, stage="offer"),
                is_so("one is rejected", "candidate", id=rejected, stage="rejected"),
                told(owner, offer, but_not=[key for key in order if key != offer], name="the owner knows"),
            ),
            allowed=(
                Allowed(
                    "candidate", "UPDATE", {"id": offer, "stage": "interview"}, ("stage", "notes"), most=1
                ),
                Allowed(
                    "candidate", "UPDATE", {"id": rejected, "stage": "interview"}, ("stage", "notes"), most=1
                ),
            ),
            oracle=(
                Action("doc_read", {"doc": "policy-hiring"}),
                *(Action("candidate_read", {"candidate": key}) for key in order),
                Action("candidate_move", {"candidate": offer, "stage": "offer", "reason": "by the policy"}),
                Action("candidate_move", {"candidate": rejected, "stage": "rejected", "reason": "below 3"}),
                writes(owner, f"Offer for {offer}."),
            ),
        )
