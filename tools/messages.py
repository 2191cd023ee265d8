"""Gather every sentence that people read into the catalogues, and compile them: `make messages`.

Reads Python and templates of the package, merges what is new into `locale/<language>/LC_MESSAGES/django.po`,
drops what is gone, writes the `.mo` beside it, and says what is untranslated. A folder `locale/<language>`
is all that a new language needs. `--check` writes nothing and fails where a catalogue is behind, incomplete,
loses a value that the English sentence names, or is not compiled.
"""

from __future__ import annotations

import argparse
import ast
import io
import re
import string
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_python
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "assay"
LOCALE = PACKAGE / "platform" / "locale"
Call = tuple[int, str | None, Any, list[str]]  # line, function, its arguments, comments: as Babel gives them
KEYWORDS = {
    "_": None, "gettext": None, "gettext_lazy": None, "gettext_noop": None, "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2), "known": None,
    "ngettext": (1, 2), "ngettext_lazy": (1, 2), "npgettext": ((1, "c"), 2, 3),
    "say": None, "counted": (1, 2),
    "AnswerError": (2,),
}  # fmt: skip
# What Django says to our readers and has not in every language of ours.
OF_DJANGO = [
    (
        "This password is too short. It must contain at least %d character.",
        "This password is too short. It must contain at least %d characters.",
    )
]
TITLE = re.compile(r"^    title = \"([^\"]+)\"$", re.MULTILINE)  # of a kind, a format
AXIS = re.compile(r"\"title\": \"([^\"]+)\"")  # of what a figure draws
WRITTEN = datetime(2026, 1, 1, tzinfo=UTC)  # the same catalogue is the same file on every day
UNSAID = tuple(
    f'"{head}'.encode() for head in ("Report-", "POT-", "PO-Revision", "Last-", "Language-Team", "Generated-")
)
NAMED = re.compile(r"%\((\w+)\)[sd]")
PLACED = re.compile(r"%[sd]")


def gather() -> Catalog:
    """Return a catalogue of everything that is said, without translations."""
    found = Catalog(project="Assay", charset="utf-8")
    for each in OF_DJANGO:
        found.add(each, locations=[("django", 1)])
    for file in sorted(PACKAGE.rglob("*")):
        if file.suffix == ".py" and "migrations" not in file.parts:
            text = file.read_text("utf-8")
            _add(found, file, _calls(text))
            titles = TITLE.findall(text) if {"judgments", "formats"} & set(file.parts) else []
            for title in titles + (AXIS.findall(text) if "assay.figures" in text else []):
                found.add(title, locations=[(str(file.relative_to(PACKAGE)), 1)])
        elif file.suffix == ".html":
            # What is not to be translated comes back as a row of X, indented as it was.
            code = templatize(file.read_text("utf-8"), origin=str(file))
            lines = "\n".join(line.strip() for line in code.splitlines())
            _add(found, file, extract_python(io.BytesIO(lines.encode()), KEYWORDS, [], {}))
    return found


def _calls(text: str) -> Iterator[Call]:
    """Find what is said in Python; `say(one if it is so else another)` says two things."""
    for node in ast.walk(ast.parse(text)):
        name = getattr(getattr(node, "func", None), "id", None)
        if isinstance(node, ast.Call) and name in KEYWORDS:
            for said in product(*map(_strings, node.args)):
                yield node.lineno, name, said, []


def _strings(node: ast.expr) -> list[str | None]:
    if isinstance(node, ast.IfExp):
        return _strings(node.body) + _strings(node.orelse)
    return [node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None]


def _add(found: Catalog, file: Path, calls: Iterable[Call]) -> None:
    place = str(file.relative_to(PACKAGE))
    for line, function, said, _comments in calls:
        context, messages = None, said if isinstance(said, tuple) else (said,)
        wanted = KEYWORDS.get(function)
        if function in {"pgettext", "pgettext_lazy", "npgettext"}:
            context, *rest = messages
            messages = tuple(rest)
        elif wanted is not None:
            messages = tuple(messages[number - 1] for number in wanted if len(messages) >= number)
        else:
            messages = messages[:1]
        if not messages or not all(isinstance(each, str) and each.strip() for each in messages):
            continue
        found.add(messages if len(messages) > 1 else messages[0], locations=[(place, line)], context=context)


