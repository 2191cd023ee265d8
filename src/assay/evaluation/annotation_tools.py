"""Comparisons out of other annotation tools: what Label Studio and Potato export, as a table of ours.

Both know two texts and who was chosen; which models wrote the texts stands in the data that was loaded into
them, or in a table beside. Nothing is dropped silently: what cannot be read is an error with its row and its
place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import polars as pl

from assay import tables
from assay.errors import TableError

WORDS: Mapping[str, str] = {
    **tables.WINNERS,
    "text1": "a", "text2": "b", "first": "a", "second": "b", "response_a": "a", "response_b": "b",
    "equal": "tie", "same": "tie", "neither": "both_bad", "both bad": "both_bad", "bad": "both_bad",
}  # fmt: skip
"""What people may have been offered to click, in lower case → our outcome."""

TIME = re.compile(r"(\d+)d\s*(\d+)h\s*(\d+)m\s*(\d+)s")
FIELDS = ("prompt", "response_a", "response_b", "language", "domain")


def label_studio(
    data: bytes, name: str = "export.json", *, pairs: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Read a JSON export of Label Studio with `Pairwise`, or `Choices` for ties, as comparisons.

    A task's data must hold `model_a` and `model_b` (or `left_model`, `right_model`); where it does not,
    `pairs` gives them for each `item` (a task's id, or the `item` in its data). `prompt`, `response_a`,
    `response_b` (`text1`, `text2`), `language` and `domain` come along. A skipped task is no vote.
    `lead_time` becomes `seconds`.

    Returns
    -------
    polars.DataFrame
        One row a vote, which `assay.evaluation.importing.read` takes.

    Raises
    ------
    TableError
        Where the file is no such export, or a task names no models or no known choice; names the row.

    >>> task = {"id": 7, "data": {"model_a": "mica", "model_b": "slate"}, "annotations": [
    ...     {"completed_by": 3, "result": [{"type": "pairwise", "value": {"selected": "left"}}]}]}
    >>> label_studio(json.dumps([task]).encode()).row(0)[:5]
    ('7', '3', 'mica', 'slate', 'a')
    """
    tasks = _json(data, name)
    if not isinstance(tasks, list) or not all(isinstance(task, dict) for task in tasks):
        raise TableError(f"{name} is no list of tasks; export from Label Studio as JSON")
    known = _models_of(pairs)
    rows = []
    for row, task in enumerate(tasks, start=1):
        if "annotations" not in task:
            raise TableError("the task has no annotations; export as JSON, not as JSON-MIN", row=row)
        held = task.get("data") or {}
        item = str(held.get("item", task.get("id", row)))
        found = _cells(held, {"response_a": ("text1",), "response_b": ("text2",)})
        models = _models(found, known, item, row)
        for annotation in task["annotations"]:
            if annotation.get("was_cancelled"):
                continue
            said = [_winner_of(result) for result in annotation.get("result") or []]
            winners = [word for word in said if word]
            if not winners:
                raise TableError(
                    f"task {item} holds no choice between left and right that is known; known words are "
                    f"{', '.join(WORDS)}",
                    row=row,
                    column="annotations",
                )
            # a tie is clicked beside the pair, and says more than which one was left selected
            winner = next((word for word in winners if word not in {"a", "b"}), winners[0])
            rows.append(
                {"item": item, "rater": _person(annotation.get("completed_by")), **models, "winner": winner}
                | {field: found.get(field) for field in FIELDS}
                | {"seconds": annotation.get("lead_time")}
            )
    return _frame(rows, name)


def potato(
    data: bytes,
    pairs: pl.DataFrame | None = None,
    name: str = "annotated_instances.jsonl",
    *,
    schema: str | None = None,
) -> pl.DataFrame:
    """Read what Potato writes, `annotated_instances.jsonl` or one person's `user_state.json`, as comparisons.

    Potato's output names items and choices; `pairs`, its input, says for each `item` (or `id`) which models
    wrote the two texts, and may bring `prompt`, `response_a`, `response_b`, `language` and `domain`. `schema`
    names the question where people were asked several.

    Raises
    ------
    TableError
        Where a line is no such output, an item is not among the pairs, or a choice is not known; names the
        row.

    >>> pairs = pl.DataFrame({"id": ["i1"], "model_a": ["mica"], "model_b": ["slate"]})
    >>> line = {"user_id": "ann", "instance_id": "i1", "label_annotations": {"better": {"B": "true"}}}
    >>> potato(json.dumps(line).encode(), pairs).row(0)[:5]
    ('i1', 'ann', 'mica', 'slate', 'b')
    """
    known = _models_of(pairs)
    rows = []
    for row, rater, item, answers, seconds, beside in _spoken(data, name):
        asked = {key: value for key, value in answers.items() if schema is None or key == schema}
        if not asked:
            there = ", ".join(answers) or "nothing"
            raise TableError(f"item {item} has no answer to {schema!r}; it has: {there}", row=row)
        winners = {word for value in asked.values() if (word := _clicked(value))}
        if len(winners) != 1:
            what = "several choices" if winners else f"no choice that is known ({json.dumps(asked)[:80]})"
            raise TableError(
                f"item {item} has {what}; name the question with its schema, and use the words "
                f"{', '.join(WORDS)}",
                row=row,
                column="label_annotations",
            )
        found = {**known.get(item, {}), **_cells(beside, {})}
        models = _models(found, known, item, row)
        more: dict[str, object] = {field: found.get(field) for field in FIELDS}
        said = {"item": item, "rater": rater, **models, "winner": winners.pop()}
        rows.append({**said, **more, "seconds": seconds})
    return _frame(rows, name)


