"""Axe finds nothing serious on any page, in light and in dark, on a desk and on a phone."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import get_resolver

from .conftest import Server, free_port

# What is no page of its own: forms and files; and Django's own way to change the language.
NO_PAGES = {
    "healthz", "language/setlang/", "sign-out/",
    "projects/<slug:slug>/figures/<slug:name>.csv", "projects/<slug:slug>/quality/<slug:name>.csv",
    "projects/<slug:slug>/import/", "projects/<slug:slug>/export/<str:form>/",
    "projects/<slug:slug>/judgments.jsonl", "projects/<slug:slug>/attachments/<str:name>",
    "projects/<slug:slug>/state/", "projects/<slug:slug>/invite/", "projects/<slug:slug>/undo/",
    "projects/<slug:slug>/experiments/<int:number>/close/",
    "projects/<slug:slug>/people/<int:number>/", "projects/<slug:slug>/people/<int:number>/password/",
    "projects/<slug:slug>/invitations/<int:number>/revoke/", "projects/<slug:slug>/flags/<int:number>/",
    "projects/<slug:slug>/works/<int:number>/dispute/",
    "projects/<slug:slug>/judgments/<int:number>/restore/",
    "projects/<slug:slug>/models/<int:number>/try/", "projects/<slug:slug>/models/<int:number>/remove/",
    "reviews/<int:number>/", "reviews/<int:number>/draft/", "reviews/<int:number>/leave/",
    "reviews/<int:number>/appeal/", "disputes/<int:number>/", "judgments/<int:number>/undo/",
    "work/<str:token>/submit/", "work/<str:token>/draft/", "work/<str:token>/skip/",
    "battles/<str:token>/", "battles/<str:token>/draft/", "battles/<str:token>/another/",
    "battles/<str:token>/begin/", "battles/<str:token>/again/", "battles/<str:token>/leave/",
    "battles/<str:token>/events/", "projects/<slug:slug>/entrants/<int:number>/retire/",
    "projects/<slug:slug>/entrants/<int:number>/try/", "projects/<slug:slug>/board/files/<str:name>",
    "work/<str:token>/turns/", "work/<str:token>/turns/<int:number>/again/", "kinds/<str:kind>/page.js",
}  # fmt: skip
# Parts of a page, each of which is a page for those without scripts.
PARTS = {
    "projects/<slug:slug>/outcome/", "projects/<slug:slug>/quality/parts/",
    "projects/<slug:slug>/experiments/<int:number>/results/",
    "projects/<slug:slug>/board/parts/", "projects/<slug:slug>/board/compare/",
}  # fmt: skip


@dataclass(frozen=True)
class Furnished:
    """A folder with something on every page, who opens which (name, route, path), and their cookies."""

    home: Path
    pages: list[tuple[str, str, str]]
    sessions: dict[str, str]

    def sign_in(self, context, url: str, name: str) -> None:
        """Have whoever browses be this person, or nobody."""
        context.clear_cookies()
        if name:
            context.add_cookies([{"name": "assay-session", "value": self.sessions[name], "url": url}])


@pytest.fixture(scope="module")
def furnished(tmp_path_factory, empty_folder):
    home = tmp_path_factory.mktemp("furnished")
    shutil.copytree(empty_folder, home, dirs_exist_ok=True)
    script = Path(__file__).with_name("furnished.py")
    done = subprocess.run([sys.executable, script, home], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    return Furnished(home, [tuple(page) for page in told["pages"]], told["sessions"])


@pytest.fixture(scope="module")
def house(furnished):
    """The platform, served once for all who only look."""
    server = Server(furnished.home, free_port())
    server.start()
    yield server
    server.stop()


def serious(page) -> list[str]:
    if not page.evaluate("'axe' in window"):  # once for each load of a page
        page.evaluate(AXE)
    found = page.evaluate("axe.run({resultTypes: ['violations']}).then((found) => found.violations)")
    return [
        f"{page.url}: {each['id']}: {each['nodes'][0]['html'][:120]}"
        for each in found
        if each["impact"] in ("serious", "critical")
    ]


AXE = Axe().axe_script
LOOKS = (("light", 1280), ("dark", 390))
"""On a desk and on a phone: one load of a page, two looks at it."""
WHOLE = """
() => !document.querySelector("[hx-trigger^=load]")
    && [...document.querySelectorAll(".assay-drawing")].every((place) => place.querySelector("svg"))
