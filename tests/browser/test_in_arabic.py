"""In Arabic: a work of each kind is judged by keyboard, and axe finds nothing serious on any page."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from ..platform.ports import free_port
from .conftest import Server
from .test_pages_are_for_everybody import LOOKS, complaints

GALLERY = Path(__file__).parents[1] / "platform" / "gallery.py"
BUILD = f"""
import importlib.util, json, sys
found = importlib.util.spec_from_file_location("gallery", {str(GALLERY)!r})
sys.modules["gallery"] = gallery = importlib.util.module_from_spec(found)
found.loader.exec_module(gallery)
built = gallery.build()
print(json.dumps({{"pages": built.pages, "kinds": built.kinds}}))
"""
PASSWORD, CONTRIBUTOR = "كلمة مرور طويلة", "بلال"
# What judges a work of each kind; Arabic is typed. A conversation waits for a model, and has its own test.
KEYS = {
    "pairwise": ("1",),
    "best-of-n": ("1",),
    "ranking": ("o",),
    "rubric": ("2",),
    "rating": ("4", "n", "80"),
    "choice": ("2", "1"),
    "spans": ("0",),
    "demonstration": ("r", "قطعة نقد."),
    "rewrite": ("e", "Control+End", "ثم يغيب."),
    "trajectory": ("1", "1", "3"),
}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A server with the whole gallery, and where its pages are."""
    server = Server(tmp_path_factory.mktemp("gallery"), free_port())
    found = json.loads(server.shell(BUILD).splitlines()[-1])
    server.start()
    yield server, found
    server.stop()


def enter(page: Page, server: Server, name: str) -> None:
    """Sign in on a page that is in Arabic."""
    page.context.clear_cookies()
    page.goto(f"{server.url}/sign-in/")
    page.get_by_role("button", name="العربيّة").click()
    page.get_by_label("الاسم").fill(name)
    page.get_by_label("كلمة المرور").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{server.url}/")


@pytest.mark.parametrize("kind", KEYS)
def test_a_work_of_each_kind_is_judged_in_arabic_by_keyboard(built, page, kind):
    server, found = built
    enter(page, server, CONTRIBUTOR)
    page.goto(f"{server.url}/projects/{found['kinds'][kind]}/judge/")
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    token = page.locator("#judging").get_attribute("data-token")

    for key in KEYS[kind]:
        if re.fullmatch(r"[a-z0-9]|Control\+\w+", key):
            page.keyboard.press(key)
        else:
            page.keyboard.type(key)
    page.keyboard.press("Control+Enter")

    page.wait_for_function("token => document.querySelector('#judging')?.dataset.token !== token", arg=token)
    expect(page.locator(".state")).to_have_text("أُرسل. وهذا هو التالي.")


def test_what_is_missing_is_said_in_arabic(built, page):
    server, found = built
    enter(page, server, CONTRIBUTOR)
    page.goto(f"{server.url}/projects/{found['kinds']['rating']}/judge/")

    page.keyboard.press("Control+Enter")

    expect(page.get_by_role("alert")).to_have_text("أجب عن «كم هو جديد؟» بعدد من 1 إلى 5")


def test_marks_show_their_labels_in_arabic_and_keep_them_as_they_are(built, page):
    server, found = built
    enter(page, server, CONTRIBUTOR)
    page.goto(f"{server.url}/projects/{found['kinds']['spans']}/judge/")

    for key in ("t", "ArrowLeft", "3", "2"):
        page.keyboard.press(key)

    expect(page.locator(".marks .tag")).to_have_text("الأسلوب")
    expect(page.locator(".raw mark")).to_have_attribute("title", "الأسلوب · كبير")
    assert json.loads(page.locator("[name=marks]").input_value())[0]["label"] == "style"


@pytest.mark.slow
def test_axe_finds_nothing_serious_on_any_page_in_arabic(built, page):
    server, found = built
    seen: set[str] = set()
    wrong, who, looks = [], None, LOOKS

    for name, path in sorted(found["pages"]):
        shape = re.sub(r"\d+", "N", path)  # one page of each; `test_every_kind` sees the page of every kind
        part = path.partition("?")[0].endswith(("outcome/", "parts/", "results/", "compare/"))  # of a page
        if shape in seen or part:
            continue
        seen.add(shape)
        if name and name != who:
            enter(page, server, name)
            who = name
        wrong += complaints(page, server.url + path, looks)
        looks = looks[::-1]

    assert wrong == []