READERS: Mapping[str, Callable[..., pl.DataFrame]] = {"label-studio": label_studio, "potato": potato}
"""Name of a tool → what reads its export: bytes, and `pairs` and `name` by name."""


def _spoken(
    data: bytes, name: str
) -> Iterator[tuple[int, str, str, dict[str, Any], float | None, dict[str, Any]]]:
    """Give row, person, item, answers by question, seconds and what else stands there."""
    text = data.decode("utf-8", errors="replace").strip()
    state = _state(text)
    if state is not None:
        rater = str(state.get("user_id", ""))
        times = state.get("instance_id_to_behavioral_data") or {}
        for row, (item, said) in enumerate(state["instance_id_to_label_to_value"].items(), start=1):
            answers: dict[str, Any] = {}
            if isinstance(said, dict):
                answers = said
            else:
                for label, value in said:
                    answers.setdefault(str(label.get("schema")), {})[str(label.get("name"))] = value
            yield row, rater, str(item), answers, _time(times.get(item)), {}
        return
    for row, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            cells = json.loads(line)
            answers = cells["label_annotations"]
            item = str(cells.get("instance_id", cells.get("id")))
        except (ValueError, KeyError, TypeError, AttributeError) as wrong:
            raise TableError(
                f"{name} does not look like Potato's output; give annotated_instances.jsonl or "
                "user_state.json",
                row=row,
            ) from wrong
        rater = str(cells.get("user_id", cells.get("user", "")))
        yield row, rater, item, answers, _time(cells.get("behavioral_data")), cells


def _state(text: str) -> dict[str, Any] | None:
    try:
        whole = json.loads(text)
    except ValueError:
        return None
    held = isinstance(whole, dict) and isinstance(whole.get("instance_id_to_label_to_value"), dict)
    return whole if held else None


def _time(behaviour: object) -> float | None:
    said = behaviour.get("time_string") if isinstance(behaviour, dict) else None
    found = TIME.search(said) if isinstance(said, str) else None
    if found is None:
        return None
    days, hours, minutes, seconds = (int(part) for part in found.groups())
    return float(((days * 24 + hours) * 60 + minutes) * 60 + seconds)


def _clicked(value: object) -> str | None:
    """Return the outcome in one answer: the word that was chosen, or the box that was ticked."""
    if isinstance(value, str):
        return WORDS.get(value.strip().lower())
    if isinstance(value, dict):
        for name, said in value.items():
            if isinstance(said, str) and (word := WORDS.get(said.strip().lower())):
                return word
            if said and str(said).lower() != "false" and (word := WORDS.get(str(name).strip().lower())):
                return word
    return None


def _winner_of(result: Mapping[str, Any]) -> str | None:
    value = result.get("value") or {}
    said = value.get("selected") if result.get("type") == "pairwise" else value.get("choices")
    for word in [said] if isinstance(said, str) else said or []:
        if found := WORDS.get(str(word).strip().lower()):
            return found
    return None


def _person(completed_by: object) -> str:
    """Return who answered: an id, or what a fuller export says of the person."""
    if isinstance(completed_by, dict):
        completed_by = completed_by.get("email") or completed_by.get("id")
    return "" if completed_by is None else str(completed_by)


def _cells(held: Mapping[str, Any], more: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Return the columns that we know, under our names."""
    by_lower = {str(key).strip().lower(): value for key, value in held.items()}
    found = {}
    for field in ("model_a", "model_b", *FIELDS):
        for alias in (*tables.ALIASES[field], *more.get(field, ())):
            if by_lower.get(alias) not in (None, ""):
                found[field] = str(by_lower[alias])
                break
    return found


def _models_of(pairs: pl.DataFrame | None) -> dict[str, dict[str, str]]:
    if pairs is None:
        return {}
    own = [column for column in ("model_a", "model_b") if tables.find(pairs, column) is None]
    if own or tables.find(pairs, "item") is None:
        missing = own[0] if own else "item"
        raise TableError(
            f"the table of pairs has no column {missing}; it has {', '.join(pairs.columns[:12])}"
        )
    item = str(tables.find(pairs, "item"))
    return {str(cells[item]): _cells(cells, {}) for cells in pairs.iter_rows(named=True)}


def _models(
    found: Mapping[str, str], known: Mapping[str, Mapping[str, str]], item: str, row: int
) -> dict[str, str]:
    own = {**known.get(item, {}), **found}
    for side in ("model_a", "model_b"):
        if side not in own:
            raise TableError(
                f"which models wrote the texts of item {item} is not said; put model_a and model_b into the "
                "data, or give a table of pairs with item, model_a, model_b",
                row=row,
                column=side,
            )
    return {side: own[side] for side in ("model_a", "model_b")}


def _frame(rows: list[dict[str, Any]], name: str) -> pl.DataFrame:
    if not rows:
        raise TableError(f"{name} holds no vote; every task was skipped or is still open")
    text = ("item", "rater", "model_a", "model_b", "winner", *FIELDS)
    frame = pl.DataFrame(rows, schema={**dict.fromkeys(text, pl.String), "seconds": pl.Float64})
    unsaid = [field for field in (*FIELDS, "seconds") if frame[field].null_count() == len(frame)]
    if (frame["rater"] == "").any():
        unsaid.append("rater")
    return frame.drop(unsaid)


def _json(data: bytes, name: str) -> Any:
    try:
        return json.loads(data.decode("utf-8-sig"))
    except (ValueError, UnicodeDecodeError) as wrong:
        raise TableError(f"{name} is no JSON: {wrong}") from wrong