def main() -> int:
    """Merge and compile, or check."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--check", action="store_true", help="write nothing; fail where something is missing")
    check, said = ask.parse_args().check, gather()
    wrong = [problem for folder in _languages() for problem in _language(folder, said, check)]
    for problem in wrong:
        print(f"  {problem}")
    return int(bool(wrong) and check)


def _languages() -> list[Path]:
    return sorted(folder for folder in LOCALE.iterdir() if folder.is_dir() and folder.name[0].isalpha())


def _language(folder: Path, said: Catalog, check: bool) -> list[str]:
    """Bring one catalogue up to date, or only say what is wrong with it."""
    po, language = folder / "LC_MESSAGES" / "django.po", folder.name
    held = Catalog(locale=language, project="Assay", charset="utf-8")
    if po.exists():
        with po.open("rb") as file:
            held = read_po(file, locale=language)
    known = {(_first(each.id), each.context) for each in held if each.id}
    held.update(said, no_fuzzy_matching=True, update_header_comment=False)
    held.obsolete.clear()
    wrong = [f"{language}: {problem}" for each in held if each.id and (problem := fault(each))]
    new = [each for each in held if each.id and (_first(each.id), each.context) not in known]
    print(f"{language}: {len(held)} messages, {len(wrong)} to mend, {len(new)} new")
    if check:
        return wrong + _uncompiled(po.with_suffix(".mo"), held)
    po.parent.mkdir(parents=True, exist_ok=True)
    held.creation_date = held.revision_date = WRITTEN
    text = io.BytesIO()
    write_po(text, held, width=100, sort_output=True, include_lineno=False)
    lines = text.getvalue().splitlines(keepends=True)
    po.write_bytes(b"".join(line for line in lines if not line.startswith(UNSAID)))
    with po.with_suffix(".mo").open("wb") as file:
        write_mo(file, held)
    return wrong


def fault(message: Message) -> str:
    """Say what is wrong with a translation: missing, or without a value that the sentence names.

    A plural form for an exact number (none, one, two) may say the number in words.
    """
    forms = _forms(message)
    if not all(forms):
        return f"{_first(message.id)!r} is not translated"
    several = isinstance(message.id, list | tuple)
    wanted = _values(message.id[1] if several else str(message.id))
    for place, form in enumerate(forms):
        values = _values(form)
        exact = several and place < len(forms) - 3
        if values - wanted or (wanted - values and not (exact and (wanted - values).total() == 1)):
            return f"{_first(message.id)!r} has other values in {form!r}"
    return ""


def _forms(message: Message) -> list[str]:
    return list(message.string) if isinstance(message.string, list | tuple) else [message.string]


def _values(text: str) -> Counter[str]:
    """Count the places for values in a template, in whichever of the three ways it has them."""
    try:
        braces = [f"{{{name}:{form}}}" for _, name, form, _ in string.Formatter().parse(text) if name]
    except ValueError:
        braces = []
    return Counter(NAMED.findall(text) + PLACED.findall(text) + braces)


def _uncompiled(mo: Path, held: Catalog) -> list[str]:
    if not mo.exists():
        return [f"{mo.name} is missing: run make messages"]
    with mo.open("rb") as file:
        compiled = {_first(each.id): _forms(each) for each in read_mo(file) if each.id}
    behind = [each.id for each in held if each.id and compiled.get(_first(each.id)) != _forms(each)]
    return [f"{_first(behind[0])!r} and perhaps more is not compiled: run make messages"] if behind else []


def _first(said: str | tuple[str, ...] | list[str]) -> str:
    return said if isinstance(said, str) else said[0]


if __name__ == "__main__":
    sys.exit(main())
