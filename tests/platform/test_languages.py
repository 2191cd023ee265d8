"""Every language is whole, and in Arabic no English is left on any page."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from assay import tables
from assay.platform.actions import turns, work
from assay.platform.models import PersonRow, TurnRow
from assay.wording import say

from . import gallery
from .talks import talks

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "tools"))
import messages  # noqa: E402 -- the tool is no package

# What Arabic writes in Latin letters too: names of formats, of programs and of keys, tags, addresses.
LATIN = {
    "Assay", "CSV", "TSV", "JSONL", "TRL", "SFT", "DPO", "ZIP", "PDF", "Markdown", "Elo", "OpenAI", "Python",
    "EUR", "Ctrl", "Shift", "Alt", "Parquet", "English", "smollm", "en", "pt", "BR", "ar", "zh", "Hans",
    "HTML", "assay", "arena", "NOW", "MOST", "added", "removed", "answer", "place",
}  # fmt: skip


class Seen(HTMLParser):
    """Collect what a person reads or hears on a page: text, and what labels say."""

    SILENT = ("script", "style", "code", "kbd", "pre")
    SAID = ("aria-label", "placeholder", "title", "alt")

    def __init__(self) -> None:
        super().__init__()
        self.silent, self.said = 0, []

    def handle_starttag(self, tag, attributes):
        self.silent += tag in self.SILENT
        self.said += [text for name, text in attributes if text and name in self.SAID]
        # What scripts say stands in data attributes: sentences, not names.
        self.said += [text for name, text in attributes if name.startswith("data-") and " " in (text or "")]

    def handle_endtag(self, tag):
        self.silent -= tag in self.SILENT

    def handle_data(self, text):
        if not self.silent and text.strip():
            self.said.append(text.strip())


def left_in_latin(page: str) -> set[str]:
    seen = Seen()
    seen.feed(page)
    texts = (re.sub(r"https?://\S+", "", text) for text in seen.said)
    return {text[:90] for text in texts if set(re.findall(r"[A-Za-z]{2,}", text)) - LATIN}


@pytest.mark.anywhere
def test_no_catalogue_is_behind_or_loses_a_value():
    ran = subprocess.run(
        [sys.executable, ROOT / "tools" / "messages.py", "--check"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert ran.returncode == 0, ran.stdout


@pytest.mark.anywhere
@pytest.mark.parametrize(("said", "translation", "wrong"), [
    ("Version %(number)s", "النسخة %(number)s", False),
    ("Version %(number)s", "النسخة", True),
    ("step {number}", "الخطوة {numbre}", True),
    ("{mean:.0%} of it", "{mean} منه", True),
    ("Keep it under %s characters.", "اجعله أقل.", True),
    ("Open", "", True),
    (("%(n)s vote", "%(n)s votes"), ("لا أصوات", "صوت", "صوتان", "%(n)s", "%(n)s", "%(n)s"), False),
    (("%(n)s vote", "%(n)s votes"), ("لا أصوات", "صوت", "صوتان", "أصوات", "%(n)s", "%(n)s"), True),
])  # fmt: skip
def test_a_translation_that_loses_a_value_is_found(said, translation, wrong):
    assert bool(messages.fault(Message(said, translation))) == wrong


@pytest.mark.anywhere
def test_a_new_language_is_one_folder(tmp_path, monkeypatch):
    (tmp_path / "fr").mkdir()
    monkeypatch.setattr(messages, "LOCALE", tmp_path)
    monkeypatch.setattr(sys, "argv", ["messages.py"])

    assert messages.main() == 0

    catalogue = (tmp_path / "fr/LC_MESSAGES/django.po").read_text()
    assert 'msgid "Submit"' in catalogue
    assert "nplurals=2" in catalogue
    assert (tmp_path / "fr/LC_MESSAGES/django.mo").exists()


@pytest.fixture
def pages(db):
    return gallery.build()


def _get(name: str, path: str):
    client = Client(headers={"host": "localhost", "accept-language": "ar"})
    if name:
        client.force_login(PersonRow.objects.get(name=name))
    return client.get(path)


def test_no_english_is_left_on_any_page_in_arabic(pages):
    left = {}
    for name, path in pages.pages:
        answer = _get(name, path)
        page = answer.content.decode()
        assert answer.status_code == (404 if path == "/nowhere/" else 200), (name, path)
        if "<html" in page:
            assert '<html lang="ar" dir="rtl">' in page, path
        if found := left_in_latin(page):
            left[name, path] = found

    assert not left, "\n".join(f"{where}: {sorted(what)}" for where, what in left.items())


WINNERS = "item,prompt,model_a,model_b,response_a,response_b,winner,rater\n"
BROKEN = {
    "empty.csv": b" ",
    "header.csv": b"prompt,model,response\n",
    "votes.xml": b"<a/>",
    "votes.parquet": b"prompt\nHi\n",
    "latin.csv": "prompt\nSeñor\n".encode("latin-1"),
    "wide.csv": b"prompt\nOne, two\n",
    "half.jsonl": b'{"prompt": "Hi"}\n{"prompt"\n',
    "list.jsonl": b"[1]\n",
    "columns.csv": b"item,answer\n1,2\n",
    "blank.csv": b"prompt,domain\n,x\n",
    "nested.jsonl": b'{"prompt": ["Hi"]}\n',
    "place.csv": b"prompt,place\nHi,first\n",
    "seconds.csv": b"prompt,seconds\nHi,soon\n",
    "winner.csv": f"{WINNERS}1,Hi,x,y,One,Two,me,Ann\n".encode(),
    "itself.csv": f"{WINNERS}1,Hi,x,x,One,Two,a,Ann\n".encode(),
    "twice.csv": b"item,prompt,model,response\n1,Hi,x,One\n1,Hi,x,Two\n",
    "other.csv": b"item,prompt,model,response\n1,Hi,x,One\n1,Ho,y,Two\n",
    "there.csv": b"item,prompt,model,response\nm0,Another prompt,x,One\n",
}
HERE = "http://127.0.0.1:9"
# What a sentence names: the file, its columns and cells.
NAMED = {
    "csv", "tsv", "jsonl", "xml", "parquet", "item", "items", "answer", "place", "seconds", "winner", "model",
    "first", "soon", "me", "UTF", "JSON", "both", "both_bad", "bad", "tie", "author", "response",
    *tables.ALIASES["prompt"], *(name.partition(".")[0] for name in BROKEN),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_wrong_with_a_table_is_said_in_arabic(cast, name):
    client = Client(headers={"host": "localhost", "accept-language": "ar"})
    client.force_login(cast.ann)

    sent = client.post(
        "/projects/moon/import/", {"table": SimpleUploadedFile(name, BROKEN[name])}, follow=True
    )

    (said,) = (str(each) for each in sent.context["messages"])
    assert re.search("[\u0600-\u06ff]{3}", said), said
    assert not set(re.findall(r"[A-Za-z]{2,}", said)) - LATIN - NAMED, said


@pytest.mark.parametrize(("fault", "problem"), [
    ("unreachable", say("{where} cannot be reached; check the address", where=HERE)),
    ("refused", say("{where} refused us with status {status}; {advice}", where=HERE, status=401,
                    advice=say("check the key"))),
    ("slow", say("{where} fell silent for {seconds:g} s; try later", where=HERE, seconds=60.0)),
])  # fmt: skip
def test_why_a_model_did_not_answer_is_said_in_arabic_to_those_who_run_it(cast, fault, problem):
    project = talks(cast.ann, ("قمر", HERE))
    lease = work.claim_work(person=cast.ann, project=project)
    turns.say(person=cast.ann, token=lease.token, number=1, said={"message": "؟"})
    row = TurnRow.objects.get(side="a")
    turns.take(row.pk, worker="w")
    turns.fail(row.pk, worker="w", fault=fault, problem=problem)

    page = _get("Ann", "/projects/talks/models/").content.decode()

    assert "127.0.0.1" in page
    assert not {text for text in left_in_latin(page) if "talks" not in text and text != "Ann"}
