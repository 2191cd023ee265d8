"""Several answers in order, from the best down; those that are equally good share a place."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import combinations

from assay.errors import AnswerError
from assay.judgments import listed, parts, written
from assay.records import Answer, Brief, Example, Judgment, Question, Sample, Verdict, Work
from assay.wording import say

QUESTION = "order"


class Ranking:
    """All samples of an item, up to eight, put in order.

    Answer: `ranking`, a list of sample ids from the best down in which a list stands for a shared place, or
    as a form sends it, `place` (sample id → place, counted from 1, equal for a tie); and a `reason`.
    """

    name = "ranking"
    title = "Put several answers in order"
    shows = None

    def questions(self, brief: Brief) -> tuple[Question, ...]:
        text = "In which order do the answers serve the goal?"
        return (Question(QUESTION, text, type="rankings", compares=True),)

    def check(self, brief: Brief, work: Work, answer: Answer) -> dict[str, object]:
        known = [sample.id for sample in work.samples]
        said = listed(answer, "ranking")
        levels = _of_places(parts(answer, "place"), known) if said is None else _of_list(said)
        given = [one for level in levels for one in level]
        if len(given) != len(known) or set(given) != set(known):
            raise AnswerError("place", "give every answer one place")
        clean: dict[str, object] = {
            "ranking": [level[0] if len(level) == 1 else sorted(level, key=known.index) for level in levels]
        }
        if reason := written(answer, "reason"):
            clean["reason"] = reason
        return clean

    def typed(self, brief: Brief, answer: Answer) -> dict[str, object]:
        levels = _of_list(listed(answer, "ranking") or [])
        place = {one: number for number, level in enumerate(levels, 1) for one in level}
        return {**{name: said for name, said in answer.items() if name != "ranking"}, "place": place}

    def votes(self, brief: Brief, work: Work, answer: Answer) -> dict[str, str]:
        return {QUESTION: json.dumps(answer["ranking"], ensure_ascii=False)}

    def examples(
        self, brief: Brief, work: Work, judgments: Sequence[Judgment], verdicts: Mapping[str, Verdict]
    ) -> list[Example]:
        verdict = verdicts.get(QUESTION)
        if verdict is None:
            return []
        levels = _of_list(json.loads(verdict.label))
        sample_of = {sample.id: sample for sample in work.samples}
        return [
            Example(
                id=f"{work.id}/{better.id}>{worse.id}",
                shape="preference",
                prompt=work.item.prompt,
                work=work.id,
                judgments=tuple(judgment.id for judgment in judgments),
                chosen=better.text,
                rejected=worse.text,
                chosen_author=better.author,
                rejected_author=worse.author,
                weight=_surely(verdict, better, worse),
                language=work.item.language,
                domain=work.item.domain,
                method=verdict.method,
                brief_version=brief.version,
            )
            for upper, lower in combinations(levels, 2)
            for better in (sample_of[name] for name in upper)
            for worse in (sample_of[name] for name in lower)
            if better.text != worse.text
        ]


def _surely(verdict: Verdict, better: Sample, worse: Sample) -> float:
    """Return the probability of one pair: two that stand far apart are surer than the order as a whole."""
    pair = json.dumps([better.id, worse.id], ensure_ascii=False)
    return verdict.posterior.get(pair, verdict.probability)


def _of_list(said: Sequence[object]) -> list[list[str]]:
    levels = [level if isinstance(level, list) else [level] for level in said]
    if not all(level and all(isinstance(one, str) for one in level) for level in levels):
        raise AnswerError("place", "a ranking is a list of answers, or of lists of answers that tie")
    return [list(map(str, level)) for level in levels]


def _of_places(places: Mapping[str, object], known: Sequence[str]) -> list[list[str]]:
    by_place: dict[int, list[str]] = {}
    for sample in known:
        said = places.get(sample)
        text = str(said) if isinstance(said, str | int) and not isinstance(said, bool) else ""
        if not (text.isascii() and text.isdecimal() and len(text) < 3 and 1 <= int(text) <= len(known)):
            raise AnswerError("place", say("give every answer a place from 1 to {most}", most=len(known)))
        by_place.setdefault(int(text), []).append(sample)
    if unknown := set(places) - set(known):
        raise AnswerError("place", say("there is no answer {unknown!r} here", unknown=min(unknown)[:40]))
    return [by_place[place] for place in sorted(by_place)]
