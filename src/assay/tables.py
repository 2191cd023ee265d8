"""Tables that people bring: bytes in, named columns out, or one sentence that says what is wrong where.

Reads Parquet, CSV, TSV and JSONL; knows the column names that other tools use. Nothing here opens a file.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from assay.errors import TableError
from assay.records import Item, Judgment, Sample
from assay.wording import say

ALIASES: Mapping[str, tuple[str, ...]] = {
    "item": ("item", "task", "item_id", "task_id", "question_id", "example_id", "id"),
    "rater": ("rater", "worker", "annotator", "performer", "labeler", "judge", "person", "user"),
    "label": ("label", "value", "answer", "vote", "annotation"),
    "model_a": ("model_a", "left_model"),
    "model_b": ("model_b", "right_model"),
    "winner": ("winner", "outcome"),
    "prompt": ("prompt", "instruction", "question", "input"),
    "context": ("context", "system"),
    "response_a": ("response_a", "answer_a", "output_a"),
    "response_b": ("response_b", "answer_b", "output_b"),
    "author": ("model", "author", "generator", "system_id"),
    "text": ("response", "text", "output", "completion", "answer"),
    "language": ("language", "lang"),
    "domain": ("domain", "category", "topic"),
    "skill": ("skill",),
    "seconds": ("seconds", "duration_s", "time_spent"),
    "at": ("at", "submitted_at", "created_at", "timestamp"),
    "weight": ("weight",),
    "right": ("right", "accepted", "passed"),
    "gold": ("gold", "gold_label"),
    "rater_kind": ("rater_kind",),
    "attachments": ("attachments",),
    "series": ("series", "document"),
    "place": ("place", "position"),
}
"""Our name for a column → the names it may come under, the first one found wins."""

SHORT = frozenset(ALIASES) - {"prompt", "context", "response_a", "response_b", "text"}
"""Columns of names and labels, where a space in front or behind means nothing."""

WINNERS: Mapping[str, str] = {
    "a": "a", "model_a": "a", "left": "a",
    "b": "b", "model_b": "b", "right": "b",
    "tie": "tie", "draw": "tie",
    "both_bad": "both_bad", "bothbad": "both_bad", "tie (bothbad)": "both_bad",
}  # fmt: skip


@dataclass(frozen=True)
class Imported:
    """What an import brings: items, the samples made for them, and the judgments on pairs of samples.

    `pairs` says which samples are to be compared where the table says so, each as the two ids. `repeated`
    counts the judgments that gave way to a later one by the same rater on the same pair.
    """

    items: tuple[Item, ...]
    samples: tuple[Sample, ...]
    judgments: tuple[Judgment, ...] = ()
    pairs: frozenset[frozenset[str]] | None = None
    repeated: int = 0


def read(data: bytes, name: str) -> pl.DataFrame:
    """Read a table from its bytes; `name` is the file's name, used for its ending and in messages.

    Raises
    ------
    TableError
        Where the bytes are empty or not what the ending says.

    >>> read(b"item,rater,label\\n1,ann,yes\\n", "votes.csv").columns
    ['item', 'rater', 'label']
    >>> read(b"", "votes.csv")
    Traceback (most recent call last):
    assay.errors.TableError: votes.csv is empty; give a table with a header and at least one row
    """
    ending = f".{name.rpartition('.')[2]}".lower()
    if not data.strip():
        raise TableError(say("{name} is empty; give a table with a header and at least one row", name=name))
    if ending in (".csv", ".tsv", ".jsonl", ".ndjson") and not data.startswith(b"PAR1"):
        data = _utf8(data, name)
    separator = "\t" if ending == ".tsv" else _separator(data)
    try:
        if data.startswith(b"PAR1"):
            frame = pl.read_parquet(io.BytesIO(data))
        elif ending in (".csv", ".tsv"):
            frame = pl.read_csv(io.BytesIO(data), separator=separator, infer_schema=False, encoding="utf8")
            # Spreadsheets end in rows that hold nothing.
            frame = frame.filter(~pl.all_horizontal(pl.all().is_null()))
        elif ending in (".jsonl", ".ndjson"):
            frame = pl.read_ndjson(io.BytesIO(data), infer_schema_length=None)
        elif ending in (".parquet", ".pq"):
            raise TableError(
                say("{name} is not a Parquet file; write it again, or rename it to what it is", name=name)
            )
        else:
            raise TableError(
                say(
                    "{name} is neither .parquet, .csv, .tsv nor .jsonl; convert it to one of these", name=name
                )
            )
    except (pl.exceptions.PolarsError, OSError, UnicodeError) as wrong:
        reason = _broken(data, ending, separator) or str(wrong).strip().splitlines()[0]
        kind = ending.lstrip(".") or "Parquet"
        raise TableError(
            say("{name} cannot be read as {kind}: {reason}", name=name, kind=kind, reason=reason)
        ) from wrong
    if frame.is_empty():
        raise TableError(say("{name} has a header and no rows; give at least one row", name=name))
    return frame


def _utf8(data: bytes, name: str) -> bytes:
    """Return a text as UTF-8 without a mark in front; UTF-16 announces itself by such a mark."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        data = data.decode("utf-16", errors="replace").encode()
    data = data.removeprefix(codecs.BOM_UTF8)
    if not data.strip():
        raise TableError(say("{name} is empty; give a table with a header and at least one row", name=name))
    wrong = data.find(b"\0")
    try:
        data.decode()
    except UnicodeDecodeError as found:
        wrong = found.start
    if wrong >= 0:
        line = data.count(b"\n", 0, wrong) + 1
        raise TableError(
            say("{name} is not UTF-8 text (line {line}); save it again as UTF-8", name=name, line=line)
        )
    return data


