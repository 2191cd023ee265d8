"""The walk through a company: axe finds nothing serious, it fits a phone, and a keyboard is enough."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from axe_playwright_python.sync_playwright import Axe

pytest.importorskip("apsw", reason="worlds want apsw (pip install 'assay[worlds]')")


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("walk")
    assay("run", "--tasks", "2", "--model", "oracle", "--out", folder / "run")
    assay("show", "--run", folder / "run" / "episodes.jsonl", "--out", folder / "pages")
    assay("show", "--run", folder / "run" / "episodes.jsonl", "--language", "ar", "--out", folder / "arabic")
    return folder / "pages"


def assay(*words) -> None:
    command = [sys.executable, "-m", "assay", "universe", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def some(pages):
    """Return every page but the boards', chats' and tickets' second ones, which look like the first."""
    seen: dict[str, str] = {}
    for path in sorted(pages.glob("*.html")):
        kind, dash, _ = path.stem.partition("-")
        seen.setdefault(f"{kind}{dash}", path.as_uri())
    return list(seen.values())


@pytest.mark.parametrize(
    ("scheme", "width", "folder"),
    [("light", 1280, "pages"), ("dark", 390, "pages"), ("light", 390, "arabic")],
    ids=["light on a desk", "dark on a phone", "in Arabic"],
)
def test_axe_finds_nothing_serious_on_any_page(pages, browser, scheme, width, folder):
    pages = pages.parent / folder
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 844})
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)

    for address in some(pages):
        page.goto(address)
        page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wider > 0:
            wrong.append(f"{address} is wider than the screen by {wider} px")
        wrong += [
            f"{address}: {each['id']}: {json.dumps(each['nodes'][0]['html'][:200])}"
            for each in Axe().run(page).response["violations"]
            if each["impact"] in ("serious", "critical")
        ]
    context.close()

    assert len(some(pages)) >= 20
    assert wrong == []


def test_a_keyboard_is_enough(pages, page):
    page.goto((pages / "inbox.html").as_uri())

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    assert page.locator("details[open]").count() == 1
    assert page.locator("details[open] .text").is_visible()
