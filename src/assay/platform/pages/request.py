"""What pages read from a request: who asks, and what a form says."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace

from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from assay import registry
from assay.errors import AnswerError, AssayError, TableError
from assay.judgments import kind as kind_named
from assay.platform.queries import people
from assay.records import Brief, Live, Pay, Question, WorkedExample
from assay.wording import Sentence, translated

TURNS: tuple[int, int] = (1, 10)
"""How long a conversation is where nobody said."""

NOT_THE_ANSWER = {"csrfmiddlewaretoken", "seconds"}


def person_of(request: HttpRequest) -> people.Person:
    """Return who asks; only for pages behind a sign-in."""
    return people.signed_in(request.user)


def problem_of(wrong: AssayError | None) -> str:
    """Say what is wrong in the reader's language; nothing where nothing is.

    >>> from assay.wording import say
    >>> problem_of(TableError(say("the cell is empty; fill it in or remove the row"), row=3, column="label"))
    'row 3, column “label”: the cell is empty; fill it in or remove the row'
    """
    if isinstance(wrong, TableError) and (wrong.row is not None or wrong.column):
        said = problem_of(AssayError(wrong.said))
        if wrong.row is None:
            return _("column “%(column)s”: %(problem)s") % {"column": wrong.column, "problem": said}
        if not wrong.column:
            return _("row %(row)s: %(problem)s") % {"row": wrong.row, "problem": said}
        told = {"row": wrong.row, "column": wrong.column, "problem": said}
        return _("row %(row)s, column “%(column)s”: %(problem)s") % told
    text = wrong.args[0] if wrong and wrong.args else str(wrong or "")
    if isinstance(text, Sentence) or not text:
        return translated(text, _, ngettext)
    return _(str(text))


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


STYLES: dict[str, dict[str, object]] = {
    "ordered": {"ordered": True},
    "labels": {},
    "several": {"several": True},
    "number": {"type": "ratings"},
    "marks": {"type": "spans"},
    "sourced": {"type": "spans", "sourced": True},
    "text": {"type": "texts"},
}
"""How a question can be answered, as the form of a brief names it."""


def style_of(question: Question) -> str:
    """Return how a question is answered, as the form of a brief names it; else the type of its votes.

    >>> style_of(Question("new", "Is it new?", ("no", "yes"), ordered=True))
    'ordered'
    """
    for name, style in STYLES.items():
        flags = {flag: style.get(flag, False) for flag in ("ordered", "several", "sourced")}
        if question.type == style.get("type", "categorical") and all(
            getattr(question, flag) == value for flag, value in flags.items()
        ):
            return name
    return question.type


def brief_of(form: QueryDict, *, of: Brief | None = None) -> Brief:
    """Read a brief from its form; what the form cannot change is that `of` the version before."""
    kind = of.kind if of else form.get("kind", "")
    count = form.get("judgments_per_work", str(of.judgments_per_work) if of else "3")
    if not count.isdecimal() or not 1 <= int(count) <= 1_000:
        wrong = _("Judgments for each work: a whole number from 1 to 1000.")
        raise AnswerError("judgments_per_work", wrong)
    asks = kind not in registry.names("kinds") or getattr(kind_named(kind), "asks", False)
    return Brief(
        project=of.project if of else form.get("project", "").strip(),
        goal=_text(form, "goal"),
        kind=kind,
        version=of.version if of else 1,
        principles=lines_of(form.get("principles", "")),
        questions=_questions(form, kind, of) if asks else (),
        examples=_examples(form),
        languages=tuple(languages_of(form.get("languages", ""))),
        judgments_per_work=int(count),
        great=_text(form, "great"),
        ticks_boxes=_text(form, "ticks_boxes"),
        skills=tuple(each for each in _parts(form.get("skills", "")) if each),
        privacy=_text(form, "privacy"),
        pay=_pay(form),
        turns=of.turns if of else TURNS,
        live=_live(form) if kind == "pairwise" else None,
    )


def _live(form: QueryDict) -> Live | None:
    if form.get("live") != "yes":
        return None
    count = form.get("live_follow_ups", "").strip() or "0"
    if not count.isdecimal():
        raise AnswerError("live_follow_ups", _("Follow-ups: a whole number."))
    own, reveal = form.get("live_own") != "no", form.get("live_reveal") == "yes"
    return Live(own=own, follow_ups=int(count), reveal=reveal)


def _text(form: QueryDict, name: str) -> str:
    return str(form.get(name, "")).replace("\r\n", "\n").strip()


def _parts(line: str) -> list[str]:
    return [part.strip() for part in re.split(r"[,،、;\n]", line)]


def _column(form: QueryDict, name: str, place: int) -> str:
    """Return one cell of a field that repeats."""
    column = form.getlist(name)
    return str(column[place]).replace("\r\n", "\n").strip() if place < len(column) else ""


def _questions(form: QueryDict, kind: str, of: Brief | None) -> tuple[Question, ...]:
    rows = [
        place for place, text in enumerate(form.getlist("question_text")) if text.strip()
    ]  # a row without a question is a blank one
    known = {question.name: question for question in (of.questions if of else ())}
    given = [_column(form, "question_name", place) for place in rows]
    texts = [_column(form, "question_text", place) for place in rows]
    names = _names([name if name in known else text for name, text in zip(given, texts, strict=True)], known)
    return tuple(
        _question(form, kind, place, name, known.get(name)) for place, name in zip(rows, names, strict=True)
    )


def _question(form: QueryDict, kind: str, place: int, name: str, was: Question | None) -> Question:
    text = _column(form, "question_text", place)
    style = _column(form, "question_style", place) or "ordered"
    labels = tuple(part for part in _parts(_column(form, "question_labels", place)) if part)
    if style not in STYLES:  # one that no form can make stays as it is
        return replace(was or Question(name, text, type=style), text=text, labels=labels)
    own = dict(STYLES[style])
    if own.get("type") == "ratings":
        own |= {end: _number(form, f"question_{end}", place, text) for end in ("low", "high")}
        labels = ()
    elif kind == "pairwise" and not labels:
        labels = ("no", "yes")  # a comparison answers with one of the two
    return Question(name=name, text=text, labels=labels, **own)  # type: ignore[arg-type]


def _number(form: QueryDict, name: str, place: int, text: str) -> float:
    try:
        return float(_column(form, name, place).replace(",", "."))
    except ValueError as wrong:
        problem = _("“%s” asks for a number: say from which to which.") % text
        raise AnswerError(name, problem) from wrong


def _examples(form: QueryDict) -> tuple[WorkedExample, ...]:
    found = []
    for place, answer in enumerate(form.getlist("example_answer")):
        because = _column(form, "example_because", place)
        if not answer.strip():
            continue
        if not because:
            raise AnswerError("example_because", _("Say of every worked example which principle decides it."))
        great = _column(form, "example_great", place) != "no"
        prompt = _column(form, "example_prompt", place)
        found.append(WorkedExample(prompt, _column(form, "example_answer", place), great, because))
    return tuple(found)


def _pay(form: QueryDict) -> Pay | None:
    amount = form.get("pay_amount", "").strip().replace(",", ".")
    if not amount:
        return None
    try:
        number = float(amount)
    except ValueError as wrong:
        raise AnswerError("pay_amount", _("Pay: write an amount, such as 0.40.")) from wrong
    currency = form.get("pay_currency", "").strip().upper()
    return Pay(number, currency, "hour" if form.get("pay_per") == "hour" else "judgment")


def _names(texts: list[str], known: Collection[str] = ()) -> list[str]:
    """Make a short name for each question from its last telling word; numbered where two are the same.

    >>> _names(["Is it new?", "Sounds it new?", "ear"], {"ear"})
    ['new', 'new_2', 'ear']
    """
    names: list[str] = []
    for text in texts:
        words = re.findall(r"\w+", text.lower())
        name = text if text in known else words[-1] if words else "question"
        while name in names or (name in known and text != name):
            head, _cut, tail = name.rpartition("_")
            name = f"{head}_{int(tail) + 1}" if head and tail.isdecimal() else f"{name}_2"
        names.append(name)
    return names
