"""Gather every sentence that people read into the catalogues, and compile them: `make messages`.

Reads Python and templates of the package, merges what is new into `locale/<language>/LC_MESSAGES/django.po`,
drops what is gone, writes the `.mo` beside it, and says how much is untranslated. `--check` writes nothing
and fails where a catalogue is behind or incomplete.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "assay"
LOCALE = PACKAGE / "platform" / "locale"
KEYWORDS = {
    "_": None, "gettext": None, "gettext_lazy": None, "gettext_noop": None, "pgettext": ((1, "c"), 2),
    "ngettext": (1, 2), "ngettext_lazy": (1, 2), "npgettext": ((1, "c"), 2, 3),
    "say": None, "counted": (1, 2),
    "AnswerError": (2,),
}  # fmt: skip
TITLE = re.compile(r"^    title = \"([^\"]+)\"$", re.MULTILINE)


def gather() -> Catalog:
    """Return a catalogue of everything that is said, without translations."""
    found = Catalog(project="Assay", charset="utf-8")
    for file in sorted(PACKAGE.rglob("*")):
        if file.suffix == ".py" and "migrations" not in file.parts:
            text = file.read_text("utf-8")
            _add(found, file, io.BytesIO(text.encode()))
            if "judgments" in file.parts or "formats" in file.parts:
                for title in TITLE.findall(text):
                    found.add(title, locations=[(str(file.relative_to(PACKAGE)), 1)])
        elif file.suffix == ".html":
            # What is not to be translated comes back as a row of X, indented as it was.
            code = templatize(file.read_text("utf-8"), origin=str(file))
            lines = "\n".join(line.strip() for line in code.splitlines())
            _add(found, file, io.BytesIO(lines.encode()))
    return found


def _add(found: Catalog, file: Path, text: io.BytesIO) -> None:
    place = str(file.relative_to(PACKAGE))
    for line, function, said, _comments in extract_python(text, KEYWORDS, [], {}):
        context, messages = None, said if isinstance(said, tuple) else (said,)
        wanted = KEYWORDS.get(function)
        if function in {"pgettext", "npgettext"}:
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
    check, wrong = ask.parse_args().check, 0
    said = gather()
    for po in sorted(LOCALE.glob("*/LC_MESSAGES/django.po")):
        language = po.parts[-3]
        with po.open("rb") as file:
            held = read_po(file, locale=language)
        known = {
            (each.id if isinstance(each.id, str) else each.id[0], each.context) for each in held if each.id
        }
        held.update(said, no_fuzzy_matching=True, update_header_comment=False)
        held.obsolete.clear()
        open_ones = [each for each in held if each.id and not _whole(each.string)]
        new = [each for each in held if each.id and (_first(each.id), each.context) not in known]
        print(f"{language}: {len(held)} messages, {len(open_ones)} untranslated, {len(new)} new")
        for each in open_ones[:10]:
            print(f"  {_first(each.id)!r}")
        wrong += len(open_ones)
        if not check:
            with po.open("wb") as file:
                write_po(file, held, width=100, sort_output=True, include_lineno=False)
            with po.with_suffix(".mo").open("wb") as file:
                write_mo(file, held)
    return int(bool(wrong) and check)


def _first(said: str | tuple[str, ...] | list[str]) -> str:
    return said if isinstance(said, str) else said[0]


def _whole(string: str | tuple[str, ...] | list[str]) -> bool:
    return bool(string) if isinstance(string, str) else bool(string) and all(string)


if __name__ == "__main__":
    sys.exit(main())
