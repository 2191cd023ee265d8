"""What pages read from a request: who asks, and what a form says."""

from __future__ import annotations

import re

from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _

from assay.errors import AnswerError
from assay.platform.queries import people
from assay.records import Brief, Question

NOT_THE_ANSWER = {"csrfmiddlewaretoken", "seconds"}


def person_of(request: HttpRequest) -> people.Person:
    """Return who asks; only for pages behind a sign-in."""
    return people.signed_in(request.user)


def answer_of(form: QueryDict) -> dict[str, object]:
    """Turn the fields of any kind's form into an answer: `labels.surprise` lands in `labels`.

    >>> answer_of(QueryDict("choice=tie&labels.ear=yes&labels.surprise=no&seconds=3"))
    {'choice': 'tie', 'labels': {'ear': 'yes', 'surprise': 'no'}}
    """
    answer: dict[str, object] = {}
    for name, sent in form.items():
        if name in NOT_THE_ANSWER:
            continue
        # A browser ends the lines of a text area with \r\n, whatever was typed.
        value = str(sent).replace("\r\n", "\n")
        group, dot, part = name.partition(".")
        held = answer.setdefault(group, {}) if dot else None
        if isinstance(held, dict):
            held[part] = value
        else:
            answer[name] = value
    return answer


def seconds_of(form: QueryDict) -> float | None:
    """Return the time that the page measured, if it says one."""
    try:
        return float(str(form["seconds"]))
    except (KeyError, ValueError):
        return None


def languages_of(text: str) -> list[str]:
    """Read BCP-47 tags from a line.

    >>> languages_of("en, pt-BR  ar")
    ['en', 'pt-BR', 'ar']
    """
    tags = re.split(r"[\s,;]+", text.strip())
    for tag in tags:
        if tag and not re.fullmatch(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", tag):
            wrong = _("“%s” is not a language tag; write for example en, pt-BR or zh-Hans.")
            raise AnswerError("languages", wrong % tag)
    return [tag for tag in tags if tag]


def lines_of(text: str) -> tuple[str, ...]:
    """Read one entry a line, blank lines left out."""
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def brief_of(form: QueryDict) -> Brief:
    """Read a brief from the form of a new project."""
    labels = [re.split(r"\s*[,\n]\s*", value.strip()) for value in form.getlist("question_labels")]
    asked = [
        (text.strip(), own)
        for text, own in zip(form.getlist("question_text"), labels, strict=False)
        if text.strip()
    ]
    questions = tuple(
        Question(name, text, tuple(label for label in own if label), ordered=True)
        for name, (text, own) in zip(_names([text for text, _own in asked]), asked, strict=True)
    )
    count = form.get("judgments_per_work", "3")
    if not count.isdecimal() or not 1 <= int(count) <= 1_000:
        wrong = _("Judgments for each work: a whole number from 1 to 1000.")
        raise AnswerError("judgments_per_work", wrong)
    return Brief(
        project=form.get("project", "").strip(),
        goal=form.get("goal", "").strip(),
        kind=form.get("kind", ""),
        principles=lines_of(form.get("principles", "")),
        questions=questions,
        languages=tuple(languages_of(form.get("languages", ""))),
        judgments_per_work=int(count),
    )


def _names(texts: list[str]) -> list[str]:
    """Make a short name for each question from its last telling word; numbered where two are the same."""
    names: list[str] = []
    for text in texts:
        words = re.findall(r"\w+", text.lower())
        name = words[-1] if words else "question"
        names.append(name if name not in names else f"{name}_{len(names) + 1}")
    return names