"""
"""What comes after a page has come, and every figure is drawn."""


def complaints(page, address: str, looks=LOOKS) -> list[str]:
    """Open a page, and say what is wrong with it, look after look."""
    page.goto(address)
    page.wait_for_function(WHOLE)
    return wrong_looks(page, looks)


def wrong_looks(page, looks=LOOKS) -> list[str]:
    """Say what is wrong with an open page, look after look.

    Nothing fades from one to the other, or axe would find half a colour.
    """
    found: list[str] = []
    for scheme, width in looks:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.set_viewport_size({"width": width, "height": 844})
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        wrong = [
            *serious(page),
            *([f"{page.url} is wider than the screen by {wider} px"] if wider > 0 else []),
        ]
        found += [f"{each} ({scheme}, {width} px)" for each in wrong]
    return found


def test_every_page_is_looked_at(furnished):
    routes = {str(route) for route in _routes(get_resolver()) if not str(route).startswith("api/")}

    assert routes - {route for _name, route, _path in furnished.pages} == NO_PAGES


def _routes(resolver, before=""):
    for pattern in resolver.url_patterns:
        here = before + str(pattern.pattern)
        yield from _routes(pattern, here) if hasattr(pattern, "url_patterns") else [here]


@pytest.mark.slow
def test_axe_finds_nothing_serious_on_any_page(furnished, house, browser):
    wrong: list[str] = []
    looks = LOOKS

    def hear(line) -> None:
        if line.type == "error" and "/nowhere/" not in line.location.get("url", ""):
            wrong.append(f"{line.location.get('url')}: {line.text}")

    context = browser.new_context()
    page = context.new_page()
    page.on("pageerror", lambda said: wrong.append(str(said)))
    page.on("console", hear)
    for name in dict.fromkeys(name for name, _route, _path in furnished.pages):
        furnished.sign_in(context, house.url, name)
        for path in dict.fromkeys(path for who, _route, path in furnished.pages if who == name):
            wrong += complaints(page, f"{house.url}/{path}", looks)
            looks = looks[::-1]  # so that half of the pages are opened on the phone
        if name == "Ben":
            page.goto(f"{house.url}/projects/moon/judge/")
            page.keyboard.press("?")
            wrong += wrong_looks(page)
    context.close()

    assert wrong == []


@pytest.mark.slow
def test_axe_finds_nothing_serious_on_a_part_of_a_page_without_scripts(furnished, house, browser):
    wrong: list[str] = []
    context = browser.new_context()
    context.route("**/*.js", lambda route: route.abort())
    page = context.new_page()

    for name, route, path in furnished.pages:
        if route in PARTS:
            furnished.sign_in(context, house.url, name)
            counted(page, f"{house.url}/{path}")
            wrong += wrong_looks(page)
    context.close()

    assert wrong == []


def counted(page, address: str) -> None:
    """Open a page and ask for it again until its statistics are counted."""
    page.goto(address)
    for _again in range(120):
        if not page.locator("[hx-trigger^=load]").count():
            return
        page.wait_for_timeout(500)
        page.goto(address)
    raise AssertionError(f"{address} is still being counted")


def test_the_administrator_can_open_a_project_with_the_form(server, page):
    link = server.shell(f"print(service.administrator_link({server.port}))")
    server.start()
    page.goto(link)
    page.get_by_label("Name").fill("Ann")
    page.get_by_label("Password").fill("coins and rivers")
    page.get_by_role("button", name="Begin").click()
    page.get_by_role("link", name="New project").click()

    page.get_by_label("Goal").fill("Teach a model to write verse that a reader remembers.")
    page.get_by_label("Name of the project").fill("Moon poems")
    page.get_by_label("Judge one answer by criteria").check()
    first = page.get_by_role("group", name="Question 1")
    first.get_by_label("Question", exact=True).fill("Does it say something new?")
    assert serious(page) == []
    page.get_by_role("button", name="Begin the project").click()
    page.get_by_label("File", exact=True).set_input_files(
        {"name": "t.csv", "mimeType": "text/csv", "buffer": b"prompt,model,response\nThe moon?,x,A coin.\n"}
    )
    page.get_by_role("button", name="Bring in").click()

    page.get_by_text("1 new works, 1 new items, 1 new answers").wait_for()
    page.get_by_text("Run a pilot first").wait_for()
