"""An author on the way from a goal to an open project: brief, pilot, edge cases, the next version."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from .test_pages_are_for_everybody import serious

pytestmark = pytest.mark.usefixtures("no_page_complains")

PEOPLE = """
for name in ("Ben", "Dora", "Emil"): service.add_person(name, "a long password", ["en"])
print(service.administrator_link({port}))
"""
PAIRS = "prompt,model_a,model_b,response_a,response_b,language\n" + "".join(
    f"The moon ({k})?,dull,fine,The moon is bright.,Tonight she is a coin.,en\n" for k in range(6)
)
PRINCIPLE = "An image that surprises beats a fact."


def judge_everything(browser: Browser, url: str, name: str, wanted: str) -> int:
    """Sign somebody in and let them choose the answer with a word in it until nothing is left."""
    page = browser.new_context().new_page()
    page.goto(f"{url}/sign-in/?next=/projects/moon/judge/")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill("a long password")
    page.keyboard.press("Enter")
    judged = 0
    while page.locator("#judging").or_(page.locator("#nothing-left")).first.get_attribute("id") == "judging":
        page.wait_for_load_state()  # before that nothing hears keys
        token = page.locator("#judging").get_attribute("data-token")
        first = page.locator(".samples article, .samples .panel").first.inner_text()
        page.keyboard.press("1" if wanted in first else "2")
        page.get_by_label("Why?").fill(f"I look for {wanted}.")
        page.keyboard.press("Control+Enter")
        page.wait_for_function(
            "token => document.querySelector('#judging')?.dataset.token !== token", arg=token
        )
        judged += 1
    page.context.close()
    return judged


@pytest.fixture
def author(server, page):
    """The administrator, who has come in; Ben, Dora and Emil are known."""
    link = server.shell(PEOPLE.replace("{port}", str(server.port)))
    server.start()
    page.goto(link)
    page.get_by_label("Name").fill("Ann")
    page.get_by_label("Password").fill("coins and rivers")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{server.url}/")
    return page


def write_brief(page: Page, url: str) -> None:
    page.goto(f"{url}/projects/new/")
    page.get_by_label("Name of the project").fill("moon")
    page.get_by_label("Goal").fill("Teach a model to write verse that a reader remembers.")
    page.get_by_label("What merely ticks boxes").fill("It rhymes and says nothing.")
    page.get_by_role("button", name="Begin the project").click()
    page.wait_for_url(f"{url}/projects/moon/")


def settle(page: Page) -> None:
    page.locator(".cases .open a").first.click()
    expect(page.get_by_text("I look for bright.")).to_be_visible()
    expect(page.get_by_text("Emil")).to_have_count(0)
    assert serious(page) == []
    page.get_by_label("A new one").fill(PRINCIPLE)
    page.get_by_role("group", name="Which answer serves the goal better?").get_by_label("Answer B").check()
    page.locator("[name=becomes][value=gold]").check()
    page.get_by_role("button", name="Settle").click()


def dismiss(page: Page) -> None:
    page.locator(".cases .open a").click()
    page.get_by_text("Dismiss: this case decides nothing").click()
    page.get_by_label("Why?").fill("The same again.")
    page.get_by_role("button", name="Dismiss").click()


def test_an_author_goes_from_a_goal_through_a_pilot_to_an_open_project(server, author, browser):
    page = author
    write_brief(page, server.url)
    expect(page.locator("#project-state")).to_have_text("draft")
    expect(page.get_by_text("Bring in something to judge first.")).to_be_visible()
    table = {"name": "moon.csv", "mimeType": "text/csv", "buffer": PAIRS.encode()}
    page.get_by_label("File", exact=True).set_input_files(table)
    page.get_by_role("button", name="Bring in").click()
    expect(page.get_by_text("6 new works")).to_be_visible()
    expect(page.get_by_role("button", name="Open the project")).to_have_count(0)

    server.shell('for name in ("Ben", "Dora", "Emil"): service.add_member("moon", name)')
    page.get_by_role("link", name="Pilot").click()
    page.get_by_label("Works").fill("2")
    page.get_by_role("button", name="Begin the pilot").click()
    expect(page.get_by_text("The pilot has begun with 2 works.")).to_be_visible()
    wanted = {"Ben": "coin", "Dora": "coin", "Emil": "bright"}
    assert [judge_everything(browser, server.url, name, word) for name, word in wanted.items()] == [2, 2, 2]

    page.get_by_role("button", name="Collect now").click()
    expect(page.get_by_text("Edge cases that are open: 2.")).to_be_visible()
    assert serious(page) == []
    settle(page)
    expect(page.get_by_text("1 edge case is open: settle or dismiss it.")).to_be_visible()
    dismiss(page)
    page.get_by_role("button", name="Close the pilot").click()
    expect(page.get_by_text("Version 2 of the brief is in force.")).to_be_visible()
    page.get_by_role("button", name="Open the project").click()

    expect(page.locator("#project-state")).to_have_text("open")
    page.get_by_role("link", name="Brief, version 2").click()
    page.get_by_role("link", name="2 versions").click()
    expect(page.locator("ins", has_text=PRINCIPLE)).to_be_visible()
    page.goto(f"{server.url}/projects/moon/judge/")
    expect(page.locator(".guide li", has_text=PRINCIPLE)).to_be_visible()


def test_a_question_is_added_with_and_without_scripts(server, author, browser):
    page = author
    page.goto(f"{server.url}/projects/new/")
    page.get_by_label("Put several answers in order").check()
    expect(page.get_by_role("group", name="Questions")).to_be_hidden()
    page.get_by_label("Judge one answer by criteria").check()
    questions = page.locator("[name=question_text]")
    before = questions.count()

    page.get_by_role("button", name="Add another question").press("Enter")

    expect(questions).to_have_count(before + 1)
    expect(questions.last).to_be_focused()
    plain = browser.new_context(java_script_enabled=False)
    plain.add_cookies(page.context.cookies())
    other = plain.new_page()
    other.goto(f"{server.url}/projects/new/")
    other.get_by_label("Goal").fill("Delight.")
    other.get_by_role("button", name="Add another example").click()
    expect(other.get_by_label("Goal")).to_have_value("Delight.")
    assert other.locator("[name=example_answer]").count() > 1
    plain.close()