def _separator(data: bytes) -> str:
    """Return the mark between columns: spreadsheets write `;` where the comma is the decimal mark."""
    header = re.sub(rb'"[^"]*"', b"", data[:65_536]).split(b"\n")[0]
    return max(",;\t|", key=lambda mark: header.count(mark.encode()))


def _broken(data: bytes, ending: str, separator: str) -> str | None:
    """Say where a text stops being a table, `None` where that is not known."""
    if ending in (".jsonl", ".ndjson"):
        for number, line in enumerate(data.splitlines(), start=1):
            try:
                if line.strip() and not isinstance(json.loads(line), dict):
                    return say("line {number} holds no JSON object; write one in each line", number=number)
            except ValueError:
                return say(
                    "line {number} is not JSON; mend it, or write one JSON object in each line", number=number
                )
    if ending in (".csv", ".tsv"):
        rows = csv.reader(io.StringIO(data.decode(errors="replace"), newline=""), delimiter=separator)
        try:
            width = len(next(rows))
            wide = next((number for number, row in enumerate(rows, start=1) if len(row) > width), None)
        except (csv.Error, StopIteration):
            return None
        if wide:
            return say(
                "row {number} has more cells than there are columns; put texts that hold {mark!r} in quotes",
                number=wide,
                mark=separator,
            )
    return None


def frame_of(table: object) -> pl.DataFrame:
    """Return any table as a polars frame: polars, lazily or not, pandas, Arrow, a mapping of columns.

    Whatever offers Arrow's C stream is read through it, without a copy where the types allow.

    Raises
    ------
    TableError
        Where the thing is no table.

    >>> frame_of({"item": [1, 2], "rater": ["ann", "ben"]}).columns
    ['item', 'rater']
    """
    if isinstance(table, pl.DataFrame):
        return table
    if isinstance(table, pl.LazyFrame):
        return table.collect()
    if isinstance(table, Mapping) or hasattr(table, "__arrow_c_stream__"):
        try:
            frame = pl.DataFrame(table)
        except (pl.exceptions.PolarsError, TypeError, ValueError) as wrong:
            reason = str(wrong).strip().splitlines()[0]
            raise TableError(f"the columns do not make a table: {reason}") from wrong
        # pandas hands its index over as a column of this name.
        return frame.drop([name for name in frame.columns if name.startswith("__index_level_")])
    kind = type(table).__name__
    raise TableError(f"a {kind} is no table; give a polars, pandas or Arrow table or a mapping of columns")


