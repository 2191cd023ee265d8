"""A live conversation with one model or two: turn by turn, then what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from assay.errors import AnswerError, AssayError
from assay.judgments import listed, parts, written
from assay.judgments.conversation.turns import REPLY, heard, messages, went_on
from assay.records import Answer, Brief, Example, Judgment, Question, Verdict, Work
from assay.wording import say

BETTER, RATING = "better", "rating"
TIE, BOTH_BAD = "tie", "both_bad"
LABELS = ("a", "b", TIE, BOTH_BAD)
RATINGS = ("1", "2", "3", "4", "5")


class Conversation:
    """A person talks to the models that stand behind the samples of a work, or to one that has no rival.

    A sample here is a voice: its author is a model, and its text is empty, since every conversation has its
    own. A work without samples is a conversation with one model alone.

    Answer: `turns`, which whoever held the conversation fills in (see `turns.heard`); for two voices `choice`
    (a sample id, `tie` or `both_bad`) and, where the person wants, `strength` from 1 to 3; for one voice
    `rating` from 1 to 5 and `model`, its name; `labels` for the questions of the brief; and a `reason`.
    """

    name = "conversation"
    title = "Talk to models"
    shows = 2
    bare = True
    asks = True
    live = True

    def questions(self, brief: Brief) -> tuple[Question, ...]:
        own = (
            Question(BETTER, say("Which model would you go on with?"), LABELS, compares=True),
            Question(RATING, say("How well did the model serve the goal?"), RATINGS, ordered=True),
            *(
                Question(turn_question(number), say("Which answer of this turn is better?"), LABELS)
                for number in range(1, brief.turns[1] + 1)
            ),
        )
        taken = {question.name for question in own}
        for question in brief.questions:
            if question.type not in ("categorical", "ordinal"):
                raise AssayError(
                    say("a conversation asks for labels only; {name!r} has none", name=question.name)
                )
            if question.name in taken:
                raise AssayError(
                    say(
                        "every conversation asks {name!r}; give your question another name",
                        name=question.name,
                    )
                )
        return (*own, *brief.questions)

    def view(self, brief: Brief, work: Work) -> dict[str, object]:
        """Return what the page needs: whether two models answer, how many turns there are, what is asked."""
        least, most = brief.turns
        return {"two": bool(work.samples), "least": least, "most": most, "asked": brief.questions}

    def check(self, brief: Brief, work: Work, answer: Answer) -> dict[str, object]:
        voices = [sample.id for sample in work.samples]
        turns = heard(brief, voices or [REPLY], listed(answer, "turns") or [])
        clean: dict[str, object] = {"turns": turns}
        if voices:
            clean |= _preferred(voices, answer)
        else:
            if str(answer.get("rating")) not in RATINGS:
                raise AnswerError("rating", "say from 1 to 5 how well the model served the goal")
            clean["rating"] = int(str(answer["rating"]))
            if model := written(answer, "model"):
                clean["model"] = model
        if labels := _labelled(brief, parts(answer, "labels")):
            clean["labels"] = labels
        if reason := written(answer, "reason"):
            clean["reason"] = reason
        return clean

    def votes(self, brief: Brief, work: Work, answer: Answer) -> dict[str, str]:
        place = {sample.id: label for sample, label in zip(work.samples, "ab", strict=False)}
        said = {str(name): str(label) for name, label in parts(answer, "labels").items()}
        if not place:
            return {RATING: str(answer["rating"]), **said}
        choices = {BETTER: str(answer["choice"])}
        for number, turn in enumerate(listed(answer, "turns") or [], start=1):
            if isinstance(turn, Mapping) and turn.get("choice"):
                choices[turn_question(number)] = str(turn["choice"])
        return {**{name: place.get(choice, choice) for name, choice in choices.items()}, **said}

    def examples(
        self, brief: Brief, work: Work, judgments: Sequence[Judgment], verdicts: Mapping[str, Verdict]
    ) -> list[Example]:
        return [row for judgment in judgments for row in _rows(work, judgment)]


def turn_question(number: int) -> str:
    """Return the name of the question that a turn answers, numbered from 1.

    >>> turn_question(2)
    'turn 2'
    """
    return f"turn {number}"


def _preferred(voices: Sequence[str], answer: Answer) -> dict[str, object]:
    choice = answer.get("choice")
    if choice not in (*voices, TIE, BOTH_BAD):
        raise AnswerError("choice", "say which model you would go on with, or that neither is better")
    clean: dict[str, object] = {"choice": choice}
    if (strength := answer.get("strength")) not in (None, "") and choice in voices:
        if str(strength) not in ("1", "2", "3"):
            raise AnswerError("strength", "strength is 1 (slightly), 2 (clearly) or 3 (far better)")
        clean["strength"] = int(str(strength))
    return clean


def _labelled(brief: Brief, labels: Mapping[str, object]) -> dict[str, str]:
    known = {question.name: question for question in brief.questions}
    if strange := sorted(set(labels) - set(known)):
        raise AnswerError("labels", say("the brief does not ask {name!r}", name=strange[0]))
    clean = {}
    for name, question in known.items():
        label = labels.get(name)
        if label not in question.labels:
            raise AnswerError(f"labels.{name}", say("answer “{text}” before you submit", text=question.text))
        clean[name] = str(label)
    return clean


def _rows(work: Work, judgment: Judgment) -> list[Example]:
    """Return what one conversation teaches: at each turn the better answer, and what a person wrote instead.

    Nobody else had this conversation, so no verdict stands behind a row and none doubts it.
    """
    author = {sample.id: sample.author for sample in work.samples}
    author.setdefault(REPLY, str(judgment.answer.get("model", "")))
    turns = [turn for turn in listed(judgment.answer, "turns") or [] if isinstance(turn, Mapping)]
    rows = []
    for number, turn in enumerate(turns, start=1):
        told = messages(turns[:number], context=work.item.context)
        replies, choice = parts(turn, "replies"), turn.get("choice")
        row = Example(
            id="",
            shape="preference",
            prompt=str(turn["said"]),
            work=work.id,
            judgments=(judgment.id,),
            language=work.item.language,
            domain=work.item.domain,
            brief_version=judgment.brief_version,
            messages=tuple(told),
        )
        where = f"{work.id}/{judgment.id}/{number}"
        if choice in replies and len(replies) > 1:
            other = next(voice for voice in replies if voice != choice)
            rows.append(
                replace(
                    row,
                    id=where,
                    chosen=str(replies[str(choice)]),
                    rejected=str(replies[other]),
                    chosen_author=author[str(choice)],
                    rejected_author=author[other],
                    method="chosen in a live conversation",
                )
            )
        if edited := str(turn.get("edited", "")):
            base = went_on(turn)
            rows.append(
                replace(
                    row,
                    id=f"{where}/written",
                    shape="demonstration",
                    completion=edited,
                    chosen_author=judgment.rater,
                    method="written by a person in a live conversation",
                )
            )
            rows.append(
                replace(
                    row,
                    id=f"{where}/edited",
                    chosen=edited,
                    rejected=str(replies[base]),
                    chosen_author=judgment.rater,
                    rejected_author=author[base],
                    method="edited in a live conversation",
                )
            )
    return rows or [_liked(work, judgment, turns, author[REPLY])]


def _liked(work: Work, judgment: Judgment, turns: Sequence[Mapping[str, object]], model: str) -> Example:
    """Return the last answer of a conversation with its rating, where nothing was preferred or written."""
    last = turns[-1]
    labels = {str(name): str(label) for name, label in parts(judgment.answer, "labels").items()}
    rated = {RATING: str(judgment.answer["rating"])} if "rating" in judgment.answer else {}
    return Example(
        id=f"{work.id}/{judgment.id}",
        shape="rating",
        prompt=str(last["said"]),
        work=work.id,
        judgments=(judgment.id,),
        completion=str(parts(last, "replies")[went_on(last)]),
        ratings={**rated, **labels},
        chosen_author=model,
        language=work.item.language,
        domain=work.item.domain,
        method="rated after a live conversation",
        brief_version=judgment.brief_version,
        messages=tuple(messages(turns, context=work.item.context)),
    )
