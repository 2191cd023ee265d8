"""What an agent did, step by step: which steps helped, which was the first mistake, what came of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from assay.errors import AnswerError, AssayError
from assay.judgments import parts, rated, written
from assay.judgments.trajectory.steps import Step, read
from assay.records import Answer, Brief, Example, Judgment, Question, Verdict, Work
from assay.wording import joined, say

GOOD, NEUTRAL, WRONG = "good", "neutral", "wrong"
OUTCOME = Question(
    "outcome", say("Did it reach the goal?"), (say("failed"), say("partly"), say("reached")), ordered=True
)
STEPS = (
    Question("good steps", say("Which steps helped?"), type="spans"),
    Question("wrong steps", say("Which steps were wrong?"), type="spans"),
    Question("first error", say("Which step was the first mistake?"), type="spans"),
)


class Trajectory:
    """One sample that holds the steps of an agent (see `steps.read`).

    Every step of the agent's own up to the first wrong one gets a verdict; what follows a mistake may be left
    open, since there is little to learn from it. The questions of the brief are asked about the whole, or
    whether it reached its goal where there are none.

    Answer: `steps` (number of the step, from 1 → good, neutral or wrong), `reasons` (number → why it was
    wrong), `labels` (question → label), and where the person wants, a `note`. In votes a step is a stretch of
    length 1, counted from 0, so that statistics read marked steps as they read marked text.
    """

    name = "trajectory"
    title = "Review an agent's steps"
    shows = 1
    asks = True

    def questions(self, brief: Brief) -> tuple[Question, ...]:
        for question in brief.questions:
            if question.type not in ("categorical", "ordinal"):
                raise AssayError(
                    say(
                        "a review cannot ask {name!r}, which is of type {type}",
                        name=question.name,
                        type=question.type,
                    )
                )
        return (*(brief.questions or (OUTCOME,)), *STEPS)

    def view(self, brief: Brief, work: Work) -> Mapping[str, object]:
        overall = brief.questions or (OUTCOME,)
        return {"steps": [step for sample in work.samples for step in read(sample.text)], "overall": overall}

    def check(self, brief: Brief, work: Work, answer: Answer) -> dict[str, object]:
        (sample,) = work.samples
        steps = _verdicts(parts(answer, "steps"), read(sample.text))
        reasons = {
            number: reason for number in steps if (reason := written(parts(answer, "reasons"), number))
        }
        for number, verdict in steps.items():
            if verdict == WRONG and number not in reasons:
                raise AnswerError(
                    f"reasons.{number}", say("step {number}: say in a few words what is wrong", number=number)
                )
        given, labels = parts(answer, "labels"), {}
        for question in brief.questions or (OUTCOME,):
            label = given.get(question.name)
            if label not in question.labels:
                known = joined(question.labels, ", ")
                raise AnswerError(
                    f"labels.{question.name}",
                    say("answer “{text}” with one of: {known}", text=question.text, known=known),
                )
            labels[question.name] = label
        if unknown := sorted(set(given) - set(labels)):
            raise AnswerError("labels", say("the brief does not ask {name!r}", name=unknown[0]))
        clean: dict[str, object] = {"steps": steps, "labels": labels}
        if reasons:
            clean["reasons"] = reasons
        if note := written(answer, "note"):
            clean["note"] = note
        return clean

    def votes(self, brief: Brief, work: Work, answer: Answer) -> dict[str, str]:
        votes = {question: str(label) for question, label in parts(answer, "labels").items()}
        said = {int(number) - 1: verdict for number, verdict in parts(answer, "steps").items()}
        good, wrong = (
            [[place, place + 1] for place in sorted(said) if said[place] == verdict]
            for verdict in (GOOD, WRONG)
        )
        for question, marked in zip(STEPS, (good, wrong, wrong[:1]), strict=True):
            votes[question.name] = json.dumps(marked)
        return votes

    def examples(
        self, brief: Brief, work: Work, judgments: Sequence[Judgment], verdicts: Mapping[str, Verdict]
    ) -> list[Example]:
        return rated(brief, work, judgments, verdicts)


def _verdicts(given: Mapping[str, object], steps: Sequence[Step]) -> dict[str, str]:
    numbers = [str(step.number) for step in steps if step.judged]
    if unknown := sorted(set(given) - set(numbers)):
        raise AnswerError(
            "steps",
            say(
                "the agent has no step {unknown!r}; judge {numbers}",
                unknown=unknown[0][:20],
                numbers=", ".join(numbers),
            ),
        )
    found: dict[str, str] = {}
    open_to_the_end = False
    for number in numbers:
        said = given.get(number)
        if said in (GOOD, NEUTRAL, WRONG):
            found[number] = str(said)
            open_to_the_end |= said == WRONG
        elif said not in (None, "") or not open_to_the_end:
            raise AnswerError(
                f"steps.{number}",
                say("step {number}: say whether it is good, neutral or wrong", number=number),
            )
    return found