def from_wide(table: object, *, item: str | None = None) -> pl.DataFrame:
    """Return `item, rater, label` from a wide table: one row an item, one column a rater, empty where unseen.

    Parameters
    ----------
    item
        The column that names the items; rows are counted from 0 where there is none.

    >>> from_wide({"ann": ["yes", None], "ben": ["yes", "no"]}).rows()
    [('0', 'ann', 'yes'), ('0', 'ben', 'yes'), ('1', 'ben', 'no')]
    """
    frame = frame_of(table)
    if item is not None and item not in frame.columns:
        raise TableError(f"there is no column {item!r}; the table has {', '.join(frame.columns[:12])}")
    name = item or "item"
    if item is None:
        frame = frame.with_row_index("item")
    numbers = [column for column in frame.columns if frame.schema[column].is_float()]
    # 1.0 and 1 are the same label; a column with holes is a column of floats elsewhere.
    whole = [
        column
        for column in numbers
        if frame[column]
        .fill_nan(None)
        .drop_nulls()
        .map_elements(float.is_integer, return_dtype=pl.Boolean)
        .all()
    ]
    frame = frame.with_columns(pl.col(numbers).fill_nan(None)).with_columns(pl.col(whole).cast(pl.Int64))
    long = frame.cast(dict.fromkeys(frame.columns, pl.String)).unpivot(
        index=name, variable_name="rater", value_name="label"
    )
    order = frame.select(pl.col(name).cast(pl.String)).with_row_index("place").unique(name, keep="first")
    long = long.drop_nulls("label").join(order, on=name).sort("place", maintain_order=True)
    return long.select(pl.col(name).alias("item"), "rater", "label")


def find(frame: pl.DataFrame, name: str) -> str | None:
    """Return the column of a table that goes by one of the names we know for `name`, or `None`.

    >>> find(pl.DataFrame({"Worker": ["ann"]}), "rater")
    'Worker'
    """
    by_lower = {column.strip().lower().replace(" ", "_"): column for column in reversed(frame.columns)}
    return next((by_lower[alias] for alias in ALIASES[name] if alias in by_lower), None)


def pick(
    frame: pl.DataFrame, names: Sequence[str], *, optional: Sequence[str] = (), blank: Sequence[str] = ()
) -> pl.DataFrame:
    """Return the wanted columns under our names, as text; optional ones only where they are there.

    The cells of `names` must be filled; those of `blank` may be empty, since a model may say nothing.

    Raises
    ------
    TableError
        Where a wanted column is missing (the message lists what was found), or one of its cells is empty.
    """
    wanted = (*names, *blank)
    found = {name: find(frame, name) for name in (*wanted, *optional)}
    for name in wanted:
        if found[name] is None:
            raise TableError(
                say(
                    "there is no column for {name!r} (looked for {known}); the table has {columns}",
                    name=name,
                    known=", ".join(ALIASES[name]),
                    columns=", ".join(frame.columns[:12]),
                )
            )
    for column in found.values():
        if column is not None and isinstance(
            frame.schema[column], pl.List | pl.Struct | pl.Array | pl.Object | pl.Binary
        ):
            raise TableError(
                say("the cells hold lists, records or bytes, and plain values are needed"), column=column
            )
    frame = frame.select(
        pl.col(column).cast(pl.String).alias(name) for name, column in found.items() if column is not None
    ).with_columns(pl.col(set(names) & SHORT).str.strip_chars())
    for name in frame.columns:
        null = frame[name].str.contains("\0", literal=True).fill_null(value=False)
        if null.any():
            row = int(null.arg_true()[0]) + 1
            raise TableError(say("the cell holds a null character; remove it"), row=row, column=found[name])
    for name in names:
        empty = frame[name].is_null() | (frame[name].str.strip_chars() == "") | (frame[name] == "NaN")
        if empty.any():
            row = int(empty.arg_true()[0]) + 1
            text = say("the cell is empty; fill it in or remove the row")
            raise TableError(text, row=row, column=found[name])
    return frame.with_columns(pl.col(name).fill_null("") for name in blank)


def where(frame: pl.DataFrame, conditions: Sequence[str]) -> pl.DataFrame:
    """Keep the rows that fulfil every condition, each written `column=value`.

    >>> where(pl.DataFrame({"domain": ["sea", "moon"], "n": [1, 2]}), ["domain=moon"])["n"].to_list()
    [2]
    """
    for condition in conditions:
        column, equals, value = condition.partition("=")
        if not equals or column not in frame.columns:
            raise TableError(
                f"{condition!r} is no condition on this table; write COLUMN=VALUE with one of the columns "
                f"{', '.join(frame.columns[:12])}"
            )
        cells = frame[column].cast(pl.String)
        if (cells == value).sum() == 0:
            known = ", ".join(cells.drop_nulls().unique(maintain_order=True)[:12])
            raise TableError(f"no row has {value!r} there; there are: {known}", column=column)
        frame = frame.filter(cells == value)
    return frame


