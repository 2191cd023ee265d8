"""The last score of a candidate comes days later, and decides; nobody may decide before."""

from __future__ import annotations

from typing import Any

from assay.environments.clock import DAY, HOUR
from assay.environments.situations import Situation, mailed, mails, waits
from assay.environments.startup.scene import Plot, Scene
from assay.environments.tasks import Action, Allowed, Goal


class ScoreThatComesLate(Plot):
    """The score is corrected once more a day after it came, as the interviewer announces.

    Evidence: the announcement, the interview as it stands in the end, the policy.
    """

    def plot(self, scene: Scene) -> Situation:
        key, owner = f"cand-{60 + scene.draw.below(30)}", scene.lead("people")
        one, two = scene.draw.some(scene.staff(but=(owner,)), 2)
        good = scene.draw.chance(0.5)
        scene.candidate(key, "Tove Lund", "designer")
        row: dict[str, Any] = {"candidate": key, "notes": "", "begins": scene.begins - DAY}
        scene.made.put("interview", **row, interviewer=one, score=4)
        late = scene.made.put("interview", **row, interviewer=two, score=None)
        first = scene.begins + scene.draw.between(2, 4) * DAY + 4 * HOUR
        last = first + DAY
        scene.made.change_later(first, "interview", late, score=2 if good else 5)
        scene.mail_later(
            first, two, f"{key}", "I entered a score; I may mix up two people, and check until tomorrow."
        )
        scene.made.change_later(last, "interview", late, score=5 if good else 2)
        scene.mail_later(
            last, two, f"{key}: checked", "It was mixed up indeed. The score is right now, and final."
        )
        for place in range(scene.knobs.noise):
            at = scene.begins + (place + 1) * 9 * HOUR
            scene.mail_later(
                at, scene.draw.one(scene.staff(but=(one, two))), "Tove", "When do we decide about Tove?"
            )
        scene.contradict(lambda n: f"Tove got {n + 2} from {two}, I am told", channel="hiring")
        stage, word = ("offer", "offer") if good else ("rejected", "rejected")
        return scene.task(
            f"""Decide about the candidate {key} by the policy on hiring: to the stage offer, or rejected
            where a
            score is below 3. {two} has yet to give a score, and will let you know when it is final. Do not
            move
            the candidate before; do it within a day after, and mail {owner} the stage, offer or rejected.""",
            hours=8 * 24,
            goals=(
                Goal(
                    "decided by the final score, once it was there",
                    "SELECT 1 FROM candidate WHERE id = ? AND stage = ? AND (SELECT min(begins) FROM step"
                    " WHERE tool = 'candidate_move' AND code = 'ok') BETWEEN ? AND ?",
                    (key, stage, last, last + DAY),
                    2.0,
                ),
                mailed(
                    f"{owner}@",
                    word,
                    but_not=["rejected" if good else "offer"],
                    name="the owner knows the stage",
                ),
            ),
            allowed=(Allowed("candidate", "UPDATE", {"id": key}, ("stage", "notes"), most=1),),
            oracle=(
                *waits(last, 3 + scene.knobs.noise),
                Action("candidate_read", {"candidate": key}),
                Action("doc_read", {"doc": "policy-hiring"}),
                Action("candidate_move", {"candidate": key, "stage": stage, "reason": "by the policy"}),
                mails(owner, key, f"The stage is {word}."),
            ),
        )
