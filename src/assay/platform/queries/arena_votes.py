"""The votes of an arena as columns: what statistics read, without a word that was said.

A hundred thousand battles are two hundred megabytes of answers and ten of outcomes. Whatever asks only who
won reads the outcomes alone; what style is worth is asked of numbers that were taken when the answers came;
and of the answers themselves a sample is read, to tell whether a model can be known by its words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from django.db.models import F, FloatField, Func, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, StrIndex

from assay.platform.arena_looks import COLUMNS as LOOKS
from assay.platform.models import EntrantRow, JudgmentRow, ProjectRow, SampleRow, WorkRow
from assay.platform.one_at_a_time import stepped_aside
from assay.platform.queries import arena
from assay.platform.queries.outcomes import as_text, read

Columns = dict[str, list[Any]]

PART = 5_000
"""Votes that are read before others are served."""

TEXTS = 1_000
"""So many battles are read with their answers, to tell whether a model is known by its words."""

NAMES = (
    *("id", "item", "model_a", "model_b", "winner", "rater", "language", "domain", "order", "propensity"),
    *("strength", "seconds", "away", *LOOKS),
)


class _Waited(Func):
    """Seconds from one time to another, reckoned by the database."""

    output_field = FloatField()

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> Any:
        more["template"] = "((julianday(%(expressions)s)) * 86400.0)"
        more["arg_joiner"] = ") - julianday("
        return self.as_sql(compiler, connection, **more)

    def as_postgresql(self, compiler: Any, connection: Any, **more: Any) -> Any:
        more["template"] = "EXTRACT(EPOCH FROM (%(expressions)s))"
        more["arg_joiner"] = " - "
        return self.as_sql(compiler, connection, **more)


def columns(project: ProjectRow, *, between: tuple[int, int] | None = None) -> Columns:
    """Return every vote that is in force, or those between two models, in the order in which they came in.

    A vote that somebody changed once they had seen which models these were does not count: the one before
    does. People go by numbers: what is said of them travels further than their names may.
    """
    names = dict(EntrantRow.objects.filter(project=project).values_list("pk", "name"))
    rows = _rows(project, between)
    found: Columns = {name: [] for name in NAMES}
    last = 0
    while part := list(_values(rows.filter(pk__gt=last))[:PART]):
        last = part[-1][0]
        _add(found, _counting(part), names)
        with stepped_aside():  # others are served in between
            pass
    return found


def any_between(project: ProjectRow, one: int, other: int) -> bool:
    """Say whether there is a vote between two models, also one that may turn out not to count."""
    return _rows(project, (one, other)).exists()


def _rows(project: ProjectRow, between: tuple[int, int] | None) -> QuerySet[JudgmentRow]:
    rows = JudgmentRow.objects.filter(
        project=project, work__battle__isnull=False, superseded_by__isnull=True
    ).order_by("pk")
    if between is None:
        return rows
    one, other = (f"work__battle__{side}" for side in ("first", "second"))
    a, b = between
    return rows.filter(Q(**{one: a, other: b}) | Q(**{one: b, other: a}))


def votes(project: ProjectRow, *, between: tuple[int, int] | None = None, words: bool = False) -> Columns:
    """Return votes as `columns` does; with `words`, the answers of some battles besides.

    The same votes give the same sample of answers.
    """
    found = columns(project, between=between)
    return with_words(found, np.random.default_rng(project.pk)) if words else found


def _values(rows: Any) -> Any:
    battle = "work__battle__"
    return rows.values_list(
        "pk", "supersedes", "person", f"{battle}person", "work__key", "work__language", "work__domain",
        f"{battle}first", f"{battle}second", f"{battle}source", f"{battle}propensity", "seconds",
        _Waited(F("submitted_at"), F(f"{battle}answered_at")),
        StrIndex(Cast(f"{battle}events", TextField()), Value('"away"')),
        as_text("answer"), as_text("shown"), as_text(f"{battle}looks"),
    )  # fmt: skip


def _counting(part: Sequence[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """Give the votes of a part, each as the one that counts in its place."""
    for row in part:
        if row[1] is None:
            yield row
            continue
        counts = arena.that_counts(row[0])
        if counts is not None:
            yield row if counts == row[0] else _values(JudgmentRow.objects.filter(pk=counts))[0]


def _add(found: Columns, rows: Iterator[tuple[Any, ...]], names: dict[int, str]) -> None:
    held = list(rows)
    answers, orders, looks = (read([row[place] for row in held]) for place in (-3, -2, -1))
    add = [found[name].append for name in NAMES]
    for row, answer, order, look in zip(held, answers, orders, looks, strict=True):
        number, _, person, writer, key, language, domain, first, second, source, chance, *timed = row
        seconds, waited, away = timed[:3]
        sides = {f"{key}/1": "a", f"{key}/2": "b"}
        said, choice = answer.get("strength"), str(answer["choice"])
        if seconds is not None and waited is not None and person == writer and waited > 0:
            seconds = min(seconds, waited)
        values = (
            *(str(number), source, names[first], names[second], sides.get(choice, choice), f"#{person}"),
            "" if language == "und" else language, domain,
            "ba" if order[:1] == [f"{key}/2"] else "ab", 1.0 if chance is None else chance,
            None if said is None else float(said), seconds, away > 0,
            *(look or [None] * len(LOOKS)),
        )  # fmt: skip
        for put, value in zip(add, values, strict=True):
            put(value)


def with_words(found: Columns, rng: np.random.Generator) -> Columns:
    """Add the two answers of some battles, all of them where there are few."""
    count = len(found["id"])
    places = range(count) if count <= TEXTS else np.sort(rng.choice(count, TEXTS, replace=False)).tolist()
    texts: dict[str, list[str | None]] = {side: [None] * count for side in "12"}
    number_of = {int(found["id"][place]): place for place in places}
    numbers = list(number_of)
    for start in range(0, len(numbers), 500):
        works = dict(
            JudgmentRow.objects.filter(pk__in=numbers[start : start + 500]).values_list("work__key", "pk")
        )
        items = WorkRow.objects.filter(judgments__in=list(works.values())).values("item")
        for key, text in SampleRow.objects.filter(item__in=items).values_list("key", "text"):
            work, _, side = key.rpartition("/")
            if work in works:
                texts[side][number_of[works[work]]] = text
    return {**found, "response_a": list(texts["1"]), "response_b": list(texts["2"])}