def votes(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the columns `item`, `rater`, `label` of a table of votes, and `weight` where it has one.

    >>> votes(pl.DataFrame({"task": [1], "worker": ["ann"], "label": [0]})).columns
    ['item', 'rater', 'label']
    """
    return pick(frame, ("item", "rater", "label"), optional=("weight",))


def days(said: pl.Series) -> pl.Series:
    """Return when something happened in days: numbers as they are, dates and times from 1970 on.

    Numbers above 10⁸ are seconds since 1970, as computers write them.

    >>> days(pl.Series("at", ["1970-01-02", "1970-01-03T12:00:00Z"])).to_list()
    [1.0, 2.5]
    """
    told = said.cast(pl.String).str.strip_chars()
    number = told.cast(pl.Float64, strict=False)
    number = pl.select(pl.when(number > 1e8).then(number / 86_400).otherwise(number)).to_series()
    moment = told.str.replace("T", " ").str.slice(0, 19)
    date = moment.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    time = moment.str.slice(11).str.to_time("%H:%M:%S", strict=False).cast(pl.Int64).fill_null(0)
    found = number.fill_null(pl.Series(date.cast(pl.Int32) + time / 86_400e9))
    wrong = told.is_not_null() & (told != "") & ~found.is_finite().fill_null(value=False)
    if wrong.any():
        row = int(wrong.arg_true()[0])
        raise TableError(
            f"{said[row]!r} is neither a number of days nor a time such as 2026-03-01T10:00:00",
            row=row + 1,
            column=said.name,
        )
    return found.alias(said.name)


def gold(frame: pl.DataFrame) -> dict[str, str]:
    """Return item → right label; an item with two different gold labels is an error."""
    picked = pick(frame, ("item", "label")).unique(maintain_order=True)
    twice = picked["item"].is_duplicated()
    if twice.any():
        raise TableError(f"item {picked['item'].filter(twice)[0]!r} has two different gold labels; keep one")
    return dict(picked.iter_rows())


def battles(frame: pl.DataFrame) -> pl.DataFrame:
    """Return `model_a, model_b, winner` and, where present, `item`, `rater` and `rater_kind`.

    Winners come out as our four words: a, b, tie, both_bad.

    Raises
    ------
    TableError
        Where a winner is none of the known words, or a model meets itself; names the row.

    >>> battles(pl.DataFrame({"model_a": ["x"], "model_b": ["y"], "winner": ["tie (bothbad)"]}))["winner"][0]
    'both_bad'
    """
    picked = pick(frame, ("model_a", "model_b", "winner"), optional=("item", "rater", "rater_kind"))
    spoken = picked["winner"].str.strip_chars().str.to_lowercase()
    known = spoken.replace_strict(list(WINNERS), list(WINNERS.values()), default=None)
    if known.null_count():
        row = int(known.is_null().arg_true()[0])
        raise TableError(
            say("the winner {winner!r} is none of a, b, tie, both_bad", winner=picked["winner"][row]),
            row=row + 1,
            column="winner",
        )
    itself = picked["model_a"] == picked["model_b"]
    if itself.any():
        row = int(itself.arg_true()[0])
        raise TableError(
            say("{author!r} is compared with itself; remove the row", author=picked["model_a"][row]),
            row=row + 1,
            column="model_b",
        )
    return picked.with_columns(known.alias("winner"))


def works(frame: pl.DataFrame) -> Imported:
    """Read what is to be judged: one row a prompt, one row an answer, or one row a comparison.

    Needs `prompt`; with `model` and `response` each row is a sample; with `model_a, model_b, response_a,
    response_b` each row is a pair, and with `rater` and `winner` beside it a judgment too. Rows without an
    `item` belong together where their prompts are equal.

    >>> found = works(pl.DataFrame({"prompt": ["Hi"] * 2, "model": ["x", "y"], "response": ["Hello", "Yo"]}))
    >>> len(found.items), [sample.author for sample in found.samples]
    (1, ['x', 'y'])
    """
    pairs = find(frame, "response_a") is not None
    wanted, texts = ["prompt"], []
    if pairs:
        wanted += ["model_a", "model_b"]
        texts = ["response_a", "response_b"]
    elif find(frame, "text") is not None and find(frame, "author") is not None:
        wanted += ["author"]
        texts = ["text"]
    extra = ["item", "context", "language", "domain", "seconds", "attachments", "series", "place"]
    if pairs:
        extra += ["rater"]
    picked = pick(frame, wanted, optional=extra, blank=texts)
    if pairs and "rater" in picked.columns and find(frame, "winner") is not None:
        picked = picked.with_columns(battles(frame)["winner"])
    if "seconds" in picked.columns:
        picked = picked.with_columns(seconds(picked["seconds"]))
    if "place" in picked.columns:
        picked = picked.with_columns(places(picked["place"]))
    return _gathered(picked)


def places(said: pl.Series) -> pl.Series:
    """Return places in a series as whole numbers, 0 where nobody said.

    >>> places(pl.Series("place", ["3", ""])).to_list()
    [3, 0]
    """
    filled = said.replace("", "0")
    place = filled.cast(pl.Int64, strict=False)
    wrong = ~((place >= 0) & (place < 2**31)).fill_null(value=False)
    if wrong.any():
        row = int(wrong.arg_true()[0])
        raise TableError(
            say("{cell!r} is no place; count from 0", cell=said[row]), row=row + 1, column="place"
        )
    return place


def seconds(said: pl.Series) -> pl.Series:
    """Return how long things took as numbers, `None` where nobody said.

    >>> seconds(pl.Series("seconds", ["4.5", ""])).to_list()
    [4.5, None]
    """
    filled = said.replace("", None)
    seconds = filled.cast(pl.Float64, strict=False)
    wrong = filled.is_not_null() & ~((seconds >= 0) & seconds.is_finite()).fill_null(value=False)
    if wrong.any():
        row = int(wrong.arg_true()[0])
        raise TableError(
            say("{cell!r} is no number of seconds", cell=said[row]), row=row + 1, column="seconds"
        )
    return seconds


def _gathered(frame: pl.DataFrame) -> Imported:
    items: dict[str, Item] = {}
    samples: dict[str, Sample] = {}
    judgments: dict[str, Judgment] = {}
    said, pairs = 0, set()
    for row, cells in enumerate(frame.iter_rows(named=True), start=1):
        item = _item(cells)
        if items.setdefault(item.id, item) != item:
            other = say(
                "item {item!r} has another prompt, language or domain further up; give it an id of its own",
                item=item.id,
            )
            raise TableError(other, row=row, column="prompt")
        ours = [
            Sample(f"{item.id}/{author}", item.id, author, _normal(cells[text]))
            for author, text in _authors(cells)
        ]
        for sample in ours:
            if samples.setdefault(sample.id, sample) != sample:
                other = say(
                    "{author!r} has another answer to this item further up; keep one, or rename the model",
                    author=sample.author,
                )
                raise TableError(other, row=row, column="response")
        if len({sample.author for sample in ours}) < len(ours):
            itself = say("{author!r} is compared with itself; remove the row", author=ours[0].author)
            raise TableError(itself, row=row, column="model_b")
        if len(ours) > 1:
            pairs.add(frozenset(sample.id for sample in ours))
        if cells.get("winner") and cells.get("rater"):
            judgment = _judgment(item, ours, cells)
            judgments[judgment.id] = judgment
            said += 1
    return Imported(
        tuple(items.values()),
        tuple(samples.values()),
        tuple(judgments.values()),
        frozenset(pairs) or None,
        said - len(judgments),
    )


def _item(cells: Mapping[str, Any]) -> Item:
    prompt, context = _normal(cells["prompt"]), _normal(cells.get("context") or "")
    # A digest of the text, so that the same prompt imported twice is the same item.
    name = cells.get("item") or hashlib.blake2b(f"{prompt}\0{context}".encode(), digest_size=6).hexdigest()
    files = tuple(file.strip() for file in (cells.get("attachments") or "").split("|") if file.strip())
    return Item(
        id=str(name),
        prompt=prompt,
        context=context,
        language=cells.get("language") or "und",
        domain=cells.get("domain") or "",
        attachments=files,
        series=cells.get("series") or "",
        place=cells.get("place") or 0,
    )


def _authors(cells: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if "author" in cells:
        yield cells["author"], "text"
    elif "model_a" in cells:
        yield cells["model_a"], "response_a"
        yield cells["model_b"], "response_b"


def _judgment(item: Item, shown: Sequence[Sample], cells: Mapping[str, Any]) -> Judgment:
    work = f"{item.id}:{'|'.join(sample.author for sample in sorted(shown, key=lambda sample: sample.id))}"
    winner = str(cells["winner"])
    choice = {"a": shown[0].id, "b": shown[1].id}.get(winner, winner)
    return Judgment(
        id=f"{work}/{cells['rater']}",
        work=work,
        rater=str(cells["rater"]),
        kind="pairwise",
        answer={"choice": choice},
        seconds=cells.get("seconds"),
        shown=tuple(sample.id for sample in shown),
    )


def _normal(text: str) -> str:
    return unicodedata.normalize("NFC", text)
