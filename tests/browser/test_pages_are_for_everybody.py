"""Axe finds nothing serious on any page, in light and in dark, on a desk and on a phone."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

SAID = """
def choice(k, name): return {"choice": f"m{k}/{'fine' if (k + len(name)) % 2 else 'dull'}"}
said = [Judgment(f"{k}{name}", f"m{k}:dull|fine", name, "pairwise", choice(k, name))
        for k in range(3) for name in ("Ben", "Dora")]
service.import_judgments("pairwise", said)
print(service.administrator_link(1).split("/", 3)[3])
"""
PAGES = (
    "/", "/me/", "/projects/pairwise/", "/projects/pairwise/works/1/", "/projects/pairwise/brief/",
    "/projects/pairwise/brief/versions/", "/projects/pairwise/pilot/", "/projects/pairwise/experiments/",
    "/projects/pairwise/judge/", "/projects/rubric/judge/", "/projects/demonstration/judge/", "/nowhere/",
)  # fmt: skip


def serious(page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [
        f"{page.url}: {each['id']}: {each['nodes'][0]['html'][:120]}"
        for each in found
        if each["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize(
    ("scheme", "width"), [("light", 1280), ("dark", 390)], ids=["light on a desk", "dark on a phone"]
)
def test_axe_finds_nothing_serious_on_any_page(moon, page, sign_in, scheme, width):
    invitation = moon.shell(SAID)
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 844})
    wrong = []

    for path in ("/sign-in/", f"/{invitation}"):
        page.goto(moon.url + path)
        wrong += serious(page)
    sign_in(moon, "Ann")
    for path in PAGES:
        page.goto(moon.url + path)
        page.wait_for_load_state("networkidle")
        wrong += serious(page)
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider <= 0, f"{path} is wider than the screen by {wider} px"
    page.goto(f"{moon.url}/projects/pairwise/judge/")
    page.keyboard.press("?")
    wrong += serious(page)

    assert wrong == []


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
