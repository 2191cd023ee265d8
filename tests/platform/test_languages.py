"""Every language is whole, and in Arabic no English is left on any page."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from django.test import Client

from assay.platform.models import PersonRow

from . import gallery

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "tools"))
import messages  # noqa: E402 -- the tool is no package

# What Arabic writes in Latin letters too: names of formats, of programs and of keys, tags, addresses.
LATIN = {
    "Assay", "CSV", "TSV", "JSONL", "TRL", "SFT", "DPO", "ZIP", "PDF", "Markdown", "Elo", "OpenAI", "Python",
    "EUR", "Ctrl", "Shift", "Alt", "Parquet", "English", "smollm", "en", "pt", "BR", "ar", "zh", "Hans",
    "NOW", "MOST", "added", "removed", "answer", "place",
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


def test_no_catalogue_is_behind_or_loses_a_value():
    ran = subprocess.run(
        [sys.executable, ROOT / "tools" / "messages.py", "--check"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert ran.returncode == 0, ran.stdout


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
