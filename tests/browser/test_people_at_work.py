"""People on their way through the platform, with the keyboard, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.usefixtures("no_page_complains")

ITEMS = """
items = [Item(f"m{k}", f"The moon, please ({k}).", language="en") for k in range(3)]
samples = [Sample(f"{i.id}/{a}", i.id, a, f"Answer {a}") for i in items for a in "xy"]
service.create_project(Brief("moon", "Delight.", "pairwise", judgments_per_work=1), items, samples)
print(service.administrator_link({port}))
"""


def judge_with_keys(page: Page, *keys: str) -> None:
    token = page.locator("#judging").get_attribute("data-token")
    for key in keys:
        page.keyboard.press(key)
    page.wait_for_function("token => document.querySelector('#judging')?.dataset.token !== token", arg=token)


def test_the_administrator_comes_in_judges_three_works_by_keyboard_and_sees_the_dashboard_change(
    server, page
):
    link = server.shell(ITEMS.replace("{port}", str(server.port)))
    server.start()

    page.goto(link)
    expect(page.get_by_label("Name")).to_be_focused()
    page.keyboard.type("Ann")
    page.keyboard.press("Tab")
    page.keyboard.type("coins and rivers")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Projects")).to_be_visible()
    page.context.clear_cookies()
    page.goto(f"{server.url}/")
    page.get_by_label("Name").fill("Ann")
    page.get_by_label("Password").fill("coins and rivers")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{server.url}/")
    page.goto(f"{server.url}/projects/moon/")
    expect(page.locator("#judgments")).to_have_text("0")
    page.goto(f"{server.url}/projects/moon/judge/")
    judge_with_keys(page, "1", "5", "Enter")
    judge_with_keys(page, "3", "Enter")
    judge_with_keys(page, "2", "r", "b", "e", "t", "t", "e", "r", "Control+Enter")

    expect(page.get_by_role("heading", name="Nothing left for you here")).to_be_visible()
    page.goto(f"{server.url}/projects/moon/")
    expect(page.locator("#judgments")).to_have_text("3")
    expect(page.get_by_role("heading", name="Who is how sure a judge")).to_be_visible()
    expect(page.locator(".figure svg, .figure canvas").first).to_be_visible()
    assert page.goto(link).status == 404


def test_criteria_are_answered_one_after_the_other_with_the_same_keys(moon, page, sign_in):
    sign_in(moon, "Ben")
    page.goto(f"{moon.url}/projects/rubric/judge/")

    page.keyboard.press("3")
    page.keyboard.press("1")

    expect(page.locator('[name="labels.surprise"][value="yes"]')).to_be_checked()
    expect(page.locator('[name="labels.ear"][value="no"]')).to_be_checked()
    judge_with_keys(page, "Enter")
    assert moon.shell("print(service.projects()[2].judgments)") == "1"


def test_what_is_missing_is_said_and_nothing_else_changes(moon, page, sign_in):
    sign_in(moon, "Ben")
    page.goto(f"{moon.url}/projects/pairwise/judge/")
    page.get_by_label("Why?").fill("I am torn.")

    page.keyboard.press("Control+Enter")

    expect(page.get_by_role("alert")).to_have_text("choose one of the two answers, a tie, or both bad")
    expect(page.get_by_label("Why?")).to_have_value("I am torn.")


def test_a_skipped_work_makes_room_for_the_next_and_the_help_opens_with_a_key(moon, page, sign_in):
    sign_in(moon, "Ben")
    page.goto(f"{moon.url}/projects/pairwise/judge/")

    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    expect(page.get_by_role("dialog", name="Skip this work")).to_be_visible()
    judge_with_keys(page, "3", "Enter")

    expect(page.get_by_role("heading", name="Answer A")).to_be_visible()


def test_a_work_is_flagged_and_the_last_judgment_taken_back_by_keyboard(moon, page, sign_in):
    sign_in(moon, "Ben")
    page.goto(f"{moon.url}/projects/pairwise/judge/")
    first = page.locator(".prompt").inner_text()
    page.get_by_label("Why?").fill("A coin.")
    page.keyboard.press("Escape")
    judge_with_keys(page, "1", "Enter")

    page.keyboard.press("f")
    dialog = page.get_by_role("dialog", name="Flag this work")
    expect(dialog).to_be_visible()
    page.keyboard.press("4")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("alert")).to_have_text("Say what is the matter.")
    dialog.get_by_role("textbox").fill("The two are the same.")
    page.keyboard.press("Control+Enter")
    expect(dialog).to_be_hidden()
    expect(page.locator(".state")).to_contain_text("The authors will read it")

    page.keyboard.press("u")
    expect(page.get_by_text("You took this back.")).to_be_visible()
    assert page.locator(".prompt").inner_text() == first
    expect(page.get_by_label("Why?")).to_have_value("A coin.")
    assert moon.shell("print(sum(each.judgments for each in service.projects()))") == "1"
    judge_with_keys(page, "2", "Enter")
    page.goto(f"{moon.url}/me/queue/")
    expect(page.get_by_text("not answered yet")).to_be_visible()


def test_typed_text_survives_a_reload_and_another_browser(moon, page, sign_in, browser):
    sign_in(moon, "Ben")
    page.goto(f"{moon.url}/projects/demonstration/judge/")
    page.get_by_label("Your answer").fill("Tonight she is a coin")

    page.reload()  # before the draft has gone to the server

    expect(page.get_by_label("Your answer")).to_have_value("Tonight she is a coin")
    expect(page.locator(".state")).to_have_text("Saved")
    elsewhere = browser.new_context()
    elsewhere.add_cookies(page.context.cookies())
    other = elsewhere.new_page()
    other.goto(f"{moon.url}/projects/demonstration/judge/")
    expect(other.get_by_label("Your answer")).to_have_value("Tonight she is a coin")
    elsewhere.close()


def test_text_and_a_submission_survive_a_server_that_dies(moon, page, sign_in):
    sign_in(moon, "Ben")
    page.goto(f"{moon.url}/projects/demonstration/judge/")
    token = page.locator("#judging").get_attribute("data-token")

    moon.stop()
    page.get_by_label("Your answer").fill("the river cannot spend")
    expect(page.locator(".state.away")).to_contain_text("kept in this browser")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".state.away")).to_be_visible()
    moon.start()

    page.wait_for_function("token => document.querySelector('#judging')?.dataset.token !== token", arg=token)
    lines = moon.shell("print(*service.export('demonstration', 'jsonl'))")
    assert "the river cannot spend" in lines
    assert moon.shell("print(service.projects()[0].judgments)") == "1"


def test_the_page_works_without_scripts(moon, browser, page):
    plain = browser.new_context(java_script_enabled=False).new_page()
    plain.goto(f"{moon.url}/sign-in/?next=/projects/pairwise/judge/")
    plain.get_by_label("Name").fill("Ben")
    plain.get_by_label("Password").fill("a long password")
    plain.get_by_role("button", name="Sign in").click()

    first = plain.locator("#judging").get_attribute("data-token")
    better = plain.get_by_role("group", name="Which answer serves the goal better?")
    better.get_by_label(re.compile("Equally good")).check()
    plain.get_by_role("button", name="Submit").click()

    expect(plain.locator("#judging")).not_to_have_attribute("data-token", first)
    plain.context.close()


def test_on_a_phone_the_brief_is_one_line_until_it_is_opened_and_stays_as_it_was_left(moon, page, sign_in):
    page.set_viewport_size({"width": 390, "height": 844})
    sign_in(moon, "Ben")
    page.goto(f"{moon.url}/projects/pairwise/judge/")
    principle = page.get_by_text("Surprise that feels inevitable beats rhyme.")
    expect(principle).to_be_hidden()
    assert page.locator(".guide").bounding_box()["height"] < 60

    page.locator(".opener").click()
    expect(principle).to_be_visible()
    judge_with_keys(page, "1", "1", "1", "Enter")

    expect(principle).to_be_visible()
    page.reload()
    expect(principle).to_be_visible()
    page.locator(".opener").click()
    page.reload()
    expect(principle).to_be_hidden()
    page.set_viewport_size({"width": 1280, "height": 800})
    expect(principle).to_be_visible()
    expect(page.locator(".opener")).to_be_hidden()
